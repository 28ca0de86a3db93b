"""Nodes in one process: real TLS on loopback, real journals on disk, a store of any kind each."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from chain.codec import encode
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.store import open_store
from chain.store_contract import Kind
from chain.transaction import TRANSACTION_VERSION, Operation, Transaction, sign_transaction
from commerce.registry import Registry
from node.clock import now_ms
from node.config import PeerAddress
from node.evidence_book import EvidenceBook
from node.journal import Journal, journal_owner
from node.membership import Membership
from node.node import Node, NodeSetup
from node.pruner import PrunePolicy
from node.snapshots import SnapshotSettings
from tests.chain.world import account, genesis, key
from tests.ports import free_port


@dataclass(slots=True)
class RunningNode:
    """One node, its task, and what must be closed after it."""

    node: Node
    task: asyncio.Task[None]
    journal: Journal
    statuses: list[str] = field(default_factory=list)

    async def stop(self) -> None:
        """Cancel it and close its files."""
        self.task.cancel()
        await asyncio.wait([self.task])
        self.journal.close()
        self.node.ledger.store.close()


class Cluster:
    """`n` members in one event loop; any of them can be stopped and started again."""

    def __init__(
        self, directory: Path, n: int, kind: Kind, rules: Callable[[], Registry] = Registry
    ) -> None:
        self.directory = directory
        self._rules = rules
        self.kind: Kind = kind
        self.genesis: Genesis = replace(genesis(n), time_ms=now_ms())
        self.running: dict[int, RunningNode] = {}
        self.addresses = tuple(
            PeerAddress(name=member.name, host="127.0.0.1", port=free_port())
            for member in self.genesis.members
        )
        self._nonces = count(1)
        # None is made but by command.
        self.snapshot_interval_ms = 0
        # For the nodes that start from now on.
        self.prune: PrunePolicy | None = None

    def _port(self, index: int) -> int:
        """Who is no founder is dialled by nobody."""
        founders = len(self.genesis.members)
        return self.addresses[index].port if index < founders else free_port()

    async def start(self, index: int) -> Node:
        """Start a node on whatever its directory holds; from index n on it is no founder's."""
        directory = self.directory / f"m{index}"
        directory.mkdir(exist_ok=True)
        store = open_store(directory / "db", kind=self.kind)
        ledger = Ledger(store, self.genesis, self._rules())
        node_key = key(f"node of m{index}")
        owner = journal_owner(ledger.chain.genesis_hash, node_key.public_key)
        journal = Journal(directory / "journal", owner)
        statuses: list[str] = []

        def written(found: Iterable[str]) -> None:
            statuses.extend(found)

        setup = NodeSetup(
            name=f"m{index}",
            key=node_key,
            membership=Membership(ledger, self.addresses),
            listen=("127.0.0.1", self._port(index)),
            ledger=ledger,
            journal=journal,
            evidence=EvidenceBook(directory / "evidence", ledger.chain.genesis_hash, now_ms),
            nonce=random.Random(index).getrandbits(64),
            jitter=random.Random(index).random,
            block_written=written,
            snapshots=SnapshotSettings(directory / "snapshots", self.snapshot_interval_ms),
            prune=self.prune,
        )
        node = Node(setup)
        ready = asyncio.Event()

        async def started() -> None:
            ready.set()

        task = asyncio.create_task(node.run(started))  # noqa: TID251 - `stop` ends it
        waiting = asyncio.ensure_future(ready.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self.running[index] = RunningNode(node, task, journal, statuses)
        if task.done():
            task.result()
        return node

    async def stop(self, index: int) -> None:
        """Stop a member; its directory stays."""
        await self.running.pop(index).stop()

    @property
    def nodes(self) -> list[Node]:
        """The running nodes in order."""
        return [running.node for _, running in sorted(self.running.items())]

    def signed(
        self,
        sender: str,
        *operations: Operation,
        nonce: int | None = None,
        with_: Sequence[str] = (),
    ) -> bytes:
        """Raw bytes of a transaction of one-key parties."""
        transaction = Transaction(
            TRANSACTION_VERSION,
            self.genesis.hash(),
            account(sender),
            next(self._nonces) if nonce is None else nonce,
            now_ms() + 60_000,
            operations,
            None,
        )
        parties = [(account(name), key(name)) for name in (sender, *with_)]
        return encode(sign_transaction(transaction, parties))

    async def level(self) -> int:
        """Wait until all running nodes have the same height and nothing waits; the height."""
        async with asyncio.timeout(30):
            while True:
                heights = {node.ledger.tip.height for node in self.nodes}
                idle = not any(node.ledger.tip.needs_seal for node in self.nodes)
                if len(heights) == 1 and idle:
                    return heights.pop()
                await self.nodes[0].wait_height(max(heights) + 1, 50)


@asynccontextmanager
async def cluster(
    directory: Path,
    n: int = 4,
    kind: Kind = "memory",
    start: Iterable[int] | None = None,
    rules: Callable[[], Registry] = Registry,
) -> AsyncIterator[Cluster]:
    """A running cluster; everything is stopped at the end."""
    made = Cluster(directory, n, kind, rules)
    try:
        for index in range(n) if start is None else start:
            await made.start(index)
        yield made
    finally:
        for index in list(made.running):
            await made.stop(index)
