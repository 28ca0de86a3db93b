"""Who issues coupons and ends them: coupon.issue, coupon.withdraw."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chain.block import Event
from chain.codec import Hash
from chain.context import Context, event
from commerce.accounts import require_account
from commerce.catalogue.coupons import COUPONS, Coupon, CouponTerms, load_coupon
from commerce.catalogue.errors import (
    CouponNeverValid,
    CouponUnknown,
    CouponWithdrawn,
    DiscountMissing,
    GtinsUnsorted,
    ListingsUnsorted,
    NotTheFunder,
)
from commerce.catalogue.licences import require_sorted_gtins
from commerce.errors import (
    AccountUnknown,
    AssetUnknown,
    DelegationExceeded,
    ExpiryPassed,
    ListingUnknown,
    ProductUnknown,
)
from commerce.indexes import index_coupon
from commerce.listings import load_listing
from commerce.money import load_asset, spend_delegation
from commerce.products import load_product
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class CouponIssue:
    """The sender funds every use within `terms`, whoever buys and sells."""

    terms: CouponTerms


@dataclass(frozen=True, slots=True)
class CouponWithdraw:
    """No new order takes the coupon; those that took it can still be paid."""

    coupon_id: Hash


@refuses(
    DiscountMissing,
    CouponNeverValid,
    ListingsUnsorted,
    GtinsUnsorted,
    AssetUnknown,
    AccountUnknown,
    ListingUnknown,
    ProductUnknown,
    ExpiryPassed,
    DelegationExceeded,
)
def coupon_issue(op: CouponIssue, context: Context) -> tuple[Event, ...]:
    """Promise a discount that the sender pays for: to any buyer, within a budget and a time."""
    terms = op.terms
    _check_terms(terms)
    _require_known(context, terms)
    if terms.valid_until_ms <= context.time_ms:
        msg = "a coupon ends in the future"
        raise ExpiryPassed(msg)
    # Buyers will draw it without asking again: a delegated key's cap counts the whole budget.
    spend_delegation(context, terms.budget_minor)
    coupon_id = context.new_id("coupon")
    coupon = Coupon(context.sender, terms, context.time_ms, withdrawn=False)
    COUPONS.store(context.state, coupon, coupon_id)
    index_coupon(context, context.sender, coupon_id, terms.symbol)
    issued = event(
        "coupon.issued",
        coupon_id=coupon_id,
        funder=context.sender,
        symbol=terms.symbol,
        seller=terms.seller,
        buyer=terms.buyer,
        budget_minor=terms.budget_minor,
        valid_from_ms=terms.valid_from_ms,
        valid_until_ms=terms.valid_until_ms,
    )
    return (issued,)


@refuses(CouponUnknown, NotTheFunder, CouponWithdrawn)
def coupon_withdraw(op: CouponWithdraw, context: Context) -> tuple[Event, ...]:
    """End a coupon for all orders that are not made yet."""
    coupon = load_coupon(context.state, op.coupon_id)
    if coupon.funder != context.sender:
        msg = "the coupon is funded by another account"
        raise NotTheFunder(msg)
    if coupon.withdrawn:
        msg = "the coupon was withdrawn before"
        raise CouponWithdrawn(msg)
    COUPONS.store(context.state, altered(coupon, withdrawn=True), op.coupon_id)
    return (event("coupon.withdrawn", coupon_id=op.coupon_id, funder=context.sender),)


def _check_terms(terms: CouponTerms) -> None:
    if terms.amount_minor is None and terms.permille is None:
        msg = "neither an amount nor a share is taken off"
        raise DiscountMissing(msg)
    one_use_minor = 0 if terms.permille is not None else terms.amount_minor or 0
    if terms.valid_until_ms < terms.valid_from_ms or terms.budget_minor < one_use_minor:
        msg = "it ends before it begins, or its budget is smaller than its amount"
        raise CouponNeverValid(msg)
    if _unsorted(terms.listings):
        msg = "listings are sorted, each once"
        raise ListingsUnsorted(msg)
    require_sorted_gtins(terms.gtins)


def _unsorted(ids: Sequence[bytes]) -> bool:
    return any(a >= b for a, b in pairwise(ids))


def _require_known(context: Context, terms: CouponTerms) -> None:
    """What a coupon names exists: a slip of the pen must not make it one for nothing."""
    load_asset(context.state, terms.symbol)
    for party, who in ((terms.seller, "the seller"), (terms.buyer, "the buyer")):
        if party is not None:
            require_account(context, party, who)
    for listing_id in terms.listings:
        load_listing(context.state, listing_id)
    for gtin in terms.gtins:
        load_product(context.state, gtin)
