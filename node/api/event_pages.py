"""Events as pages: every event of every receipt in order, read from the ledger at a cursor.

Nothing is kept in memory for readers: a page is one scan of the stored receipts, so a reader may be
a second or a year behind. The work of one page is bounded whatever its filter leaves out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from chain import schema
from chain.block import Event, Receipt
from chain.codec import decode
from chain.ledger import Ledger
from node.api.cursors import LATEST, Cursor
from node.api.outcomes import event_json
from node.rendering import Json

# Receipts that one page reads at most, whatever the filter lets through.
PAGE_RECEIPTS_MAX = 2000
# Decoded receipts that are kept: some megabytes.
RECEIPTS_KEPT_MAX = 2048
_HEIGHT_SIZE = 8


@dataclass(frozen=True, slots=True)
class EventPage:
    """The data of an `EventPageView`; see there."""

    events: list[dict[str, Json]]
    next: str
    height: int
    complete: bool

    def json(self) -> dict[str, Json]:
        """The page as plain data."""
        return {
            "events": [*self.events],
            "next": self.next,
            "height": self.height,
            "complete": self.complete,
        }


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a reader wants: no types means all, no account means anybody's."""

    types: tuple[str, ...] = ()
    account: bytes | None = None

    def passes(self, event: Event) -> bool:
        """Does the reader want this event?"""
        if self.types and not any(_is_within(event.type, name) for name in self.types):
            return False
        return self.account is None or _mentions(event.data, self.account)


def _is_within(name: str, beginning: str) -> bool:
    return name == beginning or name.startswith(beginning.rstrip(".") + ".")


def _mentions(value: object, account: bytes) -> bool:
    if isinstance(value, bytes):
        return value == account
    if isinstance(value, tuple):
        return any(_mentions(entry, account) for entry in value)
    if isinstance(value, dict):
        return any(_mentions(entry, account) for entry in value.values())
    return False


def read_page(ledger: Ledger, start: Cursor, limit: int, wanted: EventFilter) -> EventPage:
    """Up to `limit` events at `start` or after it. The tip is read first, and bounds the page.

    `HistoryPruned` where events at the cursor are no longer kept here.
    """
    page = _read_page(ledger, start, limit, wanted)
    require_kept(ledger, start)
    return page


def require_kept(ledger: Ledger, start: Cursor) -> None:
    """`HistoryPruned` if a reader at this cursor would miss events."""
    ledger.require_block(max(1, start.height))


def _read_page(ledger: Ledger, start: Cursor, limit: int, wanted: EventFilter) -> EventPage:
    tip_height = ledger.tip.height
    end = Cursor(tip_height + 1, 0, 0)
    if start == LATEST:
        start = end
    found: list[dict[str, Json]] = []
    blocks: dict[int, tuple[str, int]] = {}
    cursor = start
    scanned = 0
    for height, index, receipt in islice(_receipts(ledger, start, end), PAGE_RECEIPTS_MAX):
        scanned += 1
        first = start.event if (height, index) == (start.height, start.receipt) else 0
        for position, event in enumerate(receipt.events):
            if position < first or not wanted.passes(event):
                continue
            if len(found) == limit:
                return EventPage(found, str(cursor), tip_height, complete=False)
            cursor = Cursor(height, index, position + 1)
            block = _block(ledger, blocks, height)
            found.append(_placed(event, receipt, Cursor(height, index, position), block))
        cursor = Cursor(height, index + 1, 0)
    if scanned == PAGE_RECEIPTS_MAX:
        return EventPage(found, str(cursor), tip_height, complete=False)
    return EventPage(found, str(max(start, end)), tip_height, complete=True)


def _receipts(ledger: Ledger, start: Cursor, end: Cursor) -> Iterator[tuple[int, int, Receipt]]:
    """Receipts from `start` to before `end`: one scan, so that empty blocks cost nothing."""
    if start >= end:
        return
    low = schema.receipt_key(start.height, start.receipt)
    high = schema.receipt_key(end.height, end.receipt)
    for key, value in ledger.store.scan(low, high):
        place = key[len(schema.RECEIPTS) :]
        height = int.from_bytes(place[:_HEIGHT_SIZE], "big")
        yield height, int.from_bytes(place[_HEIGHT_SIZE:], "big"), _receipt(value)


@lru_cache(RECEIPTS_KEPT_MAX)
def _receipt(row: bytes) -> Receipt:
    """Decoded once for all who read the newest blocks, whatever each of them filters."""
    return decode(Receipt, row)


def _block(ledger: Ledger, known: dict[int, tuple[str, int]], height: int) -> tuple[str, int]:
    if height not in known:
        header = ledger.header(height)
        assert header is not None, "a receipt's block is in the store"
        known[height] = (header.digest().hex(), header.time_ms)
    return known[height]


def _placed(event: Event, receipt: Receipt, at: Cursor, block: tuple[str, int]) -> dict[str, Json]:
    """The data of a `PlacedEventView`."""
    return {
        "cursor": str(at),
        "next": str(Cursor(at.height, at.receipt, at.event + 1)),
        "height": at.height,
        "block_hash": block[0],
        "time_ms": block[1],
        "receipt_id": receipt.id.hex(),
        **event_json(event),
    }
