"""Recalls as records: how far the marks of each have spread and its sweep has come, and its clock.

A recall's marks are numbered in the order in which they were found (commerce/recalls/marks.py): the
next one to follow is a number, so that the frontier needs no table of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U8, U32, U64, Hash, Name, Range, Size, TimeMs
from chain.context import Context
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.epcis.summary import Instant
from commerce.products import Gtin
from commerce.recalls.blocked import BRAND_RECALLS_MAX, BRANDS_RECALLS_MAX, Blocked, block
from commerce.recalls.errors import RecallUnknown, TooManyRecalls
from commerce.records import altered

SWEEP = "sys.recall.sweep"
SPREAD = "sys.recall.spread"
WINDOWS_MAX = 10
CURSOR_SIZE_MAX = 512

RecallClass = Annotated[int, Range(1, 3)]
Cursor = Annotated[bytes, Size(max=CURSOR_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class Window:
    """Goods that were made in [from_ms, to_ms), by the time of the event that made them."""

    from_ms: Instant
    to_ms: Instant


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the marks have spread: `marks` were numbered, those below `next` are followed up, and
    `cursor` is how far the next one is. `window` is the first window whose goods are not all marked
    yet, `window_cursor` how far. `products` were reached. `full`: a limit ended the spread, so that
    whatever it touched stays blocked as a whole until the recall is closed.
    """

    marks: U64 = 0
    next: U64 = 0
    cursor: Cursor = b""
    window: U8 = 0
    window_cursor: Cursor = b""
    products: U32 = 0
    full: bool = False


@dataclass(frozen=True, slots=True)
class Recall:
    """`whole`: all of the product, and not only what is marked. `regulated`: a regulator opened or
    extended it, so that only a regulator closes it. `opened_height`: what was declared erroneous
    from that block on still counts. `holding`: the marks of its own roots spread, and what they
    reach is blocked; for marks of later events nothing is, or whoever captures one could block it
    for ever. `cursor` is the order that the sweep looks at next, nothing
    once it is through; `again`: then it starts anew, for what was marked since it began.
    `outstanding` counts marked things in known hands of which nothing has been heard.
    """

    gtin: Gtin
    recall_class: RecallClass
    opener: Hash
    regulated: bool
    whole: bool
    windows: Annotated[tuple[Window, ...], Size(max=WINDOWS_MAX)]
    instruction: Hash
    report: Hash | None
    opened_ms: TimeMs
    opened_height: U64
    closed_ms: TimeMs | None
    state: Name
    progress: Progress
    holding: bool
    cursor: Hash | None
    again: bool
    outstanding: U32
    due_ms: TimeMs | None

    @property
    def marking(self) -> bool:
        """Is it about lots and items, too?"""
        return bool(self.progress.marks or self.windows)

    @property
    def spreading(self) -> bool:
        """Are there marks to follow, or goods of a window to mark?"""
        progress = self.progress
        return progress.next < progress.marks or progress.window < len(self.windows)

    @property
    def holds(self) -> bool:
        """Is everything that it has reached blocked for now?"""
        return self.holding or self.progress.full

    def clock(self) -> Clock | None:
        """When the spread or, once that is over, the sweep goes on; None once both are through."""
        if self.due_ms is None:
            return None
        return (self.due_ms, SPREAD if self.spreading else SWEEP)


@dataclass(frozen=True, slots=True)
class Turns:
    """The blocks that had the last sweep and the last spread: one each a block, whichever recall
    it is of.
    """

    height: U64
    spread_height: U64


# Under one empty key.
TURNS: Table[Turns] = Table("recall-sweep", Turns)
RECALLS: Table[Recall] = Table("recall", Recall)


def load_recall(state: StateReader, recall_id: bytes) -> Recall:
    """The recall, or `RecallUnknown`."""
    recall = RECALLS.load(state, recall_id)
    if recall is None:
        msg = f"no recall {recall_id.hex()}"
        raise RecallUnknown(msg)
    return recall


def save_recall(context: Context, recall_id: bytes, before: Recall | None, after: Recall) -> None:
    """Write a recall, move its deadline, and keep what every trade asks up to date."""
    RECALLS.store(context.state, after, recall_id)
    move_deadline(context, recall_id, None if before is None else before.clock(), after.clock())
    if after.state == "OPEN":
        entry = Blocked(after.gtin, recall_id, after.whole, after.marking, after.holds)
        block(context, entry)


def fired(recall: Recall) -> Recall:
    """A recall whose transition fires: its entry in the index is taken out already."""
    return altered(recall, due_ms=None)


def take_turn(context: Context, kind: str) -> bool:
    """Is this the first of its kind in its block? A thousand recalls take as many blocks."""
    last = TURNS.load(context.state) or Turns(0, 0)
    if context.height == (last.height if kind == SWEEP else last.spread_height):
        return False
    if kind == SWEEP:
        taken = altered(last, height=context.height)
    else:
        taken = altered(last, spread_height=context.height)
    TURNS.store(context.state, taken)
    return True


def recall_deadlines(state: StateReader) -> list[Deadline]:
    """The deadlines of all recalls whose marks spread or whose sweep runs."""
    clocks = [(recall_id, recall.clock()) for recall_id, recall in RECALLS.items(state)]
    return [deadline_of(recall_id, clock) for recall_id, clock in clocks if clock is not None]


def require_share(context: Context, known: Sequence[Blocked]) -> None:
    """`TooManyRecalls` for a brand that would leave no room for others, or for regulators."""
    if len(known) < BRAND_RECALLS_MAX:
        return
    openers = [load_recall(context.state, entry.recall_id).opener for entry in known]
    if openers.count(context.sender) >= BRAND_RECALLS_MAX or len(known) >= BRANDS_RECALLS_MAX:
        msg = f"a brand recalls at most {BRAND_RECALLS_MAX} products at a time, all of them"
        raise TooManyRecalls(f"{msg} {BRANDS_RECALLS_MAX}; a regulator may recall more")
