"""Replay protection as agreed state: which transaction ids were decided and could still repeat.

Ids are remembered until block time passes their `valid_until_ms`, grouped by expiry minute. The
state holds, per minute, how many there are and a running hash in block order, so that the ids are
under the state root without a tree entry each; the ids themselves lie beside it in the database.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from chain.codec import U64, Hash
from chain.crypto import tagged_hash
from chain.state import Overlay, StateReader, Table, u64

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class RememberedMinute:
    """Ids that expire in one minute: their number and H(H(…0 ‖ id1) ‖ id2)…, in block order."""

    count: U64
    running_hash: Hash


REMEMBERED: Table[RememberedMinute] = Table("remembered", RememberedMinute)


class RememberedIds(Protocol):
    """Answers whether an id was decided before."""

    def is_remembered(self, minute: int, transaction_id: bytes) -> bool:
        """Was the id decided, and is its minute not over?"""
        ...


def minute_of(valid_until_ms: int) -> int:
    """The expiry minute that an id is remembered under."""
    return valid_until_ms // MINUTE_MS


NONE_REMEMBERED = RememberedMinute(0, bytes(32))


def remembered(known: RememberedMinute, transaction_id: bytes) -> RememberedMinute:
    """The minute after one more id."""
    running = tagged_hash("remembered", known.running_hash + transaction_id)
    return RememberedMinute(known.count + 1, running)


def remember(
    state: Overlay, ids: Iterable[tuple[int, bytes]]
) -> tuple[tuple[int, bytes, int], ...]:
    """Fold (minute, id) pairs, in block order, into the running hashes; returns each with its place
    among its minute's ids.
    """
    minutes: dict[int, RememberedMinute] = {}
    placed: list[tuple[int, bytes, int]] = []
    for minute, transaction_id in ids:
        known = minutes.get(minute) or REMEMBERED.load(state, u64(minute)) or NONE_REMEMBERED
        placed.append((minute, transaction_id, known.count))
        minutes[minute] = remembered(known, transaction_id)
    for minute, record in sorted(minutes.items(), key=lambda pair: pair[0]):
        REMEMBERED.store(state, record, u64(minute))
    return tuple(placed)


def expired_minutes(state: StateReader, time_ms: int) -> Iterator[int]:
    """Minutes that are wholly before `time_ms`: no id in them can be valid again."""
    for key, _ in REMEMBERED.items(state):
        minute = int.from_bytes(key, "big")
        if minute >= minute_of(time_ms):
            return
        yield minute


def forget(state: Overlay, time_ms: int) -> tuple[int, ...]:
    """Drop the minutes that are over; returns them, so that the database can drop their ids."""
    minutes = tuple(expired_minutes(state, time_ms))
    for minute in minutes:
        REMEMBERED.remove(state, u64(minute))
    return minutes
