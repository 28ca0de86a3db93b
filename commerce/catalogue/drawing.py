"""When an order is paid its coupons are drawn: each funder pays its part into escrow.

A buyer, a seller or both together get no more out of a coupon than its terms give away: budget and
uses are counted here, at the payment, before any money can leave the escrow. An order that is never
paid draws nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.block import Event
from chain.context import Context, event
from chain.state import StateReader
from commerce.catalogue.coupons import (
    BUYER_USES,
    COUPON_USES,
    BuyerUse,
    CouponUse,
    buyer_uses,
    load_coupon,
    use_of,
)
from commerce.catalogue.errors import CouponExhausted, CouponUnfunded, CouponUsedUp
from commerce.errors import InsufficientFunds
from commerce.money import debit, minor_units_of
from commerce.orders import Order, OrderLine


@dataclass(frozen=True, slots=True)
class Drawing:
    """What one coupon pays of a whole order."""

    coupon_id: bytes
    funder: bytes
    amount_minor: int


def drawings_of(lines: Iterable[OrderLine]) -> tuple[Drawing, ...]:
    """The fundings of an order's lines, summed up by coupon, sorted by its id."""
    drawn: dict[bytes, Drawing] = {}
    for line in lines:
        for funding in line.funding:
            known = drawn.get(funding.coupon_id)
            before_minor = 0 if known is None else known.amount_minor
            amount_minor = before_minor + funding.amount_minor
            drawn[funding.coupon_id] = Drawing(funding.coupon_id, funding.funder, amount_minor)
    return tuple([drawn[coupon_id] for coupon_id in sorted(drawn)])


def require_undrawn(state: StateReader, buyer: bytes, drawings: Iterable[Drawing]) -> None:
    """`CouponExhausted` or `CouponUsedUp` unless budgets and the buyer's uses allow all of it."""
    for drawing in drawings:
        terms = load_coupon(state, drawing.coupon_id).terms
        left_minor = terms.budget_minor - use_of(state, drawing.coupon_id).spent_minor
        if drawing.amount_minor > left_minor:
            msg = f"{left_minor} left of the coupon's budget, {drawing.amount_minor} needed"
            raise CouponExhausted(msg)
        if buyer_uses(state, drawing.coupon_id, buyer) >= terms.uses_per_buyer:
            msg = f"a buyer uses this coupon {terms.uses_per_buyer} times"
            raise CouponUsedUp(msg)


def draw(context: Context, order_id: bytes, order: Order) -> tuple[Event, ...]:
    """Take each funder's part and count it; the caller puts the sum into escrow.

    `CouponUnfunded`, `CouponExhausted` or `CouponUsedUp`, and then nothing happens.
    """
    symbol, drawings = order.symbol, drawings_of(order.lines)
    for drawing in drawings:
        try:
            debit(context, drawing.funder, symbol, drawing.amount_minor)
        except InsufficientFunds as error:
            units = minor_units_of(symbol)
            msg = f"the funder lacks {drawing.amount_minor} for the coupon {units}"
            raise CouponUnfunded(msg) from error
    require_undrawn(context.state, order.buyer, drawings)
    return tuple([_count(context, order_id, order, drawing) for drawing in drawings])


def _count(context: Context, order_id: bytes, order: Order, drawing: Drawing) -> Event:
    state, coupon_id = context.state, drawing.coupon_id
    known = use_of(state, coupon_id)
    use = CouponUse(known.spent_minor + drawing.amount_minor, known.orders + 1)
    COUPON_USES.store(state, use, coupon_id)
    by_buyer = BuyerUse(buyer_uses(state, coupon_id, order.buyer) + 1)
    BUYER_USES.store(state, by_buyer, coupon_id, order.buyer)
    return event(
        "coupon.used",
        coupon_id=coupon_id,
        funder=drawing.funder,
        order_id=order_id,
        buyer=order.buyer,
        symbol=order.symbol,
        amount_minor=drawing.amount_minor,
    )
