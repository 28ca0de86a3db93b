"""More time for a parcel: order.extend.

A seller extends by 3, 5, 7 or 10 days, as often as the sum allows; the buyer once by up to 3 days.
A parcel's clocks move by 20 days in all at most, so that nobody holds money up for ever.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Range
from chain.context import Context, event
from commerce.errors import NotAParty, ParcelUnknown, StateForbids
from commerce.escrow import State
from commerce.extension_errors import ExtendedOnce, ExtensionDaysForbidden, ExtensionTooLong
from commerce.orders import load_order
from commerce.parcels import load_parcel, save_parcel
from commerce.records import altered
from commerce.refusals import refuses
from commerce.timers import DAY_MS

SELLER_DAYS = (3, 5, 7, 10)
BUYER_DAYS_MAX = 3
EXTENSION_DAYS_MAX = 20


@dataclass(frozen=True, slots=True)
class OrderExtend:
    """`days` of commercial time: a seller's are 3, 5, 7 or 10, a buyer's 1 to 3."""

    parcel_id: Hash
    days: Annotated[int, Range(1, EXTENSION_DAYS_MAX)]


@refuses(
    ParcelUnknown,
    NotAParty,
    StateForbids,
    ExtensionDaysForbidden,
    ExtendedOnce,
    ExtensionTooLong,
)
def order_extend(op: OrderExtend, context: Context) -> tuple[Event, ...]:
    """Move the clock of a parcel on its way or delivered: it is lost, or released, later."""
    parcel = load_parcel(context.state, op.parcel_id)
    order = load_order(context.state, parcel.order_id)
    if context.sender not in (order.buyer, order.seller):
        msg = "only the buyer or the seller extends"
        raise NotAParty(msg)
    if parcel.clock() is None or parcel.state not in (State.IN_TRANSIT, State.DELIVERED):
        msg = f"nothing to extend in state {parcel.state}"
        raise StateForbids(msg)
    is_buyer = context.sender == order.buyer
    allowed = op.days <= BUYER_DAYS_MAX if is_buyer else op.days in SELLER_DAYS
    if not allowed:
        msg = "a seller extends by 3, 5, 7 or 10 days, a buyer by up to 3"
        raise ExtensionDaysForbidden(msg)
    if is_buyer and parcel.buyer_extended:
        msg = "the buyer has extended this parcel's time"
        raise ExtendedOnce(msg)
    scaled_ms = context.chain.genesis.scaled_ms
    extension_ms = scaled_ms(op.days * DAY_MS)
    extended_ms = parcel.extended_ms + extension_ms
    if extended_ms > scaled_ms(EXTENSION_DAYS_MAX * DAY_MS):
        msg = f"{EXTENSION_DAYS_MAX} days in all"
        raise ExtensionTooLong(msg)
    assert parcel.due_ms is not None
    extended = altered(
        parcel,
        due_ms=parcel.due_ms + extension_ms,
        extended_ms=extended_ms,
        buyer_extended=parcel.buyer_extended or is_buyer,
    )
    save_parcel(context, op.parcel_id, parcel, extended)
    told = event(
        "order.extended",
        order_id=parcel.order_id,
        parcel_id=op.parcel_id,
        by=context.sender,
        days=op.days,
        until_ms=extended.due_ms,
    )
    return (told,)
