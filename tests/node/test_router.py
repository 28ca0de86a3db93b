"""Where a peer's payloads go, and what ends its connection."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from chain.errors import ProtocolError
from chain.ledger import Ledger
from chain.transaction import ReceivedTransaction
from consensus.messages import MessageMalformed, Prepare, encode_message
from node import mailbox as mailbox_module
from node import router as router_module
from node.blocks_served import read_blocks
from node.door import Door
from node.heads import Heads
from node.hearsay import Hearsay
from node.mempool import Mempool
from node.router import Router, Routes
from node.snapshot_files import SnapshotFolder
from node.snapshot_server import SnapshotServer
from node.transport import Transport
from node.verifier import FEW_MAX
from p2p import messages as wire
from p2p.frames import Channel
from p2p.gossip import Gossip
from p2p.network import Network
from tests.chain.world import World, key
from tests.node.drivers import Seat, table, waiting_in
from tests.node.parts import forged, issue, payment
from tests.node.test_transport import Wire

PEER = key("node of m1").public_key
HELLO = wire.Hello(1, bytes(32), 7, "m1", 42, "test")


@dataclass
class Post:
    """A router with real parts of member 0, and the network in which its answers end."""

    world: World
    router: Router
    seat: Seat
    pool: Mempool
    network: Wire
    gossip: Gossip

    def receive(self, message: wire.Message, peer: bytes = PEER) -> Awaitable[None] | None:
        return self.router.received(peer, *wire.write_message(message))

    def answers(self) -> list[wire.Message]:
        return [wire.read_message(channel, payload) for _, channel, payload in self.network.sent]


@asynccontextmanager
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with table(tmp_path, seated=1) as at:
        seat = at.seats[0]
        parts = seat.parts
        transport, network = Transport(), Wire()
        transport.network = cast("Network", network)
        gossip = Gossip(transport)

        def admitted(received: ReceivedTransaction, origin: bytes | None) -> None:
            gossip.add(received.raw, received.body_hash, origin)

        # Blocks are answered to the network, not to other seats.
        parts.sync._send = transport.send
        ledger, pool = parts.ledger, parts.mempool
        door = Door(ledger, pool, parts.bodies, at.verifier, parts.clock_ms, admitted)
        asking = transport.send, transport.connected
        heads = Heads(parts.ledger, key("node of m0"), asking, parts.clock_ms, lambda: True)
        routes = Routes(
            parts.ledger,
            parts.replica,
            seat.driver,
            door,
            parts.mempool,
            parts.bodies,
            parts.sync,
            gossip,
            heads,
            SnapshotServer(SnapshotFolder(tmp_path / "snapshots"), transport.send),
            transport,
            Hearsay(),
        )
        yield Post(at.world, Router(routes), seat, parts.mempool, network, gossip)


@pytest.mark.asyncio
async def test_a_vote_goes_to_the_driver_with_its_peer(tmp_path: Path) -> None:
    async with post(tmp_path) as at:
        vote = Prepare(0, 1, bytes(32), 1, bytes(64))
        assert at.router.received(PEER, Channel.CONSENSUS, encode_message(vote)) is None
        assert waiting_in(at.seat.driver) == [(vote, PEER)]


@pytest.mark.asyncio
async def test_bytes_that_are_no_vote_or_message_end_the_connection(tmp_path: Path) -> None:
    async with post(tmp_path) as at:
        with pytest.raises(MessageMalformed):
            at.router.received(PEER, Channel.CONSENSUS, b"\x02\xc1")
        for channel in (Channel.TRANSACTIONS, Channel.SYNC):
            with pytest.raises(ProtocolError):
                at.router.received(PEER, channel, b"\xff")


@pytest.mark.asyncio
async def test_a_peer_is_held_back_while_the_driver_is_crowded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_module, "MESSAGES_MAX", 1)
    async with post(tmp_path) as at:
        payload = encode_message(Prepare(0, 1, bytes(32), 1, bytes(64)))
        assert at.router.received(PEER, Channel.CONSENSUS, payload) is None
        held_back = at.router.received(PEER, Channel.CONSENSUS, payload)
        assert held_back is not None
        waiting = asyncio.ensure_future(held_back)
        await asyncio.sleep(0)
        assert not waiting.done()
        at.seat.driver._round(0)
        await waiting


@pytest.mark.asyncio
async def test_gossip_goes_through_the_door_and_bad_ones_are_dropped(tmp_path: Path) -> None:
    async with post(tmp_path) as at:
        good, bad = payment(at.world), forged(payment(at.world))
        # So few are taken in at once.
        assert at.receive(wire.Transactions((bad, good.raw))) is None
        assert good.id in at.pool
        assert len(at.pool) == 1
        more = [payment(at.world) for _ in range(FEW_MAX)]
        taking = at.receive(wire.Transactions((bad, *[one.raw for one in more])))
        await cast("asyncio.Future[None]", taking)
        assert all(one.id in at.pool for one in more)
        assert len(at.pool) == 1 + len(more)


def crowd(at: Post) -> "asyncio.Future[None]":
    """A peer has brought more than its sponsor has room for, and is held back."""
    at.pool._bytes_max = 8_000
    raws = tuple(payment(at.world).raw for _ in range(40))
    return asyncio.ensure_future(cast("Awaitable[None]", at.receive(wire.Transactions(raws))))


@pytest.mark.asyncio
async def test_whose_transactions_have_no_room_is_held_back_until_they_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router_module, "CROWDED_REST_S", 0)
    monkeypatch.setattr(router_module, "CROWDED_RESTS_MAX", 1_000_000)
    async with post(tmp_path) as at:
        door, rests = at.router._to.door, asyncio.Event()
        ask = door.has_room_for

        def has_room_for(peer: bytes) -> bool:
            found = ask(peer)
            if not found:
                rests.set()
            return found

        monkeypatch.setattr(door, "has_room_for", has_room_for)
        held_back = crowd(at)
        await rests.wait()
        assert not held_back.done()
        at.pool.discard(at.pool.oldest(1, len(at.pool)))
        await held_back


@pytest.mark.asyncio
async def test_who_is_held_back_is_read_again_though_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(router_module, "CROWDED_REST_S", 0)
    async with post(tmp_path) as at:
        await crowd(at)
        assert not at.router._to.door.has_room_for(PEER)


@pytest.mark.asyncio
async def test_bodies_are_served_from_the_pool_as_far_as_they_are_known(tmp_path: Path) -> None:
    async with post(tmp_path) as at:
        known, unknown = payment(at.world), payment(at.world)
        at.pool.add(known, b"m0", 0)
        at.receive(wire.BodiesRequest((unknown.body_hash, known.body_hash)))
        assert at.answers() == [wire.Bodies((known.raw,))]
        assert at.network.sent[0][0] == PEER


@pytest.mark.asyncio
async def test_a_reply_of_bodies_ends_at_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "REPLY_SIZE_MAX", 1)
    async with post(tmp_path) as at:
        both = [payment(at.world), payment(at.world)]
        for one in both:
            at.pool.add(one, b"m0", 0)
        at.receive(wire.BodiesRequest(tuple(one.body_hash for one in both)))
        assert at.answers() == [wire.Bodies((both[0].raw,))]


@pytest.mark.asyncio
async def test_blocks_are_served_and_taken_with_the_members_index(tmp_path: Path) -> None:
    async with post(tmp_path) as at:
        at.world.decide(issue(at.world))
        block, certificate = (
            at.world.ledger.block_bytes(1),
            at.world.ledger.certificate_bytes(1),
        )
        assert block is not None
        assert certificate is not None
        served = at.receive(wire.BlocksRequest(1, 5))
        assert served is not None, "its asker waits"
        await served
        assert at.answers() == [wire.Blocks(1, ())]
        at.receive(wire.Blocks(1, (wire.CertifiedBlock(block, certificate),)))
        assert at.seat.parts.sync._ahead[1].peer == PEER
        at.receive(wire.Proposed(block))
        fed = [type(event).__name__ for event, _ in waiting_in(at.seat.driver)]
        assert fed == ["FetchedBlock"], "a proposal that nobody asked for isn't read"


@pytest.mark.asyncio
async def test_who_asks_for_the_head_gets_it_signed_and_answers_go_to_who_asked(
    tmp_path: Path,
) -> None:
    async with post(tmp_path) as at:
        assert at.receive(wire.HeadRequest()) is None
        assert at.answers() == [], "the founding needs no statement"
        ledger = at.seat.parts.ledger
        executed = ledger.execute(at.world.header([]), [])
        ledger.write(executed, at.world.certify(executed.header))
        assert at.receive(wire.HeadRequest(), key("node of m2").public_key) is None
        (told,) = at.answers()
        assert isinstance(told, wire.Head)
        assert (told.height, told.digest) == (1, ledger.tip.digest)
        # Nobody asked for this one.
        assert at.receive(told) is None
        # A time that no proof can hold would spoil all proofs with heads.
        with pytest.raises(wire.MessageMalformed):
            at.receive(replace(told, time_ms=2**53))


@pytest.mark.asyncio
async def test_an_observer_gets_blocks_as_members_do(tmp_path: Path) -> None:
    async with post(tmp_path) as at:
        observer = key("observer").public_key
        served = at.receive(wire.BlocksRequest(1, 5), observer)
        assert served is not None
        await served
        assert at.answers() == [wire.Blocks(1, ())]
        assert [peer for peer, _, _ in at.network.sent] == [observer]


@pytest.mark.asyncio
async def test_a_peer_that_connects_is_sent_the_pool_and_counted(tmp_path: Path) -> None:
    async with post(tmp_path) as at:
        waiting = payment(at.world)
        at.pool.add(waiting, b"m0", 0)
        at.router.connected(PEER, HELLO)
        assert at.router.heights == {PEER: 42}
        at.gossip._flush()
        assert at.answers() == [wire.Transactions((waiting.raw,))]
        at.router.disconnected(PEER, "gone")
        assert at.router.heights == {}


@pytest.mark.asyncio
async def test_the_greeting_tells_the_decided_height(tmp_path: Path) -> None:
    async with post(tmp_path) as at:
        assert at.router.height() == 0


@pytest.mark.asyncio
async def test_who_asks_for_blocks_without_end_waits_for_its_place_in_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with post(tmp_path) as at:
        budget = at.seat.parts.sync.budget
        asked: list[bytes] = []

        def rest_ms(peer: bytes) -> int:
            asked.append(peer)
            return 0 if peer == PEER else 3_600_000

        monkeypatch.setattr(budget, "rest_ms", rest_ms)
        resting = at.receive(wire.BlocksRequest(1, 5), key("observer").public_key)
        served = at.receive(wire.BlocksRequest(1, 5))
        assert resting is not None
        assert served is not None
        waiting = asyncio.ensure_future(resting)
        await asyncio.sleep(0)
        await served
        assert asked == [key("observer").public_key, PEER]
        assert [peer for peer, _, _ in at.network.sent] == [PEER]
        waiting.cancel()


@pytest.mark.asyncio
async def test_nothing_is_read_of_the_store_when_a_node_that_served_blocks_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go, told = asyncio.Event(), threading.Event(), list[str]()
    loop = asyncio.get_running_loop()

    def slowly(ledger: Ledger, first: int, count: int) -> wire.Blocks | wire.BlocksGone:
        loop.call_soon_threadsafe(began.set)
        go.wait()
        told.append("read")
        return read_blocks(ledger, first, count)

    monkeypatch.setattr(router_module, "read_blocks", slowly)
    async with post(tmp_path) as at:
        waiting = at.receive(wire.BlocksRequest(1, 5))
        assert waiting is not None
        serving = asyncio.ensure_future(waiting)
        await began.wait()
        serving.cancel()
        await asyncio.sleep(0)
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert told == ["read"]
        assert at.network.sent == []
