"""What the chain's own records say of a broken promise: which units, and what they cost."""

from collections.abc import Iterator

from chain.state import StateReader
from commerce.escrow import State
from commerce.orders import Order, OrderLine
from commerce.parcels import Parcel, ParcelLine, load_parcel, parcel_id


def bought_minor(line: OrderLine) -> int:
    """The price of the units that weren't cancelled before they were shipped."""
    return line.share_minor(0, line.quantity - line.cancelled)


def late_minor(state: StateReader, order_id: bytes, order: Order, index: int, time_ms: int) -> int:
    """The price of a line's units that weren't shipped in time, whatever became of them.

    Shipping at the deadline is late: the clock comes first.
    """
    line = order.lines[index]
    assert order.paid_ms is not None
    promised_ms = order.paid_ms + line.ship_within_ms
    if time_ms < promised_ms:
        return 0
    late = sum(
        line.share_minor(entry.first, entry.quantity)
        for parcel, entry in _parcel_lines(state, order_id, order, index)
        if parcel.shipped_ms >= promised_ms
    )
    return late + line.share_minor(line.shipped, line.unshipped)


def lost_minor(state: StateReader, order_id: bytes, order: Order, index: int) -> int:
    """The price of a line's units in parcels that never arrived."""
    line = order.lines[index]
    return sum(
        line.share_minor(entry.first, entry.quantity)
        for parcel, entry in _parcel_lines(state, order_id, order, index)
        if parcel.state == State.REFUNDED
    )


def _parcel_lines(
    state: StateReader, order_id: bytes, order: Order, index: int
) -> Iterator[tuple[Parcel, ParcelLine]]:
    """Every parcel that has units of the line, with them."""
    for number in range(order.parcels):
        parcel = load_parcel(state, parcel_id(order_id, number))
        for entry in parcel.lines:
            if entry.line == index:
                yield parcel, entry
