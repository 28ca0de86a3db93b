"""Pages: bounded work, every order, and no event twice or left out."""

from collections.abc import Sequence

import pytest

from commerce.epcis.prefixes import DOCUMENT_SCOPE
from commerce.epcis.query.parameters import Query, read_query
from node.api.epcis import result_pages, streams
from node.api.epcis.answers import time_text
from node.api.epcis.library import Library
from node.api.epcis.problems import QueryTooComplex, ResultTooLarge
from node.api.epcis.result_pages import ResultPage, Start, result_page
from tests.commerce.epcis.query.material import documents_at_random
from tests.commerce.epcis.statements import data, document, harvest, serial
from tests.node.api.epcis.captured import capture
from tests.node.api.service import FakeService


def asked(**parameters: str) -> Query:
    return read_query(
        {name: value.split("|") for name, value in parameters.items()}, DOCUMENT_SCOPE
    )


async def filled(count: int = 40) -> FakeService:
    service = FakeService()
    await capture(service, *(data(one) for one, _ in documents_at_random(8, count)), by="buyer")
    return service


def pages(service: FakeService, query: Query, per_page: int) -> Sequence[ResultPage]:
    """Every page of a result."""
    ledger, library = service.ledger, Library()
    found = [result_page(ledger, library, query, Start(ledger.tip.height), per_page)]
    while (start := found[-1].next) is not None:
        found.append(result_page(ledger, library, query, start, per_page))
        assert len(found) < 1_000
    return found


def keys(found: Sequence[ResultPage]) -> list[bytes]:
    return [event.key for page in found for event in page.events]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"orderBy": "eventTime"},
        {"orderBy": "recordTime"},
        {"MATCH_anyEPC": serial(1) + "|" + serial(2)},
        {"MATCH_anyEPC": serial(1) + "|" + serial(2), "orderBy": "recordTime"},
        {"MATCH_anyEPC": "urn:epc:idpat:sgtin:6901234.012345.*", "orderBy": "eventTime"},
        {"GE_eventTime": "2024-04-03T00:00:00Z", "LT_eventTime": "2024-04-07T00:00:00Z"},
        {"EQ_eventID": "urn:uuid:1|urn:uuid:2", "orderBy": "recordTime", "orderDirection": "ASC"},
    ],
)
@pytest.mark.asyncio
async def test_small_pages_and_little_work_change_nothing_of_a_result(
    query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    service = await filled()
    whole = keys(pages(service, asked(**query), 500))
    assert len(whole) >= 3
    assert len(set(whole)) == len(whole)
    assert keys(pages(service, asked(**query), 1)) == whole
    monkeypatch.setattr(result_pages, "LOOKED_AT_MAX", 2)
    monkeypatch.setattr(streams, "COUNTED_MAX", 3)
    monkeypatch.setattr(streams, "GATHERED_MAX", 3)
    monkeypatch.setattr(streams, "_CHUNK", 2)
    assert keys(pages(service, asked(**query), 7)) == whole
    monkeypatch.setattr(result_pages, "PARSED_MAX", 1)
    assert keys(pages(service, asked(**query), 7)) == whole


@pytest.mark.asyncio
async def test_a_page_without_matches_says_where_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    service = await filled()
    monkeypatch.setattr(result_pages, "LOOKED_AT_MAX", 5)
    found = pages(service, asked(EQ_stringValue="nothing"), 10)
    assert len(found) > 5
    assert keys(found) == []


@pytest.mark.asyncio
async def test_one_page_parses_only_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    service = await filled()
    monkeypatch.setattr(result_pages, "PARSED_MAX", 3_000)
    library, parsed = Library(), 0
    start: Start | None = Start(service.ledger.tip.height)
    while start is not None:
        page = result_page(service.ledger, library, asked(), start, 100)
        parsed = max(parsed, sum(event.parsed for event in page.events))
        start = page.next
    assert 3_000 <= parsed < 20_000


@pytest.mark.asyncio
async def test_what_must_be_known_as_a_whole_is_refused_where_it_is_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = await filled()
    ledger = service.ledger
    start = Start(ledger.tip.height)
    count = len(keys(pages(service, asked(), 100)))
    by_field = asked(orderBy="https://tea.example/epcis/note")
    assert len(keys(pages(service, by_field, 7))) == count
    with pytest.raises(ResultTooLarge):
        result_page(ledger, Library(), asked(maxEventCount=str(count - 1)), start, 10)
    assert keys(pages(service, asked(maxEventCount=str(count)), 10))
    monkeypatch.setattr(result_pages, "WHOLE_MAX", 5)
    for query in (by_field, asked(maxEventCount="1000")):
        with pytest.raises(QueryTooComplex):
            result_page(ledger, Library(), query, start, 10)
    monkeypatch.setattr(result_pages, "WHOLE_LOOKED_AT_MAX", 4)
    with pytest.raises(QueryTooComplex):
        result_page(ledger, Library(), by_field, start, 10)


@pytest.mark.asyncio
async def test_record_times_bound_a_result_to_the_millisecond() -> None:
    service = FakeService()
    times = []
    for n in range(1, 5):
        await capture(service, document(harvest(epcList=[serial(n)])), by="buyer")
        times.append(service.ledger.tip.header.time_ms)
    for at, time_ms in enumerate(times):
        text = time_text(time_ms)
        later = keys(pages(service, asked(GE_recordTime=text, orderBy="recordTime"), 9))
        earlier = keys(pages(service, asked(LT_recordTime=text), 9))
        assert (len(later), len(earlier)) == (4 - at, at)
        both = keys(pages(service, asked(GE_recordTime=text, MATCH_epc=serial(at + 1)), 9))
        assert len(both) == 1


@pytest.mark.asyncio
async def test_a_full_last_page_has_no_next() -> None:
    service = FakeService()
    for n in range(1, 5):
        await capture(service, document(harvest(epcList=[serial(n)])), by="buyer")
    found = pages(service, asked(), 2)
    assert [len(page.events) for page in found] == [2, 2]


@pytest.mark.asyncio
async def test_a_step_that_nobody_stated_is_known_without_a_look_at_events() -> None:
    service = await filled()
    by, _ = streams.order_of(asked())
    height = service.ledger.tip.height
    for parameter, value, is_said in (
        ("EQ_bizStep", "packing", True),
        ("EQ_bizStep", "https://ref.gs1.org/cbv/BizStep-shipping", True),
        ("EQ_bizStep", "destroying", False),
        ("EQ_readPoint", "urn:epc:id:sgln:6901234.00009.0", False),
        ("WD_readPoint", "urn:epc:id:sgln:6901234.00001.0", True),
    ):
        query = asked(**{parameter: value})
        span = streams.span_of(service.ledger, query, by, height)
        found = streams.stream(service.ledger, Library(), query, by, span)
        assert (next(found, None) is not None) is is_said, value
