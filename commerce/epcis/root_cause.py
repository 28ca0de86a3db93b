"""What several bad items have in common: shared ancestors, events and places, the nearest first.

Each item is traced back by itself; what at least two of the traces have is a candidate. What all of
them share comes first, and among that what is fewest steps away from the farthest item: the nearest
common ancestor rather than the field that everything grew on.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commerce.epcis.follow import PACKED
from commerce.epcis.graph import TraceIndex
from commerce.epcis.identifiers import is_class
from commerce.epcis.path import Direction, Path
from commerce.epcis.summary import Summary
from commerce.epcis.trace import Limits, walk

ITEMS_MAX = 20
CAUSES_MAX = 200
# Of each item's trace.
LIMITS = Limits(steps_max=5_000, things_max=50_000)

LOT, ITEM, CONTAINER, EVENT, PLACE = "lot", "item", "container", "event", "place"
_KINDS = (LOT, ITEM, CONTAINER, EVENT, PLACE)


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that at least two of the items share.

    `kind`: lot, item, container, event (`name` is its key in hex) or place. `of`: how many of the
    items share it. `distance`: how many edges lie between it and the farthest of these; an event is
    as near as the nearest thing that it names. `time_ms` is the event's, of a place's last one.
    """

    kind: str
    name: str
    of: int
    distance: int
    time_ms: int | None
    biz_step: str | None


@dataclass(frozen=True, slots=True)
class RootCause:
    """`causes` in the order of the module; `complete` is False if a limit cut something short."""

    items: tuple[str, ...]
    causes: tuple[Cause, ...]
    complete: bool


@dataclass(slots=True)
class _Shared:
    """How far away it is from each of the items that have it."""

    distances: list[int]
    time_ms: int | None = None
    biz_step: str | None = None


def root_cause(index: TraceIndex, items: Sequence[str]) -> RootCause:
    """The causes that items (identities, at most `ITEMS_MAX`, each once) may share."""
    assert len(items) <= ITEMS_MAX
    shared: dict[tuple[str, str], _Shared] = {}
    complete = True
    for item in items:
        path = walk(index, item, Direction.BACK, LIMITS)
        complete = complete and path.complete
        for (kind, name), (distance, event) in _ancestry(index, path).items():
            entry = shared.setdefault((kind, name), _Shared([]))
            entry.distances.append(distance)
            if event is not None and (entry.time_ms is None or entry.time_ms < event.time_ms):
                entry.time_ms, entry.biz_step = event.time_ms, event.biz_step
    causes = sorted(
        (
            Cause(kind, name, len(entry.distances), max(entry.distances), entry.time_ms, step)
            for (kind, name), entry in shared.items()
            for step in (entry.biz_step if kind == EVENT else None,)
            if len(entry.distances) > 1
        ),
        key=_order,
    )
    complete = complete and len(causes) <= CAUSES_MAX
    return RootCause(tuple(items), tuple(causes[:CAUSES_MAX]), complete)


def _order(cause: Cause) -> tuple[int, int, int, str]:
    return -cause.of, cause.distance, _KINDS.index(cause.kind), cause.name


def _ancestry(index: TraceIndex, path: Path) -> dict[tuple[str, str], tuple[int, Summary | None]]:
    """Everything behind one item: how far away, and for events and places the event."""
    away = _distances(path)
    found: dict[tuple[str, str], tuple[int, Summary | None]] = {}
    for thing, distance in away.items():
        found[_kind(thing, path), thing] = distance, None
    farthest = max(away.values(), default=0)
    for key in path.steps:
        summary = index.summary(key)
        assert summary is not None
        near = min((away[thing] for thing in _named(summary) if thing in away), default=farthest)
        found[EVENT, key.hex()] = near, summary
        for place in {summary.read_point, summary.biz_location} - {None}:
            assert place is not None
            known = found.get((PLACE, place))
            if known is None or near < known[0]:
                found[PLACE, place] = near, summary
    return found


def _kind(thing: str, path: Path) -> str:
    if thing not in path.things:
        return CONTAINER
    return LOT if is_class(thing) else ITEM


def _distances(path: Path) -> dict[str, int]:
    """How many edges lie between the roots and each thing behind them, and their containers."""
    behind: dict[str, list[Sequence[str]]] = {}
    for (kind, _), join in path.joins.items():
        for sources, targets in zip(join.sources, join.targets, strict=True):
            starts, ends = (sources, targets) if kind == PACKED else (targets, sources)
            for start in starts:
                behind.setdefault(start, []).append(ends)
    away = dict.fromkeys(path.roots, 0)
    queue = deque(path.roots)
    while queue:
        thing = queue.popleft()
        for ends in behind.get(thing, ()):
            for end in ends:
                if end not in away:
                    away[end] = away[thing] + 1
                    queue.append(end)
    return away


def _named(summary: Summary) -> Iterator[str]:
    if summary.parent is not None:
        yield summary.parent
    yield from summary.items
    yield from summary.inputs
    yield from summary.outputs
