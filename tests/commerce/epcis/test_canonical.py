"""The identity of an event: what changes its key, what doesn't, and its exact bytes."""

import json
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.crypto import tagged_hash
from chain.errors import LedgerError
from commerce.epcis.canonical import _as_written, _object, canonical_json, event_key
from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisInvalid
from commerce.epcis.lexeme import Json, read_number
from commerce.epcis.prefixes import NO_PREFIXES
from tests.commerce.epcis import variations
from tests.commerce.epcis.statements import CONTEXT, data, document, harvest, sensing

LI, WANG = bytes(32), bytes(range(32))


def key(event: dict[str, Any], capturer: bytes = LI, **changes: Any) -> bytes:
    read = read_document(data({**document(event), **changes}))
    return event_key(capturer, read.events[0])


def test_the_canonical_bytes_are_as_specified() -> None:
    event = harvest(
        epcList=["urn:epc:id:sgtin:6901234.012345.1"],
        recordTime="2024-05-01T00:00:00Z",
        sensorElementList=sensing({"type": "gs1:Mass", "value": 26.0, "booleanValue": True}),
        **{"tea:note": ['"绿茶"\n', None, False, 0.050, -120], "@context": {"k": "urn:k:"}},
    )
    (read,) = read_document(data(document(event))).events
    expected = (
        '{"action":"ADD","bizStep":"commissioning","disposition":"active",'
        '"epcList":["urn:epc:id:sgtin:6901234.012345.1"],'
        '"eventTime":"2024-04-05T08:30:00.000+08:00","eventTimeZoneOffset":"+08:00",'
        '"https://tea.example/epcis/note":["\\"绿茶\\"\\n",null,false,5e-2,-12e1],'
        '"readPoint":{"id":"urn:epc:id:sgln:6901234.00001.0"},'
        '"sensorElementList":[{"sensorReport":'
        '[{"booleanValue":true,"type":"https://gs1.org/voc/Mass","value":26}]}],'
        '"type":"ObjectEvent"}'
    ).encode()
    assert canonical_json(read) == expected
    assert event_key(WANG, read) == tagged_hash("epcis-event", WANG + expected)


@pytest.mark.parametrize(
    "same",
    [
        harvest(recordTime="2024-05-01T00:00:00Z"),
        dict(reversed(harvest().items())),
        harvest(**{"@context": {"kiln": "urn:k:"}}),
    ],
)
def test_order_of_members_and_record_time_are_not_part_of_an_event(same: dict[str, Any]) -> None:
    assert key(same) == key(harvest())


def test_numbers_are_equal_by_value() -> None:
    def with_value(lexeme: str) -> bytes:
        text = data(document(harvest(**{"tea:n": "N"}))).replace(b'"N"', lexeme.encode())
        return event_key(LI, read_document(text).events[0])

    assert with_value("26") == with_value("26.0") == with_value("2.60e+1")
    assert with_value("26") != with_value("26.0000000000000000000000000000001")
    assert with_value("26") != with_value('"26"')


def test_a_prefix_is_only_a_short_name() -> None:
    names: dict[str, Any] = {"@context": [CONTEXT, {"cha": "https://tea.example/epcis/"}]}
    assert key(harvest(**{"cha:a": "cha:b"}), **names) == key(harvest(**{"tea:a": "tea:b"}))
    full = "https://tea.example/epcis/a"
    assert key(harvest(**{full: 1})) == key(harvest(**{"tea:a": 1}))
    other: dict[str, Any] = {"@context": [CONTEXT, {"tea": "https://other.example/"}]}
    assert key(harvest(**{"tea:a": 1}), **other) != key(harvest(**{"tea:a": 1}))


def test_who_stated_it_and_everything_it_says_are_part_of_an_event() -> None:
    declaration = {"declarationTime": "2024-05-01T00:00:00Z"}
    changes: list[dict[str, Any]] = [
        harvest(eventID="urn:uuid:1"),
        harvest(errorDeclaration=declaration),
        harvest(epcList=list(reversed(harvest()["epcList"]))),
        harvest(**{"tea:a": None}),
        harvest(eventTime="2024-04-05T00:30:00.000Z"),
    ]
    keys = {key(harvest()), key(harvest(), WANG), *(key(change) for change in changes)}
    assert len(keys) == len(changes) + 2


def test_ignore_fields_never_touch_the_key() -> None:
    ignored: dict[str, Any] = {"tea:ignoreFields": ["tea:a"]}
    assert key(harvest(**{"tea:a": 1}), **ignored) != key(harvest(**{"tea:a": 2}), **ignored)


def test_two_members_of_one_full_name_are_ambiguous() -> None:
    event = harvest(readPoint={"id": "urn:x:y", "tea:a": 1, "https://tea.example/epcis/a": 2})
    with pytest.raises(EpcisInvalid, match="one full name"):
        key(event)


def test_the_canonical_bytes_are_json_with_sorted_names() -> None:
    (read,) = read_document(data(document(harvest()))).events
    text = canonical_json(read).decode()
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) == text


NUMBERS = st.sampled_from(["0", "-1.50", "1e-9", "12e5", "3402823669209384634633746074317682"])
TEXTS = st.text(st.characters(exclude_characters="\x7f\x01", exclude_categories=["Cs"]))
VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | TEXTS | NUMBERS.map(read_number),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=3))
def test_the_standard_encoder_writes_what_ours_does(members: dict[str, Json]) -> None:
    assert _as_written([members, members]) == [_object(members, NO_PREFIXES).encode()] * 2


def test_an_event_that_needs_no_prefix_has_the_key_that_it_has_beside_one_that_does() -> None:
    compared = 0
    for stated in islice(variations.documents(seed=5), 300):
        try:
            events = read_document(stated).events
        except LedgerError:
            continue
        for event in events:
            compared += event.scope is NO_PREFIXES
            beside = read_document(data(document(harvest(**{"tea:a": 1})))).events[0].scope
            if event.scope is NO_PREFIXES:
                written = _as_written([dict(event.members)])
                assert [_object(dict(event.members), beside).encode()] == written
    assert compared > 10
