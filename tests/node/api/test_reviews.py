"""Reviews over HTTP: lists by what they are of, one by its line, a merchant's reputation."""

import pytest

from chain.bech32m import encode_account
from chain.crypto import sha256
from commerce.reviews.hiding import ReviewHide
from tests.chain.world import account
from tests.node.api.market import GTIN, bought, done, reviewed, trade
from tests.node.api.service import served

MERCHANT, BUYER = (encode_account(account(name)) for name in ("merchant", "buyer"))


@pytest.mark.asyncio
async def test_a_review_is_found_by_all_that_it_is_of_and_by_its_author() -> None:
    async with served() as node:
        market = await trade(node.service)
        await reviewed(node.service, market.order_id)
        order = market.order_id.hex()
        _, one = await node.get(f"/v1/reviews/{order}/0")
        assert (one["order_id"], one["line"], one["buyer"]) == (order, 0, BUYER)
        assert one["scores"] == {"goods": 5, "service": 4, "logistics": 3}
        assert (one["paid_minor"], one["void"], one["hidden"]) == ("2050", False, None)
        listing = market.listing_id.hex()
        for query in (f"listing={listing}", f"gtin={GTIN}", f"merchant={MERCHANT}"):
            assert (await node.get(f"/v1/reviews?{query}"))[1] == {"reviews": [one], "next": None}
        _, found = await node.get(f"/v1/reviews?buyer={BUYER}&limit=1")
        assert found["reviews"] == [one]
        _, found = await node.get(f"/v1/reviews?buyer={MERCHANT}")
        assert found == {"reviews": [], "next": None}


@pytest.mark.asyncio
async def test_reviews_are_paged_newest_first() -> None:
    async with served() as node:
        market = await trade(node.service)
        orders = [market.order_id]
        for number in (2, 3):
            orders.insert(0, (await bought(node.service, market.listing_id, number=number))[0])
        for order_id in reversed(orders):
            await reviewed(node.service, order_id)
        found: list[object] = []
        cursor: str | None = ""
        while cursor is not None:
            _, page = await node.get(f"/v1/reviews?gtin={GTIN}&limit=1{cursor}")
            found += [entry["order_id"] for entry in page["reviews"]]
            cursor = page["next"] and f"&cursor={page['next']}"
        assert found == [order.hex() for order in orders]


@pytest.mark.asyncio
async def test_a_hidden_review_shows_its_tombstone_and_no_hash_of_words() -> None:
    async with served() as node:
        market = await trade(node.service)
        await reviewed(node.service, market.order_id)
        hide = ReviewHide(market.order_id, 0, sha256(b"ruling"), "insults a person")
        await done(node.service, "m3", "review.hide", hide)
        _, one = await node.get(f"/v1/reviews/{market.order_id.hex()}/0")
        assert (one["scores"], one["content"], one["replies"]) == (None, None, [])
        assert one["hidden"]["regulator"] == encode_account(account("m3"))
        assert one["hidden"]["legal_order"] == sha256(b"ruling").hex()
        _, told = await node.get(f"/v1/accounts/{MERCHANT}/reputation")
        assert (told["reputation"]["reviews"], told["reputation"]["hidden"]) == (0, 1)


@pytest.mark.asyncio
async def test_a_merchants_reputation_says_of_which_height_it_is() -> None:
    async with served() as node:
        market = await trade(node.service)
        await reviewed(node.service, market.order_id)
        _, told = await node.get(f"/v1/accounts/{MERCHANT}/reputation")
        assert told["height"] == node.service.ledger.tip.height
        merchant = told["reputation"]
        assert (merchant["merchant"], merchant["reviews"], merchant["stars"]) == (MERCHANT, 1, 12)
        assert (merchant["nominal_weight"], merchant["nominal_mean_hundredths"]) == (2050, 400)
        # The buyer has bought nowhere else.
        assert merchant["discounts"]["nothing_elsewhere"] == 2050 - merchant["weight"]
        _, nobody = await node.get(f"/v1/accounts/{BUYER}/reputation")
        assert (nobody["reputation"]["reviews"], nobody["reputation"]["weight"]) == (0, 0)
        assert nobody["reputation"]["score_hundredths"] == 300


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/reviews/{'00' * 32}/0", 404, "ReviewUnknown"),
        (f"/v1/reviews/{'00' * 32}/50", 400, "ParameterInvalid"),
        (f"/v1/reviews/{'00' * 32}/x", 400, "ParameterInvalid"),
        ("/v1/reviews", 400, "ParameterInvalid"),
        (f"/v1/reviews?gtin={GTIN}&buyer={BUYER}", 400, "ParameterInvalid"),
        ("/v1/reviews?gtin=1", 400, "ParameterInvalid"),
        ("/v1/reviews?seller=x", 400, "ParameterUnknown"),
        (f"/v1/accounts/{encode_account(bytes(32))}/reputation", 404, "AccountUnknown"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_not_there_is_404_and_what_makes_no_sense_400(
    path: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)
