"""Where something came from, and where it went: the graph of events, walked over an index.

Rules (provenance: Trace). Inputs become outputs, joined by transformationID. A container's events
cover what lies in it during [ADD, DELETE) by event time; what else lies in it is never reached
through it. Lots are classes of items: an item commissioned with a lot number came from that lot. A
thing that is reached counts from (forward) or until (back) the time it was reached, so that what
left a lot before the bad batch was mixed in stays clean. Events declared erroneous and mere claims
take no part.

The walk is iterative, bounded and ordered by nothing but the events: same index, same answer.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from commerce.epcis.containment import Containment
from commerce.epcis.identifiers import classes_of
from commerce.epcis.summary import Role, Summary

STEPS_MAX = 20_000
THINGS_MAX = 1_000_000
BEGINNING = -(2**63)
FOREVER = 2**63 - 1

T = TypeVar("T", bytes, str)

# Event time in UTC ms, the event's key, how it names the thing.
Row = tuple[int, bytes, Role]


class TraceIndex(Protocol):
    """The part of an index that a trace needs."""

    def rows(self, identity: str) -> Sequence[Row]:
        """The events that name an identity, by time, key and role."""
        ...

    def summary(self, key: bytes) -> Summary | None:
        """The event, or None if it takes no part: declared erroneous, or a mere claim."""
        ...


class Direction(StrEnum):
    """Back to where it came from, or forward to where it went."""

    BACK = "back"
    FORWARD = "forward"


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a trace; `roles` say how it touches what was traced, sorted."""

    key: bytes
    time_ms: int
    type: str
    action: str
    biz_step: str | None
    disposition: str | None
    read_point: str | None
    biz_location: str | None
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """Sources became, went into or were items of the targets: what the events at `keys` say.

    `kind`: transformation, containment or lot. Only things of the trace and their containers.
    """

    kind: str
    keys: tuple[bytes, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A finished trace: steps by time and key, edges and things sorted.

    `things` are the roots and what came from them (or what they came from), not their containers.
    `complete` is False if a limit cut the walk short.
    """

    roots: tuple[str, ...]
    direction: Direction
    steps: tuple[Step, ...]
    edges: tuple[Edge, ...]
    things: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a walk may go."""

    steps_max: int = STEPS_MAX
    things_max: int = THINGS_MAX


def trace(
    index: TraceIndex, query: str, direction: Direction, limits: Limits | None = None
) -> Trace:
    """Trace an identity (see `identifiers.of_query`); a GTIN stands for all its lots and items."""
    roots = roots_of(index, query)
    walk = _Walk(index, direction, limits or Limits())
    return walk.run(roots)


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


@dataclass(frozen=True, slots=True)
class _Visit:
    """Look at a thing's events in [start, end).

    `carried`: it only carries what is traced. `opened`: it was asked for, or lies in what was.
    """

    thing: str
    start: int
    end: int
    carried: bool = False
    opened: bool = False


@dataclass(slots=True)
class _Join:
    """What is gathered for one edge."""

    keys: set[bytes] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    targets: set[str] = field(default_factory=set)


class _Walk:
    """One trace under way."""

    def __init__(self, index: TraceIndex, direction: Direction, limits: Limits) -> None:
        self.index = index
        self.direction = direction
        self.forward = direction is Direction.FORWARD
        self.limits = limits
        self.containment = Containment(index)
        self.queue: deque[_Visit] = deque()
        # Thing to the time from which (forward) or before which (back) it counts.
        self.reached: dict[str, int] = {}
        self.covers: set[tuple[str, int, int]] = set()
        self.steps: dict[bytes, set[Role]] = {}
        self.joins: dict[tuple[str, str | bytes], _Join] = {}
        self.lots: dict[bytes, dict[str, str]] = {}
        self.complete = True

    def run(self, roots: tuple[str, ...]) -> Trace:
        """Walk until nothing new is reached or a limit is."""
        for root in roots:
            self.reached[root] = BEGINNING if self.forward else FOREVER
            self.queue.append(_Visit(root, BEGINNING, FOREVER, opened=True))
        while self.queue and self.complete:
            self.visit(self.queue.popleft())
        return self.result(roots)

    def visit(self, at: _Visit) -> None:
        """Follow every event of a thing in its window."""
        for time_ms, key, role in self.index.rows(at.thing):
            if time_ms >= at.end:
                break
            summary = self.index.summary(key)
            if summary is None or role is Role.CLASS:
                continue
            if role is Role.CHILD and summary.action != "DELETE":
                self.go_up(at, key, summary)
            elif role is Role.PARENT and at.opened and summary.action != "DELETE":
                self.into_contents(at, key, summary)
            if time_ms < at.start:
                continue
            # The packing of others is no event of what already lies inside.
            if not (at.carried and role is Role.PARENT):
                self.step(key, Role.CARRIER if at.carried else role)
            self.follow(at, key, summary, role)

    def follow(self, at: _Visit, key: bytes, summary: Summary, role: Role) -> None:
        """What an event inside the window leads to."""
        if role is (Role.INPUT if self.forward else Role.OUTPUT):
            self.transform(at.thing, key, summary)
        elif role is Role.LOT and self.forward:
            self.into_items(at.thing, key, summary)
        if not self.forward and summary.lots and not at.carried:
            self.back_to_lot(at.thing, key, summary)

    def step(self, key: bytes, role: Role) -> None:
        """Note that an event belongs to the trace."""
        roles = self.steps.get(key)
        if roles is None:
            roles = self.steps[key] = set()
            self.complete = self.complete and len(self.steps) <= self.limits.steps_max
        roles.add(role)

    def reach(self, thing: str, time_ms: int, *, opened: bool = False) -> None:
        """Something came from the roots by this time (back: the roots came from it)."""
        known = self.reached.get(thing)
        if known is not None and (known <= time_ms if self.forward else known >= time_ms):
            return
        self.reached[thing] = time_ms
        if self.forward:
            end = FOREVER if known is None else known
            self.queue.append(_Visit(thing, time_ms, end, opened=opened))
        else:
            start = BEGINNING if known is None else known
            self.queue.append(_Visit(thing, start, time_ms, opened=opened))
        self.complete = self.complete and len(self.reached) <= self.limits.things_max

    def go_up(self, at: _Visit, key: bytes, summary: Summary) -> None:
        """A container covers its child from ADD until DELETE, within the child's own window."""
        parent = summary.parent
        if parent is None:
            return
        until, ended_by = self.containment.until(at.thing, parent, summary)
        start, end = max(summary.time_ms, at.start), min(until, at.end)
        if start >= end:
            return
        self.join("containment", key, (key,), (at.thing,), (parent,))
        if ended_by is not None and at.start <= until < at.end:
            self.step(ended_by, Role.CARRIER if at.carried else Role.CHILD)
        if summary.action == "ADD" and (parent, start, end) not in self.covers:
            self.covers.add((parent, start, end))
            self.queue.append(_Visit(parent, start, end, carried=True))

    def transform(self, thing: str, key: bytes, summary: Summary) -> None:
        """Inputs to outputs, or back; events of one transformationID are one transformation."""
        parts = self.parts(key, summary)
        name: str | bytes = summary.transformation_id or key
        for part_key, part in parts:
            ends = part.outputs if self.forward else part.inputs
            if not ends:
                continue
            self.step(part_key, Role.OUTPUT if self.forward else Role.INPUT)
            keys = (key, part_key)
            if self.forward:
                self.join("transformation", name, keys, (thing,), ends)
            else:
                self.join("transformation", name, keys, ends, (thing,))
            for end in ends:
                self.reach(end, part.time_ms if self.forward else part.time_ms + 1)
                for inside in self.containment.contents(end, part.time_ms):
                    self.reach(inside, part.time_ms if self.forward else part.time_ms + 1)

    def parts(self, key: bytes, summary: Summary) -> list[tuple[bytes, Summary]]:
        """The events of one transformation."""
        if summary.transformation_id is None:
            return [(key, summary)]
        found = []
        for _, part_key, role in self.index.rows(summary.transformation_id):
            part = self.index.summary(part_key) if role is Role.TRANSFORMATION else None
            if part is not None:
                found.append((part_key, part))
        return found

    def into_items(self, lot: str, key: bytes, summary: Summary) -> None:
        """A lot's items carry on what the lot was."""
        for members in summary.lots:
            if members.lot == lot:
                self.join("lot", key, (key,), (lot,), members.items)
                for item in members.items:
                    self.reach(item, summary.time_ms)

    def back_to_lot(self, item: str, key: bytes, summary: Summary) -> None:
        """An item came from the lot that it was commissioned with."""
        lots = self.lots.get(key)
        if lots is None:
            lots = {item: members.lot for members in summary.lots for item in members.items}
            self.lots[key] = lots
        lot = lots.get(item)
        if lot is not None:
            self.join("lot", key, (key,), (lot,), (item,))
            self.reach(lot, summary.time_ms + 1)

    def into_contents(self, at: _Visit, key: bytes, summary: Summary) -> None:
        """Asked about a container itself, what it held meanwhile is part of the question."""
        for child in summary.items:
            until, _ = self.containment.until(child, at.thing, summary)
            start, end = max(summary.time_ms, at.start), min(until, at.end)
            if start < end:
                self.join("containment", key, (key,), (child,), (at.thing,))
                self.reach(child, start if self.forward else end, opened=True)

    def join(
        self,
        kind: str,
        name: str | bytes,
        keys: Sequence[bytes],
        sources: Sequence[str],
        targets: Sequence[str],
    ) -> None:
        """Gather one edge."""
        joined = self.joins.get((kind, name))
        if joined is None:
            joined = self.joins[kind, name] = _Join()
        joined.keys.update(keys)
        joined.sources.update(sources)
        joined.targets.update(targets)

    def result(self, roots: tuple[str, ...]) -> Trace:
        """Everything in the one order."""
        steps = []
        for key, roles in self.steps.items():
            summary = self.index.summary(key)
            assert summary is not None
            steps.append(_step(key, summary, tuple(sorted(roles))))
        edges = [
            Edge(kind, _sorted(join.keys), _sorted(join.sources), _sorted(join.targets))
            for (kind, _), join in self.joins.items()
        ]
        return Trace(
            roots=roots,
            direction=self.direction,
            steps=tuple(sorted(steps, key=lambda step: (step.time_ms, step.key))),
            edges=tuple(sorted(edges, key=lambda edge: (edge.kind, edge.keys))),
            things=tuple(sorted(self.reached)),
            complete=self.complete,
        )


def _sorted(values: set[T]) -> tuple[T, ...]:
    return tuple(sorted(values))


def _step(key: bytes, summary: Summary, roles: tuple[str, ...]) -> Step:
    return Step(
        key=key,
        time_ms=summary.time_ms,
        type=summary.type,
        action=summary.action,
        biz_step=summary.biz_step,
        disposition=summary.disposition,
        read_point=summary.read_point,
        biz_location=summary.biz_location,
        roles=roles,
    )
