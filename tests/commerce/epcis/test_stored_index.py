"""The stored index: what capture writes is what a trace reads."""

from collections.abc import Iterator
from typing import Any

from commerce.epcis.canonical import event_key
from commerce.epcis.document import read_document
from commerce.epcis.identifiers import identity
from commerce.epcis.stored_index import (
    IndexedEvent,
    StoredIndex,
    entries,
    keys_by_event_id,
    keys_by_hash,
)
from commerce.epcis.summary import summarise
from commerce.epcis.trace import Direction, trace
from tests.commerce.epcis.memory_index import CAPTURER, MemoryIndex
from tests.commerce.epcis.statements import (
    Members,
    blending,
    case,
    data,
    document,
    harvest,
    packing,
    serial,
)

DIGEST, STATEMENT = bytes(32), b"s" * 32


class Stored:
    """Index entries in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[bytes, bytes] = {}

    def scan(self, prefix: bytes, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        for key in sorted(self.entries):
            if key.startswith(prefix) and key >= start:
                yield key, self.entries[key]

    def capture(self, event: Members, digest: bytes = DIGEST, **changes: Any) -> bytes:
        (read,) = read_document(data(document(event))).events
        key = event_key(CAPTURER, read)
        plain: dict[str, Any] = {"declares_error": False, "claim": False, "height": 5}
        statement = changes.pop("statement", STATEMENT)
        indexed = IndexedEvent(summarise(read), CAPTURER, statement, **(plain | changes))
        event_id = event.get("eventID")
        self.entries.update(entries(key, indexed, digest, event_id))
        return key


EVENTS = [
    harvest(),
    packing(childEPCs=[serial(1), serial(2)]),
    harvest(
        action="OBSERVE", bizStep="shipping", epcList=[case(7)], eventTime="2024-05-01T00:00:00Z"
    ),
    harvest(action="OBSERVE", eventTime="1960-01-01T00:00:00Z"),
    blending(inputEPCList=[serial(1)], transformationID="urn:uuid:1"),
]


def test_a_trace_over_the_store_equals_one_in_memory() -> None:
    memory, stored = MemoryIndex(*EVENTS), Stored()
    for event in EVENTS:
        stored.capture(event)
    for direction in Direction:
        for query in (identity(serial(1)), identity(serial(31, "077777")), identity(case(7))):
            expected = trace(memory, query, direction)
            assert trace(StoredIndex(stored.scan), query, direction) == expected
            assert expected.steps


def test_a_claim_and_a_later_block_take_no_part() -> None:
    stored = Stored()
    stored.capture(EVENTS[0], claim=True)
    stored.capture(EVENTS[2], height=9, statement=b"t" * 32)
    assert trace(StoredIndex(stored.scan), identity(serial(1)), Direction.BACK).steps == ()
    for height, steps in ((8, 0), (9, 1)):
        index = StoredIndex(stored.scan, height_max=height)
        assert len(trace(index, identity(case(7)), Direction.BACK).steps) == steps


def test_an_error_declaration_voids_its_statement_from_its_height_on() -> None:
    stored = Stored()
    key = stored.capture(EVENTS[0], height=5)
    declared = {"declarationTime": "2024-05-01T00:00:00Z"}
    stored.capture(harvest(errorDeclaration=declared), declares_error=True, height=7)
    assert StoredIndex(stored.scan, height_max=6).summary(key) is not None
    assert StoredIndex(stored.scan, height_max=7).summary(key) is None
    # What is stated in the same words later is as void; another statement isn't.
    assert StoredIndex(stored.scan).summary(stored.capture(EVENTS[0], height=9)) is None
    other = stored.capture(EVENTS[1], statement=b"t" * 32)
    assert StoredIndex(stored.scan).summary(other) is not None


def test_several_events_may_share_a_hash_or_an_event_id() -> None:
    stored = Stored()
    first = stored.capture(harvest(eventID="urn:uuid:1"), digest=b"d" * 32)
    second = stored.capture(harvest(eventID="urn:uuid:1", **{"tea:a": 1}), digest=b"d" * 32)
    stored.capture(harvest(eventID="urn:uuid:2"), digest=b"e" * 32)
    assert keys_by_hash(stored.scan, b"d" * 32) == sorted([first, second])
    assert keys_by_event_id(stored.scan, "urn:uuid:1") == sorted([first, second])
    assert keys_by_event_id(stored.scan, "urn:uuid:3") == []


def test_an_unknown_event_has_no_summary() -> None:
    assert StoredIndex(Stored().scan).summary(bytes(32)) is None
