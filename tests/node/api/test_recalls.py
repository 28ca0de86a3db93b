"""Recalls over HTTP: what is recalled, how far it has spread, who got some."""

import pytest

from chain.bech32m import encode_account
from commerce.recalls.recalls import RecallOpen
from tests.chain.world import account
from tests.node.api.market import GTIN, ITEM, LOT, done, trade
from tests.node.api.service import served

HASH = bytes(range(32))
LINK = f"https://id.gs1.org/01/{GTIN}/21/7"


@pytest.mark.asyncio
async def test_a_recall_of_a_lot_tells_its_marks_products_and_buyers_page_by_page() -> None:
    async with served() as node:
        market = await trade(node.service)
        opening = RecallOpen(GTIN, 1, HASH, None, (LOT,))
        _, (opened, *_) = await done(node.service, "merchant", "recall.open", opening)
        await node.service.decide()
        recall = opened["recall_id"].hex()
        _, told = await node.get(f"/v1/recalls/{recall}")
        assert (told["whole"], told["spreading"], told["sweeping"]) == (False, False, False)
        assert (told["products"], told["outstanding"]) == (1, 1)
        _, first = await node.get(f"/v1/recalls/{recall}/marks?limit=1")
        (root,) = first["marks"]
        assert (root["kind"], root["since_ms"]) == ("lot", None)
        _, rest = await node.get(f"/v1/recalls/{recall}/marks?cursor={first['next']}")
        assert "made" in [mark["kind"] for mark in rest["marks"]]
        assert rest["next"] is None
        _, products = await node.get(f"/v1/recalls/{recall}/products")
        assert [entry["gtin"] for entry in products["products"]] == [GTIN]
        _, notices = await node.get(f"/v1/recalls/{recall}/notices")
        (notice,) = notices["notices"]
        assert (notice["order_id"], notice["certainty"]) == (market.order_id.hex(), "named")
        assert (notice["buyer"], notice["things"]) == (encode_account(account("buyer")), [LINK])
        _, none = await node.get(f"/v1/recalls/{recall}/notices?certainty=possible")
        assert none["notices"] == []


@pytest.mark.asyncio
async def test_a_thing_tells_the_recalls_that_it_is_under_in_any_spelling() -> None:
    async with served() as node:
        await trade(node.service)
        _, before = await node.get(f"/v1/recalls?thing={ITEM}")
        assert before["recalls"] == []
        opening = RecallOpen(GTIN, 1, HASH, None, (LOT,))
        _, (opened, *_) = await done(node.service, "merchant", "recall.open", opening)
        await node.service.decide()
        recall = opened["recall_id"].hex()
        for thing in (ITEM, LINK, f"{GTIN}/10/{LOT}"):
            _, told = await node.get(f"/v1/recalls?thing={thing}")
            assert [entry["recall_id"] for entry in told["recalls"]] == [recall]
        # A trace says so too: what was declared an error since is missing in it.
        _, traced = await node.get(f"/v1/trace?epc={ITEM}")
        assert traced["recalls"] == [recall]
        _, told = await node.get(f"/v1/recalls?thing={ITEM}9")
        assert told["recalls"] == []
        _, told = await node.get(f"/v1/recalls?gtin={GTIN}")
        assert [entry["recall_id"] for entry in told["recalls"]] == [recall]


@pytest.mark.asyncio
async def test_an_unknown_recall_has_no_lists() -> None:
    async with served() as node:
        for name in ("", "/marks", "/products", "/notices"):
            status, told = await node.get(f"/v1/recalls/{'00' * 32}{name}")
            assert (status, told["code"]) == (404, "RecallUnknown")
