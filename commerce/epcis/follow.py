"""One step on from things: what the events of one history say, read once for all its things.

Shared by trace (both ways) and recall, so that both mean the same by "what became of it". Told to
a `Sink` is everything met on the way; what to go on with is for the sink to decide.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from commerce.epcis.births import makers
from commerce.epcis.containment import Containment, Stays
from commerce.epcis.graph import BEGINNING, FOREVER, Expecting, History, Row, TraceIndex
from commerce.epcis.identifiers import is_class
from commerce.epcis.summary import Role, Summary

# Kinds of edges.
PACKED, TURNED, LOTTED = "containment", "transformation", "lot"


_CONTAINERS_MAX = 20_000
# So few are as well read one by one.
_FEW = 4


@dataclass(frozen=True, slots=True)
class Window:
    """Events in [start, end) count. `carried`: the thing only carries what is followed.

    `makers`: who stated that what it carries was made; nobody of a class. Asked on the way back.
    """

    start: int
    end: int
    carried: bool = False
    makers: frozenset[bytes] = frozenset()


ALWAYS = Window(BEGINNING, FOREVER)


class Sink(Protocol):
    """What a follower tells."""

    def step(self, key: bytes, role: Role) -> None:
        """An event belongs to the trace."""
        ...

    def join(
        self, kind: str, name: str | bytes, sources: Sequence[str], targets: Sequence[str]
    ) -> None:
        """Sources became, went into or were items of targets; `name` tells the edge."""
        ...

    def carried(self, container: str, window: Window) -> None:
        """A container covers what is followed: its events in the window count too."""
        ...

    def used(self, things: Sequence[str], key: bytes, summary: Summary) -> None:
        """Things are inputs of a transformation (followed back: outputs)."""
        ...

    def belonged(self, things: Sequence[str], key: bytes, summary: Summary, role: Role) -> None:
        """An event that says which items are of which lots names the things."""
        ...


class Timeline:
    """A history and the stays of its things."""

    __slots__ = ("_children", "_makers", "history", "stays")

    def __init__(self, history: History, stays: Stays) -> None:
        self.history = history
        self.stays = stays
        self._children: list[Row] | None = None
        self._makers: frozenset[bytes] | None = None

    def makers(self, index: TraceIndex) -> frozenset[bytes]:
        """Who stated that its things were made."""
        if self._makers is None:
            self._makers = makers(index, self.history.rows)
        return self._makers

    def concerned(self, window: Window) -> Sequence[Row]:
        """The rows in a window, and before them those of stays that may reach into it."""
        rows = self.history.rows
        low = 0 if window.start == BEGINNING else bisect_left(rows, window.start, key=_time)
        high = len(rows) if window.end == FOREVER else bisect_left(rows, window.end, key=_time)
        if low == 0:
            return rows[:high]
        if self._children is None:
            self._children = [row for row in rows if row[2] is Role.CHILD]
        children = self._children
        if not children:
            return rows[low:high]
        return (*children[: bisect_left(children, window.start, key=_time)], *rows[low:high])


def _time(row: Row) -> int:
    return row[0]


class Follower:
    """Follows things forward through an index, or back."""

    def __init__(self, index: TraceIndex, sink: Sink, *, forward: bool) -> None:
        self.index = index
        self.sink = sink
        self.forward = forward
        self.containment = Containment(index)
        self._containers: dict[str, Timeline] = {}

    def timelines(self, things: Sequence[str], window: Window) -> Iterator["Timeline"]:
        """Things by their histories; containers are met again and again, and remembered."""
        if not window.carried:
            histories = self.index.histories(things)
            self._expect_containers(histories)
            for history in histories:
                yield Timeline(history, self.containment.stays(history))
            return
        (container,) = things
        known = self._containers.get(container)
        if known is None:
            if len(self._containers) >= _CONTAINERS_MAX:
                self._containers.clear()
            rows = tuple(self.index.rows(container))
            history = History(rows, (container,))
            known = Timeline(history, self.containment.stays(history))
            self._containers[container] = known
        yield known

    def _expect_containers(self, histories: Sequence[History]) -> None:
        """Whatever things lie in will be asked when it was emptied, and what became of it."""
        index = self.index
        if len(histories) < _FEW or not isinstance(index, Expecting):
            return
        events = (
            self.index.summary(key)
            for history in histories
            for _, key, role in history.rows
            if role is Role.CHILD
        )
        parents = [event.parent for event in events if event is not None and event.parent]
        index.expect(parents)

    def follow(self, along: "Timeline", window: Window, rows: Sequence[Row]) -> None:
        """Tell what some of the rows that concern a window (`Timeline.concerned`) lead to."""
        for time_ms, key, role in rows:
            if role is Role.CLASS:
                continue
            summary = self.index.summary(key)
            if summary is None:
                continue
            if role is Role.CHILD and summary.action != "DELETE":
                self._up(along, window, key, summary)
            if time_ms >= window.start:
                self._inside(along.history, window, key, summary, role)

    def _inside(
        self, history: History, window: Window, key: bytes, summary: Summary, role: Role
    ) -> None:
        # The packing of others is no event of what already lies inside.
        if not (window.carried and role is Role.PARENT):
            self.sink.step(key, Role.CARRIER if window.carried else role)
        is_own = not window.carried
        if not self.forward and window.carried:
            # Whoever bought a rival's item, or a kilogram of its lot, must not be able to say that
            # he made it: what lies in a product came with it only if who says so made that too.
            is_own = self.index.capturer(key) in window.makers
        if role is Role.INPUT if self.forward else (role is Role.OUTPUT and is_own):
            self.sink.used(history.things, key, summary)
        if summary.lots and is_own:
            self.sink.belonged(history.things, key, summary, role)

    def _up(self, along: "Timeline", window: Window, key: bytes, summary: Summary) -> None:
        """A container covers its child from ADD until DELETE, within the child's own window."""
        parent = summary.parent
        if parent is None:
            return
        for things, (until, ended_by) in along.stays.of(parent, summary):
            start, end = max(summary.time_ms, window.start), min(until, window.end)
            if start >= end:
                continue
            self.sink.join(PACKED, key, things, (parent,))
            if ended_by is not None and window.start <= until < window.end:
                self.sink.step(ended_by, Role.CARRIER if window.carried else Role.CHILD)
            if summary.action == "ADD":
                makers_of = self._makers(along, window, things)
                self.sink.carried(parent, Window(start, end, carried=True, makers=makers_of))

    def _makers(self, along: "Timeline", window: Window, things: Sequence[str]) -> frozenset[bytes]:
        """Who made what is carried."""
        if self.forward or window.carried:
            return window.makers
        return frozenset() if is_class(things[0]) else along.makers(self.index)


def parts(index: TraceIndex, key: bytes, summary: Summary) -> list[tuple[bytes, Summary]]:
    """The events of one transformation."""
    if summary.transformation_id is None:
        return [(key, summary)]
    found = []
    for _, part_key, role in index.rows(summary.transformation_id):
        part = index.summary(part_key) if role is Role.TRANSFORMATION else None
        if part is not None:
            found.append((part_key, part))
    return found
