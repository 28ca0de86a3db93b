"""Asking peers for offers and parts: what an answer is, and what is none."""

import asyncio
from collections.abc import Callable

import pytest

from chain.snapshot import PartId, PartKind
from node import joining_peers
from node.joining_peers import (
    VOUCHED_MAX,
    Exchange,
    PartLacking,
    PartTooLarge,
    PeerLeft,
    PeerSilent,
)
from p2p.frames import Channel
from p2p.messages import (
    BlocksRequest,
    Message,
    MessageMalformed,
    Offer,
    Part,
    PartRequest,
    Snapshots,
    SnapshotsRequest,
    write_message,
)
from tests.node.joiners import HELLO

A, B = b"a" * 32, b"b" * 32
OFFER = Offer(9, b"d" * 32, b"i" * 32)
STATE = PartId(PartKind.STATE, 2)


class Talk:
    """An exchange and what it said; `reply` answers a request for a part."""

    def __init__(self, reply: Callable[[PartRequest], Part | None] = lambda _: None) -> None:
        self.said: list[tuple[bytes, Message]] = []
        self._reply = reply
        self.exchange = Exchange(4, self._send)

    def _send(self, peer: bytes, message: Message) -> None:
        self.said.append((peer, message))
        if isinstance(message, PartRequest) and (part := self._reply(message)) is not None:
            asyncio.get_running_loop().call_soon(self.hear, peer, part)

    def hear(self, peer: bytes, message: Message) -> None:
        self.exchange.received(peer, *write_message(message))

    def meet(self, *peers: bytes) -> "Talk":
        for peer in peers:
            self.exchange.connected(peer, HELLO)
            self.hear(peer, Snapshots((OFFER,)))
        return self


def slices(data: bytes, step: int) -> Callable[[PartRequest], Part]:
    def reply(asked: PartRequest) -> Part:
        piece = data[asked.offset : asked.offset + step]
        return Part(asked.height, asked.kind, asked.number, asked.offset, len(data), piece)

    return reply


def test_who_comes_is_asked_what_it_has_and_told_the_own_height() -> None:
    talk = Talk()
    talk.exchange.connected(A, HELLO)
    assert talk.said == [(A, SnapshotsRequest())]
    assert talk.exchange.height() == 4
    assert not talk.exchange.have_all_answered()
    talk.hear(A, Snapshots((OFFER,)))
    assert talk.exchange.have_all_answered()
    assert talk.exchange.offering(OFFER) == (A,)
    talk.exchange.disconnected(A, "gone")
    assert talk.exchange.offering(OFFER) == ()
    assert talk.exchange.vouchers(OFFER) == {A}, "it did offer it"


def test_others_are_told_that_there_is_no_snapshot_here_and_the_rest_is_not_answered() -> None:
    talk = Talk().meet(A)
    talk.said.clear()
    talk.hear(A, SnapshotsRequest())
    talk.hear(A, BlocksRequest(1, 5))
    talk.exchange.received(A, Channel.CONSENSUS, b"\x01anything")
    talk.exchange.received(A, Channel.TRANSACTIONS, b"\x10anything")
    assert talk.said == [(A, Snapshots(()))]
    with pytest.raises(MessageMalformed):
        talk.exchange.received(A, Channel.SYNC, b"\x2a\xc1")


def test_no_more_offers_are_remembered_than_may_be() -> None:
    talk = Talk().meet(A)
    for height in range(VOUCHED_MAX + 5):
        talk.hear(A, Snapshots((Offer(height, bytes(32), bytes(32)),)))
    assert len(talk.exchange._vouchers) == VOUCHED_MAX


@pytest.mark.asyncio
async def test_a_part_is_put_together_from_several_answers() -> None:
    data = bytes(range(250))
    talk = Talk(slices(data, 100)).meet(A)
    assert await talk.exchange.fetch(A, OFFER, STATE) == data
    asked = [message for _, message in talk.said if isinstance(message, PartRequest)]
    assert asked == [PartRequest(9, 1, 2, offset) for offset in (0, 100, 200)]


@pytest.mark.parametrize(
    ("sizes", "refusal"),
    [
        ((0,), PartLacking),
        ((STATE.size_max + 1,), PartTooLarge),
        ((20, 30), PartTooLarge),
        ((5,), PartTooLarge),
    ],
)
@pytest.mark.asyncio
async def test_a_part_that_is_missing_too_large_or_changes_its_size_is_refused(
    sizes: tuple[int, ...], refusal: type[Exception]
) -> None:
    told = iter(sizes)

    def reply(asked: PartRequest) -> Part:
        size = next(told)
        return Part(asked.height, asked.kind, asked.number, asked.offset, size, bytes(10))

    talk = Talk(reply).meet(A)
    with pytest.raises(refusal):
        await talk.exchange.fetch(A, OFFER, STATE)


@pytest.mark.asyncio
async def test_nobody_elses_and_no_other_answer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining_peers, "ANSWER_WAIT_S", 0.02)
    talk = Talk().meet(A, B)

    def disturb(asked: PartRequest) -> Part | None:
        right = Part(asked.height, asked.kind, asked.number, asked.offset, 1, b"x")
        loop = asyncio.get_running_loop()
        loop.call_soon(talk.hear, B, right)
        for other in (
            Part(8, 1, 2, 0, 1, b"x"),
            Part(9, 2, 2, 0, 1, b"x"),
            Part(9, 1, 3, 0, 1, b"x"),
            Part(9, 1, 2, 1, 2, b"x"),
        ):
            loop.call_soon(talk.hear, A, other)
        return None

    talk._reply = disturb
    with pytest.raises(PeerSilent, match="state-00002"):
        await talk.exchange.fetch(A, OFFER, STATE)


@pytest.mark.asyncio
async def test_who_leaves_answers_nothing_more() -> None:
    talk = Talk().meet(A)
    waiting = asyncio.ensure_future(talk.exchange.fetch(A, OFFER, STATE))
    await asyncio.sleep(0)
    talk.exchange.disconnected(A, "closed")
    with pytest.raises(PeerLeft, match="closed"):
        await waiting
    with pytest.raises(PeerLeft, match="not connected"):
        await talk.exchange.fetch(A, OFFER, STATE)


@pytest.mark.asyncio
async def test_what_is_forgotten_counts_again_once_it_is_repeated() -> None:
    talk = Talk().meet(A)
    talk.said.clear()
    talk.exchange.forget(A, 0)
    talk.exchange.forget(A, 0)
    assert talk.exchange.offering(OFFER) == ()
    asked = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0, asked.set_result, None)
    await asked
    assert talk.said == [(A, SnapshotsRequest())]
    talk.hear(A, Snapshots((OFFER,)))
    assert talk.exchange.offering(OFFER) == (A,)
