"""The EPCIS event behind a proven row: found in the proven transaction that captured it."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from chain.bundle_facts import StateFact, TransactionFact, Verified
from chain.codec import from_value
from chain.errors import HushangError

_PREFIX = b"epcis/"


@dataclass(frozen=True, slots=True)
class ProvenEvent:
    """An event as canonical JSON. Under the state key `declared` stands, if there is one, the
    declaration that makes it void: its capturer said that it was an error.
    """

    text: str
    declared: bytes


def captured_event(fact: StateFact, verified: Verified) -> ProvenEvent | None:
    """The event behind a row; None if the row is no event's, or its transaction isn't proven.

    What is returned has the row's own key, which is a hash of capturer and event.
    """
    if fact.value is None or not fact.key.startswith(_PREFIX):
        return None
    # Imported here: only events need the rules of EPCIS.
    capture = import_module("commerce.epcis.capture")
    try:
        row = capture.EVENTS.read(fact.value)
    except HushangError:
        return None
    for sent in verified.transactions:
        if sent.id == row.transaction_id and sent.height == row.height:
            return _event(sent, row, fact.key.removeprefix(_PREFIX), capture)
    return None


def _event(sent: TransactionFact, row: Any, key: bytes, capture: Any) -> ProvenEvent | None:
    canonical = import_module("commerce.epcis.canonical")
    reading = import_module("commerce.epcis.document")
    try:
        operation = sent.transaction.operations[row.operation_index]
        payload = from_value(capture.EpcisCapture, operation.payload)
        stated = reading.read_document(payload.document).events[row.event_index]
    except (HushangError, IndexError):
        return None
    capturer = sent.transaction.sender
    if canonical.event_key(capturer, stated) != key:
        return None
    declared = capture.DECLARATIONS.key(capturer, capture.statement_of(stated))
    return ProvenEvent(canonical.canonical_json(stated).decode(), declared)
