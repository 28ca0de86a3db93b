"""A test network of real processes for tests: up, asked over HTTP, and surely down again."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest import mock

from chain.bech32m import decode_account
from chain.codec import encode
from chain.crypto import PrivateKey
from chain.errors import HushangError
from chain.genesis import Genesis
from chain.transaction import TRANSACTION_VERSION, Operation, Transaction, sign_transaction
from commerce.payments import PayTransfer
from commerce.registry import operation
from node import processes, testnet, testnet_faults, testnet_genesis
from node.client import NodeClient, Outcome
from node.clock import now_ms
from node.keystore import find_passphrase, load_key
from node.testnet_genesis import Plan, Seeds
from node.testnet_layout import LocalNetwork, NodePlace, load

LEVEL_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Net:
    """A running test network and its parties' keys."""

    testnet: LocalNetwork
    keys: dict[str, PrivateKey] = field(default_factory=dict)

    def key(self, name: str) -> PrivateKey:
        """The key of an account of the testnet."""
        if name not in self.keys:
            path = self.testnet.key_file(self.testnet.account(name))
            self.keys[name] = load_key(path, find_passphrase)
        return self.keys[name]

    def account(self, name: str) -> bytes:
        """The account id of a party."""
        return decode_account(self.testnet.account(name).account)

    def client(self, node: NodePlace) -> NodeClient:
        """A client of one node only."""
        return NodeClient([node.api], timeout_s=10.0)

    def get(self, node: NodePlace, path: str) -> Any:
        """JSON of one node."""
        return self.client(node).get(path)

    def content(self, sender: str, *operations: Operation, **changes: Any) -> Transaction:
        """An unsigned transaction; `changes` replace its fields."""
        content = Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=bytes.fromhex(self.testnet.genesis_hash),
            sender=self.account(sender),
            nonce=secrets.randbits(64),
            valid_until_ms=now_ms() + 120_000,
            operations=operations,
            memo=None,
        )
        return replace(content, **changes)

    def sign(self, content: Transaction, *signers: str) -> bytes:
        """Raw bytes, signed by these parties."""
        parties = [(self.account(name), self.key(name)) for name in signers]
        return encode(sign_transaction(content, parties))

    def signed(self, sender: str, *operations: Operation) -> bytes:
        """Raw bytes of a transaction with a fresh nonce."""
        return self.sign(self.content(sender, *operations), sender)

    def payment(self, amount_minor: int = 1) -> bytes:
        """A transfer from the buyer to the merchant."""
        pay = PayTransfer(self.account("merchant"), "CNY", amount_minor, None)
        return self.signed("buyer", operation("pay.transfer", pay))

    def decide(self, node: NodePlace, raw: bytes) -> Outcome:
        """Submit to one node and wait for the decision."""
        return self.client(node).submit(raw, timeout_s=30.0)

    def kill(self, node: NodePlace) -> None:
        """SIGKILL."""
        assert processes.kill(self.testnet, node) is not None

    def kill_at_once(self, nodes: Sequence[NodePlace]) -> None:
        """SIGKILL for all of these; returns when they are gone."""
        pids = [processes.state_of(self.testnet, node).pid for node in nodes]
        for pid in pids:
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        processes.stop(self.testnet, nodes)

    def kill_all(self) -> None:
        """SIGKILL for every node at once."""
        self.kill_at_once(self.testnet.nodes)

    def start(self, *nodes: NodePlace) -> None:
        """Start nodes again; returns when they are ready."""
        testnet.start(self.testnet, nodes, lambda _: None)

    def height(self, nodes: Sequence[NodePlace]) -> int:
        """The greatest height of these nodes."""
        return max(int(self.get(node, "/v1/status")["height"]) for node in nodes)

    def level(self, nodes: Sequence[NodePlace] = ()) -> list[dict[str, Any]]:
        """The status of these nodes (or all), once they are ready and have the same block."""
        statuses: list[dict[str, Any]] = []

        def same() -> bool:
            statuses[:] = [self.get(node, "/v1/status") for node in nodes or self.testnet.nodes]
            return len({s["block_hash"] for s in statuses}) == 1 and all(
                s["ready"] for s in statuses
            )

        until(same, "all nodes ready at one block")
        return statuses

    def at_rest(self) -> list[dict[str, Any]]:
        """As `level`, once the newest block is an empty seal: nothing more will come by itself."""

        def sealed() -> bool:
            latest = self.get(self.testnet.nodes[0], "/v1/headers/latest")
            return int(latest["header"]["transactions_count"]) == 0

        until(sealed, "the newest block seals the one before")
        return self.level()


def until(condition: Callable[[], bool], what: str, timeout_s: float = LEVEL_TIMEOUT_S) -> None:
    """Poll until the condition holds; fails the test when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)


@contextmanager
def timed(timers: Mapping[str, int]) -> Iterator[None]:
    """A test network that is made meanwhile has these timers of its own, which are legal."""
    fresh = testnet_genesis.fresh_genesis

    def short(plan: Plan, time_ms: int) -> tuple[Genesis, Seeds]:
        genesis, seeds = fresh(plan, time_ms)
        return replace(genesis, timers={**genesis.timers, **timers}), seeds

    with mock.patch.object(testnet_genesis, "fresh_genesis", short):
        yield


@contextmanager
def running(directory: Path, **plan: Any) -> Iterator[Net]:
    """A network of processes; killed and left on disk at the end."""
    made = testnet.up(Plan(directory / "net", "tests", **plan), lambda _: None)
    try:
        yield Net(made)
    finally:
        # It may have grown.
        now = load(made.directory)
        processes.stop(now, now.nodes, grace_s=2.0)
        testnet_faults.discard(now)


@dataclass(slots=True)
class Load:
    """Clients that pay all the time, each at its own node, and what they were told."""

    net: Net
    per_node: int = 1
    # At these, or at all.
    nodes: Sequence[NodePlace] = ()
    acknowledged: dict[str, tuple[float, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Load":
        for node in (*(self.nodes or self.net.testnet.nodes),) * self.per_node:
            thread = threading.Thread(target=self._pay, args=(node,), name=f"load {node.name}")
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let every client finish what it began."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _pay(self, node: NodePlace) -> None:
        others = [other.api for other in self.net.testnet.nodes if other is not node]
        client = NodeClient([node.api, *others], timeout_s=2.0)
        while not self._stop.is_set():
            try:
                outcome = client.submit(self.net.payment(), timeout_s=20.0)
            except HushangError as error:
                # A node died with the answer: the client may not know the outcome, and says so.
                self.refused.append(error.code)
                continue
            if outcome.is_decided:
                self.acknowledged[outcome.id] = (time.monotonic(), outcome.receipt)

    def beyond(self, height: int) -> list[float]:
        """When decisions of blocks above `height` were acknowledged, in order."""
        known = list(self.acknowledged.values())
        return sorted(at for at, receipt in known if int(receipt["height"]) > height)

    def after(self, moment: float) -> list[float]:
        """When decisions were acknowledged after `moment`, in order."""
        return sorted(at for at, _ in list(self.acknowledged.values()) if at > moment)
