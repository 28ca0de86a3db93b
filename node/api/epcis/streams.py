"""Candidates of a query in the order of its answer, from the most selective index.

A place in the order is 40 bytes: event time or height of capture, then the event's key. Whatever
index they come from, candidates of one query come in one order, so that a page can begin where
another ended. No stream keeps an iterator of the store open between two of its entries for long:
each reads a chunk and lets go.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from chain.crypto import HASH_SIZE
from chain.ledger import Ledger
from chain.schema import INDEX
from chain.state import u64
from chain.store_contract import prefix_stop
from commerce.epcis.query.conditions import Condition
from commerce.epcis.query.parameters import By, Query
from commerce.epcis.stored_index import (
    AT,
    ROW,
    TIME,
    WORD,
    WORDS,
    IndexedEvent,
    keys_by_event_id,
    name_key,
)
from commerce.epcis.times import Instant
from node.api.epcis.library import Library

PLACE_SIZE: Final = 8 + HASH_SIZE
# Rows that are counted to find out which parameter is the most selective.
COUNTED_MAX: Final = 2_000
# Events of at most so many rows are put into another order than the rows'.
GATHERED_MAX: Final = 2_000
_CHUNK: Final = 32
# Event times may lie before 1970 (`stored_index`).
_TIME_OFFSET: Final = 2**63
_LAST: Final = b"\xff" * PLACE_SIZE


@dataclass(frozen=True, slots=True)
class Span:
    """The places that a page may look at: from `low` to before `high`, in this direction."""

    low: bytes
    high: bytes
    descending: bool

    def after(self, place: bytes | None) -> "Span":
        """What is left of it after a place."""
        if place is None:
            return self
        if self.descending:
            return Span(self.low, min(self.high, place), self.descending)
        # A row has a byte for its role after the place.
        return Span(max(self.low, place + b"\xff"), self.high, self.descending)


def order_of(query: Query) -> tuple[By, bool]:
    """By what the events of a query are ordered, and whether descending.

    Where it doesn't matter: in the order of the index that will be asked.
    """
    if query.order is not None:
        return query.order.by, query.order.descending
    by_time = query.from_event_time or query.before_event_time or query.event_ids
    if by_time or any(condition.things for condition in query.conditions):
        return "eventTime", False
    return "recordTime", False


def span_of(ledger: Ledger, query: Query, by: By, height: int) -> Span:
    """All places at which the query's events can be, up to a height."""
    descending = query.order is not None and query.order.descending
    if by == "recordTime":
        first, last = heights_of(ledger, query, height)
        return Span(u64(first), u64(last + 1), descending)
    low, high = query.from_event_time, query.before_event_time
    return Span(
        b"" if low is None else _time(low),
        # Rounded times may be equal where exact ones are not.
        _LAST if high is None else _time(high) + _LAST,
        descending,
    )


def _time(instant: Instant) -> bytes:
    return u64(instant.milliseconds() + _TIME_OFFSET)


def heights_of(ledger: Ledger, query: Query, height: int) -> tuple[int, int]:
    """The first and the last block that can have captured an event of the query."""
    first, last = 1, height
    if query.from_record_time is not None:
        first = first_block(ledger, query.from_record_time.milliseconds(), height)
    if query.before_record_time is not None:
        # Rounded: the block of that very millisecond may still be before it.
        last = min(last, first_block(ledger, query.before_record_time.milliseconds() + 1, height))
    return first, last


def first_block(ledger: Ledger, time_ms: int, height: int) -> int:
    """The first block of this time or later, up to a height; the one above it without any.

    Where it may be one whose header never came here (`Base`): the first of all.
    """
    low, high = 1, height + 1
    while low < high:
        middle = (low + high) // 2
        header = ledger.header(middle)
        if header is not None and header.time_ms >= time_ms:
            high = middle
        else:
            low = middle + 1
    return low if low == 1 or ledger.header(low - 1) is not None else 1


def stream(ledger: Ledger, library: Library, query: Query, by: By, span: Span) -> Iterator[bytes]:
    """The places of the query's candidates within a span, in its direction, each once."""
    if any(not _is_said(ledger, condition) for condition in query.conditions):
        return iter(())
    if query.event_ids is not None:
        keys = {k for name in query.event_ids for k in keys_by_event_id(ledger.index, name)}
        return _gathered(ledger, library, sorted(keys), by, span)
    names = _most_selective(ledger, query, span if by == "eventTime" else None)
    if names is not None and by == "eventTime":
        return _rows(ledger, names, span)
    if names is not None:
        everything = Span(b"", _LAST, descending=False)
        places = list(islice(_rows(ledger, names, everything), GATHERED_MAX + 1))
        if len(places) <= GATHERED_MAX:
            return _gathered(ledger, library, [place[8:] for place in places], by, span)
    return _scan(ledger, AT if by == "recordTime" else TIME, span)


def _is_said(ledger: Ledger, condition: Condition) -> bool:
    """Has any event one of the values that a condition asks for, as far as the index knows?"""
    if condition.words is None:
        return True
    kind, words = condition.words
    base = INDEX + WORD + bytes([WORDS.index(kind)])
    return any(ledger.store.get(base + name_key(word)) is not None for word in words)


def _most_selective(ledger: Ledger, query: Query, span: Span | None) -> list[bytes] | None:
    """Row names of the parameter that names the fewest events, or None if none names things."""
    best, fewest = None, COUNTED_MAX + 1
    span = span or Span(b"", _LAST, descending=False)
    for condition in query.conditions:
        indexed = [thing.indexed for thing in condition.things]
        names = sorted({name_key(name) for name in indexed if name is not None})
        if not names or None in indexed:
            continue
        counted = sum(1 for _ in islice(_each_row(ledger, names, span), fewest))
        if best is None or counted < fewest:
            best, fewest = names, min(fewest, counted)
    return best


def _each_row(ledger: Ledger, names: Iterable[bytes], span: Span) -> Iterator[bytes]:
    for name in names:
        yield from _scan(ledger, ROW + name, span)


def _rows(ledger: Ledger, names: Iterable[bytes], span: Span) -> Iterator[bytes]:
    """Places of the rows of several names, merged; an event has a row for each of its things."""
    streams = [_scan(ledger, ROW + name, span) for name in names]
    last = b""
    for place in heapq.merge(*streams, reverse=span.descending):
        if place != last:
            yield place
        last = place


def _scan(ledger: Ledger, prefix: bytes, span: Span) -> Iterator[bytes]:
    """Places under a prefix of the index, chunk by chunk."""
    base = INDEX + prefix
    low, high = base + span.low, min(base + span.high, prefix_stop(base))
    last = b""
    while low < high:
        chunk = list(islice(ledger.store.scan(low, high, reverse=span.descending), _CHUNK))
        for key, _ in chunk:
            place = key[len(base) : len(base) + PLACE_SIZE]
            # One event may have several rows of a name.
            if place != last:
                yield place
            last = place
        if len(chunk) < _CHUNK:
            return
        if span.descending:
            high = chunk[-1][0]
        else:
            low = chunk[-1][0] + b"\x00"


def _gathered(
    ledger: Ledger, library: Library, keys: Iterable[bytes], by: By, span: Span
) -> Iterator[bytes]:
    """A few events in the order asked for."""
    places = set()
    for key in keys:
        record = library.record(ledger, key)
        if record is not None:
            places.add(_place(record, key, by))
    ordered = sorted(places, reverse=span.descending)
    return iter([place for place in ordered if span.low <= place < span.high])


def _place(record: IndexedEvent, key: bytes, by: By) -> bytes:
    if by == "recordTime":
        return u64(record.height) + key
    return u64(record.summary.time_ms + _TIME_OFFSET) + key
