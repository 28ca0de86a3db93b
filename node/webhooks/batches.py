"""What a subscriber is told next: newly captured events that match its query, in their order.

Read from the receipts of decided blocks at a cursor, so that a subscriber may be a second or a year
behind. What was captured before is no news and is left out.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from chain.ledger import Ledger
from node.api.cursors import Cursor, parse_cursor
from node.api.event_pages import EventFilter, EventPage, read_page

CAPTURED: Final = EventFilter(("epcis.captured",))
# Captured events that one look goes through at most.
LOOK_MAX: Final = 500
PAGES_KEPT_MAX: Final = 16
# Bytes of events in one message; one event may be larger.
BATCH_SIZE_MAX: Final = 1024 * 1024


class StandingQuery(Protocol):
    """A named query, as subscriptions need it. Called in threads."""

    def select(self, ledger: Ledger, event_key: bytes) -> str | None:
        """A captured event as JSON text if the query finds it, else None."""
        ...

    def document(self, subscription_id: str | None, events: Sequence[str], time_ms: int) -> bytes:
        """The EPCISQueryDocument that tells these events; `time_ms` is its creation date."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Events to tell; none where nothing matched.

    `first` and `last` are the cursors of the first and the last event told, `next` is where to look
    on; `time_ms` is that of the last block told; `complete`: nothing more is there yet.
    """

    events: tuple[str, ...]
    first: Cursor
    last: Cursor
    next: Cursor
    time_ms: int
    height: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Span:
    """What may go into a batch: up to `count_max` events, of one block or of all up to `until`.

    Nothing that was captured before `since_ms` is told.
    """

    count_max: int
    until: int | None = None
    since_ms: int = 0


class _Gathering:
    """A batch in the making."""

    def __init__(self, ledger: Ledger, query: StandingQuery, start: Cursor, span: Span) -> None:
        self._ledger, self._query, self._span = ledger, query, span
        self._told: list[str] = []
        self._size = 0
        self._first = self._last = self.place = start
        self._time_ms = 0

    def take(self, entry: Mapping[str, Any]) -> bool:
        """Look at the next captured event; False if it belongs to a later batch."""
        height, until = entry["height"], self._span.until
        if until is None and self._told and height != self._last.height:
            return False
        if until is not None and height > until:
            return False
        at = parse_cursor(entry["cursor"])
        text = self._selected(entry)
        if text is not None and not self._add(text, at, entry["time_ms"]):
            return False
        self.place = parse_cursor(entry["next"])
        return True

    def _selected(self, entry: Mapping[str, Any]) -> str | None:
        """The event's text if it is news that the query finds."""
        if entry["data"]["known"] or entry["time_ms"] < self._span.since_ms:
            return None
        return self._query.select(self._ledger, bytes.fromhex(entry["data"]["event_key"]))

    def _add(self, text: str, at: Cursor, time_ms: int) -> bool:
        size = self._size + len(text.encode())
        if self._told and (len(self._told) == self._span.count_max or size > BATCH_SIZE_MAX):
            return False
        self._first = self._first if self._told else at
        self._told.append(text)
        self._last, self._size, self._time_ms = at, size, time_ms
        return True

    def wants_more(self) -> bool:
        """May the next page hold more for this batch?"""
        return bool(self._told) and self.place.height == self._last.height

    def batch(self, height: int, *, complete: bool) -> Batch:
        """What was gathered."""
        told = tuple(self._told)
        return Batch(
            told, self._first, self._last, self.place, self._time_ms, height, complete=complete
        )


class Pages:
    """Pages of captured events, read once for all who stand at the same place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Cursor, int], EventPage] = OrderedDict()

    def read(self, ledger: Ledger, start: Cursor) -> EventPage:
        """The page at a cursor; `HistoryPruned`."""
        at = (start, ledger.tip.height)
        with self._lock:
            known = self._kept.get(at)
        if known is not None:
            return known
        page = read_page(ledger, start, LOOK_MAX, CAPTURED)
        with self._lock:
            # Of the tip that the page itself was bounded by.
            self._kept[start, page.height] = page
            while len(self._kept) > PAGES_KEPT_MAX:
                self._kept.popitem(last=False)
        return page


def next_batch(
    ledger: Ledger, query: StandingQuery, start: Cursor, span: Span, pages: Pages
) -> Batch:
    """The next batch from a cursor on; `HistoryPruned` where its events are no longer here."""
    gathering = _Gathering(ledger, query, start, span)
    while True:
        page = pages.read(ledger, gathering.place)
        for entry in page.events:
            if not gathering.take(entry):
                past = span.until is not None and entry["height"] > span.until  # type: ignore[operator]
                return gathering.batch(page.height, complete=past)
        gathering.place = parse_cursor(page.next)
        if page.complete or not gathering.wants_more():
            return gathering.batch(page.height, complete=page.complete)


def start_after(ledger: Ledger, time_ms: int | None) -> Cursor:
    """Before the first block of this time or later that is here; after the tip without one.

    None: after the tip, whatever the clocks say. The time of a block to come may be behind a clock.
    """
    if time_ms is None:
        return Cursor(ledger.tip.height + 1, 0, 0)
    low, high = max(1, ledger.base.first_block), ledger.tip.height + 1
    while low < high:
        middle = (low + high) // 2
        header = ledger.header(middle)
        if header is None or header.time_ms >= time_ms:
            high = middle
        else:
            low = middle + 1
    return Cursor(low, 0, 0)


def first_kept(ledger: Ledger) -> Cursor:
    """Before the first block whose events are here."""
    return Cursor(max(1, ledger.base.first_block), 0, 0)
