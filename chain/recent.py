"""What was decided lately, in memory, so that the question about a new id seldom reads the store.

A new transaction asks three times on its way whether its id was decided before, and the answer is
nearly always no. One Bloom filter per expiry minute gives that answer: what it doesn't hold was not
decided; what it may hold is asked of the store. Minutes that had ids before this process began have
no filter and are always asked of the store, which ends by itself when they are over.
"""

from collections.abc import Sequence
from typing import Final

# At 2,000 ids a second an eighth of a minute's bits are set and one new id in 60 asks the store.
FILTER_BITS: Final = 2**21
# Lifetimes are at most ten minutes; more minutes than these are asked of the store.
MINUTES_MAX: Final = 64
_MASK: Final = FILTER_BITS - 1


class RecentIds:
    """Filters of the minutes whose every id was added here."""

    __slots__ = ("_minutes",)

    def __init__(self) -> None:
        self._minutes: dict[int, bytearray] = {}

    def add(self, remembered: Sequence[tuple[int, bytes, int]]) -> None:
        """Take in what a block brings, (minute, id, place in the minute), before it is written."""
        minutes = self._minutes
        for minute, transaction_id, place in remembered:
            bits = minutes.get(minute)
            if bits is None:
                if place or len(minutes) >= MINUTES_MAX:
                    continue
                bits = minutes[minute] = bytearray(FILTER_BITS // 8)
            for bit in _bits_of(transaction_id):
                bits[bit >> 3] |= 1 << (bit & 7)

    def forget(self, minutes: Sequence[int]) -> None:
        """These minutes are over."""
        for minute in minutes:
            self._minutes.pop(minute, None)

    def surely_new(self, minute: int, transaction_id: bytes) -> bool:
        """Was the id certainly not decided?"""
        bits = self._minutes.get(minute)
        if bits is None:
            return False
        first, second = _bits_of(transaction_id)
        return not (bits[first >> 3] >> (first & 7) & bits[second >> 3] >> (second & 7) & 1)


def _bits_of(transaction_id: bytes) -> tuple[int, int]:
    """Two places of an id, which is a hash already."""
    number = int.from_bytes(transaction_id[:8], "big")
    return number & _MASK, number >> 32 & _MASK
