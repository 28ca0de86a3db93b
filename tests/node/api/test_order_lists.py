"""Lists of orders by part, state and deadline, over HTTP; and how much work a page may be."""

from typing import Any

import pytest

from chain.bech32m import encode_account
from commerce.checkout import OrderCreate, WantedLine
from node.api import paging
from tests.chain.world import account
from tests.node.api.aftersale_story import quarrel
from tests.node.api.market import Market, bought, done, trade
from tests.node.api.service import FakeService, Served, served

MERCHANT, BUYER, CARRIER = (
    encode_account(account(name)) for name in ("merchant", "buyer", "carrier")
)
FOREVER_MS = 2**50


async def unpaid(service: FakeService, market: Market) -> str:
    """An order that waits for its payment; its id."""
    wanted = WantedLine(market.listing_id, 1, 1, False)  # noqa: FBT003
    order = OrderCreate((wanted,), bytes(32), None, None)
    _, (ordered, *_) = await done(service, "buyer", "order.create", order)
    return str(ordered["order_id"].hex())


async def listed(node: Served, query: str) -> list[str]:
    status, told = await node.get(f"/v1/orders?{query}")
    assert status == 200, told
    return [entry["order_id"] for entry in told["orders"]]


@pytest.mark.asyncio
async def test_orders_are_listed_by_part_and_state_newest_first() -> None:
    async with served() as node:
        market = await trade(node.service)
        waiting, paid = await unpaid(node.service, market), market.order_id.hex()
        assert await listed(node, f"account={BUYER}&part=buyer") == [waiting, paid]
        assert await listed(node, f"account={MERCHANT}&part=seller") == [waiting, paid]
        assert await listed(node, f"account={MERCHANT}&part=buyer") == []
        assert await listed(node, f"account={BUYER}&part=payer") == []
        assert await listed(node, f"account={BUYER}&state=UNFUNDED") == [waiting]
        assert await listed(node, f"account={MERCHANT}&part=seller&state=RELEASED") == [paid]
        assert await listed(node, f"account={CARRIER}") == []


@pytest.mark.asyncio
async def test_what_is_due_is_listed_earliest_first_with_the_deadline_that_put_it_there() -> None:
    async with served() as node:
        market = await trade(node.service)
        story = await quarrel(node.service, market)
        waiting = await unpaid(node.service, market)
        _, told = await node.get(f"/v1/orders?due_before_ms={FOREVER_MS}")
        deadlines = [entry["deadline"] for entry in told["orders"]]
        assert [entry["time_ms"] for entry in deadlines] == sorted(
            entry["time_ms"] for entry in deadlines
        )
        objects = {entry["object_id"] for entry in deadlines}
        assert objects == {waiting, story.case_id.hex(), story.claim_id.hex()}
        assert {entry["part"] for entry in told["orders"]} == {None}
        mine = f"account={BUYER}&due_before_ms={FOREVER_MS}"
        orders = await listed(node, mine)
        assert orders[0] == waiting
        assert set(orders[1:]) == {market.order_id.hex()}
        assert await listed(node, f"{mine}&part=seller") == []
        assert await listed(node, f"{mine}&state=UNFUNDED") == [waiting]
        _, newest = await node.get(f"/v1/orders?account={BUYER}")
        clocks = {entry["order_id"]: entry["next_deadline"] for entry in newest["orders"]}
        # The order has no clock of its own any more; its case has.
        own = {entry["order_id"]: entry["deadline"] for entry in newest["orders"]}
        traded = market.order_id.hex()
        _, shown = await node.get(f"/v1/orders/{traded}")
        assert clocks[traded] == shown["next_deadline"] != own[traded]
        assert clocks[waiting] == own[waiting]
        first_ms = deadlines[0]["time_ms"]
        assert await listed(node, f"due_before_ms={first_ms}") == []
        assert await listed(node, f"due_before_ms={first_ms + 1}") == [waiting]


async def followed(node: Served, query: str) -> tuple[list[Any], int]:
    """All entries of all pages, and how many pages there were."""
    found: list[Any] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        _, page = await node.get(f"/v1/orders?{query}{cursor and '&cursor=' + cursor}")
        found += page["orders"]
        cursor, pages = page["next"], pages + 1
    return found, pages


@pytest.mark.parametrize("query", [f"account={BUYER}&part=buyer", f"due_before_ms={FOREVER_MS}"])
@pytest.mark.asyncio
async def test_a_page_looks_at_few_rows_and_the_next_goes_on_where_it_stopped(
    query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served() as node:
        market = await trade(node.service)
        await node.service.fund("buyer", 10_000)
        await bought(node.service, market.listing_id, number=2)
        for _ in range(3):
            await unpaid(node.service, market)
        whole, pages = await followed(node, query)
        assert len(whole) == 5
        assert pages == 1
        assert await followed(node, f"{query}&limit=2") == (whole, 3)
        # Most rows are passed over: pages may be empty, and none is lost.
        monkeypatch.setattr(paging, "LOOKED_AT_MAX", 1)
        held, pages = await followed(node, f"{query}&state=UNFUNDED")
        assert held == [entry for entry in whole if entry["state"] == "UNFUNDED"]
        assert len(held) == 3
        assert pages >= len(whole)


@pytest.mark.parametrize(
    "query", ["", "part=buyer&due_before_ms=1", f"account={BUYER}&state=LOST", "due_before_ms=-1"]
)
@pytest.mark.asyncio
async def test_half_a_question_is_refused(query: str) -> None:
    async with served() as node:
        status, told = await node.get(f"/v1/orders?{query}")
        assert (status, told["code"]) == (400, "ParameterInvalid")
