"""Which lots an item is of: its identity doesn't say so, the events of its birth do."""

from collections.abc import Sequence
from typing import Protocol

from commerce.epcis.graph import Row
from commerce.epcis.identifiers import is_class
from commerce.epcis.summary import Summary

# Events of an item that are looked at, the earliest first: it comes into being before all else.
ROWS_MAX = 1_000


class EventIndex(Protocol):
    """What of the provenance index is needed (`StoredIndex`)."""

    def rows(self, identity: str) -> Sequence[Row]:
        """Events that name a thing, by time."""
        ...

    def summary(self, key: bytes) -> Summary | None:
        """An event; None if it takes no part in traces."""
        ...


def lots_of(index: EventIndex, thing: str) -> tuple[str, ...]:
    """The identities of the lots that an item is of, sorted; none of a lot or product itself."""
    if is_class(thing):
        return ()
    found: set[str] = set()
    for _, key, _ in index.rows(thing)[:ROWS_MAX]:
        summary = index.summary(key)
        for members in () if summary is None else summary.lots:
            if thing in members.items:
                found.add(members.lot)
    return tuple(sorted(found))
