"""Whom a catch-up asks for what: the requests under way, and what the peers have shown so far.

A liar is asked no more until the catch-up ends, and who has pruned a height not for it; who was
silent or lacked what was asked rests for a while. Where nobody else is left, the one that rested
longest is asked, and then the liars again: an answer is believed for its certificate alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

V = TypeVar("V")

# Blocks asked for at once, and requests under way: of one peer, of all.
RANGE_MAX: Final = 32
UNDER_WAY_PER_PEER_MAX: Final = 2
UNDER_WAY_MAX: Final = 8
# A request is given up after this time, and more for each block.
ASK_AGAIN_MS: Final = 1_000
ASK_AGAIN_PER_BLOCK_MS: Final = 50
# Who gave no answer, or an empty one, is asked again after this time if others are there.
REST_MS: Final = 5_000
REST_AT_EDGE_MS: Final = 200
PEERS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Request:
    """Heights `start` to `start + count - 1`, asked of a peer, given up at `deadline_ms`."""

    start: int
    count: int
    peer: bytes
    deadline_ms: int


class Requests:
    """What is under way and whom it may be asked of."""

    def __init__(self) -> None:
        self.under_way: list[Request] = []
        self._rests_until: dict[bytes, int] = {}
        self._liars: dict[bytes, None] = {}
        self._first_heights: dict[bytes, int] = {}
        # When each was asked last, in numbers of requests.
        self._last_turns: dict[bytes, int] = {}
        self._turn = 0

    def covers(self, height: int) -> bool:
        """Has somebody been asked for this height?"""
        return any(one.start <= height < one.start + one.count for one in self.under_way)

    @property
    def is_full(self) -> bool:
        """Is as much under way as may be?"""
        return len(self.under_way) >= UNDER_WAY_MAX

    def open(self, peer: bytes, start: int, count: int, now_ms: int) -> None:
        """A request was sent."""
        patience_ms = ASK_AGAIN_MS + ASK_AGAIN_PER_BLOCK_MS * min(count, RANGE_MAX)
        self.under_way.append(Request(start, count, peer, now_ms + patience_ms))
        self._turn += 1
        _keep(self._last_turns, peer, self._turn)

    def answered(self, peer: bytes, start: int) -> Request | None:
        """The request that a peer's answer from `start` on is for, now over; None if it is none."""
        for one in self.under_way:
            if (one.peer, one.start) == (peer, start):
                self.under_way.remove(one)
                return one
        return None

    def expire(self, now_ms: int) -> Iterator[Request]:
        """Give up what nobody answered in time; who was silent rests."""
        for one in [one for one in self.under_way if one.deadline_ms <= now_ms]:
            self.under_way.remove(one)
            self.rest(one.peer, now_ms + REST_MS)
            yield one

    def forget_below(self, height: int) -> None:
        """What was asked up to this height has come some other way."""
        if any(one.start + one.count - 1 <= height for one in self.under_way):
            self.under_way = [one for one in self.under_way if one.start + one.count - 1 > height]

    # What the peers have shown.

    def rest(self, peer: bytes, until_ms: int) -> None:
        """Ask others first until then."""
        _keep(self._rests_until, peer, until_ms)

    def distrust(self, peer: bytes) -> None:
        """It lied; whatever it was asked for is open again."""
        _keep(self._liars, peer, None)
        self.under_way = [one for one in self.under_way if one.peer != peer]

    def pruned(self, peer: bytes, first_height: int) -> None:
        """It has no blocks below this height any more."""
        _keep(self._first_heights, peer, first_height)

    def has_pruned(self, peer: bytes, height: int) -> bool:
        """Did it say that it has no block of this height any more?"""
        return self._first_heights.get(peer, 0) > height

    def is_liar(self, peer: bytes) -> bool:
        """Did it lie during this catch-up?"""
        return peer in self._liars

    def reset(self) -> None:
        """The catch-up is over: the next one begins without a grudge."""
        self.under_way.clear()
        self._rests_until.clear()
        self._liars.clear()
        self._first_heights.clear()

    def choose(self, tiers: Sequence[Sequence[bytes]], start: int, now_ms: int) -> bytes | None:
        """Whom to ask next for blocks from `start` on: of the first tier with somebody to ask.

        None if all of use are busy, or if nobody has the blocks any more.
        """
        able = [[peer for peer in tier if not self.has_pruned(peer, start)] for tier in tiers]
        for tier in able:
            awake = [peer for peer in tier if self.is_awake(peer, now_ms)]
            if awake:
                return self._idlest(awake)
        everybody = [peer for tier in able for peer in tier]
        honest = [peer for peer in everybody if peer not in self._liars]
        if honest:
            return self._idlest([min(honest, key=lambda peer: self._rests_until.get(peer, 0))])
        return self._idlest(everybody)

    def is_awake(self, peer: bytes, now_ms: int) -> bool:
        """Has it neither lied nor been silent lately?"""
        return peer not in self._liars and self._rests_until.get(peer, 0) <= now_ms

    def _idlest(self, peers: Sequence[bytes]) -> bytes | None:
        """Who has the least to do, and of those who was not asked for longest."""
        busy = {peer: sum(one.peer == peer for one in self.under_way) for peer in peers}
        turns = self._last_turns
        idlest = min(peers, key=lambda peer: (busy[peer], turns.get(peer, 0)), default=None)
        if idlest is None or busy[idlest] >= UNDER_WAY_PER_PEER_MAX:
            return None
        return idlest


def _keep(table: dict[bytes, V], peer: bytes, value: V) -> None:
    """Remember; a membership that changes often is no reason to grow."""
    if peer not in table and len(table) >= PEERS_MAX:
        del table[next(iter(table))]
    table[peer] = value
