"""Who is refused at the door, on real sockets: wrong keys, wrong chains, garbage, crowds."""

import asyncio
import gc
import logging
import socket
import ssl
import struct
from dataclasses import fields, replace
from typing import get_args, get_type_hints

import pytest

from p2p.frames import FRAME_SIZE_MAX, GREETING_SIZE_MAX, Channel
from p2p.messages import Message, Ping
from tests.let_go import uncollected
from tests.p2p.certs import (
    Presented,
    behind_intermediate,
    expired,
    honest,
    identity,
    not_yet_valid,
    self_issued,
)
from tests.p2p.net import (
    HELLO,
    QUICK,
    Node,
    Town,
    absent,
    as_member,
    eventually,
    greet,
    knock,
    message,
    town,
    wire,
)

PUDONG, XUHUI, JINGAN = identity("pudong"), identity("xuhui"), identity("jingan")
STRANGER = identity("stranger")


async def two_friends(place: Town) -> tuple[Node, Node]:
    """Two connected nodes that also take jingan for a member."""
    a, b = await place.settle(PUDONG), await place.settle(XUHUI)
    for node in (a, b):
        node.network.set_members([a.seat, b.seat, absent(JINGAN)])
    await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))
    return a, b


async def refused(node: Node, name: str) -> None:
    await eventually(lambda: node.network.door().refused.get(name, 0) >= 1, f"no {name}")
    await eventually(lambda: node.network.door().strangers == 0)


def unharmed(a: Node, b: Node) -> None:
    """The friends' connection has outlived what the test did."""
    assert a.sees(b.identity)
    assert b.sees(a.identity)
    assert b.key not in [peer for peer, _ in a.heard.farewells]
    assert a.key not in [peer for peer, _ in b.heard.farewells]


@pytest.mark.asyncio
async def test_an_unknown_key_that_dials_is_refused_in_the_handshake() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        stranger = await place.settle(STRANGER)
        stranger.network.set_members([stranger.seat, a.seat])
        await refused(a, "NotAMember")
        await eventually(lambda: stranger.of(PUDONG).last_error)
        assert not stranger.heard.greetings
        unharmed(a, b)


@pytest.mark.asyncio
async def test_an_unknown_key_that_is_dialled_is_refused_in_the_handshake() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        stranger = await place.settle(STRANGER)
        # Where jingan should be stands a stranger.
        a.network.set_members(
            [a.seat, b.seat, replace(stranger.seat, public_key=JINGAN.public_key)]
        )
        await eventually(lambda: a.of(JINGAN).last_error.startswith("NotAMember"))
        assert not stranger.heard.greetings
        unharmed(a, b)


@pytest.mark.asyncio
async def test_another_member_than_the_one_dialled_is_refused_by_name() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        a.network.set_members([a.seat, b.seat, replace(b.seat, public_key=JINGAN.public_key)])
        await eventually(lambda: a.of(JINGAN).last_error.startswith("WrongPeer"))
        unharmed(a, b)


@pytest.mark.asyncio
async def test_a_peer_of_another_chain_is_refused_by_name_on_both_sides() -> None:
    async with town() as place:
        a = await place.settle(PUDONG)
        b = await place.settle(XUHUI, genesis=b"another chain, another hash.....")
        place.introduce(a, b)
        await eventually(lambda: a.of(XUHUI).last_error.startswith("WrongGenesis"))
        await eventually(lambda: b.of(PUDONG).last_error.startswith("WrongGenesis"))
        assert not a.heard.greetings
        assert not b.heard.greetings


@pytest.mark.asyncio
async def test_a_peer_of_another_protocol_version_is_refused_by_name() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        raw = await knock(a, as_member(JINGAN, PUDONG), message(replace(HELLO, version=2)))
        await raw.ended()
        await refused(a, "WrongVersion")
        unharmed(a, b)


@pytest.mark.parametrize(
    ("presented", "name"),
    [
        (expired(XUHUI), "CertificateRefused"),
        (not_yet_valid(XUHUI), "CertificateRefused"),
        (self_issued(XUHUI), "NotAMember"),
        (behind_intermediate(JINGAN, XUHUI), "CertificateRefused"),
    ],
    ids=["expired", "not yet valid", "forged", "under another member's name"],
)
@pytest.mark.asyncio
async def test_a_bad_certificate_of_a_member_is_refused(presented: Presented, name: str) -> None:
    async with town() as place:
        a, b = await two_friends(place)
        context = presented.context(ssl.PROTOCOL_TLS_CLIENT, [PUDONG])
        raw = await knock(a, context, message(HELLO))
        await raw.ended()
        await refused(a, name)
        unharmed(a, b)


@pytest.mark.asyncio
async def test_tls_1_2_is_refused() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        context = as_member(JINGAN, PUDONG)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(OSError):  # noqa: PT011 (an alert or a reset, as the loop has it)
            await knock(a, context)
        await refused(a, "HandshakeFailed")
        unharmed(a, b)


@pytest.mark.asyncio
async def test_another_application_protocol_is_refused() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        context = honest(JINGAN).context(ssl.PROTOCOL_TLS_CLIENT, [PUDONG])
        context.set_alpn_protocols(["http/1.1"])
        raw = await knock(a, context)
        await raw.ended()
        await refused(a, "PeerUnauthenticated")
        unharmed(a, b)


@pytest.mark.parametrize("first", [message(HELLO), b"GET / HTTP/1.1\r\n\r\n", bytes(4096)])
@pytest.mark.asyncio
async def test_plaintext_is_refused(first: bytes) -> None:
    async with town() as place:
        a, b = await two_friends(place)
        # The friends may have missed each other on a busy machine before they met.
        before = sum(a.network.door().refused.values())
        raw = await knock(a, None, first)
        await raw.ended()
        await eventually(lambda: a.network.door().strangers == 0)
        assert sum(a.network.door().refused.values()) == before + 1
        unharmed(a, b)


@pytest.mark.parametrize(
    ("first", "name"),
    [
        (wire(Channel.SYNC, bytes(GREETING_SIZE_MAX + 1)), "FrameTooLarge"),
        (wire(Channel.CONSENSUS, b"vote"), "UnknownMessage"),
        (wire(Channel.CONTROL, b"\x01not msgpack"), "MessageMalformed"),
        (message(Ping()), "GreetingExpected"),
        (struct.pack(">IB", 4, 9) + b"what", "UnknownChannel"),
        (struct.pack(">IB", 0, 0), "FrameEmpty"),
    ],
)
@pytest.mark.asyncio
async def test_a_member_that_does_not_greet_first_is_refused(first: bytes, name: str) -> None:
    async with town() as place:
        a, b = await two_friends(place)
        raw = await knock(a, as_member(JINGAN, PUDONG), first)
        await raw.ended()
        await refused(a, name)
        unharmed(a, b)


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01", b"\x16\x03\x01\x40\x00\x01"])
@pytest.mark.asyncio
async def test_a_stranger_that_never_finishes_its_handshake_is_dropped(first: bytes) -> None:
    async with town() as place:
        a, b = await two_friends(place)
        raw = await knock(a, None, first)
        await raw.ended()
        await refused(a, "GreetingMissed")
        unharmed(a, b)


@pytest.mark.asyncio
async def test_a_stranger_that_drips_its_handshake_is_dropped_all_the_same() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        raw = await knock(a, None, b"\x16\x03\x01\x40\x00")

        async def drip() -> None:
            while True:
                await raw.send(b"\x01")
                await asyncio.sleep(0.01)

        async with asyncio.TaskGroup() as group:
            dripping = group.create_task(drip())
            await raw.ended()
            dripping.cancel()
        await refused(a, "GreetingMissed")
        unharmed(a, b)


@pytest.mark.asyncio
async def test_a_member_that_never_says_hello_is_dropped() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        raw = await knock(a, as_member(JINGAN, PUDONG))
        await raw.ended()
        await refused(a, "GreetingMissed")
        unharmed(a, b)


@pytest.mark.asyncio
async def test_a_crowd_at_the_door_is_turned_away_and_leaves_connections_alone() -> None:
    # Nobody's slot is freed by a deadline, however long it takes twelve to knock.
    limits = replace(
        QUICK, handshake_s=3_600.0, strangers_max=8, strangers_reserved=2, strangers_per_host_max=4
    )
    async with town() as place:
        a = await place.settle(PUDONG, limits=limits)
        b = await place.settle(XUHUI)
        place.introduce(a, b)
        await eventually(lambda: a.sees(XUHUI) and b.sees(PUDONG))
        crowd = [await knock(a, None) for _ in range(12)]
        for raw in crowd[4:]:
            await raw.ended()
        assert a.network.door().turned_away == 8
        assert a.network.door().strangers == 4
        unharmed(a, b)


@pytest.mark.asyncio
async def test_an_oversize_frame_closes_only_its_own_connection() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        raw = await greet(a, JINGAN)
        await eventually(lambda: a.sees(JINGAN))
        await raw.send(struct.pack(">IB", FRAME_SIZE_MAX + 1, Channel.SYNC))
        await raw.ended()
        await eventually(lambda: a.of(JINGAN).last_error.startswith("FrameTooLarge"))
        unharmed(a, b)


@pytest.mark.asyncio
async def test_a_member_whose_first_bytes_break_the_rules_is_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="p2p.network")
    async with town() as place:
        a, b = await two_friends(place)
        # In one write, so that both are read before anybody was told of the connection.
        first = message(HELLO) + struct.pack(">IB", FRAME_SIZE_MAX + 1, 1)
        await knock(a, as_member(JINGAN, PUDONG), first)
        await eventually(lambda: "jingan: FrameTooLarge" in caplog.text)
        unharmed(a, b)


@pytest.mark.asyncio
async def test_who_hangs_up_in_the_handshake_was_refused_by_nobody() -> None:
    async with town() as place:
        a, b = await two_friends(place)
        with socket.create_connection(a.network.address) as gone:
            await eventually(lambda: a.network.door().strangers == 1)
            # Closed by a reset, as a node ends its own of two calls that cross.
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await eventually(lambda: a.network.door().strangers == 0)
        assert a.network.door().refused == {}
        unharmed(a, b)


def handshakes() -> int:
    """New ends of TLS connections in this process: each has a buffer of 256 KiB."""
    return sum(type(one).__name__ == "SSLProtocol" for one in gc.get_objects())


@pytest.mark.parametrize("first", [b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n", message(HELLO)])
@pytest.mark.asyncio
async def test_a_stranger_that_is_gone_is_let_go_at_once(first: bytes) -> None:
    async with town() as place:
        a, b = await two_friends(place)
        with uncollected():
            raw = await knock(a, None, first)
            await raw.ended()
            await eventually(lambda: not handshakes(), "a stranger's buffer is kept")
        unharmed(a, b)


def test_no_message_has_a_place_for_an_address() -> None:
    texts = {
        f"{kind.__name__}.{name}"
        for kind in get_args(Message)
        for name, told in get_type_hints(kind).items()
        if told is str
    }
    names = {field.name for kind in get_args(Message) for field in fields(kind)}
    assert texts == {"Hello.name", "Hello.agent"}
    assert not names & {"address", "addresses", "host", "hosts", "port", "peers", "url"}
