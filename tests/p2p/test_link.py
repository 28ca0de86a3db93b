"""One connection under strain: silent, dripping, deaf and flooding peers, on real sockets."""

import asyncio
import weakref
from dataclasses import replace

import pytest

from p2p.frames import FRAME_SIZE_MAX, Channel, frame_header
from p2p.limits import QueueLimits
from p2p.link import GreetingExpected, Link, PeerGone, Terms
from p2p.messages import Ping
from p2p.outbox import Outbox
from tests.let_go import let_go, uncollected
from tests.p2p.certs import identity
from tests.p2p.net import (
    HELLO,
    QUICK,
    Node,
    Raw,
    Town,
    Wire,
    absent,
    as_member,
    eventually,
    greet,
    knock,
    message,
    town,
    wire,
)

PUDONG, JINGAN = identity("pudong"), identity("jingan")
MIB = 1024 * 1024


async def with_raw(place: Town, buffer: int = 65536, **limits: object) -> tuple[Node, Raw]:
    """A node and a raw peer that has greeted it."""
    node = await place.settle(PUDONG, limits=replace(QUICK, **limits))  # type: ignore[arg-type]
    node.network.set_members([node.seat, absent(JINGAN)])
    raw = await greet(node, JINGAN, buffer=buffer)
    await eventually(lambda: node.heard.greetings)
    return node, raw


def current(node: Node) -> Link:
    link = node.network._peers[JINGAN.public_key].link
    assert link is not None
    return link


async def gone(node: Node, reason: str) -> None:
    await eventually(lambda: node.heard.farewells, f"still connected, expected {reason}")
    assert node.heard.farewells[0][1].startswith(reason)


@pytest.mark.asyncio
async def test_a_peer_that_says_nothing_any_more_is_given_up() -> None:
    async with town() as place:
        node, raw = await with_raw(place)
        await raw.ended()
        await gone(node, "PeerSilent")


@pytest.mark.asyncio
async def test_pings_keep_an_idle_connection_and_are_sent_to_keep_it() -> None:
    async with town() as place:
        node, raw = await with_raw(place)
        async with asyncio.TaskGroup() as group:
            living = group.create_task(raw.keep_alive())
            for _ in range(2 * QUICK.silent_ticks_max):
                assert (await raw.frame()).channel is Channel.CONTROL
            living.cancel()
        assert not node.heard.farewells


@pytest.mark.asyncio
async def test_a_peer_that_drips_a_frame_is_given_up() -> None:
    async with town() as place:
        node, raw = await with_raw(place)
        await raw.send(frame_header(Channel.SYNC, MIB))

        async def drip() -> None:
            while True:
                await raw.send(b"x")
                await asyncio.sleep(QUICK.tick_s)

        async with asyncio.TaskGroup() as group:
            dripping = group.create_task(drip())
            await raw.ended()
            dripping.cancel()
        await gone(node, "FrameTooSlow")


@pytest.mark.asyncio
async def test_a_peer_that_never_reads_costs_bounded_memory_and_is_given_up() -> None:
    size_max = FRAME_SIZE_MAX
    async with town() as place:
        node, raw = await with_raw(
            place, 1, sync_out=QueueLimits(1000, size_max), unread_ticks_max=6
        )
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(raw.keep_alive())
            # The kernel's buffers take some; the queue stays full from then on.
            for _ in range(400):
                node.network.send(JINGAN.public_key, Channel.SYNC, bytes(MIB // 4))
                assert node.of(JINGAN).queues[Channel.SYNC].size <= size_max
                await asyncio.sleep(0)
            assert node.of(JINGAN).queues[Channel.SYNC].dropped > 200
            await gone(node, "PeerNotReading")
            talking.cancel()


@pytest.mark.asyncio
async def test_votes_overtake_bulk_to_a_peer_that_reads_slowly() -> None:
    async with town() as place:
        node, raw = await with_raw(place, 1, unread_ticks_max=10_000, silent_ticks_max=10_000)
        size, count = 64 * 1024, 250
        for number in range(count):
            node.network.send(JINGAN.public_key, Channel.SYNC, bytes([number]) * size)
        await eventually(lambda: current(node)._write_paused)
        node.network.send(JINGAN.public_key, Channel.CONSENSUS, b"vote")
        waiting = node.of(JINGAN).queues[Channel.SYNC].frames
        assert waiting > 10
        order = [await raw.frame() for _ in range(count + 1)]
        bulk = [frame for frame in order if frame.channel is Channel.SYNC]
        place_of_vote = [frame.channel for frame in order].index(Channel.CONSENSUS)
        assert place_of_vote <= count - waiting + 1
        assert [frame.payload[0] for frame in bulk] == list(range(len(bulk)))


@pytest.mark.asyncio
async def test_a_slow_handler_of_bulk_stops_the_reading_and_not_the_votes() -> None:
    async with town() as place:
        node, raw = await with_raw(place, bulk_in=QueueLimits(8, FRAME_SIZE_MAX))
        opened = asyncio.Event()

        async def wait() -> None:
            await opened.wait()

        node.heard.answer = lambda frame: wait() if frame.channel is Channel.SYNC else None
        await raw.send(b"".join(wire(Channel.SYNC, b"bulk") for _ in range(4)))
        await raw.send(wire(Channel.CONSENSUS, b"vote"))
        await eventually(lambda: node.heard.payloads(Channel.CONSENSUS) == [b"vote"])
        assert node.heard.payloads(Channel.SYNC) == [b"bulk"]
        # Far more than the inbox and the kernel's buffers hold: the sender gets stuck.
        link = current(node)

        async def flood() -> None:
            for _ in range(64):
                await raw.send(wire(Channel.SYNC, bytes(MIB)))

        async with asyncio.TaskGroup() as group:
            sending = group.create_task(flood())
            await eventually(lambda: link._read_paused)
            assert link.bulk.size <= FRAME_SIZE_MAX + 2 * MIB
            assert not sending.done()
            opened.set()
            await sending
        await eventually(lambda: len(node.heard.payloads(Channel.SYNC)) == 68)
        assert not node.heard.farewells


@pytest.mark.asyncio
async def test_a_second_hello_is_refused() -> None:
    async with town() as place:
        node, raw = await with_raw(place)
        await raw.send(message(HELLO))
        await raw.ended()
        await gone(node, "GreetingExpected")


@pytest.mark.asyncio
async def test_what_one_round_of_the_loop_queues_leaves_in_one_write() -> None:
    transport = Wire()
    link = Link(Terms(QUICK, HELLO, lambda _key: None), dialled=True)
    link._transport = transport
    outbox = Outbox(QUICK)
    link.join(outbox)
    for number in range(100):
        outbox.push(Channel.CONSENSUS, bytes([number]))
        link.wake()
    assert transport.writes == []
    await asyncio.sleep(0)
    assert len(transport.writes) == 1
    assert transport.writes[0] == b"".join(
        wire(Channel.CONSENSUS, bytes([number])) for number in range(100)
    )


@pytest.mark.asyncio
async def test_nothing_is_written_while_the_transport_is_full() -> None:
    transport = Wire()
    link = Link(Terms(QUICK, HELLO, lambda _key: None), dialled=True)
    link._transport = transport
    outbox = Outbox(QUICK)
    link.join(outbox)
    link.pause_writing()
    outbox.push(Channel.CONSENSUS, b"vote")
    link.wake()
    await asyncio.sleep(0)
    assert transport.writes == []
    link.resume_writing()
    await asyncio.sleep(0)
    assert transport.writes == [wire(Channel.CONSENSUS, b"vote")]


@pytest.mark.asyncio
async def test_a_link_that_ends_before_its_greeting_says_why() -> None:
    link = Link(Terms(QUICK, HELLO, lambda _key: None), dialled=True)
    link._transport = Wire()
    link.connection_lost(None)
    with pytest.raises(PeerGone):
        await link.greeted()
    assert link.closed.is_set()


@pytest.mark.asyncio
async def test_a_greeting_that_is_refused_is_let_go_at_once() -> None:
    async with town() as place:
        node = await place.settle(PUDONG, limits=QUICK)
        node.network.set_members([node.seat, absent(JINGAN)])
        async with let_go(GreetingExpected):
            raw = await knock(node, as_member(JINGAN, node.identity), message(Ping()))
            await raw.ended()


@pytest.mark.asyncio
async def test_a_link_that_ended_is_let_go_at_once_with_the_frame_that_broke_off() -> None:
    async with town() as place:
        node, raw = await with_raw(place)
        raw.writer.write(frame_header(Channel.SYNC, FRAME_SIZE_MAX) + bytes(MIB))
        await eventually(lambda: current(node)._decoder.held_size == MIB)
        held = weakref.ref(current(node))
        with uncollected():
            raw.writer.transport.abort()
            await eventually(lambda: held() is None, "the link is kept")
