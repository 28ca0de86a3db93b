"""What the engines of provenance read: rows of things, things of one history, events.

An index answers as of one height. A *history* is all rows of a thing; the items of a batch mostly
share theirs, so that trace and recall walk histories and events instead of items.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from commerce.epcis.summary import Role, Summary

BEGINNING = -(2**63)
FOREVER = 2**63 - 1

# Event time in UTC ms, the event's key, how it names the thing.
Row = tuple[int, bytes, Role]


@dataclass(frozen=True, slots=True)
class History:
    """Things that the very same rows name; `rows` by time, key and role."""

    rows: tuple[Row, ...]
    things: tuple[str, ...]


class TraceIndex(Protocol):
    """The part of an index that provenance needs."""

    def rows(self, identity: str) -> Sequence[Row]:
        """The events that name an identity, by time, key and role."""
        ...

    def histories(self, things: Sequence[str]) -> Sequence[History]:
        """The things by their histories, in the order given; what no event names is left out."""
        ...

    def summary(self, key: bytes) -> Summary | None:
        """The event, or None if it takes no part: declared erroneous, or a mere claim."""
        ...

    def fact(self, key: bytes) -> Summary | None:
        """As `summary`, but also what was declared erroneous since: marks outlive that."""
        ...

    def capturer(self, key: bytes) -> bytes:
        """The account that stated an event that the index has."""
        ...


@runtime_checkable
class Expecting(Protocol):
    """An index that reads better what it is told of beforehand."""

    def expect(self, identities: Sequence[str]) -> None:
        """Each of these will be asked for its `rows`: they may be read at once."""
        ...


def grouped(named: Iterable[tuple[str, Sequence[Row]]]) -> list[History]:
    """Things and their rows as histories, in the order given."""
    groups: dict[tuple[Row, ...], list[str]] = {}
    for thing, rows in named:
        if rows:
            groups.setdefault(tuple(rows), []).append(thing)
    return [History(rows, tuple(things)) for rows, things in groups.items()]
