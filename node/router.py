"""Where a peer's payloads go: votes to the driver, transactions to the door, blocks to the sync."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from chain.ledger import Ledger
from consensus.messages import decode_message
from consensus.replica import Replica
from node.blocks_served import read_blocks, size_of
from node.bodies import Bodies
from node.clock import now_ms
from node.door import Door
from node.driver import Driver
from node.heads import Heads
from node.hearsay import Hearsay
from node.mempool import Mempool
from node.snapshot_server import SnapshotServer
from node.sync import Sync
from node.transport import Transport
from node.worker import ended
from p2p import messages as wire
from p2p.frames import Channel
from p2p.gossip import Gossip

logger = logging.getLogger(__name__)

# Whose transactions have no room rests until they have, at most so often so long: what else it
# brings of that class, of others too, waits with them.
CROWDED_REST_S = 0.2
CROWDED_RESTS_MAX = 10
# Of the own pool, what a peer is sent when it connects.
SPREAD_AGAIN_MAX = 4_096


@dataclass(frozen=True, slots=True)
class Routes:
    """The parts that peers' payloads reach."""

    ledger: Ledger
    replica: Replica
    driver: Driver
    door: Door
    mempool: Mempool
    bodies: Bodies
    sync: Sync
    gossip: Gossip
    heads: Heads
    snapshots: SnapshotServer
    transport: Transport
    hearsay: Hearsay
    # Told the heights that the connected peers greeted with, whenever one more has.
    met: Callable[[Sequence[int]], None] = lambda _: None


class Router:
    """`p2p.handler.Handler` for a node. A `ProtocolError` from here ends the peer's connection."""

    def __init__(self, routes: Routes) -> None:
        self._to = routes
        self.heights: dict[bytes, int] = {}

    def height(self) -> int:
        """The decided height, for the greeting."""
        return self._to.replica.height

    def connected(self, peer: bytes, hello: wire.Hello) -> None:
        """A member's node is there."""
        self.heights[peer] = hello.height
        self._to.hearsay.connected(peer, hello.height)
        self._to.met(tuple(self.heights.values()))
        self._to.gossip.connected(peer)
        # Its pool may have been lost with its process.
        height = self._to.replica.height + 1
        for waiting in islice(self._to.mempool.fair_order(height), SPREAD_AGAIN_MAX):
            self._to.gossip.spread_again(waiting.received.raw)

    def disconnected(self, peer: bytes, _reason: str) -> None:
        """A member's node is gone."""
        self.heights.pop(peer, None)
        self._to.door.forget(peer)
        self._to.hearsay.disconnected(peer)
        self._to.gossip.disconnected(peer)

    def received(self, peer: bytes, channel: Channel, payload: bytes) -> Awaitable[None] | None:
        """Route one payload; an awaitable holds back the peer's next ones of this class."""
        if channel is Channel.CONSENSUS:
            vote = decode_message(payload)
            self._to.hearsay.consensus(peer, vote, now_ms())
            return self._to.driver.receive(vote, peer, len(payload))
        message = wire.read_message(channel, payload)
        if isinstance(message, wire.Transactions):
            refused = self._to.door.admit_few(message.raws, peer)
            if refused is None:
                return self._take_gossip(peer, message.raws)
            _tell_refused(refused, len(message.raws))
            return None if self._to.door.has_room_for(peer) else self._rest(peer)
        if isinstance(message, wire.Bodies):
            return self._to.bodies.arrived(message.raws)
        if isinstance(message, wire.BlocksRequest):
            return self._serve_blocks(peer, message)
        if isinstance(message, wire.HeadRequest | wire.Head):
            self._to.heads.received(peer, message)
            return None
        if isinstance(message, wire.SnapshotsRequest | wire.PartRequest):
            return self._to.snapshots.received(peer, message)
        self._trade_blocks(peer, message)
        return None

    async def _serve_blocks(self, peer: bytes, request: wire.BlocksRequest) -> None:
        """Read on another thread: a long answer stops nothing but its asker, whose next questions
        wait until what it was sent has its place in the rate.
        """
        start, count = request.start_height, request.count
        budget = self._to.sync.budget
        await asyncio.sleep(budget.rest_ms(peer) / 1000)
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(None, read_blocks, self._to.ledger, start, count)
        answer = await ended(reading)
        budget.sent(peer, size_of(answer))
        self._to.transport.send(peer, answer)

    def _trade_blocks(self, peer: bytes, message: wire.Message) -> None:
        match message:
            case wire.Blocks():
                self._to.sync.arrived(peer, message)
            case wire.BlocksGone():
                self._to.sync.gone(peer, message)
            case wire.Proposed():
                self._to.sync.proposed(message)
            case wire.ProposedRequest(_, digest):
                held = self._to.replica.held_block(digest)
                self._to.sync.serve_proposed(peer, held[0] if held else None, message)
            case wire.BodiesRequest(hashes):
                self._serve_bodies(peer, hashes)
            case _:
                logger.debug("%s sent a %s here", peer.hex()[:16], type(message).__name__)

    async def _take_gossip(self, peer: bytes, raws: Sequence[bytes]) -> None:
        _tell_refused(await self._to.door.admit_all(raws, peer), len(raws))
        if not self._to.door.has_room_for(peer):
            await self._rest(peer)

    async def _rest(self, peer: bytes) -> None:
        """What it sends next waits, in the end at its side: reading what has no room is work."""
        for _ in range(CROWDED_RESTS_MAX):
            await asyncio.sleep(CROWDED_REST_S)
            if self._to.door.has_room_for(peer):
                return

    def _serve_bodies(self, peer: bytes, hashes: Sequence[bytes]) -> None:
        raws: list[bytes] = []
        size = 0
        for wanted in hashes:
            raw = self._to.bodies.held(wanted)
            if raw is None:
                continue
            size += len(raw)
            if raws and size > wire.REPLY_SIZE_MAX:
                break
            raws.append(raw)
        self._to.transport.send(peer, wire.Bodies(tuple(raws)))


def _tell_refused(refused: int, count: int) -> None:
    if refused:
        logger.debug("refused %s of %s gossiped transactions", refused, count)
