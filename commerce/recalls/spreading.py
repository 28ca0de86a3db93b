"""sys.recall.spread: the marks of a recall go on, block by block, until nothing follows any more.

First the goods of its windows are marked, then each mark is followed up in the order in which they
were found (`commerce.epcis.spread`). What a block does is bounded in marks and in rows read, so
that a recall of a million items doesn't stop the chain; one recall a block, so that many don't.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from chain.block import Event
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.state import u64
from commerce.epcis.births import made_by
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.graph import BEGINNING
from commerce.epcis.identifiers import gtin_of
from commerce.epcis.spread import MADE, Mark, Spreader
from commerce.epcis.stored_index import ROW, name_key
from commerce.epcis.summary import Role, Summary
from commerce.recalls.marks import QUEUE, Marking, item_mark
from commerce.recalls.reading import Meter, RecallIndex, event_time, time_key
from commerce.recalls.record import (
    SPREAD,
    Recall,
    Window,
    fired,
    load_recall,
    save_recall,
    take_turn,
)
from commerce.records import altered

# What one block does at most for one recall, in microseconds as they were measured (docs/adr/0101):
# counted, not timed, for all nodes must stop at the same mark. The last step may pass it by what
# one event says.
WORK_PER_BLOCK_MAX = 80_000
MARKS_PER_BLOCK_MAX = 10_000
READ_WORK = 2
ASKED_WORK = 3
FOLLOWED_WORK = 80
ADDED_WORK = 60
THING_WORK = 1
# Rows that one step of a spread looks at.
ROWS_PER_STEP_MAX = 2_000
FIRST_ORDER = bytes(32)


def spread_marks(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.recall.spread: follow some more marks of a recall up."""
    recall_id = deadline.object_id
    recall = load_recall(context.state, recall_id)
    if not take_turn(context, SPREAD):
        save_recall(context, recall_id, fired(recall), altered(recall, due_ms=context.time_ms + 1))
        return ()
    marking = _Run(context, recall_id, recall).go()
    progress, again = marking.progress, recall.again or marking.fresh > 0
    spread_out = _following(context, altered(recall, progress=progress, again=again))
    save_recall(context, recall_id, fired(recall), spread_out)
    told = event(
        "recall.spread",
        recall_id=recall_id,
        marks=progress.marks,
        products=progress.products,
        spreading=spread_out.spreading,
        full=progress.full,
    )
    return (told,)


def _following(context: Context, recall: Recall) -> Recall:
    """What comes next: the spread in the next block, the sweep in this one, or nothing."""
    if recall.spreading:
        return altered(recall, due_ms=context.time_ms + 1)
    recall = altered(recall, holding=False)
    if recall.cursor is not None:
        return altered(recall, due_ms=context.time_ms)
    if recall.again:
        return altered(recall, cursor=FIRST_ORDER, again=False, due_ms=context.time_ms)
    return altered(recall, due_ms=None)


class _Run:
    """One block's share of a recall's spread."""

    def __init__(self, context: Context, recall_id: bytes, recall: Recall) -> None:
        self.state = context.state
        self.recall_id = recall_id
        self.recall = recall
        self.meter = Meter(context)
        self.index = RecallIndex(self.meter, recall.opened_height, recall.opened_ms)
        self.marking = Marking(context, recall_id, recall.progress, self.index)
        # One for all, for it remembers when containers were emptied.
        self.spreader = Spreader(self.index)
        self.followed = 0

    def go(self) -> Marking:
        """Until nothing is left or the block's share is used up; what was marked, how far it is."""
        while self._is_left() and not self._is_used_up():
            if self.marking.progress.window < len(self.recall.windows):
                self._look_through(self.recall.windows[self.marking.progress.window])
            else:
                self._follow_next()
        if self.marking.progress.full:
            # Nothing more is looked at; what was touched stays blocked.
            progress = self.marking.progress
            self._move(next=progress.marks, cursor=b"", window=len(self.recall.windows))
        return self.marking

    def _is_left(self) -> bool:
        progress = self.marking.progress
        left = progress.window < len(self.recall.windows) or progress.next < progress.marks
        return left and not progress.full

    def _is_used_up(self) -> bool:
        if self.marking.added >= MARKS_PER_BLOCK_MAX:
            return True
        work = (
            self.meter.read * READ_WORK
            + self.meter.asked * ASKED_WORK
            + self.followed * FOLLOWED_WORK
            + self.marking.added * ADDED_WORK
            + self.marking.looked_at * THING_WORK
        )
        return work >= WORK_PER_BLOCK_MAX

    def _follow_next(self) -> None:
        """One step of the first mark that waits."""
        progress = self.marking.progress
        queued = QUEUE.load(self.state, self.recall_id, u64(progress.next))
        assert queued is not None
        mark = Mark(queued.kind, queued.name, queued.since_ms)
        if self.marking.is_released(mark):
            self._move(next=progress.next + 1, cursor=b"")
            return
        self.followed += 1
        found, cursor = self.spreader.spread(mark, progress.cursor, ROWS_PER_STEP_MAX)
        self._move(cursor=b"" if cursor is None else cursor)
        if cursor is None:
            self._move(next=progress.next + 1)
        for following in found:
            self.marking.add(following, queued.since_ms)

    def _look_through(self, window: Window) -> None:
        """Mark some more of what was made of the product in a window."""
        prefix = ROW + name_key(f"{DOMAIN}01/{self.recall.gtin}")
        start = self.marking.progress.window_cursor or time_key(window.from_ms)
        rows = list(islice(self._rows(prefix, start), ROWS_PER_STEP_MAX))
        for tail in rows:
            if event_time(tail) >= window.to_ms:
                break
            self._mark_made(tail[8:40], tail[40])
        else:
            if len(rows) == ROWS_PER_STEP_MAX:
                self._move(window_cursor=rows[-1] + b"\x00")
                return
        self._move(window=self.marking.progress.window + 1, window_cursor=b"")

    def _rows(self, prefix: bytes, start: bytes) -> Iterator[bytes]:
        for key, _ in self.meter.scan(prefix, prefix + start):
            yield key[len(prefix) :]

    def _mark_made(self, key: bytes, role: int) -> None:
        if tuple(Role)[role] is not Role.CLASS:
            return
        summary = self.index.summary(key)
        if summary is not None:
            for mark in marks_made(self.recall.gtin, key, summary):
                self.marking.add(mark, summary.time_ms)

    def _move(self, **changes: Any) -> None:
        self.marking.progress = altered(self.marking.progress, **changes)


def marks_made(gtin: str, key: bytes, summary: Summary) -> Iterable[Mark]:
    """The marks on what an event makes of a product: on the event, if it makes nothing else."""
    made = made_by(summary)
    own = [thing for thing in made if gtin_of(thing) == gtin]
    if not own:
        return ()
    if len(own) == len(made):
        return (Mark(MADE, key.hex(), summary.time_ms),)
    return [Mark(*item_mark(thing), BEGINNING) for thing in own]
