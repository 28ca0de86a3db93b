"""Where something came from, and where it went: the graph of events, walked over an index.

Rules (provenance: Trace). Inputs become outputs, joined by transformationID. A container's events
cover what lies in it during [ADD, DELETE) by event time; what else lies in it is never reached
through it. Lots are classes of items: an item made with a lot number came from that lot. Goods that
are reached count for all their life, whatever the times of the events are: all that they became,
or that made them. Only containers and other things that are used again count from (forward) or
until (back) the time they were reached, so that a crate's earlier trips stay clean. (What else a
lot went into after it was reached is no part of a trace back.) Events declared erroneous and mere
claims take no part.
Forward a trace is the closure of `spread`: what a recall reaches.

The walk is iterative, bounded and ordered by nothing but the events: same index, same answer.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from typing_extensions import override

from commerce.epcis.births import births
from commerce.epcis.follow import LOTTED, PACKED, TURNED, Follower, Timeline, Window, parts
from commerce.epcis.graph import BEGINNING, FOREVER, TraceIndex
from commerce.epcis.identifiers import classes_of, is_class, is_goods
from commerce.epcis.path import Direction, Edge, Path, Trace, held
from commerce.epcis.spread import ITEM, LOT, Mark, Spreader, things_of
from commerce.epcis.summary import Role, Summary

__all__ = ["Direction", "Edge", "Limits", "Trace", "trace", "walk"]

STEPS_MAX = 100_000
THINGS_MAX = 2_000_000
_UNLIMITED = 2**62


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a walk may go."""

    steps_max: int = STEPS_MAX
    things_max: int = THINGS_MAX


def trace(
    index: TraceIndex, query: str, direction: Direction, limits: Limits | None = None
) -> Trace:
    """Trace an identity (see `identifiers.of_query`); a GTIN stands for all its lots and items."""
    return walk(index, query, direction, limits).trace(index)


def walk(index: TraceIndex, query: str, direction: Direction, limits: Limits | None = None) -> Path:
    """As `trace`, what was met and not yet in order: for traces of a million things."""
    roots = roots_of(index, query)
    path, bounds = Path(roots, direction), limits or Limits()
    if direction is Direction.FORWARD:
        _Forward(index, path, bounds).run()
    else:
        _Back(index, path, bounds).run()
    return path


def roots_of(index: TraceIndex, query: str) -> tuple[str, ...]:
    """The identity asked for and, if it is a class, what the index knows of that class."""
    found = {query}
    for _, key, role in index.rows(query):
        summary = index.summary(key) if role is Role.CLASS else None
        if summary is None:
            continue
        for thing in (*summary.items, *summary.inputs, *summary.outputs):
            if query in classes_of(thing):
                found.add(thing)
    return tuple(sorted(found))


def _is_beyond(path: Path, limits: Limits) -> bool:
    return len(path.steps) > limits.steps_max or len(path.things) > limits.things_max


class _Forward(Spreader):
    """The closure of `spread`, with all that was met on the way."""

    chunk = _UNLIMITED

    def __init__(self, index: TraceIndex, path: Path, limits: Limits) -> None:
        super().__init__(index)
        self.path = path
        self.limits = limits
        self.queue: deque[Mark] = deque()
        self.since: dict[tuple[str, str], int] = {}

    def run(self) -> None:
        """Follow marks until nothing new is reached or a limit is."""
        for thing in self.path.roots:
            self._reach(_thing_mark(thing, BEGINNING))
        self._ask_for_contents()
        while self.queue:
            mark = self.queue.popleft()
            if self.since[mark.kind, mark.name] == mark.since_ms:
                for found in self.spread(mark, b"", _UNLIMITED)[0]:
                    self._reach(found)
            if _is_beyond(self.path, self.limits):
                self.path.complete = False
                return

    def _reach(self, mark: Mark) -> None:
        name = mark.kind, mark.name
        known = self.since.get(name)
        if known is not None and known <= mark.since_ms:
            return
        self.since[name] = mark.since_ms
        self.queue.append(mark)
        if known is None:
            self.path.things.update(things_of(self.index, mark))

    def _ask_for_contents(self) -> None:
        """Asked about a container itself, what it held is part of the question."""
        pending = deque((root, BEGINNING) for root in self.path.roots)
        asked = dict(pending)
        while pending:
            container, start = pending.popleft()
            for key, things, begin, _ in held(self.follower.containment, container, start, FOREVER):
                self.path.join(PACKED, key, (key,), things, (container,))
                for thing in things:
                    since = BEGINNING if is_goods(thing) else begin
                    if asked.get(thing, FOREVER) > since:
                        asked[thing] = since
                        self._reach(_thing_mark(thing, since))
                        pending.append((thing, since))

    @override
    def step(self, key: bytes, role: Role) -> None:
        """See `Sink`."""
        self.path.step(key, role)

    @override
    def join(
        self, kind: str, name: str | bytes, sources: Sequence[str], targets: Sequence[str]
    ) -> None:
        """See `Sink`."""
        assert isinstance(name, bytes)
        self.path.join(kind, name, (name,), sources, targets)

    @override
    def used(self, things: Sequence[str], key: bytes, summary: Summary) -> None:
        """See `Sink`."""
        for part_key, part in parts(self.index, key, summary):
            if part.outputs:
                self.path.step(part_key, Role.OUTPUT)
                name = summary.transformation_id or key
                self.path.join(TURNED, name, (key, part_key), things, part.outputs)
                self.made(part_key, part)

    @override
    def belonged(self, things: Sequence[str], key: bytes, summary: Summary, role: Role) -> None:
        """See `Sink`."""
        super().belonged(things, key, summary, role)
        if role is Role.LOT or role is Role.OUTPUT:
            for members in summary.lots:
                if members.lot in things:
                    self.path.join(LOTTED, key, (key,), (members.lot,), members.items)


def _thing_mark(thing: str, since_ms: int) -> Mark:
    return Mark(LOT if is_class(thing) else ITEM, thing, since_ms)


@dataclass(frozen=True, slots=True)
class _Visit:
    """Look at events of things before a time, or in a window of what carries them.

    `opened`: they were asked for, or lie in what was. `late_births`: they are classes that weren't
    looked at before.
    """

    things: tuple[str, ...]
    window: Window
    opened: bool = False
    late_births: bool = False


class _Back:
    """What things were made of, and what was done to them before."""

    def __init__(self, index: TraceIndex, path: Path, limits: Limits) -> None:
        self.index = index
        self.path = path
        self.limits = limits
        self.follower = Follower(index, self, forward=False)
        self.queue: deque[_Visit] = deque()
        # Thing, and whether it was opened, to the time before which it counts.
        self.until: dict[tuple[str, bool], int] = {}
        self.covers: set[tuple[str, Window]] = set()

    def run(self) -> None:
        """Follow things until nothing new is reached or a limit is."""
        self._reach(self.path.roots, FOREVER, opened=True)
        while self.queue:
            visit = self.queue.popleft()
            for along in self.follower.timelines(visit.things, visit.window):
                self.follower.follow(along, visit.window, along.concerned(visit.window))
                if visit.late_births:
                    self._follow_late_births(along, visit.window.end)
            if visit.opened:
                self._ask_for_contents(visit)
            if _is_beyond(self.path, self.limits):
                self.path.complete = False
                return

    def _reach(self, things: Sequence[str], until: int, *, opened: bool = False) -> None:
        """The roots came from things: single goods always count, others before a time."""
        windows: dict[tuple[Window, bool], list[str]] = {}
        for thing in things:
            of_class = is_class(thing)
            end = FOREVER if is_goods(thing) and not of_class else until
            known = self.until.get((thing, True), BEGINNING)
            if not opened:
                known = max(known, self.until.get((thing, False), BEGINNING))
            if known < end:
                self.until[thing, opened] = end
                late_births = of_class and known == BEGINNING
                windows.setdefault((Window(known, end), late_births), []).append(thing)
        for (window, late_births), new in windows.items():
            self.path.things.update(new)
            self.queue.append(_Visit(tuple(new), window, opened, late_births))

    def _follow_late_births(self, along: Timeline, start: int) -> None:
        """What a lot was made of counts whenever that is said to have been; of its other uses only
        those before what it was reached by do.
        """
        rows = [row for row in along.history.rows if row[0] >= start]
        born = {key for key, _ in births(self.index.summary, rows)}
        rows = [row for row in rows if row[1] in born]
        self.follower.follow(along, Window(start, FOREVER), rows)

    def _ask_for_contents(self, visit: _Visit) -> None:
        """Asked about a container itself, what it held meanwhile is part of the question."""
        window = visit.window
        for container in visit.things:
            for key, things, _, end in held(
                self.follower.containment, container, window.start, window.end
            ):
                self.path.join(PACKED, key, (key,), things, (container,))
                self._reach(things, end, opened=True)

    def step(self, key: bytes, role: Role) -> None:
        """See `Sink`."""
        self.path.step(key, role)

    def join(
        self, kind: str, name: str | bytes, sources: Sequence[str], targets: Sequence[str]
    ) -> None:
        """See `Sink`."""
        assert isinstance(name, bytes)
        self.path.join(kind, name, (name,), sources, targets)

    def carried(self, container: str, window: Window) -> None:
        """See `Sink`."""
        if (container, window) not in self.covers:
            self.covers.add((container, window))
            self.queue.append(_Visit((container,), window))

    def used(self, things: Sequence[str], key: bytes, summary: Summary) -> None:
        """See `Sink`: outputs came from inputs, and from what lay in these."""
        for part_key, part in parts(self.index, key, summary):
            if part.inputs:
                self.path.step(part_key, Role.INPUT)
                name = summary.transformation_id or key
                self.path.join(TURNED, name, (key, part_key), part.inputs, things)
                self._reach(part.inputs, part.time_ms + 1)
                for container in self._containers(part):
                    inside = self.follower.containment.contents(container, part.time_ms)
                    self._reach(inside, part.time_ms + 1)

    def _containers(self, part: Summary) -> Iterator[str]:
        """Inputs that something was ever put into."""
        for history in self.index.histories(part.inputs):
            if any(role is Role.PARENT for _, _, role in history.rows):
                yield from history.things

    def belonged(self, things: Sequence[str], key: bytes, summary: Summary, role: Role) -> None:  # noqa: ARG002
        """See `Sink`: an item came from the lot that it was made with."""
        wanted = set(things)
        for members in summary.lots:
            items = tuple(item for item in members.items if item in wanted)
            if items:
                self.path.join(LOTTED, key, (key,), (members.lot,), items)
                self._reach((members.lot,), summary.time_ms + 1)
