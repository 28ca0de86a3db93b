"""Between a simulated node and the network: what goes out, and where what comes in goes.

It mirrors `node.router` (votes to the replica, transactions to the door, blocks to the sync).
"""

from collections.abc import Sequence
from typing import Protocol

from chain.block import Block
from chain.ledger import Ledger
from chain.transaction import ReceivedTransaction
from node.sync import Sync
from node.transport import Transport
from p2p import messages as wire
from p2p.frames import Channel
from p2p.gossip import GossipLimits, Spread
from tests.sim.bodies import Later, SimBodies
from tests.sim.entrance import Entrance
from tests.sim.shared import Setting
from tests.sim.world import MS


class Owner(Protocol):
    """What this file needs of a node."""

    setting: Setting
    member: int
    place: int
    ledger: Ledger
    transport: Transport
    sync: Sync
    bodies: SimBodies
    entrance: Entrance

    def held_block(self, digest: bytes) -> Block | None:
        """An undecided block that the replica holds."""
        ...


class Outlet:
    """What `node.transport` and gossip see of the network: it goes out from this copy."""

    def __init__(self, node: Owner) -> None:
        self._node = node

    def send(self, peer: bytes, channel: Channel, payload: bytes) -> bool:
        """To one peer."""
        node = self._node
        member = node.setting.number(peer)
        if member != node.member:
            node.setting.network.send(node.place, member, channel, payload)
        return True

    def broadcast(self, channel: Channel, payload: bytes) -> None:
        """To all others."""
        node = self._node
        for member in range(len(node.setting.keys)):
            if member != node.member:
                node.setting.network.send(node.place, member, channel, payload)

    def connected(self) -> tuple[bytes, ...]:
        """Everybody, as long as nothing is known to the contrary."""
        own = self._node.member
        return tuple(key for member, key in enumerate(self._node.setting.keys) if member != own)


class SimGossip:
    """`p2p.gossip.Gossip` on virtual time."""

    def __init__(self, outlet: Outlet, peers: Sequence[bytes], later: Later) -> None:
        self._outlet = outlet
        self._later = later
        self._spread = Spread(GossipLimits())
        self._flushing = False
        for peer in peers:
            self._spread.connected(peer)

    def add(self, received: ReceivedTransaction, origin: bytes | None) -> None:
        """Newly in the pool, from a peer or a client."""
        self._spread.add(received.raw, received.body_hash, origin)
        self._stir()

    def again(self, passed_over: Sequence[ReceivedTransaction]) -> None:
        """Somebody may lack these."""
        for received in passed_over:
            self._spread.again(received.raw, received.body_hash)
        self._stir()

    def connected(self, peer: bytes, waiting: Sequence[ReceivedTransaction]) -> None:
        """A connection is new: its end may have lost everything."""
        self._spread.disconnected(peer)
        self._spread.connected(peer)
        self.again(waiting)

    def _stir(self) -> None:
        if self._spread.count and not self._flushing:
            self._flushing = True
            self._later(5 * MS, self._flush)

    def _flush(self) -> None:
        self._flushing = False
        for batch in self._spread.take():
            for peer in batch.peers:
                self._outlet.send(peer, Channel.TRANSACTIONS, batch.payload)


def route(node: Owner, number: int, message: wire.Message) -> None:
    """One message of a peer that is no vote."""
    source = node.setting.keys[number]
    match message:
        case wire.Transactions():
            for raw in message.raws:
                node.entrance.admit(raw, source)
        case wire.Bodies():
            node.bodies.arrived(message.raws)
        case wire.Blocks():
            node.sync.arrived(source, message)
        case wire.BlocksGone():
            node.sync.gone(source, message)
        case wire.Proposed():
            node.sync.proposed(message)
        case _:
            _answer(node, source, message)


def _answer(node: Owner, source: bytes, message: wire.Message) -> None:
    match message:
        case wire.BlocksRequest(start, count):
            node.sync.serve(source, start, count)
        case wire.ProposedRequest(_, digest):
            node.sync.serve_proposed(source, node.held_block(digest), message)
        case wire.BodiesRequest(hashes):
            raws = [raw for raw in map(node.bodies.held, hashes) if raw is not None]
            node.transport.send(source, wire.Bodies(tuple(raws)))
        case _:
            pass
