"""What the API shows of versions, licences and coupons."""

from dataclasses import replace

import pytest

from chain.codec import encode
from commerce.catalogue.coupons import BUYER_USES, COUPON_USES, BuyerUse, CouponUse
from commerce.catalogue.errors import CouponUnknown
from commerce.catalogue.issuing import CouponWithdraw
from commerce.catalogue.licences import LicenceGrant, LicenceRevoke
from commerce.catalogue.views import (
    Page,
    coupon_view,
    licence_view,
    offer_view,
    product_version_view,
    sellers_view,
    uses_left,
)
from commerce.errors import ListingUnknown, ProductUnknown
from commerce.listings import ListingUpdate
from commerce.products import ProductUpdate
from tests.commerce.catalogue.coupon_terms import WITHDRAW, issue
from tests.commerce.shop import TEA, TERMS, Shop
from tests.commerce.world import DAY_MS, GENESIS_MS, World, account

END_MS = GENESIS_MS + DAY_MS
NEWER = ProductUpdate(TEA, 1, "green tea", "food", False, "dry", (), True)  # noqa: FBT003


def test_each_version_of_a_product_or_offer_is_shown() -> None:
    shop = Shop()
    shop.done("merchant", ("product.update", NEWER))
    cheaper = replace(TERMS, price_minor=900)
    shop.done("merchant", ("listing.update", ListingUpdate(shop.tea, 1, 0, cheaper)))
    products = [product_version_view(shop.state, TEA, number) for number in (1, 2)]
    assert [view.title for view in products] == [f"goods {TEA}", "green tea"]
    offers = [offer_view(shop.state, shop.tea, number) for number in (1, 2)]
    assert [(view.version, view.price_minor, view.product_version) for view in offers] == [
        (1, TERMS.price_minor, 1),
        (2, 900, 2),
    ]
    with pytest.raises(ListingUnknown):
        offer_view(shop.state, shop.tea, 3)


def test_who_may_sell_a_product_and_until_when() -> None:
    shop = Shop()
    rival = account("rival")
    grant = LicenceGrant(rival, (TEA,), ("310000",), END_MS, None)
    shop.done("merchant", ("licence.grant", grant))
    shop.done("merchant", ("product.update", NEWER))
    sellers = sellers_view(shop.state, TEA, Page(END_MS))
    assert (sellers.brand, sellers.licence_required) == (account("merchant"), True)
    (licence,) = sellers.licences
    assert (licence.merchant, licence.territories, licence.holds) == (rival, ("310000",), True)
    assert licence == licence_view(shop.state, TEA, rival, END_MS)
    (expired,) = sellers_view(shop.state, TEA, Page(END_MS + 1)).licences
    assert not expired.holds
    shop.done("merchant", ("licence.revoke", LicenceRevoke(rival, (TEA,), "")))
    assert licence_view(shop.state, TEA, rival, END_MS) is None
    assert sellers_view(shop.state, TEA, Page(END_MS)).licences == ()


def test_licensed_merchants_are_told_page_by_page() -> None:
    shop = Shop()
    merchants = sorted(account(name) for name in ("rival", "friend", "carrier"))
    for merchant in merchants:
        grant = LicenceGrant(merchant, (TEA,), (), END_MS, None)
        shop.done("merchant", ("licence.grant", grant))
    first = sellers_view(shop.state, TEA, Page(END_MS, limit=2))
    assert [licence.merchant for licence in first.licences] == merchants[:2]
    assert first.next == merchants[1].hex()
    rest = sellers_view(shop.state, TEA, Page(END_MS, merchants[1], 2))
    assert [licence.merchant for licence in rest.licences] == merchants[2:]
    assert rest.next is None


def test_what_nobody_registered_has_neither_versions_nor_sellers() -> None:
    state = World().state
    with pytest.raises(ProductUnknown):
        product_version_view(state, TEA, 1)
    with pytest.raises(ProductUnknown):
        sellers_view(state, TEA, Page(0))


def test_a_coupon_is_open_in_its_time_while_its_budget_lasts_and_it_stands() -> None:
    shop = Shop()
    coupon_id = issue(shop, budget_minor=10_000, valid_until_ms=END_MS)
    view = coupon_view(shop.state, coupon_id, END_MS)
    assert (view.funder, view.amount_minor, view.decimals) == (account("friend"), 10_000, 2)
    assert (view.open, view.withdrawn, view.spent_minor, view.orders) == (True, False, 0, 0)
    assert not coupon_view(shop.state, coupon_id, END_MS + 1).open
    assert not coupon_view(shop.state, coupon_id, GENESIS_MS - 1).open
    spent = {
        COUPON_USES.key(coupon_id): CouponUse(10_000, 1),
        BUYER_USES.key(coupon_id, account("buyer")): BuyerUse(1),
    }
    assert uses_left(shop.state, coupon_id, account("buyer")) == 1
    shop.state.write({key: encode(use) for key, use in spent.items()})
    assert uses_left(shop.state, coupon_id, account("buyer")) == 0
    assert not coupon_view(shop.state, coupon_id, END_MS).open


def test_a_withdrawn_coupon_is_not_open() -> None:
    shop = Shop()
    coupon_id = issue(shop)
    shop.done("friend", (WITHDRAW, CouponWithdraw(coupon_id)))
    view = coupon_view(shop.state, coupon_id, END_MS)
    assert (view.open, view.withdrawn) == (False, True)
    with pytest.raises(CouponUnknown):
        coupon_view(shop.state, bytes(32), END_MS)
