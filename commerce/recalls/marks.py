"""The marks of recalls: which events, lots and items are contaminated, as rows of the state.

Whether a thing is recalled is never stored with it: it is inherited from the marks on what it was
born from (`commerce.epcis.spread.marks_of`). A mark is never taken away but by a regulator's
`recall.release`, and what was released isn't marked again by the same recall. Closing a recall
leaves its marks: goods that turn up afterwards are still recalled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U64, Name, Size
from chain.context import Context
from chain.state import StateReader, Table, u64
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.graph import BEGINNING, TraceIndex
from commerce.epcis.identifiers import classes_above, classes_of, is_class
from commerce.epcis.shape import KEY_SIZE_MAX
from commerce.epcis.spread import ITEM, LOT, Mark, kind_part, mark_part, marks_of, things_of
from commerce.epcis.summary import Instant
from commerce.recalls.blocked import TOUCHED, Touched, recalled_now
from commerce.recalls.record import Progress
from commerce.records import altered

MARKS_MAX = 1_000_000
PRODUCTS_MAX = 10_000
GTIN_SIZE = 14
# What the identity of a product begins with.
CLASS = f"{DOMAIN}01/"
# Kind, hash of the name, an event's key (or the end of a stay).
PART_SIZE = 1 + 32 + 32

# An event's key and a lot, at most.
MarkName = Annotated[str, Size(max=3 * KEY_SIZE_MAX + 128)]


@dataclass(frozen=True, slots=True)
class QueuedMark:
    """A mark that is to be followed up, or has been."""

    kind: Name
    name: MarkName
    since_ms: Instant


@dataclass(frozen=True, slots=True)
class Marked:
    """`since_ms` as in `commerce.epcis.spread.Mark`; `number` is the mark's newest place among
    those to follow up. `released`: a regulator said that it isn't.
    """

    since_ms: Instant
    number: U64
    released: bool


# By recall and number: what to follow up, in this order.
QUEUE: Table[QueuedMark] = Table("recall-queue", QueuedMark)
# By the mark's part of a key, padded with zero bytes, and recall: one look tells all recalls.
MARKED: Table[Marked] = Table("recall-mark", Marked)


def marked_part(kind: str, name: str) -> bytes:
    """The key part of a mark in a table where it has one width."""
    return mark_part(kind, name).ljust(PART_SIZE, b"\x00")


def item_mark(thing: str) -> tuple[str, str]:
    """The mark on a thing itself."""
    return (LOT if is_class(thing) else ITEM, thing)


class Marking:
    """Adds marks to one recall; `progress` is the caller's to save."""

    def __init__(
        self, context: Context, recall_id: bytes, progress: Progress, index: TraceIndex
    ) -> None:
        self.state = context.state
        self.recall_id = recall_id
        self.progress = progress
        self.index = index
        # Marks that were written, those of them that are new or older than was known, and things
        # that were looked at for their products.
        self.added = 0
        self.fresh = 0
        self.looked_at = 0

    def add(self, mark: Mark, reached_ms: int | None = None) -> None:
        """Mark something, unless it is since then already, or was released. Its products are
        reached at `reached_ms`, if the mark says no time.
        """
        part = marked_part(mark.kind, mark.name)
        before = MARKED.load(self.state, part, self.recall_id)
        if before is not None and (before.released or before.since_ms <= mark.since_ms):
            return
        number = None if before is None else self._waiting(before)
        self._write(part, mark, number)
        self.fresh += 1
        says_none = mark.since_ms == BEGINNING
        self._touch(mark, reached_ms if says_none and reached_ms is not None else mark.since_ms)

    def again(self, part: bytes) -> None:
        """Follow a mark up once more, for something new may go on from it."""
        known = MARKED.load(self.state, part, self.recall_id)
        if known is None or known.released or self._waiting(known) is not None:
            return
        queued = QUEUE.load(self.state, self.recall_id, u64(known.number))
        assert queued is not None
        self._write(part, Mark(queued.kind, queued.name, known.since_ms), None)

    def is_released(self, mark: Mark) -> bool:
        """Did a regulator take the mark away while it waited?"""
        part = marked_part(mark.kind, mark.name)
        known = MARKED.load(self.state, part, self.recall_id)
        return known is not None and known.released

    def _waiting(self, marked: Marked) -> int | None:
        """The mark's place in the queue, if nobody has looked at it yet."""
        progress = self.progress
        begun = marked.number < progress.next
        begun = begun or (marked.number == progress.next and progress.cursor != b"")
        return None if begun else marked.number

    def _write(self, part: bytes, mark: Mark, number: int | None) -> None:
        if number is None:
            if self.progress.marks >= MARKS_MAX:
                self.progress = altered(self.progress, full=True)
                return
            number = self.progress.marks
            self.progress = altered(self.progress, marks=number + 1)
        queued = QueuedMark(mark.kind, mark.name, mark.since_ms)
        QUEUE.store(self.state, queued, self.recall_id, u64(number))
        marked = Marked(mark.since_ms, number, released=False)
        MARKED.store(self.state, marked, part, self.recall_id)
        self.added += 1

    def _touch(self, mark: Mark, since_ms: int) -> None:
        """The products of what is marked are known as such."""
        things = things_of(self.index, mark)
        self.looked_at += len(things)
        for product in classes_above(things):
            self.touch(product[-GTIN_SIZE:], since_ms)

    def touch(self, gtin: str, since_ms: int) -> None:
        """The marks have reached a product."""
        known = TOUCHED.load(self.state, gtin.encode(), self.recall_id)
        if known is not None and known.since_ms <= since_ms:
            return
        if known is None:
            if self.progress.products >= PRODUCTS_MAX:
                self.progress = altered(self.progress, full=True)
                return
            self.progress = altered(self.progress, products=self.progress.products + 1)
        TOUCHED.store(self.state, Touched(since_ms), gtin.encode(), self.recall_id)


def recalls_marking(
    state: StateReader, kind: str, name: str
) -> Iterator[tuple[bytes, bytes, Marked]]:
    """Every recall that has, or had, a mark: the mark's part of the key, the recall's id.

    Marks of several stays in one container are found by the container's name alone.
    """
    for key, marked in MARKED.items(state, mark_part(kind, name)):
        yield key[:PART_SIZE], key[PART_SIZE:], marked


def recalls_with(state: StateReader, kind: str) -> Iterator[bytes]:
    """Every recall with a mark of a kind, once for each."""
    for key, _ in MARKED.items(state, kind_part(kind)):
        yield key[PART_SIZE:]


def recalls_of(
    state: StateReader, marks: Iterable[tuple[str, str]], thing: str
) -> tuple[bytes, ...]:
    """The recalls, open or closed, under which a thing with these marks is, ascending.

    What a regulator released by its own name isn't, whatever it was born from.
    """
    own = item_mark(thing)
    found: dict[bytes, None] = {}
    released: set[bytes] = set()
    for mark in marks:
        for _, recall_id, marked in recalls_marking(state, *mark):
            if not marked.released:
                found[recall_id] = None
            elif mark == own:
                released.add(recall_id)
    return tuple(sorted(recall_id for recall_id in found if recall_id not in released))


def recalled_by(state: StateReader, index: TraceIndex, thing: str) -> bytes | None:
    """The first recall under which a thing is, or None: of its whole product, or inherited from
    what it was born from.
    """
    return next(iter(recalls_covering(state, index, thing)), None)


def recalls_covering(state: StateReader, index: TraceIndex, thing: str) -> tuple[bytes, ...]:
    """The recalls under which a thing is: the open one of its whole product, then those that mark
    it, open or closed.
    """
    row, products = recalled_now(state), classes_of(thing)
    whole = [
        entry.recall_id
        for entry in row.products
        if entry.whole and f"{CLASS}{entry.gtin}" in products
    ]
    marked = recalls_of(state, marks_of(index, thing), thing) if row.marked else ()
    return tuple(dict.fromkeys((*whole, *marked)))
