"""The full check notices a coupon whose uses aren't those of the orders."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.catalogue.audit import check_coupons
from commerce.catalogue.coupons import (
    BUYER_USES,
    COUPON_USES,
    COUPONS,
    BuyerUse,
    CouponUse,
    load_coupon,
)
from commerce.orders import ORDERS, load_order
from tests.commerce.catalogue.coupon_terms import issue
from tests.commerce.catalogue.test_drawing import bought, place
from tests.commerce.shop import Shop
from tests.commerce.world import account

Slip = Callable[[Overlay, bytes, bytes], None]


def forgotten(state: Overlay, coupon_id: bytes, _order_id: bytes) -> None:
    COUPON_USES.remove(state, coupon_id)


def too_little(state: Overlay, coupon_id: bytes, _order_id: bytes) -> None:
    COUPON_USES.store(state, CouponUse(1, 1), coupon_id)


def another_buyer(state: Overlay, coupon_id: bytes, _order_id: bytes) -> None:
    BUYER_USES.remove(state, coupon_id, account("buyer"))
    BUYER_USES.store(state, BuyerUse(1), coupon_id, account("rival"))


def smaller_budget(state: Overlay, coupon_id: bytes, _order_id: bytes) -> None:
    coupon = load_coupon(state, coupon_id)
    less = replace(coupon, terms=replace(coupon.terms, budget_minor=499))
    COUPONS.store(state, less, coupon_id)


def fewer_uses(state: Overlay, coupon_id: bytes, order_id: bytes) -> None:
    """The same order once more: two uses, where one is allowed."""
    COUPON_USES.store(state, CouponUse(1_000, 2), coupon_id)
    BUYER_USES.store(state, BuyerUse(2), coupon_id, account("buyer"))
    ORDERS.store(state, load_order(state, order_id), bytes(32))


def unpaid(state: Overlay, _coupon_id: bytes, order_id: bytes) -> None:
    ORDERS.store(state, replace(load_order(state, order_id), paid_ms=None), order_id)


def test_what_paid_orders_took_is_what_was_drawn() -> None:
    shop = Shop()
    coupon = issue(shop, amount_minor=500)
    place(shop, (shop.tea, 1), coupons=(coupon,))
    check_coupons(shop.state)
    bought(shop, (shop.tea, 1), coupons=(coupon,))
    check_coupons(shop.state)


@pytest.mark.parametrize(
    "slip", [forgotten, too_little, another_buyer, smaller_budget, fewer_uses, unpaid]
)
def test_a_slip_is_noticed(slip: Slip) -> None:
    shop = Shop()
    coupon = issue(shop, amount_minor=500)
    order_id = bought(shop, (shop.tea, 1), coupons=(coupon,))
    overlay = Overlay(shop.state)
    slip(overlay, coupon, order_id)
    with pytest.raises(InvariantBreach):
        check_coupons(overlay)
