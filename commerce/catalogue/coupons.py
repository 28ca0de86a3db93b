"""Coupons: who funds a discount, for which lines, and how much of it was used.

A coupon's terms never change. An order that names coupons holds, line by line, what each funder
will pay (`Funding`); the money moves when the order is paid, from the funder's balance into escrow,
and a refund returns each share to its funder. So a coupon costs its funder at most its budget,
whatever a buyer and a seller agree between them, and cashing it in by a refund gains nothing.

What a refund brought back is not used again: budget and uses count payments, and only upwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U16, U64, Amount, Hash, PositiveAmount, Range, Size, TimeMs
from chain.state import StateReader, Table
from commerce.catalogue.allocation import PER_MILLE, Discount, apportion
from commerce.catalogue.errors import (
    CouponIneligible,
    CouponMinimumMissed,
    CouponNotInTime,
    CouponUnknown,
    CouponWithdrawn,
)
from commerce.money import Symbol
from commerce.products import Gtin
from commerce.units import Funding

COUPON_GTINS_MAX = 100
COUPON_LISTINGS_MAX = 50
USES_PER_BUYER_MAX = 1_000

Permille = Annotated[int, Range(1, PER_MILLE)]


@dataclass(frozen=True, slots=True)
class CouponTerms:
    """What is taken off, of what, when, and how often.

    `amount_minor` alone: so much; `permille` alone: that share of the eligible lines, rounded down;
    both: the share, at most the amount. Eligible are lines in `symbol`, of `seller` and for `buyer`
    if they are named, and of the named `listings` or `gtins` (both sorted) if any are.
    `minimum_minor` must be left to pay of them when the coupon's turn comes. Both times are
    inclusive. `budget_minor` is what all uses may cost together, `uses_per_buyer` how many paid
    orders of a buyer may take it.
    """

    symbol: Symbol
    amount_minor: PositiveAmount | None
    permille: Permille | None
    minimum_minor: Amount
    seller: Hash | None
    buyer: Hash | None
    listings: Annotated[tuple[Hash, ...], Size(max=COUPON_LISTINGS_MAX)]
    gtins: Annotated[tuple[Gtin, ...], Size(max=COUPON_GTINS_MAX)]
    valid_from_ms: TimeMs
    valid_until_ms: TimeMs
    budget_minor: PositiveAmount
    uses_per_buyer: Annotated[int, Range(1, USES_PER_BUYER_MAX)]

    @property
    def discount(self) -> Discount:
        """What it takes off a sum."""
        return Discount(self.amount_minor, self.permille)


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon as its funder issued it; a withdrawn one is taken by no new order."""

    funder: Hash
    terms: CouponTerms
    issued_ms: TimeMs
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class CouponUse:
    """What paid orders drew from a coupon: `spent_minor` <= the budget; `orders` paid with it."""

    spent_minor: Amount
    orders: U64


@dataclass(frozen=True, slots=True)
class BuyerUse:
    """How many orders of one buyer were paid with a coupon."""

    orders: U16


@dataclass(frozen=True, slots=True)
class Priced:
    """An order line as coupons see it; `total_minor` with its freight."""

    listing_id: bytes
    gtin: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """An order as coupons see it: one buyer, seller and asset."""

    buyer: bytes
    seller: bytes
    symbol: str
    lines: Sequence[Priced]


COUPONS: Table[Coupon] = Table("coupon", Coupon)
COUPON_USES: Table[CouponUse] = Table("coupon-use", CouponUse)
BUYER_USES: Table[BuyerUse] = Table("coupon-buyer", BuyerUse)
UNUSED = CouponUse(0, 0)


def load_coupon(state: StateReader, coupon_id: bytes) -> Coupon:
    """The coupon, or `CouponUnknown`."""
    coupon = COUPONS.load(state, coupon_id)
    if coupon is None:
        msg = f"no coupon {coupon_id.hex()}"
        raise CouponUnknown(msg)
    return coupon


def use_of(state: StateReader, coupon_id: bytes) -> CouponUse:
    """What was drawn from a coupon until now."""
    return COUPON_USES.load(state, coupon_id) or UNUSED


def buyer_uses(state: StateReader, coupon_id: bytes, buyer: bytes) -> int:
    """How often the buyer has used it."""
    used = BUYER_USES.load(state, coupon_id, buyer)
    return 0 if used is None else used.orders


def require_open(coupon: Coupon, time_ms: int) -> None:
    """`CouponWithdrawn` or `CouponNotInTime` unless a new order may take the coupon.

    Asked when the order is created: what was accepted then is kept until the order's own clock ends
    it (民法典 art. 477: an offer is revoked before it is accepted, or not at all).
    """
    if coupon.withdrawn:
        msg = "the coupon was withdrawn"
        raise CouponWithdrawn(msg)
    if not coupon.terms.valid_from_ms <= time_ms <= coupon.terms.valid_until_ms:
        msg = f"valid from {coupon.terms.valid_from_ms} to {coupon.terms.valid_until_ms} ms"
        raise CouponNotInTime(msg)


def allocate(
    state: StateReader, coupon_ids: Sequence[bytes], basket: Basket
) -> tuple[tuple[Funding, ...], ...]:
    """For each line of an order what the coupons' funders pay of it.

    The coupons count in the given order, each on what those before it left of the eligible lines,
    by largest remainder with that as weights. `CouponUnknown`, `CouponIneligible` or
    `CouponMinimumMissed` for the first that can't be taken.
    """
    left = [line.total_minor for line in basket.lines]
    fundings: list[tuple[Funding, ...]] = [()] * len(left)
    for coupon_id in coupon_ids:
        coupon = load_coupon(state, coupon_id)
        eligible = _eligible(coupon.terms, basket)
        weights = [total if index in eligible else 0 for index, total in enumerate(left)]
        for index, share_minor in enumerate(_shares(coupon.terms, weights)):
            if share_minor:
                left[index] -= share_minor
                fundings[index] += (Funding(coupon.funder, coupon_id, share_minor),)
    return tuple(fundings)


def _shares(terms: CouponTerms, weights: Sequence[int]) -> tuple[int, ...]:
    base_minor = sum(weights)
    discount_minor = terms.discount.of(base_minor)
    if discount_minor == 0:
        msg = "no line of the order is eligible, or nothing is left to take off"
        raise CouponIneligible(msg)
    if base_minor < terms.minimum_minor:
        msg = f"{base_minor} left of eligible lines, the coupon's minimum is {terms.minimum_minor}"
        raise CouponMinimumMissed(msg)
    return apportion(discount_minor, weights)


def _eligible(terms: CouponTerms, basket: Basket) -> Sequence[int]:
    """The indexes of the lines that the coupon is for."""
    for named, party in ((terms.seller, basket.seller), (terms.buyer, basket.buyer)):
        if named not in (None, party):
            return ()
    if terms.symbol != basket.symbol:
        return ()
    everything = not terms.listings and not terms.gtins
    return [
        index
        for index, line in enumerate(basket.lines)
        if everything or line.listing_id in terms.listings or line.gtin in terms.gtins
    ]
