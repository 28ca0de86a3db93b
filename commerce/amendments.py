"""What an order's parties change before it goes on: order.reprice, order.readdress.

Neither moves the order along the escrow automaton, and neither touches a clock.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, PositiveAmount, Size
from chain.context import Context, event
from commerce.catalogue.errors import (
    CouponIneligible,
    CouponMinimumMissed,
    PriceNotLowered,
)
from commerce.catalogue.laying import with_coupons
from commerce.errors import (
    LineRepeated,
    LineUnknown,
    NotTheBuyer,
    NotTheSeller,
    OrderUnknown,
    StateForbids,
    UpdateEmpty,
)
from commerce.escrow import State
from commerce.orders import (
    ORDER_LINES_MAX,
    LineIndex,
    line_of,
    load_order,
    save_order,
)
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class NewPrice:
    """`total_minor` is what all units of the line and its freight cost from now on."""

    line: LineIndex
    total_minor: PositiveAmount


@dataclass(frozen=True, slots=True)
class OrderReprice:
    """Each line at most once; the others keep their price."""

    order_id: Hash
    lines: Annotated[tuple[NewPrice, ...], Size(min=1, max=ORDER_LINES_MAX)]


@dataclass(frozen=True, slots=True)
class OrderReaddress:
    """Both commitments are new, or one of them is what it was: `ship_to_commitment` is the salted
    hash of the address, `code_commitment` that of the code which the recipient tells the carrier.
    """

    order_id: Hash
    ship_to_commitment: Hash
    code_commitment: Hash | None


@refuses(
    LineRepeated,
    OrderUnknown,
    NotTheSeller,
    LineUnknown,
    StateForbids,
    PriceNotLowered,
    CouponIneligible,
    CouponMinimumMissed,
)
def order_reprice(op: OrderReprice, context: Context) -> tuple[Event, ...]:
    """Lower what an unpaid order costs. A payment that was signed for the old total is refused."""
    if len({entry.line for entry in op.lines}) != len(op.lines):
        msg = "each line once"
        raise LineRepeated(msg)
    order = load_order(context.state, op.order_id)
    if context.sender != order.seller:
        msg = "only the seller lowers its prices"
        raise NotTheSeller(msg)
    for entry in op.lines:
        line_of(order, entry.line)
    if order.state is not State.UNFUNDED:
        msg = f"the price is fixed in state {order.state}"
        raise StateForbids(msg)
    changed = order
    for entry in op.lines:
        line = changed.lines[entry.line]
        # Never raised: the buyer agreed to the price that it saw.
        if entry.total_minor >= line.total_minor:
            msg = f"line {entry.line} costs {line.total_minor}, {entry.total_minor} isn't lower"
            raise PriceNotLowered(msg)
        changed = changed.replaced(entry.line, altered(line, total_minor=entry.total_minor))
    if order.coupons:
        # A coupon's conditions hold for the price that is paid: its funder pays for no other.
        changed = with_coupons(context.state, changed)
    save_order(context, op.order_id, order, changed)
    repriced = event(
        "order.repriced",
        order_id=op.order_id,
        buyer=order.buyer,
        symbol=order.symbol,
        lines=tuple({"line": entry.line, "total_minor": entry.total_minor} for entry in op.lines),
        total_minor=changed.total_minor,
        payable_minor=changed.payable_minor,
    )
    return (repriced,)


@refuses(OrderUnknown, NotTheBuyer, StateForbids, UpdateEmpty)
def order_readdress(op: OrderReaddress, context: Context) -> tuple[Event, ...]:
    """Send everything somewhere else, while nothing is on its way yet."""
    order = load_order(context.state, op.order_id)
    if context.sender != order.buyer:
        msg = "only the buyer says where the goods go"
        raise NotTheBuyer(msg)
    if order.parcels or not any(line.unshipped for line in order.lines):
        msg = "a parcel was made, or nothing is to be shipped any more"
        raise StateForbids(msg)
    changed = altered(
        order, ship_to_commitment=op.ship_to_commitment, code_commitment=op.code_commitment
    )
    if changed == order:
        msg = "address and code are what they were"
        raise UpdateEmpty(msg)
    save_order(context, op.order_id, order, changed)
    readdressed = event(
        "order.readdressed",
        order_id=op.order_id,
        seller=order.seller,
        ship_to_commitment=op.ship_to_commitment,
        code_commitment=op.code_commitment,
    )
    return (readdressed,)
