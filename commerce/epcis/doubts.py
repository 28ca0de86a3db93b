"""What can't be of single things, and was stated all the same: told as warnings, never refused.

A serialised thing is made once, lies in one container at a time and never in itself, and nothing
happens to it after it was used up (provenance: forest and acyclicity). Real data break each of
these by mistakes that a trace should show; classes of things may do all of it.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commerce.epcis.containment import Containment
from commerce.epcis.graph import FOREVER, History, TraceIndex
from commerce.epcis.identifiers import is_class
from commerce.epcis.summary import Role, Summary

MADE_TWICE = "made_twice"
USED_BEFORE = "used_before"
TWO_CONTAINERS = "two_containers"
IN_ITSELF = "in_itself"

DOUBTS_MAX = 100
CONTAINERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Doubt:
    """The events at `keys` say of a thing what can't all be; `kind` is one of the four above."""

    kind: str
    thing: str
    keys: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Stay:
    start: int
    end: int
    parent: str
    key: bytes


def doubts(index: TraceIndex, things: Sequence[str]) -> tuple[Doubt, ...]:
    """Of these things, by thing and kind; at most `DOUBTS_MAX`."""
    containment = Containment(index)
    found: list[Doubt] = []
    for history in index.histories([thing for thing in things if not is_class(thing)]):
        counted = [
            (time_ms, key, role, summary)
            for time_ms, key, role in history.rows
            if (summary := index.summary(key)) is not None
        ]
        told = [*_lives(counted), *_places(containment, history)]
        found += [Doubt(kind, thing, keys) for thing in history.things for kind, keys in told]
        found += [
            Doubt(IN_ITSELF, thing, (key,))
            for thing in history.things
            if (key := _in_itself(containment, thing)) is not None
        ]
    return tuple(sorted(found, key=lambda doubt: (doubt.thing, doubt.kind))[:DOUBTS_MAX])


def _lives(
    rows: Sequence[tuple[int, bytes, Role, Summary]],
) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """More than one birth, or something after the end."""
    births = [key for _, key, role, summary in rows if _is_birth(role, summary)]
    if len(births) > 1:
        yield MADE_TWICE, tuple(births)
    ends = [(time_ms, key) for time_ms, key, role, _ in rows if role is Role.INPUT]
    if ends:
        ended_ms, ended_by = ends[0]
        later = [key for time_ms, key, role, _ in rows if time_ms > ended_ms]
        if later:
            yield USED_BEFORE, (ended_by, *later)


def _is_birth(role: Role, summary: Summary) -> bool:
    commissions = summary.type == "ObjectEvent" and summary.action == "ADD"
    return role is Role.OUTPUT or (role is Role.SUBJECT and commissions)


def _places(containment: Containment, history: History) -> Iterator[tuple[str, tuple[bytes, ...]]]:
    """Two stays in different containers at a time."""
    before: _Stay | None = None
    for stay in _stays(containment, history):
        if before is not None and before.parent != stay.parent and stay.start < before.end:
            yield TWO_CONTAINERS, (before.key, stay.key)
            return
        if before is None or stay.end > before.end:
            before = stay


def _stays(containment: Containment, history: History) -> Iterator[_Stay]:
    """The stays that events began, by time."""
    stays = containment.stays(history)
    for time_ms, key, role in history.rows:
        summary = containment.index.summary(key) if role is Role.CHILD else None
        if summary is None or summary.action != "ADD" or summary.parent is None:
            continue
        for _, (until, _) in stays.of(summary.parent, summary):
            yield _Stay(time_ms, until, summary.parent, key)


def _in_itself(containment: Containment, thing: str) -> bytes | None:
    """The event by which a thing lies in something that lies in the thing, or None."""
    pending = deque([_Stay(-FOREVER, FOREVER, thing, b"")])
    seen: set[tuple[str, int, int]] = set()
    while pending and len(seen) < CONTAINERS_MAX:
        inner = pending.popleft()
        rows = tuple(containment.index.rows(inner.parent))
        for stay in _stays(containment, History(rows, (inner.parent,))):
            start, end = max(stay.start, inner.start), min(stay.end, inner.end)
            if start >= end or (stay.parent, start, end) in seen:
                continue
            if stay.parent == thing:
                return stay.key
            seen.add((stay.parent, start, end))
            pending.append(_Stay(start, end, stay.parent, stay.key))
    return None
