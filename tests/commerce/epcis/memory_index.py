"""A trace index in memory: capture events into it and trace."""

from bisect import insort
from collections.abc import Sequence
from typing import Any

from commerce.epcis.canonical import event_key
from commerce.epcis.document import read_document
from commerce.epcis.graph import History, Row, grouped
from commerce.epcis.summary import Role, Summary, mentions, summarise
from tests.commerce.epcis.statements import data, document

CAPTURER = bytes(range(32))


class MemoryIndex:
    """Rows and summaries as capture would write them; `void` holds keys that take no part."""

    def __init__(self, *events: dict[str, Any]) -> None:
        self.by_identity: dict[str, list[Row]] = {}
        self.summaries: dict[bytes, Summary] = {}
        self.void: set[bytes] = set()
        self.capturers: dict[bytes, bytes] = {}
        for start in range(0, len(events), 100):
            self.capture(*events[start : start + 100])

    def capture(self, *events: dict[str, Any], capturer: bytes = CAPTURER) -> list[bytes]:
        """Index up to 100 events; their keys."""
        keys = []
        for event in read_document(data(document(*events))).events:
            key = event_key(capturer, event)
            self.capturers[key] = capturer
            keys.append(key)
            self.add(key, summarise(event))
        return keys

    def add(self, key: bytes, summary: Summary) -> None:
        """Index one summary."""
        self.summaries[key] = summary
        for identity, role in mentions(summary):
            insort(self.by_identity.setdefault(identity, []), (summary.time_ms, key, role))

    def rows(self, identity: str) -> list[Row]:
        """See `TraceIndex`."""
        return self.by_identity.get(identity, [])

    def histories(self, things: Sequence[str]) -> list[History]:
        """See `TraceIndex`."""
        return grouped((thing, self.rows(thing)) for thing in things)

    def fact(self, key: bytes) -> Summary | None:
        """See `TraceIndex`; nothing here is a claim."""
        return self.summaries[key]

    def summary(self, key: bytes) -> Summary | None:
        """See `TraceIndex`."""
        return None if key in self.void else self.summaries[key]

    def capturer(self, key: bytes) -> bytes:
        """See `TraceIndex`."""
        return self.capturers.get(key, CAPTURER)


__all__ = ["CAPTURER", "MemoryIndex", "Role"]
