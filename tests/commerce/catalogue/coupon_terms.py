"""Coupons for tests: short names for terms, issued by a funder with money."""

from dataclasses import replace
from typing import Any

from commerce.catalogue.coupons import CouponTerms
from commerce.catalogue.issuing import CouponIssue
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, GENESIS_MS

ISSUE, WITHDRAW = "coupon.issue", "coupon.withdraw"

# ¥100 off anything, at most a hundred times and once a buyer.
TERMS_100 = CouponTerms(
    symbol="CNY",
    amount_minor=10_000,
    permille=None,
    minimum_minor=0,
    seller=None,
    buyer=None,
    listings=(),
    gtins=(),
    valid_from_ms=GENESIS_MS,
    valid_until_ms=GENESIS_MS + 30 * DAY_MS,
    budget_minor=1_000_000,
    uses_per_buyer=1,
)


def terms(**changes: Any) -> CouponTerms:
    """Terms like those of `TERMS_100` with other values."""
    return replace(TERMS_100, **changes)


def issue(shop: Shop, funder: str = "friend", **changes: Any) -> bytes:
    """A coupon of these terms; its id."""
    (issued,) = shop.done(funder, (ISSUE, CouponIssue(terms(**changes))))
    coupon_id = issued.data["coupon_id"]
    assert isinstance(coupon_id, bytes)
    return coupon_id
