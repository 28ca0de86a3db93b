"""Rules of coupon.issue and coupon.withdraw."""

# ruff: noqa: E501 (the rule table is aligned)

from commerce.catalogue.coupons import load_coupon
from commerce.catalogue.issuing import CouponIssue, CouponWithdraw
from commerce.delegations import Delegate
from commerce.indexes import FUNDER_COUPON
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.catalogue.coupon_terms import ISSUE, TERMS_100, WITHDRAW, issue, terms
from tests.commerce.shop import BIKE, TEA, Shop, gtin
from tests.commerce.world import DAY_MS, GENESIS_MS, account, key

NOWHERE = bytes(32)
TWO = tuple(sorted((TEA, BIKE)))
SCOPE = Delegate(key("erp"), (ISSUE,), 999_999, GENESIS_MS + DAY_MS)
WIDE = Delegate(key("erp"), (ISSUE,), 1_000_000, GENESIS_MS + DAY_MS)


def offered(**changes: object) -> CouponIssue:
    """A coupon with some terms of its own."""
    return CouponIssue(terms(**changes))


# fmt: off
ISSUING: list[Row] = [
    #       sender        type     payload                                              outcome
    Attempt("friend",     ISSUE,   offered(amount_minor=None),                      (), "DiscountMissing"),
    Attempt("friend",     ISSUE,   offered(valid_until_ms=GENESIS_MS - 1),          (), "CouponNeverValid"),
    Attempt("friend",     ISSUE,   offered(budget_minor=9_999),                     (), "CouponNeverValid"),
    Attempt("friend",     ISSUE,   offered(listings=(NOWHERE, NOWHERE)),            (), "ListingsUnsorted"),
    Attempt("friend",     ISSUE,   offered(gtins=TWO[::-1]),                        (), "GtinsUnsorted"),
    Attempt("friend",     ISSUE,   offered(symbol="EUR"),                           (), "AssetUnknown"),
    Attempt("friend",     ISSUE,   offered(seller=NOWHERE),                         (), "AccountUnknown"),
    Attempt("friend",     ISSUE,   offered(buyer=NOWHERE),                          (), "AccountUnknown"),
    Attempt("friend",     ISSUE,   offered(listings=(NOWHERE,)),                    (), "ListingUnknown"),
    Attempt("friend",     ISSUE,   offered(gtins=(gtin(9),)),                       (), "ProductUnknown"),
    Attempt("friend",     ISSUE,   offered(valid_until_ms=GENESIS_MS),              (), "ExpiryPassed"),
    Attempt("friend",     "delegate", SCOPE,                                        (), "ok"),
    Attempt("friend/erp", ISSUE,   offered(),                                       (), "DelegationExceeded"),
    Attempt("friend",     "delegate", WIDE,                                         (), "ok"),
    Attempt("friend/erp", ISSUE,   offered(),                                       (), "ok"),
    Attempt("friend/erp", ISSUE,   offered(),                                       (), "DelegationExceeded"),
    Attempt("friend",     ISSUE,   offered(gtins=TWO),                              (), "ok"),
    Attempt("friend",     ISSUE,   offered(permille=125, budget_minor=1),           (), "ok"),
    Attempt("buyer",      ISSUE,   offered(amount_minor=None, permille=1_000),      (), "ok"),
    # A budget is a promise and no deposit: an empty purse may promise, and then can't pay.
    Attempt("rival",      ISSUE,   offered(seller=account("merchant")),             (), "ok"),
]
# fmt: on


def withdrawing(coupon: bytes) -> list[Row]:
    """A coupon of the friend's."""
    # fmt: off
    return [
        #       sender    type      payload                          outcome
        Attempt("friend", WITHDRAW, CouponWithdraw(NOWHERE),     (), "CouponUnknown"),
        Attempt("rival",  WITHDRAW, CouponWithdraw(coupon),      (), "NotTheFunder"),
        Attempt("friend", WITHDRAW, CouponWithdraw(coupon),      (), "ok"),
        Attempt("friend", WITHDRAW, CouponWithdraw(coupon),      (), "CouponWithdrawn"),
        Attempt("rival",  WITHDRAW, CouponWithdraw(coupon),      (), "NotTheFunder"),
    ]
    # fmt: on


def test_a_coupon_says_what_it_takes_off_when_and_how_often() -> None:
    play(Shop(), ISSUING)


def test_only_its_funder_withdraws_a_coupon_and_only_once() -> None:
    shop = Shop()
    coupon_id = issue(shop)
    assert not load_coupon(shop.state, coupon_id).withdrawn
    play(shop, withdrawing(coupon_id))
    kept = load_coupon(shop.state, coupon_id)
    assert (kept.withdrawn, kept.terms, kept.funder) == (True, TERMS_100, account("friend"))


def test_a_coupon_is_found_by_its_funder() -> None:
    shop = Shop()
    coupon_id = issue(shop)
    found = [key for key in shop.indexes if key.startswith(FUNDER_COUPON + account("friend"))]
    assert [key[-32:] for key in found] == [coupon_id]
