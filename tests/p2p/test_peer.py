"""Which of two connections to one peer is kept: both sides must come to the same answer."""

from dataclasses import replace

import pytest

from p2p.frames import Channel
from p2p.limits import Limits
from p2p.link import Link, PeerGone, Terms
from p2p.peer import Direction, Peer, describe
from tests.p2p.certs import identity
from tests.p2p.net import HELLO, Wire, absent

LIMITS = Limits(crossing_ticks_max=3, stable_ticks=2)
SMALL, LARGE = sorted((identity("pudong"), identity("xuhui")), key=lambda member: member.public_key)


def link_to(peer: bytes, *, dialled: bool, instance: int = 1) -> Link:
    """A greeted link as it stands after its handshake."""
    link = Link(Terms(LIMITS, HELLO, lambda _key: None), dialled=dialled)
    link._transport = Wire()
    link.peer = peer
    link.hello = replace(HELLO, instance=instance)
    return link


@pytest.mark.asyncio
async def test_while_the_smaller_key_dials_it_leaves_the_peers_call_unanswered() -> None:
    peer = Peer(absent(LARGE), LIMITS)
    peer.dial(link_to(LARGE.public_key, dialled=True))
    newcomer = link_to(LARGE.public_key, dialled=False)
    assert not peer.accepts(newcomer, SMALL.public_key)
    # A call of ours that hangs must not keep the peer out for long.
    for _ in range(LIMITS.crossing_ticks_max + 1):
        peer.tick(0)
    assert peer.accepts(newcomer, SMALL.public_key)


@pytest.mark.asyncio
async def test_the_larger_key_takes_the_peers_call_and_drops_its_own() -> None:
    peer = Peer(absent(SMALL), LIMITS)
    own = link_to(SMALL.public_key, dialled=True)
    peer.dial(own)
    newcomer = link_to(SMALL.public_key, dialled=False)
    assert peer.accepts(newcomer, LARGE.public_key)
    peer.join(newcomer)
    assert peer.link is newcomer
    assert not own.open


@pytest.mark.asyncio
async def test_a_call_that_crossed_a_connection_just_made_is_left_unanswered() -> None:
    peer = Peer(absent(LARGE), LIMITS)
    peer.join(link_to(LARGE.public_key, dialled=True))
    newcomer = link_to(LARGE.public_key, dialled=False)
    assert not peer.accepts(newcomer, SMALL.public_key)
    for _ in range(LIMITS.crossing_ticks_max + 1):
        peer.tick(0)
    assert peer.accepts(newcomer, SMALL.public_key), "the peer must have lost the old one"


@pytest.mark.asyncio
async def test_a_newcomer_from_a_restarted_peer_is_taken_at_once() -> None:
    peer = Peer(absent(LARGE), LIMITS)
    peer.join(link_to(LARGE.public_key, dialled=True))
    newcomer = link_to(LARGE.public_key, dialled=False, instance=2)
    assert peer.accepts(newcomer, SMALL.public_key)


@pytest.mark.asyncio
async def test_a_second_call_of_the_peer_replaces_its_first() -> None:
    peer = Peer(absent(LARGE), LIMITS)
    first = link_to(LARGE.public_key, dialled=False)
    peer.join(first)
    second = link_to(LARGE.public_key, dialled=False)
    assert peer.accepts(second, SMALL.public_key)
    peer.join(second)
    assert (peer.link, first.open) == (second, False)


@pytest.mark.asyncio
async def test_a_replaced_connection_hands_its_queue_on_unless_the_peer_restarted() -> None:
    peer = Peer(absent(LARGE), LIMITS)
    first = link_to(LARGE.public_key, dialled=False)
    peer.join(first)
    peer.outbox.push(Channel.CONSENSUS, b"vote")
    peer.join(link_to(LARGE.public_key, dialled=True))
    assert describe(first.reason or PeerGone()).startswith("DuplicateConnection")
    assert peer.outbox
    peer.join(link_to(LARGE.public_key, dialled=True, instance=2))
    assert not peer.outbox


@pytest.mark.asyncio
async def test_what_waited_for_a_lost_peer_is_forgotten_and_the_reason_is_kept() -> None:
    peer = Peer(absent(LARGE), LIMITS)
    link = link_to(LARGE.public_key, dialled=True)
    peer.join(link)
    assert peer.status().direction is Direction.OUTBOUND
    peer.outbox.push(Channel.CONSENSUS, b"vote")
    link.connection_lost(None)
    peer.part()
    status = peer.status()
    assert (status.connected, status.direction, status.height) == (False, None, None)
    assert status.last_error == "PeerGone: closed by the peer"
    assert not peer.outbox
    assert peer.unlinked.is_set()


@pytest.mark.asyncio
async def test_a_connection_is_stable_once_it_held_for_its_ticks() -> None:
    peer = Peer(absent(LARGE), LIMITS)
    peer.join(link_to(LARGE.public_key, dialled=True))
    peer.tick(0)
    assert not peer.was_stable()
    for _ in range(LIMITS.stable_ticks):
        peer.tick(0)
    assert [peer.was_stable(), peer.was_stable()] == [True, False]


@pytest.mark.asyncio
async def test_bytes_are_counted_over_all_connections_and_last_seen_by_the_beat() -> None:
    peer = Peer(absent(LARGE), LIMITS)
    for instance in (1, 2):
        link = link_to(LARGE.public_key, dialled=True, instance=instance)
        peer.join(link)
        link.size_in += 100
        link.size_out += 10
        peer.tick(instance * 1000)
        peer.tick(9000)
    status = peer.status()
    assert (status.size_in, status.size_out, status.connections) == (200, 20, 2)
    assert status.last_seen_ms == 2000


def test_an_error_is_shown_by_its_name_and_what_it_says() -> None:
    assert describe(PeerGone("closed by the peer")) == "PeerGone: closed by the peer"
    assert describe(TimeoutError()) == "TimeoutError"
