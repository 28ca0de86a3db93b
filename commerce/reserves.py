"""What of a seller's deposit is reserved for an order: from its payment to the end of its windows.

With its deposit behind an order a seller is paid when the buyer's time to confirm is over, although
the right to return without a reason still runs: the money that may have to go back is there.
"""

from chain.context import Context
from commerce.deposits.holding import reserve, unreserve
from commerce.escrow import State
from commerce.orders import Order, load_order, save_order
from commerce.parcels import load_parcel, parcel_id
from commerce.records import altered


def reserved(context: Context, order: Order) -> Order:
    """The order with its total reserved, if the seller's deposit has so much free."""
    if not reserve(context, order.seller, order.symbol, order.total_minor):
        return order
    return altered(order, reserved_minor=order.total_minor)


def free_reserve(context: Context, order_id: bytes, now_ms: int) -> None:
    """Give the reserve of an order free once nothing of it can be asked back any more."""
    order = load_order(context.state, order_id)
    if not order.reserved_minor or not _is_over(context, order_id, order):
        return
    unreserve(context, order.seller, order.symbol, order.reserved_minor, ended_ms=now_ms)
    save_order(context, order_id, order, altered(order, reserved_minor=0))


def _is_over(context: Context, order_id: bytes, order: Order) -> bool:
    if any(line.settled < line.quantity for line in order.lines):
        return False
    for number in range(order.parcels):
        parcel = load_parcel(context.state, parcel_id(order_id, number))
        if parcel.state == State.RELEASED or any(entry.pending for entry in parcel.lines):
            return False
    return True
