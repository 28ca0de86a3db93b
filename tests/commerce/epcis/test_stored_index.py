"""The stored index: what capture writes is what a trace reads."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from chain.codec import decode
from commerce.epcis.canonical import event_key
from commerce.epcis.document import read_document
from commerce.epcis.identifiers import identity
from commerce.epcis.stored_index import (
    AT,
    EVENT,
    NAME_SIZE_MAX,
    ROW,
    TIME,
    WORD,
    WORDS,
    IndexedEvent,
    StoredIndex,
    entries,
    keys_by_event_id,
    keys_by_hash,
    name_key,
    read_record,
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
    lot,
    packing,
    serial,
)

DIGEST, STATEMENT = bytes(32), b"s" * 32


GTIN = "https://id.gs1.org/01/06901234123456"


class Stored:
    """Index entries in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[bytes, bytes] = {}

    def scan(self, prefix: bytes, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        for key in sorted(self.entries):
            if key.startswith(prefix) and key >= start:
                yield key, self.entries[key]

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        for prefix in prefixes:
            yield [key[len(prefix) :] for key, _ in self.scan(prefix, b"")]

    def capture(self, event: Members, digest: bytes = DIGEST, **changes: Any) -> bytes:
        (read,) = read_document(data(document(event))).events
        key = event_key(CAPTURER, read)
        plain: dict[str, Any] = {"declares_error": False, "claim": False, "height": 5}
        statement, event_id = changes.pop("statement", STATEMENT), event.get("eventID")
        said = (summarise(read), CAPTURER, statement, digest, event_id)
        self.entries.update(entries(key, IndexedEvent(*said, **(plain | changes))))
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


def test_the_rows_of_many_things_are_read_in_one_walk_and_grouped() -> None:
    stored = Stored()
    for event in EVENTS:
        stored.capture(event)
    things = [identity(serial(n)) for n in range(4)] + [identity(case(7)), "x" * NAME_SIZE_MAX * 2]
    for index in (StoredIndex(stored.scan, tails=stored.tails), StoredIndex(stored.scan)):
        histories = index.histories(things)
        grouped = {thing for history in histories for thing in history.things}
        assert grouped == {*things[1:3], identity(case(7))}
        for history in histories:
            for thing in history.things:
                assert list(history.rows) == index.rows(thing)
    assert StoredIndex(stored.scan).histories([]) == []


def test_many_declarations_are_asked_for_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commerce.epcis.stored_index._VOID_CACHED_MAX", 1)
    stored = Stored()
    declared = {"declarationTime": "2024-05-01T00:00:00Z"}
    keys = [stored.capture(EVENTS[n], statement=bytes([n]) * 32) for n in range(3)]
    for n in range(2):
        void = EVENTS[n] | {"errorDeclaration": declared}
        stored.capture(void, statement=bytes([n]) * 32, declares_error=True, height=7)
    counts = [StoredIndex(stored.scan).summary(key) is not None for key in keys]
    assert counts == [False, False, True]
    early = StoredIndex(stored.scan, height_max=6)
    assert all(early.summary(key) for key in keys)
    assert all(StoredIndex(stored.scan).fact(key) for key in keys)


def test_an_event_tells_who_stated_it() -> None:
    stored = Stored()
    key = stored.capture(EVENTS[0])
    index = StoredIndex(stored.scan)
    fact = index.fact(key)
    assert fact is not None
    assert index.capturer(key) == CAPTURER


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


def test_an_error_declaration_is_found_by_its_things_and_traced_by_none() -> None:
    stored = Stored()
    declared = {"declarationTime": "2024-05-01T00:00:00Z"}
    key = stored.capture(harvest(errorDeclaration=declared), declares_error=True, height=7)
    index = StoredIndex(stored.scan)
    assert [row[1] for row in index.rows(f"{GTIN}/21/1")] == [key]
    assert index.summary(key) is None


def test_of_two_declarations_the_first_counts() -> None:
    stored = Stored()
    key = stored.capture(EVENTS[0], height=5)
    for day, height in ((1, 7), (2, 9)):
        declared = {"declarationTime": f"2024-05-{day:02}T00:00:00Z"}
        stored.capture(harvest(errorDeclaration=declared), declares_error=True, height=height)
    assert StoredIndex(stored.scan, height_max=6).summary(key) is not None
    assert StoredIndex(stored.scan, height_max=7).summary(key) is None


def test_the_rows_of_a_products_items_lie_together_in_order() -> None:
    stored = Stored()
    for number in (3, 1, 2):
        stored.capture(harvest(epcList=[serial(number)]))
    rows = [key for key, _ in stored.scan(ROW + b"https://id.gs1.org/01/", b"")]
    named = [key[len(ROW) :].split(b"\x00")[0].decode() for key in rows]
    items = [identity(serial(number)) for number in (1, 2, 3)]
    assert [name for name in named if name in items] == items


def test_no_name_in_a_key_begins_with_another() -> None:
    names = ["urn:a", "urn:a:b", "urn:" + "x" * 124, "urn:" + "x" * 125, "urn:" + "x" * 500, "号"]
    keys = [name_key(name) for name in names]
    assert len(set(keys)) == len(names)
    assert not any(a != b and a.startswith(b) for a in keys for b in keys)
    assert max(map(len, keys)) <= NAME_SIZE_MAX + 1


def test_events_are_found_in_the_order_of_time_and_of_capture() -> None:
    stored = Stored()
    old = stored.capture(EVENTS[3], height=9)
    new = stored.capture(EVENTS[2], height=3)
    assert [key[-32:] for key, _ in stored.scan(TIME, b"")] == [old, new]
    assert [key[-32:] for key, _ in stored.scan(AT, b"")] == [new, old]


def test_each_word_stands_once() -> None:
    stored = Stored()
    for event in EVENTS:
        stored.capture(event)
    kind = bytes([WORDS.index("type")])
    said = [value.decode() for _, value in stored.scan(WORD + kind, b"")]
    assert said == ["AggregationEvent", "ObjectEvent", "TransformationEvent"]
    place = bytes([WORDS.index("read_point")])
    places = [value.decode() for _, value in stored.scan(WORD + place, b"")]
    assert places == [identity("urn:epc:id:sgln:6901234.00001.0")]


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


def test_a_record_is_read_back_as_it_was_written() -> None:
    lots = {"cbvmda:lotNumber": "L7"}
    kilogram = [{"epcClass": lot("L1"), "quantity": 1.5, "uom": "KGM"}]
    written = [*EVENTS, harvest(ilmd=lots), packing(childQuantityList=kilogram, eventID="urn:x:1")]
    for event in written:
        stored = Stored()
        key = stored.capture(event)
        record = stored.entries[EVENT + key]
        assert read_record(record) == decode(IndexedEvent, record)
