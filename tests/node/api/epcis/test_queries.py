"""Named queries: made, kept over a restart, asked for events, deleted by whom they belong to."""

import json
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from node.api.epcis import queries, query_book
from node.api.epcis.desk import DeskSettings
from node.api.epcis.problems import ResourceExists
from node.api.epcis.query_book import (
    KnownQuery,
    QueryBook,
    StoredQuery,
    TooManyChanges,
    TooManyQueries,
)
from node.record_log import RecordLog
from tests.commerce.epcis.statements import document, harvest, packing, serial
from tests.node.api.epcis.captured import Answer, ask, capture
from tests.node.api.service import Served, served

QUERIES = "/v1/epcis/queries"
SHIPPING: dict[str, Any] = {"name": "shipping of today", "query": {"EQ_bizStep": ["packing"]}}


async def make(node: Served, body: object, kind: str = "application/json") -> tuple[int, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await node.post(QUERIES, raw, kind)


async def delete(node: Served, path: str) -> int:
    async with node.http.delete(node.url(path)) as response:
        return response.status


@pytest.mark.asyncio
async def test_a_query_is_made_shown_and_asked_for_events() -> None:
    async with served() as node:
        await capture(node.service, document(harvest(), packing()), by="buyer")
        assert (await make(node, SHIPPING)) == (201, SHIPPING)
        path = f"{QUERIES}/shipping%20of%20today"
        assert (await ask(node, path)).json == SHIPPING
        assert (await ask(node, QUERIES)).json == [SHIPPING]
        answer = await ask(node, f"{path}/events")
        assert [event["type"] for event in answer.events] == ["AggregationEvent"]
        assert answer.json["epcisBody"]["queryResults"]["queryName"] == "shipping of today"
        wrong = await ask(node, f"{path}/events", ("EQ_action", "ADD"))
        assert (wrong.status, wrong.json["type"]) == (400, "epcisException:QueryParameterException")
        assert await delete(node, path) == 204
        gone = await ask(node, f"{path}/events")
        assert (gone.status, gone.json["type"]) == (404, "epcisException:NoSuchNameException")
        assert await delete(node, path) == 404


@pytest.mark.asyncio
async def test_a_query_may_bring_its_prefixes_numbers_and_limits() -> None:
    async with served() as node:
        for n in range(1, 4):
            event = harvest(epcList=[serial(n)], **{"tea:note": n})
            await capture(node.service, document(event), by="buyer")
        query = {
            "@context": {"t": "https://tea.example/epcis/"},
            "GE_t:note": 2,
            "EXISTS_t:note": None,
            "orderBy": "eventTime",
            "eventCountLimit": 5,
        }
        assert (await make(node, {"name": "q", "query": query}))[0] == 201
        pages = [await ask(node, f"{QUERIES}/q/events", ("perPage", "1"))]
        while pages[-1].next is not None:
            pages.append(await ask(node, pages[-1].next))
        assert sorted(e["epcList"][0] for page in pages for e in page.events) == [
            serial(2),
            serial(3),
        ]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"name": "q"}, 400, "QueryValidationException"),
        ({"name": 1, "query": {}}, 400, "QueryValidationException"),
        ({"name": "a/b", "query": {}}, 400, "QueryValidationException"),
        ({"name": "q", "query": {}, "more": 1}, 400, "QueryValidationException"),
        ({"name": "q", "query": {"EQ_bizStep": [{}]}}, 400, "QueryValidationException"),
        ({"name": "q", "query": {"EQ_colour": ["red"]}}, 400, "QueryParameterException"),
        ({"name": "q", "query": {"EQ_action": ["PUT"]}}, 400, "QueryParameterException"),
        ({"name": "q", "query": {"@context": "https://a.example"}}, 400, "ValidationException"),
        ({"name": "SimpleEventQuery", "query": {}}, 409, "ResourceAlreadyExistsException"),
        ([1], 400, "QueryValidationException"),
        (b"{", 400, "ValidationException"),
        (b'{"name": "q", "name": "r", "query": {}}', 400, "ValidationException"),
        ({"name": "q", "query": {"EQ_eventID": ["x"] * 1_001}}, 413, "QueryTooComplexException"),
        (b"[" * 70_000, 413, "CaptureLimitExceededException"),
    ],
)
@pytest.mark.asyncio
async def test_a_body_that_is_no_query_is_refused(body: object, status: int, kind: str) -> None:
    async with served() as node:
        answer, told = await make(node, body)
        assert (answer, told["type"]) == (status, f"epcisException:{kind}"), told


@pytest.mark.asyncio
async def test_a_name_is_taken_once_and_a_body_is_json() -> None:
    async with served() as node:
        assert (await make(node, SHIPPING))[0] == 201
        status, told = await make(node, SHIPPING)
        assert (status, told["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
        assert (await make(node, SHIPPING, "text/xml"))[0] == 415


@pytest.mark.asyncio
async def test_queries_are_listed_by_name_in_pages() -> None:
    async with served() as node:
        for name in ("c", "a", "b"):
            await make(node, {"name": name, "query": {}})
        first: Answer = await ask(node, QUERIES, ("perPage", "2"))
        assert [one["name"] for one in first.json] == ["a", "b"]
        last = await ask(node, first.next or "")
        assert ([one["name"] for one in last.json], last.next) == (["c"], None)


@pytest.mark.asyncio
async def test_queries_survive_a_restart(tmp_path: Path) -> None:
    desk = DeskSettings(tmp_path)
    async with served(desk=desk) as node:
        for name in ("a", "b", "c"):
            await make(node, {"name": name, "query": {"GE_quantity": 2.50}})
        await delete(node, f"{QUERIES}/b")
    async with served(desk=desk) as node:
        listed = (await ask(node, QUERIES)).json
        assert [one["name"] for one in listed] == ["a", "c"]
        assert str(listed[0]["query"]["GE_quantity"]) == "2.5"


def test_a_node_keeps_only_so_many_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_book, "QUERIES_MAX", 3)
    monkeypatch.setattr(query_book, "OWNERLESS_MAX", 2)
    book = QueryBook(RecordLog(None, "epcis-queries", bytes(32)))
    for name, owner in (("a", None), ("b", None)):
        book.add(StoredQuery(name, b"{}", owner))
    with pytest.raises(TooManyQueries):
        book.add(StoredQuery("c", b"{}", None))
    book.add(StoredQuery("c", b"{}", b"o" * 32))
    with pytest.raises(TooManyQueries):
        book.add(StoredQuery("d", b"{}", b"o" * 32))
    with pytest.raises(ResourceExists):
        book.add(StoredQuery("a", b"{}", None))
    assert book.remove("a")
    assert not book.remove("a")
    book.add(StoredQuery("d", b"{}", None))


def test_a_query_that_another_thread_removes_ends_no_list(monkeypatch: pytest.MonkeyPatch) -> None:
    class Removed(dict[str, KnownQuery]):
        """Its entries are gone between a look at the names and one at what they mean."""

        @override
        def __getitem__(self, name: str) -> KnownQuery:
            raise KeyError(name)

    book = QueryBook(RecordLog(None, "queries", bytes(32)))
    book.add(StoredQuery("one", b"{}", None))
    monkeypatch.setattr(book, "_kept", Removed(book._kept))
    assert [known.stored.name for known in book.all()] == ["one"]


def test_who_has_no_token_changes_queries_only_so_often() -> None:
    book = QueryBook(RecordLog(None, "epcis-queries", bytes(32)))
    at_once = 4 * query_book.CHANGES_PER_S
    for _ in range(at_once):
        book.admit(1.0)
    with pytest.raises(TooManyChanges):
        book.admit(1.0)
    book.admit(2.0)


@pytest.mark.asyncio
async def test_a_page_of_large_queries_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE_SIZE_MAX", 200)
    async with served() as node:
        for n in range(5):
            await make(node, {"name": f"q{n}", "query": {"EQ_stringValue": ["x" * 50]}})
        names, path = list[str](), QUERIES
        for _ in range(5):
            answer = await ask(node, path)
            assert 1 <= len(answer.json) < 5
            names += [one["name"] for one in answer.json]
            if answer.next is None:
                break
            path = answer.next
        assert names == [f"q{n}" for n in range(5)]


def test_a_kept_query_that_is_none_any_more_is_dropped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "queries"
    book = QueryBook(RecordLog(path, "epcis-queries", bytes(32)))
    book.add(StoredQuery("old", b'{"EQ_colour": ["red"]}', None))
    book.add(StoredQuery("good", b"{}", None))
    again = QueryBook(RecordLog(path, "epcis-queries", bytes(32)))
    assert [known.stored.name for known in again.all()] == ["good"]
    assert "'old' is dropped" in caplog.text


def test_the_file_of_queries_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_book, "STALE_MAX", 10)
    path = tmp_path / "queries"
    book = QueryBook(RecordLog(path, "epcis-queries", bytes(32)))
    for _ in range(50):
        book.add(StoredQuery("a", b"{}", None))
        book.remove("a")
    assert path.stat().st_size < 1_000
    assert QueryBook(RecordLog(path, "epcis-queries", bytes(32))).all() == []
