"""The index of events as recalls read it: metered, and deaf to what is said after the recall.

What was captured before a recall was opened and declared erroneous since still counts, and so does
a stay that a DELETE has ended since then with a time before: nobody talks its goods out of a
recall. What came later counts as it stands.
"""

from collections.abc import Iterable, Iterator, Sequence

from chain.codec import decode
from chain.context import Context
from chain.state import u64
from commerce.epcis.graph import History, Row
from commerce.epcis.stored_index import EVENT, ROW, IndexedEvent, Scan, StoredIndex, name_key
from commerce.epcis.summary import Summary

# Event times may lie before 1970; key order is time order (commerce/epcis/stored_index.py).
_TIME_OFFSET = 2**63
_TIME_SIZE = 8


def time_key(time_ms: int) -> bytes:
    """An event time in index keys."""
    return u64(time_ms + _TIME_OFFSET)


def event_time(tail: bytes) -> int:
    """The event time that the rest of a row's key begins with."""
    return int.from_bytes(tail[:_TIME_SIZE], "big") - _TIME_OFFSET


def first_seen(scan: Scan, thing: str) -> int | None:
    """The time of the first event that names a thing, or None."""
    prefix = ROW + name_key(thing)
    for entry, _ in scan(prefix, b""):
        return event_time(entry[len(prefix) :])
    return None


def read_record(scan: Scan, key: bytes) -> IndexedEvent | None:
    """A captured event's record, with who captured it; None if there is none."""
    for entry, value in scan(EVENT + key, b""):
        return decode(IndexedEvent, value) if entry == EVENT + key else None
    return None


class Meter:
    """Counts what is read, so that a block's work is bounded, and the same on every node."""

    def __init__(self, context: Context) -> None:
        self._context = context
        # Entries of the index, and events that were asked for, most of them read before.
        self.read = 0
        self.asked = 0

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """`Context.indexed`, counted."""
        for pair in self._context.indexed(prefix, start):
            self.read += 1
            yield pair

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """`Context.indexed_tails`, counted."""
        for tails in self._context.indexed_tails(prefixes):
            self.read += 1 + len(tails)
            yield tails

    def index(self) -> StoredIndex:
        """The index as it stands."""
        return StoredIndex(self.scan, tails=self.tails)


class RecallIndex:
    """A trace index for a recall that was opened in a block; see `TraceIndex`."""

    def __init__(self, meter: Meter, opened_height: int, opened_ms: int) -> None:
        self._meter = meter
        self.now = meter.index()
        self._then = StoredIndex(meter.scan, opened_height - 1)
        self._opened_ms = opened_ms

    def rows(self, identity: str) -> Sequence[Row]:
        """See `TraceIndex`."""
        return self.now.rows(identity)

    def histories(self, things: Sequence[str]) -> Sequence[History]:
        """See `TraceIndex`."""
        return self.now.histories(things)

    def fact(self, key: bytes) -> Summary | None:
        """See `TraceIndex`."""
        return self.now.fact(key)

    def capturer(self, key: bytes) -> bytes:
        """See `TraceIndex`."""
        return self.now.capturer(key)

    def summary(self, key: bytes) -> Summary | None:
        """See `TraceIndex`; what was said after the recall takes nothing back."""
        self._meter.asked += 1
        summary = self.now.summary(key)
        if summary is None:
            return self._then.summary(key)
        backdated = summary.action == "DELETE" and summary.time_ms < self._opened_ms
        return self._then.summary(key) if backdated else summary
