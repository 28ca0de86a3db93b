"""Events over the query interface: the same as a filter over all documents, and word for word."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chain.bech32m import decode_account
from chain.errors import LedgerError
from commerce.epcis.canonical import event_key
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.document import read_document
from tests.commerce.epcis.query.material import Chance, documents_at_random, query_at_random
from tests.commerce.epcis.query.oracle import Seen, matches, moment
from tests.commerce.epcis.statements import (
    CONTEXT,
    OUTSIDE,
    Members,
    data,
    document,
    harvest,
    lot,
    needs_outside_data,
    outside,
    sensing,
    serial,
)
from tests.node.api.epcis.captured import (
    EVENTS,
    Answer,
    all_pages,
    ask,
    capture,
    exact,
    find,
    in_path,
)
from tests.node.api.market import done, found
from tests.node.api.service import FakeService, Served, served

GTIN = "https://id.gs1.org/01/06901234123456"


async def captured_at_random(service: FakeService, seed: int, count: int) -> list[Seen]:
    """Documents at random, captured; each event as the oracle sees it."""
    seen: list[Seen] = []
    known: set[bytes] = set()
    for one, prefixes in documents_at_random(seed, count):
        _, told = await done(
            service, "merchant", "epcis.capture", EpcisCapture(data(one), "public")
        )
        stated = exact(data(one))["epcisBody"]["eventList"]
        time_ms = service.ledger.tip.header.time_ms
        for event, outcome in zip(stated, told, strict=True):
            assert outcome["event_key"] not in known
            known.add(outcome["event_key"])
            seen.append(Seen(event, prefixes, time_ms))
    return seen


def words(event: Mapping[str, Any]) -> str:
    """An event to be compared, without what the answer adds."""
    kept = {name: plain(value) for name, value in event.items() if name != "@context"}
    return json.dumps(kept, sort_keys=True)


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value.normalize()) if isinstance(value, Decimal) else value


@pytest.mark.asyncio
async def test_every_query_is_answered_as_a_filter_over_all_documents_would() -> None:
    async with served() as node:
        await found(node.service)
        seen = await captured_at_random(node.service, 3, 90)
        chance = Chance(77)
        for _ in range(80):
            given = query_at_random(chance)
            query = [(name, "|".join(values)) for name, values in given.items()]
            order = chance.of(("", "eventTime", "recordTime"))
            if order:
                query += [("orderBy", order), ("orderDirection", chance.of(("ASC", "DESC")))]
            pages = await all_pages(node, *query, ("perPage", str(1 + chance.number(40))))
            assert {page.status for page in pages} == {200}, (given, pages[0].json)
            told = [event for page in pages for event in page.events]
            wanted = [s for s in seen if all(matches(s, n, v) for n, v in given.items())]
            assert sorted(map(words, told)) == sorted(words(one.event) for one in wanted), given
            check_order(told, dict(query), {words(one.event): one.record_ms for one in seen})


def check_order(
    told: list[dict[str, Any]], query: Mapping[str, str], records: Mapping[str, int]
) -> None:
    if "orderBy" not in query:
        return
    if query["orderBy"] == "eventTime":
        places = [moment(event["eventTime"]).timestamp() for event in told]
    else:
        places = [records[words(event)] for event in told]
    assert places == sorted(places, reverse=query["orderDirection"] == "DESC")


@pytest.mark.asyncio
async def test_each_event_keeps_its_meaning_whatever_its_neighbours_prefixes_mean() -> None:
    """Read with the contexts of the answer, an event has the key that it was captured with."""
    async with served() as node:
        await found(node.service)
        await captured_at_random(node.service, 5, 40)
        # A scheme of one document is a prefix of others, and so is this node's own.
        odd = harvest(epcList=["x:box", "hushang:thing"], readPoint={"id": "x:hall"})
        await capture(node.service, document(odd, **{"@context": CONTEXT}))
        told = await ask(node, EVENTS, ("perPage", "100"))
        assert len(told.events) == 41
        assert any("@context" in event for event in told.events)
        assert_same_keys(told)


def assert_same_keys(answer: Answer) -> None:
    contexts = answer.json["@context"]
    for event, marks in zip(answer.events, answer.marks, strict=True):
        known = {name.partition(":")[2]: value for name, value in marks.items()}
        own = event.get("@context", [])
        alone = {**event, "@context": [*contexts, *(own if isinstance(own, list) else [own])]}
        read = read_document(json.dumps(alone, default=number).encode()).events[0]
        capturer = decode_account(known["capturer"])
        assert event_key(capturer, read).hex() == known["eventKey"], event


def number(value: object) -> float:
    assert isinstance(value, Decimal)
    return float(value)


@needs_outside_data
@pytest.mark.asyncio
async def test_gs1s_documents_are_read_back_equal_in_answers_that_follow_gs1s_schema() -> None:
    schema = json.loads((OUTSIDE / "epcis" / "EPCIS-JSON-Schema.json").read_text("utf-8"))
    validator = jsonschema.Draft7Validator(schema)
    async with served() as node:
        await found(node.service)
        accepted = [path for path in outside("epcis/JSON") if is_accepted(path)]
        assert len(accepted) == 41
        for path in accepted:
            await check_read_back(node, path.read_bytes(), validator)
        assert_same_keys(await ask(node, EVENTS, ("perPage", "100")))


def is_accepted(path: Path) -> bool:
    try:
        read_document(path.read_bytes())
    except LedgerError:
        return False
    return True


async def check_read_back(node: Served, raw: bytes, validator: jsonschema.Draft7Validator) -> None:
    _, told = await done(node.service, "merchant", "epcis.capture", EpcisCapture(raw, "public"))
    stated = exact(raw)
    listed = stated["epcisBody"]["eventList"] if "epcisBody" in stated else [stated]
    for outcome, event in zip(told, listed, strict=True):
        answer = await ask(node, f"{EVENTS}/{outcome['event_key'].hex()}")
        assert words(answer.events[0]) == words(
            {k: v for k, v in event.items() if k != "recordTime"}
        )
        validator.validate(json.loads(json.dumps(answer.json, default=number)))


@pytest.mark.asyncio
async def test_an_event_is_read_back_with_every_digit_that_it_had() -> None:
    async with served() as node:
        digits = '{"tea:weight": 0.100000000000000000000000000000001, "tea:big": 12e100}'
        event = {**harvest(), "x": 1}
        raw = data(document(event)).replace(b'"x": 1', digits[1:-1].encode())
        await done(node.service, "buyer", "epcis.capture", EpcisCapture(raw, "public"))
        told = (await find(node)).events[0]
        assert told["tea:weight"] == Decimal("0.100000000000000000000000000000001")
        assert told["tea:big"] == Decimal("12e100")


@pytest.mark.asyncio
async def test_record_time_is_the_blocks_and_not_what_was_stated() -> None:
    async with served() as node:
        event = harvest(recordTime="1999-01-01T00:00:00Z")
        await capture(node.service, document(event), by="buyer")
        told = (await find(node)).json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        assert (
            moment(told[0]["recordTime"]).timestamp() * 1000
            == node.service.ledger.tip.header.time_ms
        )


@pytest.mark.asyncio
async def test_claims_and_void_events_are_told_and_marked() -> None:
    async with served() as node:
        await found(node.service)
        await capture(node.service, document(harvest()))
        await capture(node.service, document(harvest()), by="buyer")
        assert [
            (m["hushang:counts"], m.get("hushang:claim")) for m in (await find(node)).marks
        ] == [
            (True, None),
            (False, True),
        ]
        declared = {"declarationTime": "2024-05-01T00:00:00Z", "reason": "did_not_occur"}
        await capture(node.service, document(harvest(errorDeclaration=declared)))
        height = node.service.ledger.tip.height
        answer = await find(node, orderBy="recordTime", orderDirection="ASC")
        assert [mark["hushang:counts"] for mark in answer.marks] == [False, False, False]
        assert answer.marks[0]["hushang:declaredErroneousAt"] == height
        assert (await ask(node, EVENTS, ("EQ_hushang:counts", "true"))).events == []
        claimed = await ask(node, EVENTS, ("EQ_hushang:claim", "true"), ("GT_hushang:height", "1"))
        assert [mark["hushang:claim"] for mark in claimed.marks] == [True]
        only = await find(node, EXISTS_errorDeclaration="true", MATCH_epc=serial(1))
        assert [event["errorDeclaration"]["reason"] for event in only.events] == ["did_not_occur"]


@pytest.mark.asyncio
async def test_no_event_says_of_itself_that_it_counts() -> None:
    async with served() as node:
        forged = harvest(**{"urn:hushang:epcis:counts": True, "urn:hushang:epcis:height": 9})
        await capture(node.service, document(forged), by="buyer")
        assert (await ask(node, EVENTS, ("EQ_hushang:counts", "true"))).events == []
        assert (await ask(node, EVENTS, ("EQ_hushang:height", "9"))).events == []
        assert len((await ask(node, EVENTS, ("EQ_hushang:counts", "false"))).events) == 1


@pytest.mark.asyncio
async def test_both_spellings_find_a_thing_and_the_answer_is_spelt_as_asked() -> None:
    async with served() as node:
        await found(node.service)
        event = harvest(epcList=[serial(1), f"{GTIN}/21/2?exp=250101", "urn:uuid:1"])
        await capture(node.service, document(event))
        for spelling in (serial(2), f"{GTIN}/21/2", "https://example.com/gtin/6901234123456/ser/2"):
            assert len((await find(node, MATCH_epc=spelling)).events) == 1
        links = await ask(node, EVENTS, GS1_EPC_Format="Always_GS1_Digital_Link")
        assert links.events[0]["epcList"][0] == f"{GTIN}/21/1"
        assert links.events[0]["readPoint"] == {"id": "https://id.gs1.org/414/6901234000016"}
        urns = await ask(node, EVENTS, GS1_EPC_Format="Always_EPC_URN")
        assert urns.events[0]["epcList"] == [serial(1), serial(2), "urn:uuid:1"]
        assert urns.headers["GS1-EPC-Format"] == "Always_EPC_URN"
        assert (await find(node)).events[0]["epcList"] == event["epcList"]
        wrong = await ask(node, EVENTS, GS1_EPC_Format="Sometimes")
        assert (wrong.status, wrong.json["type"]) == (400, "epcisException:QueryParameterException")


@pytest.mark.asyncio
async def test_a_query_in_kelvin_finds_a_reading_in_celsius() -> None:
    async with served() as node:
        warm = sensing({"type": "Temperature", "value": 26.0, "uom": "CEL"})
        await capture(node.service, document(harvest(sensorElementList=warm)), by="buyer")
        for query in (
            {"EQ_value_KEL": "299.15"},
            {"GE_value_FAH": "78.8", "LT_value_FAH": "78.81"},
        ):
            assert len((await find(node, **query)).events) == 1
        for query in ({"GT_value_KEL": "299.15"}, {"EQ_value_PAL": "26"}):
            assert (await find(node, **query)).events == []


@pytest.mark.asyncio
async def test_an_event_is_found_by_its_id_its_hash_and_its_key() -> None:
    async with served() as node:
        await capture(node.service, document(harvest(eventID="urn:uuid:7")), by="buyer")
        marks = (await find(node)).marks[0]
        for name in ("urn:uuid:7", marks["hushang:eventHash"], marks["hushang:eventKey"]):
            answer = await ask(node, f"{EVENTS}/{in_path(name)}")
            assert [event["eventID"] for event in answer.events] == ["urn:uuid:7"]
        for name in ("urn:uuid:8", "00" * 32, f"ni:///sha-256;{'00' * 32}?ver=CBV2.0"):
            answer = await ask(node, f"{EVENTS}/{in_path(name)}")
            assert (answer.status, answer.json["code"]) == (404, "ResourceUnknown")
            assert answer.json["type"] == "epcisException:NoSuchNameException"


@pytest.mark.asyncio
async def test_a_result_stays_as_it_was_while_the_chain_goes_on() -> None:
    async with served() as node:
        for n in range(1, 6):
            await capture(node.service, document(harvest(epcList=[serial(n)])), by="buyer")
        query = (("orderBy", "recordTime"), ("orderDirection", "ASC"), ("perPage", "2"))
        first = await ask(node, EVENTS, *query)
        assert first.next is not None
        await capture(node.service, document(harvest(epcList=[serial(6)])), by="buyer")
        second = await ask(node, first.next)
        assert second.next is not None
        third = await ask(node, second.next)
        told = [e["epcList"] for page in (first, second, third) for e in page.events]
        assert told == [[serial(n)] for n in range(1, 6)]
        assert third.next is None
        assert len((await find(node, perPage="100")).events) == 6


@pytest.mark.asyncio
async def test_events_are_limited_ordered_by_an_extension_and_refused_if_too_many() -> None:
    async with served() as node:
        notes: list[Any] = [3, 1.5, "b", "a", 2, None]
        for n, note in enumerate(notes, 1):
            more: Members = {} if note is None else {"tea:note": note}
            await capture(node.service, document(harvest(epcList=[serial(n)], **more)), by="buyer")
        field = ("orderBy", "https://tea.example/epcis/note")
        pages = await all_pages(node, field, ("orderDirection", "ASC"), ("perPage", "4"))
        told = [event.get("tea:note") for page in pages for event in page.events]
        assert told == [Decimal("1.5"), 2, 3, "a", "b", None]
        newest = await find(node, orderBy="recordTime", eventCountLimit="2", perPage="1")
        assert (newest.events[0]["epcList"], newest.next is None) == ([serial(6)], False)
        last = await ask(node, newest.next or "")
        assert (last.events[0]["epcList"], last.next) == ([serial(5)], None)
        refused = await find(node, maxEventCount="5")
        assert (refused.status, refused.json["type"]) == (
            413,
            "epcisException:QueryTooLargeException",
        )
        assert len((await find(node, maxEventCount="6")).events) == 6


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ({"colour": "red"}, 400, "QueryParameterException"),
        ({"EQ_action": "PUT"}, 400, "QueryParameterException"),
        ({"perPage": "0"}, 400, "QueryParameterException"),
        ({"nextPageToken": "nonsense"}, 400, "QueryParameterException"),
        ({"eventCountLimit": "1"}, 400, "QueryParameterException"),
        ({"MATCH_epc": "|".join("a" * 1_001)}, 413, "QueryTooComplexException"),
        ({"EQ_stringValue": "x" * 7_999}, 414, "URITooLongException"),
    ],
)
@pytest.mark.asyncio
async def test_a_wrong_query_is_a_problem_of_the_standards(
    query: dict[str, str], status: int, kind: str
) -> None:
    async with served() as node:
        answer = await find(node, **query)
        assert (answer.status, answer.json["type"]) == (status, f"epcisException:{kind}")
        assert answer.json["hint"]


@pytest.mark.asyncio
async def test_a_lot_is_found_by_its_class_and_a_pattern_by_all_its_items() -> None:
    async with served() as node:
        made = {"epcClass": lot("L1"), "quantity": 5, "uom": "KGM"}
        await capture(
            node.service,
            document(harvest(quantityList=[made]), harvest(epcList=[serial(1, "099999")])),
            by="buyer",
        )
        assert len((await find(node, MATCH_epcClass=lot("L1"), EQ_quantity_GRM="5000")).events) == 1
        pattern = "urn:epc:idpat:sgtin:6901234.012345.*"
        assert len((await find(node, MATCH_epc=pattern)).events) == 1
        assert len((await find(node, MATCH_epc="urn:epc:idpat:sgtin:6901234.*.*")).events) == 2
        both = await ask(node, EVENTS, ("MATCH_epc", pattern), ("MATCH_epc", serial(1, "099999")))
        assert len(both.events) == 2


@pytest.mark.asyncio
async def test_an_extension_is_found_by_a_prefix_of_the_query_or_of_the_document() -> None:
    async with served() as node:
        await capture(node.service, document(harvest(**{"tea:note": "a"})), by="buyer")
        declared = {"GS1_Extensions": "t=https://tea.example/epcis/"}
        for name, headers in (
            ("EQ_https://tea.example/epcis/note", {}),
            ("EQ_https://tea.example/epcis/#note", {}),
            ("EQ_t:note", declared),
            ("EQ_tea:note", {}),
        ):
            answer = await ask(node, EVENTS, (name, "a"), **headers)
            assert len(answer.events) == 1, name
        assert (await ask(node, EVENTS, ("EQ_t:note", "a"))).events == []
        wrong = await ask(node, EVENTS, GS1_Extensions="no namespace")
        assert wrong.status == 400
