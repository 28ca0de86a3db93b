"""Networks over real sockets and real TLS: meeting, keeping one connection, parting, returning."""

import asyncio
from dataclasses import replace

import pytest

from p2p.frames import Channel, Frame
from p2p.messages import UnknownMessage, read_message
from p2p.network import Network, NetworkSettings
from p2p.peer import Direction
from p2p.tls import NodeIdentity
from tests.let_go import let_go
from tests.p2p.certs import identity, now_ms
from tests.p2p.net import (
    GENESIS,
    HELLO,
    PATIENCE_S,
    QUICK,
    Recorder,
    Seat,
    absent,
    eventually,
    greet,
    tasks_named,
    town,
    unlisted,
)

PUDONG, XUHUI, JINGAN = identity("pudong"), identity("xuhui"), identity("jingan")
STRANGER = identity("stranger")


@pytest.mark.asyncio
async def test_members_meet_and_hear_each_other_on_every_channel() -> None:
    async with town() as place:
        nodes = [await place.settle(member) for member in (PUDONG, XUHUI, JINGAN)]
        place.introduce(*nodes)
        a, b, c = nodes
        await eventually(lambda: all(len(node.heard.greetings) >= 2 for node in nodes))
        for channel in (Channel.CONSENSUS, Channel.TRANSACTIONS, Channel.SYNC):
            a.network.broadcast(channel, b"to all " + bytes([channel]))
            assert b.network.send(c.key, channel, b"to one")
        await eventually(lambda: len(b.heard.frames) == 3 and len(c.heard.frames) == 6)
        for channel in (Channel.CONSENSUS, Channel.TRANSACTIONS, Channel.SYNC):
            everyone = b"to all " + bytes([channel])
            assert b.heard.payloads(channel) == [everyone]
            assert sorted(c.heard.payloads(channel)) == [everyone, b"to one"]
        assert a.heard.frames == []
        assert a.of(XUHUI).height == 7


@pytest.mark.parametrize("members", [(PUDONG, XUHUI), (XUHUI, PUDONG)])
@pytest.mark.asyncio
async def test_two_nodes_that_dial_at_once_use_one_connection_from_the_start(
    members: tuple[NodeIdentity, NodeIdentity],
) -> None:
    async with town() as place:
        # No jitter: both wake at the same moment.
        a, b = [await place.settle(member, jitter=lambda: 0.0) for member in members]
        place.introduce(a, b)
        await eventually(lambda: a.sees(b.identity) and b.sees(a.identity))
        assert a.network.send(b.key, Channel.CONSENSUS, b"vote")
        assert b.network.send(a.key, Channel.CONSENSUS, b"vote")
        await eventually(lambda: len(a.heard.frames) == len(b.heard.frames) == 1)
        await eventually(lambda: tasks_named("p2p welcome") == 1)
        assert tasks_named("p2p session") == 2
        assert {a.of(b.identity).direction, b.of(a.identity).direction} == set(Direction)
        assert a.heard.farewells == b.heard.farewells == []
        assert a.of(b.identity).connections == b.of(a.identity).connections == 1


@pytest.mark.asyncio
async def test_a_restarted_node_is_met_again() -> None:
    async with town() as place:
        a, b = [await place.settle(member) for member in (PUDONG, XUHUI)]
        place.introduce(a, b)
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))
        port = b.network.address[1]
        await b.network.stop()
        await eventually(lambda: not a.sees(XUHUI))
        assert not a.network.send(b.key, Channel.CONSENSUS, b"lost")
        again = await place.settle(XUHUI, port=port)
        again.network.set_members([a.seat, again.seat])
        await eventually(lambda: a.sees(XUHUI) and again.sees(PUDONG))
        assert len(a.heard.greetings) == len(a.heard.farewells) + 1
        assert a.network.send(b.key, Channel.CONSENSUS, b"vote")
        await eventually(lambda: again.heard.payloads(Channel.CONSENSUS) == [b"vote"])


@pytest.mark.asyncio
async def test_a_new_process_of_a_peer_replaces_its_dead_connection() -> None:
    async with town() as place:
        node = await place.settle(PUDONG)
        node.network.set_members([node.seat, absent(XUHUI)])
        before = await greet(node, XUHUI)
        await eventually(lambda: node.sees(XUHUI))
        await greet(node, XUHUI, replace(HELLO, instance=2))
        await before.ended()
        await eventually(lambda: [h.instance for _, h in node.heard.greetings] == [1, 2])
        assert node.sees(XUHUI)


@pytest.mark.asyncio
async def test_a_removed_member_is_disconnected_and_refused_from_then_on() -> None:
    async with town() as place:
        a, b, c = [await place.settle(member) for member in (PUDONG, XUHUI, JINGAN)]
        place.introduce(a, b, c)
        await eventually(lambda: a.sees(XUHUI) and a.sees(JINGAN) and b.sees(PUDONG))
        a.network.set_members([a.seat, c.seat])
        await eventually(lambda: b.key in [peer for peer, _ in a.heard.farewells])
        assert not a.network.send(b.key, Channel.CONSENSUS, b"vote")
        assert [status.name for status in a.network.peers()] == ["jingan"]
        await eventually(lambda: a.network.door().refused.get("NotAMember"))
        assert a.sees(JINGAN)
        place.introduce(a, b, c)
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))


@pytest.mark.asyncio
async def test_a_member_without_a_known_address_is_admitted_and_never_dialled() -> None:
    async with town() as place:
        a, b = [await place.settle(member) for member in (PUDONG, XUHUI)]
        a.network.set_members([a.seat, unlisted(XUHUI)])
        # It can't be met by dialling, so only its own call brings it.
        b.network.set_members([b.seat, a.seat])
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))
        assert a.of(XUHUI).direction is Direction.INBOUND
        assert a.of(XUHUI).last_error == ""


@pytest.mark.asyncio
async def test_a_member_is_dialled_from_the_moment_that_its_address_is_known() -> None:
    async with town() as place:
        a, b = [await place.settle(member) for member in (PUDONG, XUHUI)]
        a.network.set_members([a.seat, unlisted(XUHUI)])
        b.network.set_members([b.seat, unlisted(PUDONG)])
        # Neither dials: the connection that comes is made after this line, by A.
        a.network.set_members([a.seat, b.seat])
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))
        assert a.of(XUHUI).direction is Direction.OUTBOUND
        assert a.of(XUHUI).connections == 1


@pytest.mark.asyncio
async def test_a_peer_that_moved_is_dialled_anew_and_the_old_connection_ends() -> None:
    async with town() as place:
        a, b = [await place.settle(member) for member in (PUDONG, XUHUI)]
        place.introduce(a, b)
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))
        # Both may have dialled at once, and the one connection have replaced the other.
        before = a.of(XUHUI).connections
        b.network.set_members([b.seat, unlisted(PUDONG)])
        await eventually(lambda: a.of(XUHUI).connections > before and a.sees(XUHUI))
        before = a.of(XUHUI).connections
        # The same node by another name of the loopback: only A can bring this connection about.
        a.network.set_members([a.seat, Seat(b.key, "xuhui", ("localhost", b.network.address[1]))])
        await eventually(lambda: a.of(XUHUI).connections > before and a.sees(XUHUI))
        assert a.of(XUHUI).direction is Direction.OUTBOUND
        ends = a.heard.farewells
        await eventually(lambda: any(reason.startswith("AddressChanged") for _, reason in ends))
        # What is said again changes nothing.
        a.network.set_members([a.seat, Seat(b.key, "xuhui", ("localhost", b.network.address[1]))])
        assert a.sees(XUHUI)


@pytest.mark.asyncio
async def test_a_new_address_is_dialled_at_once_however_long_the_old_one_was_tried() -> None:
    patient = replace(QUICK, backoff_first_s=3600.0, backoff_max_s=3600.0)
    async with town() as place:
        a, b = await place.settle(PUDONG, limits=patient), await place.settle(XUHUI)
        b.network.set_members([b.seat, unlisted(PUDONG)])
        a.network.set_members([a.seat, absent(XUHUI)])
        # Let the dialler begin to wait.
        for _ in range(3):
            await asyncio.sleep(0)
        a.network.set_members([a.seat, b.seat])
        await eventually(lambda: a.sees(XUHUI))


@pytest.mark.asyncio
async def test_members_may_be_named_again_before_the_network_starts() -> None:
    heard = Recorder()
    settings = NetworkSettings(GENESIS, ("127.0.0.1", 0), now_ms, lambda: 0.5, QUICK)
    network = Network(PUDONG, [absent(XUHUI)], heard, settings)
    network.set_members([absent(XUHUI), absent(JINGAN)])
    async with asyncio.TaskGroup() as group:
        await network.start(group)
        assert [status.name for status in network.peers()] == ["xuhui", "jingan"]
        await network.stop()


@pytest.mark.asyncio
async def test_one_key_on_two_hosts_is_noticed_after_a_few_turns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with town() as place:
        node = await place.settle(PUDONG)
        node.network.set_members([node.seat, unlisted(XUHUI)])
        with caplog.at_level("WARNING", logger="p2p.network"):
            for turn in range(4):
                await greet(node, XUHUI, replace(HELLO, instance=1 + turn % 2))
                await eventually(lambda met=turn + 1: len(node.heard.greetings) == met)  # type: ignore[misc]
            assert not node.of(XUHUI).on_two_hosts
            await greet(node, XUHUI, replace(HELLO, instance=1))
            await eventually(lambda: node.of(XUHUI).on_two_hosts)
            await greet(node, XUHUI, replace(HELLO, instance=2))
            await eventually(lambda: len(node.heard.greetings) == 6)
        assert [record.getMessage() for record in caplog.records] == [
            "xuhui: two processes connect by turns under its key"
        ]


@pytest.mark.asyncio
async def test_a_peer_whose_payload_breaks_the_protocol_is_disconnected_by_name() -> None:
    async with town() as place:
        a, b = [await place.settle(member) for member in (PUDONG, XUHUI)]
        place.introduce(a, b)
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))

        def judge(frame: Frame) -> None:
            read_message(frame.channel, frame.payload)

        a.heard.answer = judge
        async with let_go(UnknownMessage):
            await eventually(lambda: b.network.send(a.key, Channel.SYNC, b"\x99"))
            await eventually(lambda: "UnknownMessage" in str(a.heard.farewells))


@pytest.mark.asyncio
async def test_a_fault_of_our_own_handler_ends_the_network_and_its_group() -> None:
    def fail(_frame: Frame) -> None:
        msg = "a bug"
        raise RuntimeError(msg)

    async def live() -> None:
        async with town() as place:
            a, b = [await place.settle(member) for member in (PUDONG, XUHUI)]
            place.introduce(a, b)
            a.heard.answer = fail
            await eventually(lambda: b.network.send(a.key, Channel.SYNC, b"x"))
            await asyncio.sleep(PATIENCE_S)

    with pytest.raises(ExceptionGroup) as caught:
        await live()
    assert caught.value.subgroup(RuntimeError) is not None


@pytest.mark.asyncio
async def test_a_stopped_network_leaves_no_task_and_frees_its_port() -> None:
    async with town() as place:
        before = asyncio.all_tasks()
        a, b = [await place.settle(member) for member in (PUDONG, XUHUI)]
        place.introduce(a, b)
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))
        port = a.network.address[1]
        await a.network.stop()
        await b.network.stop()
        assert asyncio.all_tasks() == before
        again = await place.settle(PUDONG, port=port)
        assert again.network.address[1] == port


@pytest.mark.asyncio
async def test_a_port_in_use_is_told_at_once() -> None:
    async with town() as place:
        a = await place.settle(PUDONG)
        with pytest.raises(OSError, match="in use"):
            await place.settle(XUHUI, port=a.network.address[1])


@pytest.mark.asyncio
async def test_a_send_to_nobody_or_to_an_absent_member_says_no() -> None:
    async with town() as place:
        a = await place.settle(PUDONG)
        a.network.set_members([a.seat, absent(XUHUI)])
        assert not a.network.send(XUHUI.public_key, Channel.CONSENSUS, b"vote")
        assert not a.network.send(STRANGER.public_key, Channel.CONSENSUS, b"vote")
        assert not a.network.send(PUDONG.public_key, Channel.CONSENSUS, b"to oneself")
        await eventually(lambda: "Connect" in a.of(XUHUI).last_error)


@pytest.mark.asyncio
async def test_frames_that_cost_much_leave_other_work_its_turn() -> None:
    async with town() as place:
        a, b = [await place.settle(member) for member in (PUDONG, XUHUI)]
        place.introduce(a, b)
        await eventually(lambda: a.sees(b.identity) and b.sees(a.identity))
        loop = asyncio.get_running_loop()
        handled_since, longest, frames = 0, 0, 60

        def spend(_frame: Frame) -> None:
            nonlocal handled_since
            handled_since += 1
            until = loop.time() + QUICK.burst_s / 2
            while loop.time() < until:
                pass

        def other_work() -> None:
            nonlocal handled_since, longest
            longest, handled_since = max(longest, handled_since), 0
            if len(b.heard.frames) < frames:
                loop.call_soon(other_work)

        b.heard.answer = spend
        for number in range(frames):
            assert a.network.send(b.key, Channel.CONSENSUS, number.to_bytes(2, "big"))
        loop.call_soon(other_work)
        await eventually(lambda: len(b.heard.frames) == frames)
        assert 0 < longest <= 3
