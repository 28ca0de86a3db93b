"""Versions, sellers, licences and coupons over HTTP."""

import pytest

from chain.bech32m import encode_account
from commerce.catalogue.issuing import CouponWithdraw
from commerce.catalogue.licences import LicenceRevoke
from commerce.products import ProductUpdate
from tests.chain.world import account
from tests.node.api.market import GTIN, done, found, granted, trade
from tests.node.api.service import served

MERCHANT, BUYER = (encode_account(account(name)) for name in ("merchant", "buyer"))
NEWER = ProductUpdate(GTIN, 1, "green tea", "food", False, "dry", (), True)  # noqa: FBT003


@pytest.mark.asyncio
async def test_versions_stay_readable() -> None:
    async with served() as node:
        market = await trade(node.service)
        await done(node.service, "merchant", "product.update", NEWER)
        for number, title in ((1, "tea"), (2, "green tea")):
            _, version = await node.get(f"/v1/products/{GTIN}/versions/{number}")
            assert (version["version"], version["title"]) == (number, title)
        status, refused = await node.get(f"/v1/products/{GTIN}/versions/3")
        assert (status, refused["code"]) == (404, "ProductUnknown")
        listing = market.listing_id.hex()
        _, offer = await node.get(f"/v1/listings/{listing}/versions/1")
        assert (offer["price_minor"], offer["product_version"]) == ("1000", 1)
        status, refused = await node.get(f"/v1/listings/{listing}/versions/2")
        assert (status, refused["code"]) == (404, "ListingUnknown")


@pytest.mark.asyncio
async def test_a_licence_is_found_by_product_and_merchant_until_it_is_revoked() -> None:
    async with served() as node:
        await found(node.service)
        await granted(node.service)
        _, sellers = await node.get(f"/v1/products/{GTIN}/sellers?limit=1")
        (licence,) = sellers["licences"]
        assert (sellers["brand"], licence["merchant"], licence["holds"]) == (MERCHANT, BUYER, True)
        assert (sellers["licence_required"], sellers["next"]) == (False, None)
        _, licences = await node.get(f"/v1/licences?merchant={BUYER}")
        assert licences == {"licences": [licence], "next": None}
        revoke = LicenceRevoke(account("buyer"), (GTIN,), "sold copies")
        await done(node.service, "merchant", "licence.revoke", revoke)
        assert (await node.get(f"/v1/licences?merchant={BUYER}"))[1]["licences"] == []
        _, sellers = await node.get(f"/v1/products/{GTIN}/sellers")
        assert sellers["licences"] == []
        status, refused = await node.get("/v1/licences")
        assert (status, refused["where"]) == (400, "query.merchant")


@pytest.mark.asyncio
async def test_a_coupon_is_found_by_its_funder_and_told_whole() -> None:
    async with served() as node:
        await found(node.service)
        coupon_id = await granted(node.service)
        _, coupon = await node.get(f"/v1/coupons/{coupon_id.hex()}")
        assert (coupon["funder"], coupon["amount_minor"], coupon["open"]) == (MERCHANT, "500", True)
        assert (coupon["gtins"], coupon["spent_minor"], coupon["orders"]) == ([GTIN], "0", 0)
        _, coupons = await node.get(f"/v1/coupons?funder={MERCHANT}")
        assert coupons == {"coupons": [coupon], "next": None}
        await done(node.service, "merchant", "coupon.withdraw", CouponWithdraw(coupon_id))
        _, ended = await node.get(f"/v1/coupons/{coupon_id.hex()}")
        assert (ended["open"], ended["withdrawn"]) == (False, True)
        status, refused = await node.get("/v1/coupons")
        assert (status, refused["where"]) == (400, "query.funder")
        status, refused = await node.get(f"/v1/coupons/{'00' * 32}")
        assert (status, refused["code"]) == (404, "CouponUnknown")
