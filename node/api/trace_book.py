"""Traces that were asked for, kept as long as nothing new concerns them.

A trace of a million items takes seconds; its pages, and whoever asks again, must not. A kept trace
holds as long as no block brings an event that names anything whose rows the walk has read: then it
would be read the same. So it is known of which heights it is true, and after a new block only the
events captured since are looked at. One at a time walks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from threading import Lock

from chain.ledger import Ledger
from commerce.epcis.doubts import Doubt, doubts
from commerce.epcis.graph import History, Row
from commerce.epcis.path import Direction, Edge, Join, Path, Step
from commerce.epcis.stored_index import StoredIndex, captured_between
from commerce.epcis.summary import Summary, mentioned
from commerce.epcis.trace import Limits, walk
from node.api.problems import Busy

# Kept at a time, and things of all of them together; the newest always is.
TRACES_MAX = 16
THINGS_MAX = 1_500_000
# After so many new events a trace is walked anew.
EVENTS_LOOKED_AT_MAX = 5_000
WAIT_S = 2.0
# Of a trace of more things only what was asked about is looked at for doubts.
DOUBTED_MAX = 1_000


@dataclass(slots=True)
class Asked:
    """Whose rows were read; `lists` are mostly parts of events, which the trace holds anyway."""

    names: set[str] = field(default_factory=set)
    lists: list[Sequence[str]] = field(default_factory=list)


class WatchedIndex:
    """A trace index that remembers whose rows were read."""

    def __init__(self, index: StoredIndex) -> None:
        self._index = index
        self.asked = Asked()

    def rows(self, identity: str) -> Sequence[Row]:
        """See `TraceIndex`."""
        self.asked.names.add(identity)
        return self._index.rows(identity)

    def histories(self, things: Sequence[str]) -> Sequence[History]:
        """See `TraceIndex`."""
        self.asked.lists.append(things)
        return self._index.histories(things)

    def expect(self, identities: Sequence[str]) -> None:
        """See `Expecting`; whoever asks for the rows is watched."""
        self._index.expect(identities)

    def summary(self, key: bytes) -> Summary | None:
        """See `TraceIndex`."""
        return self._index.summary(key)

    def fact(self, key: bytes) -> Summary | None:
        """See `TraceIndex`."""
        return self._index.fact(key)

    def capturer(self, key: bytes) -> bytes:
        """See `TraceIndex`."""
        return self._index.capturer(key)


class FoundTrace:
    """A finished trace, in order; `height` is the one it was walked at."""

    def __init__(self, ledger: Ledger, query: str, direction: Direction, height: int) -> None:
        index = StoredIndex(ledger.index, height, ledger.index_tails, ledger.index_value)
        watched = WatchedIndex(index)
        self.query = query
        self.height = height
        self.path: Path = walk(watched, query, direction, Limits())
        self.steps: tuple[Step, ...] = self.path.ordered_steps(index)
        few = len(self.path.things) <= DOUBTED_MAX
        doubted = sorted(self.path.things) if few else self.path.roots[:DOUBTED_MAX]
        self.doubts: tuple[Doubt, ...] = doubts(watched, doubted)
        # Not the index itself: it holds every event that was read.
        self._asked = watched.asked

    @cached_property
    def things(self) -> list[str]:
        """Sorted."""
        return sorted(self.path.things)

    @cached_property
    def _joins(self) -> list[tuple[str, tuple[bytes, ...], Join]]:
        joins = [
            (kind, tuple(sorted(join.keys)), join) for (kind, _), join in self.path.joins.items()
        ]
        return sorted(joins, key=lambda entry: entry[:2])

    def edges(self, start: int, stop: int) -> Iterator[Edge]:
        """Some edges, by kind and keys."""
        for kind, keys, join in self._joins[start:stop]:
            yield Edge(kind, keys, _distinct(join.sources), _distinct(join.targets))

    @cached_property
    def _names(self) -> set[str]:
        return self._asked.names.union(*self._asked.lists) - self.path.things

    def is_concerned(self, summary: Summary) -> bool:
        """Does an event name anything that the walk has looked at?"""
        things, beside = self.path.things, self._names
        return any(
            name in things or name in beside for _, names in mentioned(summary) for name in names
        )


def _distinct(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted(set().union(*parts)))


@dataclass(slots=True)
class _Kept:
    """A trace, and up to which height it has been looked after: it is true from its own to that."""

    found: FoundTrace
    until: int


class TraceBook:
    """Asked from any thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = Lock()
        # In the order of their use.
        self._kept: dict[tuple[str, Direction, int], _Kept] = {}

    def trace(self, query: str, direction: Direction, height: int) -> FoundTrace:
        """The trace as known at a height, which is decided. `Busy` while a long one is walked."""
        if not self._lock.acquire(timeout=WAIT_S):
            msg = "a long trace is being walked"
            raise Busy(msg)
        try:
            kept = self._find(query, direction, height)
            if kept is None:
                found = FoundTrace(self._ledger, query, direction, height)
                kept = self._kept[query, direction, height] = _Kept(found, height)
                self._let_go()
            return kept.found
        finally:
            self._lock.release()

    def _find(self, query: str, direction: Direction, height: int) -> _Kept | None:
        """A kept trace that is as true at this height."""
        for name, kept in reversed(self._kept.items()):
            if name[:2] != (query, direction) or kept.found.height > height:
                continue
            if kept.until >= height or self._holds(kept, height):
                kept.until = max(kept.until, height)
                self._kept[name] = self._kept.pop(name)
                return kept
        return None

    def _holds(self, kept: _Kept, height: int) -> bool:
        """Has no event since then anything to do with it?"""
        scan = self._ledger.index
        events = captured_between(scan, kept.until, height)
        for event in islice(events, EVENTS_LOOKED_AT_MAX):
            if kept.found.is_concerned(event.summary):
                return False
        return next(events, None) is None

    def _let_go(self) -> None:
        while len(self._kept) > 1 and (
            len(self._kept) > TRACES_MAX
            or sum(len(kept.found.path.things) for kept in self._kept.values()) > THINGS_MAX
        ):
            del self._kept[next(iter(self._kept))]
