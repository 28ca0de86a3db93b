"""Captured events read again: from the index's record to the document that states them.

A document is parsed once for the events that lie side by side in it; what is kept is bounded by the
bytes that it came from. Called in threads.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from chain.bech32m import encode_account
from chain.codec import decode
from chain.crypto import HASH_SIZE
from chain.ledger import Ledger
from chain.schema import INDEX
from commerce.epcis.capture import EVENTS, CapturedEvent, EpcisCapture
from commerce.epcis.document import Event
from commerce.epcis.lexeme import Json, read_number
from commerce.epcis.query.subjects import Stated, Subject, read_stated
from commerce.epcis.stored_index import DECLARED, EVENT, IndexedEvent

# The namespace of what this node knows of an event besides its words, and its usual prefix.
NAMESPACE: Final = "urn:hushang:epcis:"
PREFIX: Final = "hushang"
# Source bytes of the documents that are kept parsed; a parsed one takes some ten times as much.
KEPT_SIZE_MAX: Final = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Captured:
    """A captured event: where its bytes lie, the index's record of it, and what it states.

    `void_since` is the height of the declaration that voids it, None without one; `parsed` how many
    bytes had to be parsed for it, none if its document was at hand.
    """

    key: bytes
    place: CapturedEvent
    record: IndexedEvent
    stated: Stated
    time_ms: int
    void_since: int | None
    parsed: int

    @property
    def event(self) -> Event:
        """The event as it was captured."""
        return self.stated.events[self.place.event_index]

    @property
    def subject(self) -> Subject:
        """What a query looks at."""
        return Subject(self.event, self.time_ms, self.stated.master_data, self._known())

    @property
    def counts(self) -> bool:
        """Does it take part in traces: neither a claim nor void, nor itself a declaration?"""
        return not (self.record.claim or self.record.declares_error) and self.void_since is None

    def _known(self) -> dict[str, Json]:
        """What a query may ask of it besides its words."""
        return {
            f"{NAMESPACE}counts": self.counts,
            f"{NAMESPACE}claim": self.record.claim,
            f"{NAMESPACE}capturer": encode_account(self.record.capturer),
            f"{NAMESPACE}height": read_number(str(self.place.height)),
        }


class Library:
    """The captured documents of one ledger."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[bytes, int], tuple[Stated, int]] = OrderedDict()
        self._size = 0

    def record(self, ledger: Ledger, key: bytes) -> IndexedEvent | None:
        """The index's record of an event."""
        if len(key) != HASH_SIZE:
            return None
        value = ledger.store.get(INDEX + EVENT + key)
        return None if value is None else decode(IndexedEvent, value)

    def event(self, ledger: Ledger, key: bytes, height: int | None = None) -> Captured | None:
        """A captured event, None if there is none; `HistoryPruned` if its block is not here.

        As known at a height, or now: a later declaration doesn't void it.
        """
        record, place = self.record(ledger, key), EVENTS.load(ledger.state, key)
        if record is None or place is None:
            return None
        stated, parsed = self._stated(ledger, place)
        header = ledger.header(place.height)
        if header is None:
            ledger.require_block(place.height)
        assert header is not None, "a block that is here has a header"
        return Captured(
            key=key,
            place=place,
            record=record,
            stated=stated,
            time_ms=header.time_ms,
            void_since=void_since(ledger, record, height),
            parsed=parsed,
        )

    def _stated(self, ledger: Ledger, place: CapturedEvent) -> tuple[Stated, int]:
        """The document of an event, and how many bytes were parsed for it; `HistoryPruned`."""
        at = (place.transaction_id, place.operation_index)
        with self._lock:
            known = self._kept.get(at)
            if known is not None:
                self._kept.move_to_end(at)
                return known[0], 0
        data = document_bytes(ledger, place)
        stated = read_stated(data)
        with self._lock:
            self._keep(at, stated, len(data))
        return stated, len(data)

    def _keep(self, at: tuple[bytes, int], stated: Stated, size: int) -> None:
        if at in self._kept:
            return
        self._kept[at] = (stated, size)
        self._size += size
        while self._size > KEPT_SIZE_MAX and len(self._kept) > 1:
            _, (_, gone) = self._kept.popitem(last=False)
            self._size -= gone


def document_bytes(ledger: Ledger, place: CapturedEvent) -> bytes:
    """The very bytes that were captured; `HistoryPruned`."""
    found = ledger.find_receipt(place.transaction_id)
    received = None if found is None else ledger.find_body(found[0], place.transaction_id)
    if received is None:
        ledger.require_block(place.height)
    assert received is not None, "a captured event's block is in the store"
    payload = received.payloads[place.operation_index]
    assert isinstance(payload, EpcisCapture)
    return payload.document


def void_since(ledger: Ledger, record: IndexedEvent, height: int | None) -> int | None:
    """The height at which its capturer first declared this statement erroneous, or None.

    With a height: None as long as that hadn't happened.
    """
    if record.declares_error:
        return None
    prefix = DECLARED + record.capturer + record.statement
    for entry, _ in ledger.index(prefix):
        since = int.from_bytes(entry[len(prefix) :], "big")
        return since if height is None or since <= height else None
    return None
