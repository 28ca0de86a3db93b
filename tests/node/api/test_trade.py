"""A whole trade read back over HTTP: products, listings, orders, parcels, by id and by list."""

import pytest

from chain.bech32m import encode_account
from tests.chain.world import account
from tests.node.api.market import GTIN, done, trade
from tests.node.api.service import served

MERCHANT, BUYER = (encode_account(account(name)) for name in ("merchant", "buyer"))
CARRIER = encode_account(account("carrier"))


@pytest.mark.asyncio
async def test_after_the_trade_every_view_tells_the_same_story() -> None:
    async with served() as node:
        market = await trade(node.service)
        _, order = await node.get(f"/v1/orders/{market.order_id.hex()}")
        assert (order["state"], order["buyer"], order["seller"]) == ("RELEASED", BUYER, MERCHANT)
        assert (order["total_minor"], order["released_minor"]) == ("2050", "2050")
        assert order["next_deadline"]["kind"] == "sys.order.close"
        _, parcel = await node.get(f"/v1/parcels/{market.parcel_id.hex()}")
        assert order["parcels"] == [parcel]
        assert (parcel["carrier"], parcel["state"]) == (CARRIER, "RELEASED")
        _, listing = await node.get(f"/v1/listings/{market.listing_id.hex()}")
        assert (listing["stock"], listing["price_minor"], listing["gtin"]) == (8, "1000", GTIN)
        _, product = await node.get(f"/v1/products/{GTIN}")
        assert (product["holder"], product["title"]) == (MERCHANT, "tea")


@pytest.mark.asyncio
async def test_lists_find_what_the_views_show() -> None:
    async with served() as node:
        market = await trade(node.service)
        _, products = await node.get(f"/v1/products?holder={MERCHANT}")
        assert [entry["gtin"] for entry in products["products"]] == [GTIN]
        for query in (f"seller={MERCHANT}", f"gtin={GTIN}"):
            _, listings = await node.get(f"/v1/listings?{query}")
            found = [entry["listing_id"] for entry in listings["listings"]]
            assert found == [market.listing_id.hex()]
        _, parcels = await node.get(f"/v1/parcels?carrier={CARRIER}")
        found = [entry["parcel_id"] for entry in parcels["parcels"]]
        assert found == [market.parcel_id.hex()]
        for part, who in (("buyer", BUYER), ("seller", MERCHANT)):
            _, orders = await node.get(f"/v1/orders?account={who}")
            assert orders == (await node.get(f"/v1/accounts/{who}/orders"))[1]
            entry = next(entry for entry in orders["orders"] if entry["part"] == part)
            assert entry["order_id"] == market.order_id.hex()
            assert orders["next"] is None


@pytest.mark.asyncio
async def test_a_list_is_paged_newest_first_without_gap_or_repetition() -> None:
    async with served() as node:
        await trade(node.service)
        for number in range(7):
            payload = node.service.pay("buyer", "merchant", 1 + number).payloads[0]
            await done(node.service, "buyer", "pay.transfer", payload)
        path = f"/v1/accounts/{BUYER}/transactions"
        _, whole = await node.get(f"{path}?limit=100")
        heights = [receipt["height"] for receipt in whole["transactions"]]
        assert heights == sorted(heights, reverse=True)
        assert len(heights) > 9
        found: list[object] = []
        cursor: str | None = ""
        while cursor is not None:
            _, page = await node.get(f"{path}?limit=3{cursor and '&cursor=' + cursor}")
            assert 1 <= len(page["transactions"]) <= 3
            found += page["transactions"]
            cursor = page["next"]
        assert found == whole["transactions"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/orders/{'00' * 32}", 404, "OrderUnknown"),
        (f"/v1/parcels/{'00' * 32}", 404, "ParcelUnknown"),
        (f"/v1/listings/{'00' * 32}", 404, "ListingUnknown"),
        ("/v1/products/06901234000016", 404, "ProductUnknown"),
        ("/v1/products/1", 400, "ParameterInvalid"),
        ("/v1/orders/zz", 400, "ParameterInvalid"),
        (f"/v1/orders/{'AB' * 32}", 400, "ParameterInvalid"),
        ("/v1/orders", 400, "ParameterInvalid"),
        ("/v1/products", 400, "ParameterInvalid"),
        ("/v1/listings", 400, "ParameterInvalid"),
        (f"/v1/listings?seller={MERCHANT}&gtin={GTIN}", 400, "ParameterInvalid"),
        ("/v1/parcels", 400, "ParameterInvalid"),
        (f"/v1/orders?account={BUYER}&cursor=0g", 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_not_there_is_404_and_what_makes_no_sense_400(
    path: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)
