"""Documents from received bytes: which are captured, which refused, and where the fault is."""

from pathlib import Path
from typing import Any

import pytest

from commerce.epcis.canonical import canonical_json
from commerce.epcis.cbv_hash import prehash
from commerce.epcis.document import EVENTS_MAX, EXPANSION_MAX, read_document
from commerce.epcis.errors import EpcisInvalid, EpcisTooLarge
from commerce.epcis.shape import KEY_SIZE_MAX
from commerce.epcis.summary import summarise
from tests.commerce.epcis import variations
from tests.commerce.epcis.statements import (
    CONTEXT,
    Members,
    data,
    document,
    harvest,
    needs_outside_data,
    outside,
    packing,
    without,
)

EXAMPLES = outside("epcis/JSON")
REFUSED = [p for p in EXAMPLES if "all_possible_fields" in p.name or "Query" in p.name]
ACCEPTED = [path for path in EXAMPLES if path not in REFUSED]


@needs_outside_data
def test_of_the_47_examples_41_are_to_be_accepted() -> None:
    assert (len(ACCEPTED), len(REFUSED)) == (41, 6)


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.name)
def test_an_example_of_gs1_is_accepted(path: Path) -> None:
    assert read_document(path.read_bytes()).events


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name)
def test_an_example_is_refused_for_the_rule_it_breaks(path: Path) -> None:
    rule = "query document" if "Query" in path.name else "sensor rule"
    with pytest.raises(EpcisInvalid, match=rule):
        read_document(path.read_bytes())


def refused_at(members: object) -> str:
    try:
        read_document(data(members))  # type: ignore[arg-type]
    except EpcisInvalid as refusal:
        return refusal.path or "."
    return "ok"


MASTER_DATA = {
    "epcisMasterData": {
        "vocabularyList": [
            {
                "type": "urn:epcglobal:epcis:vtype:Location",
                "vocabularyElementList": [
                    {
                        "id": "urn:epc:id:sgln:6901234.00000.0",
                        "attributes": [{"id": "urn:epcglobal:cbv:mda:city", "attribute": "沪"}],
                        "children": ["urn:epc:id:sgln:6901234.00001.0"],
                        "note": "the schema leaves master data open",
                    }
                ],
            }
        ]
    },
    "tea:routing": 7,
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"@context": CONTEXT},
        {"id": "urn:uuid:1", "sender": "s", "receiver": "r", "instanceIdentifier": "7"},
        {"tea:note": "an extension"},
        {"epcisHeader": MASTER_DATA},
        {"schemaVersion": "2.0.0"},
        {"epcisBody": {"eventList": []}},
        {"epcisBody": {"eventList": [], "tea:note": 1}},
    ],
)
def test_a_valid_document_is_accepted(changes: Members) -> None:
    assert refused_at({**document(), **changes}) == "ok"


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("type", {"type": "Document"}),
        ("type", {"type": 7}),
        ("@context", {"@context": [CONTEXT, "https://tea.example/c.jsonld"]}),
        ("schemaVersion", {"schemaVersion": 2.0}),
        ("schemaVersion", {"schemaVersion": "two"}),
        ("creationDate", {"creationDate": "2024-04-09"}),
        ("id", {"id": "document 1"}),
        ("sender", {"sender": 7}),
        ("note", {"note": "bare"}),
        ("epcisBody", {"epcisBody": []}),
        ("epcisBody", {"epcisBody": {}}),
        ("epcisBody.eventList", {"epcisBody": {"eventList": {}}}),
        ("epcisBody.note", {"epcisBody": {"eventList": [], "note": 1}}),
        ("epcisBody.eventList[1]", {"epcisBody": {"eventList": [harvest(), 7]}}),
        ("epcisHeader.other", {"epcisHeader": {"other": 7}}),
        (
            "epcisHeader.epcisMasterData.vocabularyList[0]",
            {"epcisHeader": {"epcisMasterData": {"vocabularyList": [{}]}}},
        ),
        (
            "epcisHeader.epcisMasterData.vocabularyList[0].vocabularyElementList[0].id",
            {
                "epcisHeader": {
                    "epcisMasterData": {
                        "vocabularyList": [
                            {"type": "urn:x:y", "vocabularyElementList": [{"id": "here"}]}
                        ]
                    }
                }
            },
        ),
        (
            "epcisBody.eventList[1].epcList[1]",
            {"epcisBody": {"eventList": [packing(), harvest(epcList=["urn:x:y", "z"])]}},
        ),
    ],
)
def test_a_fault_is_named_by_its_path_in_the_document(path: str, changes: Members) -> None:
    assert refused_at({**document(), **changes}) == path


@pytest.mark.parametrize("name", ["@context", "schemaVersion", "creationDate", "epcisBody"])
def test_a_document_lacks_nothing(name: str) -> None:
    assert refused_at(without(document(harvest()), name)) == "."


def test_what_is_no_document_is_refused() -> None:
    values: list[object] = [[], 7, "x", None, {}]
    for value in values:
        assert refused_at(value) in (".", "type")


def test_a_query_document_is_no_statement() -> None:
    with pytest.raises(EpcisInvalid, match="query document"):
        read_document(data({**document(), "type": "EPCISQueryDocument"}))


def test_a_single_event_is_captured_with_its_own_context() -> None:
    event = {"@context": [CONTEXT, {"tea": "https://tea.example/"}], **harvest(**{"tea:x": 1})}
    (read,) = read_document(data(event)).events
    assert (read.type, read.path) == ("ObjectEvent", "")
    assert refused_at(harvest()) == "."
    assert refused_at({**event, "@context": {"tea": "https://tea.example/"}}) == "@context"
    assert refused_at({**event, "bizStep": "sipping"}) == "bizStep"
    twice = {**event, "readPoint": {"id": "urn:x:y", "tea:a": 1, "https://tea.example/a": 2}}
    with pytest.raises(EpcisInvalid) as refusal:
        canonical_json(read_document(data(twice)).events[0])
    assert refusal.value.path == "readPoint"


def test_a_document_has_at_most_a_hundred_events() -> None:
    events = [harvest(eventID=f"urn:uuid:{i}") for i in range(EVENTS_MAX + 1)]
    assert len(read_document(data(document(*events[1:]))).events) == EVENTS_MAX
    with pytest.raises(EpcisTooLarge):
        read_document(data(document(*events)))


def test_extensions_may_be_left_out_of_the_hash_but_standard_members_not() -> None:
    changes = {"tea:ignoreFields": ["tea:scanner", "bizStep"]}
    read = read_document(data({**document(harvest()), **changes}))
    assert "https://tea.example/epcis/scanner" in read.hash_ignored


def growing(seen: Any, **changes: Any) -> Members:
    """An event with an extension whose prefix `e` stands for 200 characters."""
    return harvest(**{"@context": {"e": "urn:" + "a" * 196}, "tea:seen": seen, **changes})


def test_prefixes_may_not_make_a_large_document_of_a_small_one() -> None:
    """A few bytes each, a quarter of a gigabyte together: refused before anything is expanded."""
    fits = growing(["e:x"] * (EXPANSION_MAX // 250))
    (event,) = read_document(data(document(fits))).events
    assert len(canonical_json(event)) < 2 * EXPANSION_MAX
    assert len(prehash(event)) < 2 * EXPANSION_MAX
    for bomb in (
        growing(["e:x"] * (EXPANSION_MAX // 190)),
        growing({f"e:{i:x}": 1 for i in range(EXPANSION_MAX // 190)}),
        growing([" e:x"] * (EXPANSION_MAX // 190)),
    ):
        with pytest.raises(EpcisTooLarge, match="full names"):
            read_document(data(document(bomb)))


def test_the_events_of_a_document_share_what_they_may_add() -> None:
    half = [growing(["e:x"] * (EXPANSION_MAX // 600), eventID=f"urn:x:{i}") for i in range(3)]
    assert read_document(data(document(*half[:1]))).events
    with pytest.raises(EpcisTooLarge, match="full names"):
        read_document(data(document(*half)))


def test_a_long_name_before_a_long_array_is_refused() -> None:
    """The CBV hash writes the name before each item: bytes of both would multiply."""
    with pytest.raises(EpcisTooLarge, match="full names"):
        read_document(data(document(harvest(**{"urn:" + "a" * 50_000: [1] * 2_000}))))


@pytest.mark.parametrize(
    "changes",
    [
        {"eventID": "urn:" + "a" * KEY_SIZE_MAX},
        {"bizStep": "urn:" + "a" * KEY_SIZE_MAX},
        {"bizStep": "tea:" + "a" * (KEY_SIZE_MAX - 5)},
        {"disposition": "urn:" + "a" * KEY_SIZE_MAX},
        {"epcList": ["urn:" + "a" * KEY_SIZE_MAX]},
        {"readPoint": {"id": "urn:" + "a" * KEY_SIZE_MAX}},
        {"bizLocation": {"id": "urn:" + "a" * KEY_SIZE_MAX}},
    ],
)
def test_what_events_are_found_by_is_short(changes: Members) -> None:
    with pytest.raises(EpcisInvalid, match="at most 512 characters"):
        read_document(data(document(harvest(**changes))))


def test_what_becomes_of_documents_at_random_is_what_it_always_was() -> None:
    """Refusals in their words, keys, hashes, rows: what made them quicker changed none."""
    expected = "71a875396f1a24583e47dca845da5e3625ca464e840e309205349edba131c57f"
    assert variations.digest_of(1, 1_000) == (expected, 222)


def test_a_compact_identifier_is_judged_by_what_it_stands_for() -> None:
    context = {
        "@context": [CONTEXT, {"g": "https://id.gs1.org/", "s": "urn:epc:id:sgtin:6901234."}]
    }
    right = ["g:01/06901234123456/21/7", "s:012345.8"]
    (event,) = read_document(data({**document(harvest(epcList=right)), **context})).events
    gtin = "https://id.gs1.org/01/06901234123456"
    assert summarise(event).items == (f"{gtin}/21/7", f"{gtin}/21/8")
    for wrong in ("g:01/06901234123457/21/7", "s:12345.8"):
        assert refused_at({**document(harvest(epcList=[wrong])), **context}).endswith("epcList[0]")
