"""The EPCIS event behind a proven row: found in the proven transaction that captured it."""

from importlib import import_module
from typing import Any

from chain.bundle_facts import StateFact, TransactionFact, Verified
from chain.codec import from_value
from chain.errors import HushangError

_PREFIX = b"epcis/"


def captured_event(fact: StateFact, verified: Verified) -> str | None:
    """The event as canonical JSON; None if the row is no event's, or its transaction isn't proven.

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


def _event(sent: TransactionFact, row: Any, key: bytes, capture: Any) -> str | None:
    canonical = import_module("commerce.epcis.canonical")
    reading = import_module("commerce.epcis.document")
    try:
        operation = sent.transaction.operations[row.operation_index]
        payload = from_value(capture.EpcisCapture, operation.payload)
        stated = reading.read_document(payload.document).events[row.event_index]
    except (HushangError, IndexError):
        return None
    if canonical.event_key(sent.transaction.sender, stated) != key:
        return None
    text: str = canonical.canonical_json(stated).decode()
    return text
