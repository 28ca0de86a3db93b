"""Where a load goes and in whose name: a running network, or one of the bench's own."""

import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from chain.bech32m import decode_account
from node import processes, testnet
from node.bench.crowd import Crowd
from node.bench.plan import Sender
from node.bench.probes import Node
from node.testnet_genesis import Plan
from node.testnet_layout import LocalNetwork

Progress = Callable[[str], None]
NOBODY: Final = Crowd()


@dataclass(frozen=True, slots=True)
class Stage:
    """The nodes that are offered to, and the parties of their chain; a crowd comes after these.

    `members` is the size of the committee, `dead` those of it that were killed beforehand.
    `network` is known of test networks on this machine.
    """

    nodes: Sequence[Node]
    genesis_hash: bytes
    senders: Sequence[Sender]
    # These begin with the senders' in their order.
    accounts: Sequence[bytes]
    symbol: str
    members: int
    crowd: Crowd = NOBODY
    network: LocalNetwork | None = None
    dead: Sequence[str] = ()

    def located(self, node: Node) -> Node:
        """The node with its process as it is now: a restarted one has another."""
        if self.network is None:
            return node
        place = self.network.node(node.name)
        return replace(node, pid=processes.state_of(self.network, place).pid)


def stage_of(network: LocalNetwork, names: Sequence[str] = (), dead: Sequence[str] = ()) -> Stage:
    """A test network's funded roles, and its nodes or those of these names."""
    roles = [network.account(name) for name in testnet.FUNDS_MINOR]
    places = [network.node(name) for name in names] or network.nodes
    senders = [
        Sender(decode_account(role.account), network.key_file(role), role.name) for role in roles
    ]
    stage = Stage(
        nodes=[
            Node(place.name, place.api, data=network.data_dir(place))
            for place in places
            if place.name not in dead
        ],
        genesis_hash=bytes.fromhex(network.genesis_hash),
        senders=senders,
        accounts=[sender.account for sender in senders],
        symbol=testnet.SYMBOL,
        members=len(network.nodes),
        network=network,
        dead=dead,
    )
    return replace(stage, nodes=[stage.located(node) for node in stage.nodes])


@contextmanager
def own_network(count: int, store: str, progress: Progress) -> Iterator[LocalNetwork]:
    """A network of its own in a temporary directory; nothing of it is left.

    If it doesn't come up its directory stays, for its logs.
    """
    with _terminated_like_interrupted():
        directory = Path(tempfile.mkdtemp(prefix="hushang-bench-"))
        try:
            made = testnet.up(Plan(directory / "net", "bench", count, store=store), progress)
        except KeyboardInterrupt:
            # It has stopped what it had started.
            shutil.rmtree(directory)
            raise
        try:
            yield made
        finally:
            with _deaf():
                testnet.reset(made)
                directory.rmdir()


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that no process of it is left."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _deaf() -> Iterator[None]:
    """Whoever is impatient can't make us leave processes behind."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
