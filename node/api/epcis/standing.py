"""A named query as its subscriptions ask it: one captured event at a time, as they come."""

from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import override

from chain.ledger import Ledger
from commerce.epcis.query.parameters import Query
from node.api.epcis.answers import Told, document, told
from node.api.epcis.library import Library
from node.webhooks.batches import StandingQuery


@dataclass(frozen=True, slots=True)
class NamedQuery(StandingQuery):
    """A query under its name. What orders or limits a result says nothing of events to come."""

    name: str
    query: Query
    library: Library

    @override
    def select(self, ledger: Ledger, event_key: bytes) -> str | None:
        record = self.library.record(ledger, event_key)
        if record is None:
            return None
        conditions = self.query.conditions
        if not all(one.early is None or one.early(record.summary) for one in conditions):
            return None
        captured = self.library.event(ledger, event_key)
        if captured is None or not self.query.matches(captured.subject):
            return None
        return told(captured).text()

    @override
    def document(self, subscription_id: str | None, events: Sequence[str], time_ms: int) -> bytes:
        found = [Told.of_text(text) for text in events]
        return document(found, time_ms, self.name, subscription_id)
