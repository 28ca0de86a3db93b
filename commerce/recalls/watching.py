"""sys.recall.watch: what is captured while a recall of lots or items is open goes on with it.

One clock for all recalls: a capture sets it, and the next block looks at the events that came
since the last look (`epcis-at/`, by height). Each event tells which marks may go on by it; the
recalls that have these follow them up once more. An event may also make goods of a window, and may
say that marked goods have come back or were destroyed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U64, Size, TimeMs
from chain.context import Context
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table, u64
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.epcis.spread import OPENED, continues
from commerce.epcis.stored_index import AT
from commerce.recalls.blocked import recalled_products
from commerce.recalls.demands import meet_demands
from commerce.recalls.marks import Marking, recalls_marking, recalls_with
from commerce.recalls.reading import Meter, read_record
from commerce.recalls.record import Recall, load_recall, save_recall
from commerce.recalls.spreading import marks_made
from commerce.records import altered

WATCH = "sys.recall.watch"
# The one object that has this clock.
WATCH_ID = tagged_hash("recall-watch", b"")
# What one block looks at.
EVENTS_PER_BLOCK_MAX = 2_000
READ_PER_BLOCK_MAX = 10_000
THINGS_PER_BLOCK_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Watch:
    """The first capture to look at: its height and, if known, its event's key."""

    height: U64
    following: Annotated[bytes, Size(max=32)]
    due_ms: TimeMs | None

    def clock(self) -> Clock | None:
        """When the next look is due; None while nothing was captured."""
        return None if self.due_ms is None else (self.due_ms, WATCH)


# Under one empty key.
WATCHES: Table[Watch] = Table("recall-watch", Watch)


def begin_watch(context: Context) -> None:
    """The first recall with marks is opened: events from this block on are looked at."""
    if any(entry.marking for entry in recalled_products(context.state)):
        return
    before = WATCHES.load(context.state)
    _save(context, before, Watch(context.height, b"", None))


def note_capture(context: Context) -> None:
    """Something was captured: if a recall has marks, the next block looks at it."""
    if not any(entry.marking for entry in recalled_products(context.state)):
        return
    watch = WATCHES.load(context.state)
    assert watch is not None
    if watch.due_ms is None:
        _save(context, watch, altered(watch, due_ms=context.time_ms + 1))


def look(_deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.recall.watch: carry recalls on by what was captured since the last look."""
    watch = WATCHES.load(context.state)
    assert watch is not None
    fired = altered(watch, due_ms=None)
    if not any(entry.marking for entry in recalled_products(context.state)):
        _save(context, fired, fired)
        return ()
    meter = Meter(context)
    looker = _Looker(context, meter)
    for height, key in _captured(meter, watch):
        if looker.has_enough:
            _save(context, fired, Watch(height, key, context.time_ms + 1))
            break
        looker.look_at(key)
    else:
        # The index is that of the parent block: this block's captures are for the next look.
        _save(context, fired, Watch(context.height, b"", None))
    looker.save()
    return tuple(looker.told)


def _captured(meter: Meter, watch: Watch) -> Iterator[tuple[int, bytes]]:
    """Height and key of the events to look at, in order."""
    for entry, _ in meter.scan(AT, AT + u64(watch.height) + watch.following):
        yield int.from_bytes(entry[len(AT) : len(AT) + 8], "big"), entry[len(AT) + 8 :]


class _Looker:
    """One block's look; the recalls that it changes are written once."""

    def __init__(self, context: Context, meter: Meter) -> None:
        self.context = context
        self.meter = meter
        self.index = meter.index()
        self.events = 0
        self.things = 0
        self.told: list[Event] = []
        self._markings: dict[bytes, Marking] = {}
        self._recalls: dict[bytes, Recall] = {}
        state = context.state
        self._open = {entry.recall_id for entry in recalled_products(state) if entry.marking}
        known = [(key, load_recall(state, key)) for key in sorted(self._open)]
        # Did any recall reach what may lie in a product?
        self._contents = any(recalls_with(state, OPENED))
        self._windowed = [(key, recall) for key, recall in known if recall.windows]

    @property
    def has_enough(self) -> bool:
        """Is the rest for the next block?"""
        return (
            self.events >= EVENTS_PER_BLOCK_MAX
            or self.things >= THINGS_PER_BLOCK_MAX
            or self.meter.read >= READ_PER_BLOCK_MAX
        )

    def look_at(self, key: bytes) -> None:
        """One captured event."""
        self.events += 1
        summary = self.index.summary(key)
        if summary is None:
            return
        self.things += len(summary.items) + len(summary.inputs) + len(summary.outputs)
        for kind, name in continues(self.index, key, opened=self._contents):
            for part, recall_id, _ in list(recalls_marking(self.context.state, kind, name)):
                if recall_id in self._open:
                    self._marking(recall_id).again(part)
        for recall_id, recall in self._windowed:
            if any(window.from_ms <= summary.time_ms < window.to_ms for window in recall.windows):
                for mark in marks_made(recall.gtin, key, summary):
                    self._marking(recall_id).add(mark, summary.time_ms)
        self._meet(key)

    def _meet(self, key: bytes) -> None:
        record = read_record(self.meter.scan, key)
        assert record is not None
        for recall_id, told in meet_demands(self.context, key, record, self._open):
            recall = self._recall(recall_id)
            self._recalls[recall_id] = altered(recall, outstanding=recall.outstanding - 1)
            self.told.append(told)

    def _recall(self, recall_id: bytes) -> Recall:
        return self._recalls.get(recall_id) or load_recall(self.context.state, recall_id)

    def _marking(self, recall_id: bytes) -> Marking:
        marking = self._markings.get(recall_id)
        if marking is None:
            progress = load_recall(self.context.state, recall_id).progress
            marking = Marking(self.context, recall_id, progress, self.index)
            self._markings[recall_id] = marking
        return marking

    def save(self) -> None:
        """Write what changed; what is to spread does so in this very block."""
        for recall_id in sorted({*self._recalls, *self._markings}):
            before, changed = load_recall(self.context.state, recall_id), self._recall(recall_id)
            marking = self._markings.get(recall_id)
            if marking is not None and marking.added:
                again = changed.again or marking.fresh > 0
                changed = altered(changed, progress=marking.progress, again=again)
                changed = carried_on(changed, self.context)
            if changed != before:
                save_recall(self.context, recall_id, before, changed)


def carried_on(recall: Recall, context: Context) -> Recall:
    """A recall with something new to follow: it goes on at once, unless a limit ended it."""
    if not recall.spreading or recall.due_ms is not None:
        return recall
    return altered(recall, due_ms=context.time_ms)


def watch_deadlines(state: StateReader) -> list[Deadline]:
    """The deadline of the watch, while something is to be looked at."""
    watch = WATCHES.load(state)
    clock = None if watch is None else watch.clock()
    return [] if clock is None else [deadline_of(WATCH_ID, clock)]


def _save(context: Context, before: Watch | None, after: Watch) -> None:
    WATCHES.store(context.state, after)
    move_deadline(context, WATCH_ID, None if before is None else before.clock(), after.clock())
