"""Networks over real sockets and real TLS: meeting, keeping one connection, parting, returning."""

from dataclasses import replace

import pytest

from p2p.frames import Channel
from p2p.peer import Direction
from tests.p2p.certs import identity
from tests.p2p.net import HELLO, absent, eventually, greet, tasks_named, town

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


@pytest.mark.asyncio
async def test_two_nodes_that_dial_at_once_keep_one_connection() -> None:
    async with town() as place:
        # No jitter: both wake at the same moment.
        a, b = [await place.settle(member, jitter=lambda: 0.0) for member in (PUDONG, XUHUI)]
        place.introduce(a, b)
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))
        await eventually(lambda: tasks_named("p2p session") == 2)
        await eventually(lambda: tasks_named("p2p welcome") == 1)
        assert {a.of(XUHUI).direction, b.of(PUDONG).direction} == set(Direction)
        assert a.network.send(b.key, Channel.CONSENSUS, b"vote")
        await eventually(lambda: b.heard.payloads(Channel.CONSENSUS) == [b"vote"])


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
        after = await greet(node, XUHUI, replace(HELLO, instance=2))
        await before.ended()
        await eventually(lambda: [h.instance for _, h in node.heard.greetings] == [1, 2])
        assert node.sees(XUHUI)
        before.close()
        after.close()
