"""Pages of events: order, resuming at any cursor, filters, bounds of one page's work."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from chain.block import Event, Receipt
from chain.codec import decode
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.api import event_pages
from node.api.cursors import BEGINNING, LATEST, Cursor, parse_cursor
from node.api.event_pages import EventFilter, read_page
from tests.chain.world import account
from tests.node.api.service import FakeService, served

ALL = EventFilter()


async def busy_chain() -> FakeService:
    """Ten blocks: payments of one, two and three operations, failed ones and empty blocks."""
    service = FakeService()
    await service.fund("buyer", 1_000_000)
    for number in range(9):
        for size in range(number % 4):
            payment = PayTransfer(account("merchant"), "CNY", 1 + number, None)
            operations = [operation("pay.transfer", payment)] * (size + 1)
            await service.submit(service.world.signed("buyer", *operations).raw)
        if number % 3 == 0:
            await service.submit(service.pay("carrier", "buyer", 7).raw)
        await service.decide()
    return service


def expected(service: FakeService) -> list[tuple[str, str]]:
    """Every event's place and type, the plain way."""
    return [
        (f"{height}.{index}.{position}", event.type)
        for height in range(service.ledger.tip.height + 1)
        for index, receipt in enumerate(service.ledger.receipts(height))
        for position, event in enumerate(receipt.events)
    ]


def told(found: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(event["cursor"], event["type"]) for event in found]


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
@pytest.mark.asyncio
async def test_pages_of_any_size_tell_every_event_once_and_in_order(limit: int) -> None:
    service = await busy_chain()
    wanted = expected(service)
    assert len(wanted) > 20
    found: list[dict[str, Any]] = []
    cursor, complete = BEGINNING, False
    while not complete:
        page = read_page(service.ledger, cursor, limit, ALL)
        assert len(page.events) <= limit
        found += page.events
        cursor, complete = parse_cursor(page.next), page.complete
    assert told(found) == wanted
    assert str(cursor) == f"{service.ledger.tip.height + 1}.0.0"


@pytest.mark.asyncio
async def test_a_reader_that_resumes_after_any_event_loses_nothing_and_sees_nothing_twice() -> None:
    service = await busy_chain()
    wanted = expected(service)
    everything = read_page(service.ledger, BEGINNING, 1000, ALL).events
    places = [parse_cursor(str(event["cursor"])) for event in everything]
    for number, event in enumerate(everything):
        again = read_page(service.ledger, parse_cursor(str(event["next"])), 1000, ALL)
        assert told(again.events) == wanted[number + 1 :]
        inclusive = read_page(service.ledger, places[number], 1000, ALL)
        assert told(inclusive.events) == wanted[number:]
    assert all(a < b for a, b in pairwise(places))


@pytest.mark.asyncio
async def test_the_work_of_a_page_is_bounded_whatever_its_filter_leaves_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = await busy_chain()
    monkeypatch.setattr(event_pages, "PAGE_RECEIPTS_MAX", 4)
    nothing = EventFilter(("nothing.such",))
    cursor, pages = BEGINNING, 0
    while not (page := read_page(service.ledger, cursor, 10, nothing)).complete:
        assert parse_cursor(page.next) > cursor, "each page goes on"
        cursor, pages = parse_cursor(page.next), pages + 1
        assert page.events == []
    assert pages >= 4
    some = read_page(service.ledger, BEGINNING, 1000, ALL)
    rest = read_page(service.ledger, parse_cursor(some.next), 1000, ALL)
    assert told([*some.events, *rest.events]) == expected(service)[: len(some.events + rest.events)]


@pytest.mark.asyncio
async def test_types_match_whole_words_and_an_account_matches_where_it_is_named() -> None:
    service = await busy_chain()

    def types_of(wanted: EventFilter) -> set[str]:
        found = read_page(service.ledger, BEGINNING, 1000, wanted).events
        return {str(event["type"]) for event in found}

    assert types_of(ALL) == {"asset.issued", "pay.transferred"}
    assert types_of(EventFilter(("asset",))) == {"asset.issued"}
    assert types_of(EventFilter(("asset.issued", "order"))) == {"asset.issued"}
    assert types_of(EventFilter(("asset.iss",))) == set()
    assert types_of(EventFilter(account=account("merchant"))) == {"pay.transferred"}
    assert types_of(EventFilter(account=account("carrier"))) == set()
    assert types_of(EventFilter(("asset",), account("merchant"))) == set()


@pytest.mark.asyncio
async def test_readers_of_the_newest_blocks_share_the_decoding_and_what_is_kept_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = await busy_chain()
    event_pages._receipt.cache_clear()
    decoded: list[bytes] = []

    def counted(cls: type[Receipt], row: bytes) -> Receipt:
        decoded.append(row)
        return decode(cls, row)

    monkeypatch.setattr(event_pages, "decode", counted)
    for name in ("merchant", "carrier", "buyer"):
        read_page(service.ledger, BEGINNING, 1000, EventFilter(account=account(name)))
    assert len(decoded) == len(set(decoded)) > 10
    assert event_pages._receipt.cache_info().maxsize == event_pages.RECEIPTS_KEPT_MAX


def test_an_account_is_found_wherever_the_data_names_it() -> None:
    one, wanted = account("buyer"), EventFilter(account=account("buyer"))
    for data in ({"to": one}, {"accounts": (bytes(32), one)}, {"lines": ({"holder": one},)}):
        assert wanted.passes(Event("a.b", data))
    for other in ({}, {"to": bytes(32)}, {"accounts": ()}, {"lines": ({"holder": "x"}, 7, None)}):
        assert not wanted.passes(Event("a.b", other))


@pytest.mark.asyncio
async def test_latest_is_after_everything_decided_and_before_everything_to_come() -> None:
    service = await busy_chain()
    page = read_page(service.ledger, LATEST, 10, ALL)
    assert (page.events, page.complete) == ([], True)
    await service.fund("buyer", 5)
    later = read_page(service.ledger, parse_cursor(page.next), 10, ALL)
    assert [event["type"] for event in later.events] == ["asset.issued"]


@pytest.mark.asyncio
async def test_a_cursor_ahead_of_the_chain_waits_where_it_is() -> None:
    service = await busy_chain()
    page = read_page(service.ledger, Cursor(999, 3, 1), 10, ALL)
    assert (page.events, page.next, page.complete) == ([], "999.3.1", True)


@pytest.mark.asyncio
async def test_polling_over_http_gives_the_same_pages() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 5)
        await node.service.fund("merchant", 6)
        status, first = await node.get("/v1/events?limit=1")
        assert (status, first["complete"], first["height"]) == (200, False, 2)
        _, second = await node.get(f"/v1/events?cursor={first['next']}&types=asset")
        assert [event["data"]["amount_minor"] for event in second["events"]] == ["6"]
        assert second["complete"] is True


@pytest.mark.parametrize(
    "query",
    [
        *("cursor=1.2", "cursor=1.2.3.4", "cursor=01.0.0", "cursor=-1.0.0", "cursor=１.0.0"),  # noqa: RUF001
        *("cursor=1.0.0&cursor=2.0.0", "cursor=99999999999999999999.0.0", "cursor=1.99999999.0"),
        *("types=", "types=a,,b", "types=A%20B", "limit=0", "limit=1001", "limit=1e2", "limit=+1"),
        *("account=hs1qqqq", "account=", "since=1"),
    ],
)
@pytest.mark.asyncio
async def test_a_malformed_question_is_a_400_that_names_the_parameter(query: str) -> None:
    async with served() as node:
        status, problem = await node.get(f"/v1/events?{query}")
        assert status == 400
        assert problem["where"] == f"query.{query.partition('=')[0]}"
