"""Peers that offer snapshots to a node that joins: honest, lying, silent, leaving; no sockets."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from chain.crypto import sha256
from chain.snapshot import MANIFEST, Manifest, PartId, PartKind
from node.config import NodeConfig
from node.joining import Joiner
from node.joining_download import offer_of
from node.membership import Admitted
from p2p.frames import Channel
from p2p.handler import Handler
from p2p.messages import (
    Hello,
    Message,
    Offer,
    Part,
    PartRequest,
    Snapshots,
    SnapshotsRequest,
    read_message,
    write_message,
)
from p2p.peer import PeerStatus
from tests.chain.snapshots import HeldParts, Invented
from tests.chain.world import World, key

HELLO = Hello(1, bytes(32), 7, "peer", 5_000, "")
# Parts travel in several answers.
SLICE = 100_000
INDEX_ROWS = 60
PEERS = tuple(key(f"node of m{index}").public_key for index in range(1, 4))


@cache
def long_chain() -> tuple[World, HeldParts, Manifest]:
    """A snapshot with every kind of part and several of state, ids and index."""
    world = World()
    for _ in range(3):
        world.decide()
    invented = Invented(world)
    invented.state |= {b"key/%d" % n: sha256(b"%d" % n) * 128 for n in range(400)}
    invented.index |= {b"index/%05d" % n: bytes(10_000) for n in range(INDEX_ROWS)}
    for minute in (7, 8):
        invented.remember(minute, [sha256(b"%d %d" % (minute, n)) for n in range(10)])
    parts, manifest = invented.snapshot()
    return world, parts, manifest


@dataclass(slots=True)
class FakePeer:
    """One peer and how it behaves. `lies_about` flips a bit in the parts of these kinds."""

    parts: HeldParts
    offers: tuple[Offer, ...]
    lies_about: frozenset[PartKind] = frozenset()
    silent_about: frozenset[PartKind] = frozenset()
    asked: list[PartId] = field(default_factory=list)
    # Called with each part that it is asked for, before it answers.
    hook: Callable[[PartId], None] = lambda _: None

    def answer(self, message: Message) -> Message | None:
        """What it says to a message, if anything."""
        match message:
            case SnapshotsRequest():
                return Snapshots(self.offers)
            case PartRequest():
                return self._part(message)
            case _:
                return None

    def _part(self, asked: PartRequest) -> Part | None:
        part = PartId(PartKind(asked.kind), asked.number)
        self.asked.append(part)
        self.hook(part)
        if part.kind in self.silent_about:
            return None
        data = self.parts.held.get(part, b"")
        if asked.height not in [offer.height for offer in self.offers]:
            data = b""
        elif part.kind in self.lies_about:
            data = data[:-1] + bytes([data[-1] ^ 1])
        piece = data[asked.offset : asked.offset + SLICE]
        return Part(asked.height, asked.kind, asked.number, asked.offset, len(data), piece)


class FakeNetwork:
    """`node.joining.PeerNetwork`: peers connect at its start, or when `connect` says so."""

    def __init__(self, peers: dict[bytes, FakePeer], at_start: Sequence[bytes]) -> None:
        self.peers_by_key = peers
        self.at_start = tuple(at_start)
        self.there: list[bytes] = []
        self.nodes: tuple[Admitted, ...] = ()
        self._handler: Handler | None = None

    def made(self, nodes: Sequence[Admitted], handler: Handler) -> "FakeNetwork":
        """`node.joining.MakeNetwork`."""
        self._handler, self.nodes = handler, tuple(nodes)
        return self

    async def start(self, _group: asyncio.TaskGroup) -> None:
        """Everybody who is there from the beginning connects."""
        self.there.clear()
        for peer in self.at_start:
            self.connect(peer)

    async def stop(self) -> None:
        """All leave."""
        for peer in list(self.there):
            self.leave(peer)

    def send(self, peer: bytes, channel: Channel, payload: bytes) -> bool:
        """The peer's answer comes with the loop's next turn."""
        if peer not in self.there:
            return False
        answer = self.peers_by_key[peer].answer(read_message(channel, payload))
        if answer is not None:
            asyncio.get_running_loop().call_soon(self._hand_over, peer, answer)
        return True

    def peers(self) -> tuple[PeerStatus, ...]:
        """All of them, there or not."""
        return tuple(map(self._status, self.peers_by_key))

    def _status(self, peer: bytes) -> PeerStatus:
        names = {node.public_key: node.name for node in self.nodes}
        return PeerStatus(
            public_key=peer,
            name=names.get(peer, peer.hex()),
            connected=peer in self.there,
            direction=None,
            height=None,
            agent="",
            queues={},
            size_in=0,
            size_out=0,
            connections=0,
            last_seen_ms=None,
            last_error="" if peer in self.there else "ConnectionRefusedError",
            on_two_hosts=False,
            age_ms=None,
            address=None,
        )

    def _hand_over(self, peer: bytes, answer: Message) -> None:
        if peer in self.there:
            assert self._handler is not None
            self._handler.received(peer, *write_message(answer))

    def connect(self, peer: bytes) -> None:
        """It comes, unless it is there."""
        if peer not in self.there:
            assert self._handler is not None
            self.there.append(peer)
            self._handler.connected(peer, HELLO)

    def leave(self, peer: bytes) -> None:
        """It goes."""
        assert self._handler is not None
        self.there.remove(peer)
        self._handler.disconnected(peer, "gone")


@dataclass(slots=True)
class Scene:
    """A joiner with nothing, and three peers with a snapshot."""

    directory: Path
    world: World
    parts: HeldParts
    manifest: Manifest
    peers: dict[bytes, FakePeer]
    network: FakeNetwork
    config: NodeConfig

    @classmethod
    def of(cls, directory: Path, join: str = "auto") -> "Scene":
        """All peers are honest and there."""
        world, parts, manifest = long_chain()
        peers = {peer: FakePeer(parts, (offer_of(manifest),)) for peer in PEERS}
        config = NodeConfig(
            name="m0",
            data_dir=directory / "data",
            genesis=directory / "genesis.json",
            node_key=directory / "node.key",
            join=join,  # type: ignore[arg-type]  # the form refuses what it doesn't know
        )
        config.data_dir.mkdir()
        network = FakeNetwork(peers, PEERS)
        return cls(directory, world, parts, manifest, peers, network, config)

    def joiner(self) -> Joiner:
        """A new process's joiner."""
        own = key("node of m0").public_key
        return Joiner(self.config, self.world.genesis, own, self.network.made)

    @property
    def wanted(self) -> set[PartId]:
        """All parts of the snapshot."""
        return {MANIFEST, *self.manifest.parts()}
