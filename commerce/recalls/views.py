"""What the API shows of recalls: pure reads of the agreed state."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from chain.codec import Hash
from chain.state import StateReader, u64
from commerce.epcis.graph import BEGINNING, TraceIndex
from commerce.products import load_product
from commerce.recalls.blocked import TOUCHED, recalled_products, touching
from commerce.recalls.marks import MARKED, QUEUE, marked_part, recalls_covering
from commerce.recalls.notices import NOTICES, NoticeLine
from commerce.recalls.record import Window, load_recall


@dataclass(frozen=True, slots=True)
class RecallView:
    """A recall. `whole`: all of the product, else what is marked. `spreading` while marks go on,
    `sweeping` while orders in flight are still looked for; `full`: a limit ended the spread, and
    what it reached stays blocked. `outstanding` are marked things in known hands that are asked
    back.
    """

    recall_id: Hash
    gtin: str
    title: str
    recall_class: int
    opener: Hash
    regulated: bool
    whole: bool
    windows: tuple[Window, ...]
    instruction: Hash
    report: Hash | None
    state: str
    spreading: bool
    sweeping: bool
    full: bool
    marks: int
    products: int
    outstanding: int
    opened_ms: int
    closed_ms: int | None


@dataclass(frozen=True, slots=True)
class MarkView:
    """A mark: made (an event's outputs), lot, item; joined, inside and opened cover nothing
    themselves. `since_ms` is a time of events, None for goods that count always.
    """

    kind: str
    name: str
    since_ms: int | None
    released: bool


@dataclass(frozen=True, slots=True)
class ReachedView:
    """A product of which something is marked, and since when."""

    gtin: str
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A parcel that brought recalled goods (`named`, `product`) or may have (`possible`)."""

    order_id: Hash
    parcel: int
    buyer: Hash
    seller: Hash
    certainty: str
    lines: tuple[NoticeLine, ...]
    things: tuple[str, ...]
    noticed_ms: int


def recall_view(state: StateReader, recall_id: bytes) -> RecallView:
    """A recall, or `RecallUnknown`."""
    recall = load_recall(state, recall_id)
    return RecallView(
        recall_id=recall_id,
        gtin=recall.gtin,
        title=load_product(state, recall.gtin).title,
        recall_class=recall.recall_class,
        opener=recall.opener,
        regulated=recall.regulated,
        whole=recall.whole,
        windows=recall.windows,
        instruction=recall.instruction,
        report=recall.report,
        state=recall.state,
        spreading=recall.spreading,
        sweeping=recall.cursor is not None,
        full=recall.progress.full,
        marks=recall.progress.marks,
        products=recall.progress.products,
        outstanding=recall.outstanding,
        opened_ms=recall.opened_ms,
        closed_ms=recall.closed_ms,
    )


def open_recalls(state: StateReader, gtin: str | None = None) -> tuple[RecallView, ...]:
    """All that are open, by GTIN of their root; or those that have reached a product."""
    entries = recalled_products(state)
    if gtin is not None:
        reached = {entry.recall_id for entry in touching(state, gtin)}
        entries = tuple([e for e in entries if e.gtin == gtin or e.recall_id in reached])
    return tuple([recall_view(state, entry.recall_id) for entry in entries])


def recalls_of_thing(state: StateReader, index: TraceIndex, thing: str) -> tuple[RecallView, ...]:
    """The recalls, open or closed, under which an item or lot is: by its own mark, what it was born
    from, or its whole product.
    """
    return tuple([recall_view(state, known) for known in recalls_covering(state, index, thing)])


def marks_from(
    state: StateReader, recall_id: bytes, cursor: bytes | None
) -> Iterator[tuple[bytes, MarkView | None]]:
    """A recall's marks in the order in which they were found, each once; None for one that was
    followed up anew.
    """
    start = recall_id + (b"" if cursor is None else cursor + b"\0")
    rows = QUEUE.scan_from(state, start)
    for key, queued in takewhile(lambda row: row[0].startswith(recall_id), rows):
        number = key[32:]
        marked = MARKED.load(state, marked_part(queued.kind, queued.name), recall_id)
        assert marked is not None
        since_ms = None if marked.since_ms == BEGINNING else marked.since_ms
        view = MarkView(queued.kind, queued.name, since_ms, marked.released)
        yield number, view if u64(marked.number) == number else None


def reached_from(
    state: StateReader, recall_id: bytes, cursor: bytes | None
) -> Iterator[tuple[bytes, ReachedView | None]]:
    """The products that a recall has reached, by GTIN; None for those of other recalls."""
    for key, touched in TOUCHED.scan_from(state, b"" if cursor is None else cursor + b"\0"):
        since_ms = None if touched.since_ms == BEGINNING else touched.since_ms
        own = key[14:] == recall_id
        yield key, ReachedView(key[:14].decode(), since_ms) if own else None


def notices_from(
    state: StateReader, recall_id: bytes, cursor: bytes | None
) -> Iterator[tuple[bytes, NoticeView]]:
    """Who got goods of a recall, by order and parcel."""
    start = recall_id + (b"" if cursor is None else cursor + b"\0")
    rows = NOTICES.scan_from(state, start)
    for key, notice in takewhile(lambda row: row[0].startswith(recall_id), rows):
        view = NoticeView(
            order_id=key[32:64],
            parcel=notice.parcel,
            buyer=notice.buyer,
            seller=notice.seller,
            certainty=notice.certainty,
            lines=notice.lines,
            things=notice.things,
            noticed_ms=notice.noticed_ms,
        )
        yield key[32:], view
