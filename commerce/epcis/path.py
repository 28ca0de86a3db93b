"""What a trace finds, and how it is gathered on the way: steps, edges, things.

Edges of large traces name a million things: they are kept as the tuples that the index gave, and
put in order only for whoever asks for them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from commerce.epcis.containment import Containment
from commerce.epcis.graph import TraceIndex
from commerce.epcis.summary import Role, Summary


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


@dataclass(slots=True)
class Join:
    """What is gathered for one edge."""

    keys: set[bytes] = field(default_factory=set)
    sources: list[Sequence[str]] = field(default_factory=list)
    targets: list[Sequence[str]] = field(default_factory=list)


class Path:
    """Everything that a walk has met so far."""

    def __init__(self, roots: tuple[str, ...], direction: Direction) -> None:
        self.roots = roots
        self.direction = direction
        self.steps: dict[bytes, set[Role]] = {}
        self.joins: dict[tuple[str, str | bytes], Join] = {}
        self.things: set[str] = set(roots)
        self.complete = True

    def step(self, key: bytes, role: Role) -> None:
        """Note that an event belongs to the trace."""
        roles = self.steps.get(key)
        if roles is None:
            roles = self.steps[key] = set()
        roles.add(role)

    def join(
        self,
        kind: str,
        name: str | bytes,
        keys: Iterable[bytes],
        sources: Sequence[str],
        targets: Sequence[str],
    ) -> None:
        """Gather one edge."""
        joined = self.joins.get((kind, name))
        if joined is None:
            joined = self.joins[kind, name] = Join()
        joined.keys.update(keys)
        joined.sources.append(sources)
        joined.targets.append(targets)

    def ordered_steps(self, index: TraceIndex) -> tuple[Step, ...]:
        """By time, then key."""
        found = []
        for key, roles in self.steps.items():
            summary = index.summary(key)
            assert summary is not None
            found.append(_step(key, summary, tuple(sorted(roles))))
        return tuple(sorted(found, key=lambda step: (step.time_ms, step.key)))

    def ordered_edges(self) -> tuple[Edge, ...]:
        """By kind and keys."""
        edges = [
            Edge(kind, tuple(sorted(join.keys)), _distinct(join.sources), _distinct(join.targets))
            for (kind, _), join in self.joins.items()
        ]
        return tuple(sorted(edges, key=lambda edge: (edge.kind, edge.keys)))

    def trace(self, index: TraceIndex) -> Trace:
        """Everything in the one order."""
        return Trace(
            roots=self.roots,
            direction=self.direction,
            steps=self.ordered_steps(index),
            edges=self.ordered_edges(),
            things=tuple(sorted(self.things)),
            complete=self.complete,
        )


def held(
    containment: Containment, container: str, start: int, stop: int
) -> Iterator[tuple[bytes, tuple[str, ...], int, int]]:
    """What was put into a container (or seen in it): event, things, when they lay there meanwhile.

    Only stays, or parts of stays, in [start, stop).
    """
    index = containment.index
    for time_ms, key, role in index.rows(container):
        if time_ms >= stop:
            return
        summary = index.summary(key) if role is Role.PARENT else None
        if summary is None or summary.action == "DELETE":
            continue
        for history in index.histories(summary.items):
            for things, (until, _) in containment.stays(history).of(container, summary):
                begin, end = max(time_ms, start), min(until, stop)
                if begin < end:
                    yield key, things, begin, end


def _distinct(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted(set().union(*parts)))


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
