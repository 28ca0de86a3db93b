"""Orders as records: lines with units and money, and the one deadline that an order has.

An order line is where the escrow automaton runs for the units that are not in a parcel yet; units
are numbered, parcels take them in order. What the first k of n units of a line cost is
⌊total·k/n⌋, so each unit's share is fixed and no sequence of partial steps drifts.

An order that has ended keeps its final record, without a deadline: requests after the sale read it.
Once their windows have passed it can leave the state for the history, where its receipts prove it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U8, U32, Amount, Hash, Name, PositiveAmount, Range, Size, TimeMs
from chain.context import Context
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.errors import LineUnknown, OrderUnknown
from commerce.escrow import CLOCK_KINDS, State
from commerce.listings import Duration
from commerce.money import Symbol
from commerce.parameters import timers_of
from commerce.products import Gtin
from commerce.records import altered
from commerce.timers import Timers

ORDER_LINES_MAX = 50
QUANTITY_MAX = 1_000_000

LineIndex = Annotated[int, Range(0, ORDER_LINES_MAX - 1)]
Quantity = Annotated[int, Range(1, QUANTITY_MAX)]
Units = Annotated[int, Range(0, QUANTITY_MAX)]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """`quantity` units of one offer.

    `state` is that of the units in no parcel; once all are in parcels or refunded, IN_TRANSIT while
    money is held and then the line's end. `due_ms` is the clock of that state, None without one.
    shipped + cancelled <= quantity. `paid_minor` = held + released + refunded, always; it is 0 or
    `total_minor` (price · quantity + freight).
    """

    listing_id: Hash
    version: U32
    gtin: Gtin
    quantity: Quantity
    total_minor: PositiveAmount
    return_exempt: bool
    ship_within_ms: Duration
    state: Name
    due_ms: TimeMs | None
    shipped: Units
    cancelled: Units
    paid_minor: Amount
    held_minor: Amount
    released_minor: Amount
    refunded_minor: Amount

    @property
    def unshipped(self) -> int:
        """Units that wait for a parcel."""
        return self.quantity - self.shipped - self.cancelled

    def share_minor(self, first: int, count: int) -> int:
        """What the units `first` to `first + count - 1` cost."""
        before = self.total_minor * first // self.quantity
        return self.total_minor * (first + count) // self.quantity - before


@dataclass(frozen=True, slots=True)
class Order:
    """One buyer, one seller, one asset. `payer` gets refunds; `parcels` counts those ever made.

    `ship_to_commitment` and `code_commitment` are salted hashes: the address, and the code that the
    recipient tells the carrier (commerce/shipments.py); `code_parcel` is the one parcel that the
    code has proved. `parameters` is the version in force when it was created.
    """

    buyer: Hash
    seller: Hash
    payer: Hash | None
    symbol: Symbol
    lines: Annotated[tuple[OrderLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    ship_to_commitment: Hash
    code_commitment: Hash | None
    client_reference: Name | None
    parameters: U32
    created_ms: TimeMs
    paid_ms: TimeMs | None
    parcels: U8
    code_parcel: U8 | None

    @property
    def total_minor(self) -> int:
        """What has to be paid."""
        return sum([line.total_minor for line in self.lines])

    @property
    def state(self) -> State:
        """The least advanced state of the lines; ended: RELEASED if the seller got anything."""
        return State(min([line.state for line in self.lines], key=_PROGRESS.__getitem__))

    def clock(self) -> Clock | None:
        """When and by which system transition the order goes on by itself; None: it doesn't."""
        first: tuple[int, str] | None = None
        for line in self.lines:
            if line.due_ms is not None:
                running = (line.due_ms, line.state)
                first = running if first is None else min(first, running)
        return None if first is None else (first[0], CLOCK_KINDS[first[1]])

    def replaced(self, index: int, line: OrderLine) -> "Order":
        """The order with one line exchanged."""
        return altered(self, lines=(*self.lines[:index], line, *self.lines[index + 1 :]))


_PROGRESS: Mapping[str, int] = {
    state.value: rank
    for rank, state in enumerate(
        (
            State.UNFUNDED,
            State.LATE,
            State.HELD,
            State.IN_TRANSIT,
            State.DELIVERED,
            State.RELEASED,
            State.REFUNDED,
            State.CLOSED,
        )
    )
}

ORDERS: Table[Order] = Table("order", Order)


def load_order(state: StateReader, order_id: bytes) -> Order:
    """The order, or `OrderUnknown`."""
    order = ORDERS.load(state, order_id)
    if order is None:
        msg = f"no order {order_id.hex()}"
        raise OrderUnknown(msg)
    return order


def timers_for(state: StateReader, order: Order) -> Timers:
    """How long everything about this order takes."""
    return timers_of(state, order.parameters)


def line_of(order: Order, index: int) -> OrderLine:
    """The line, or `LineUnknown`."""
    if index >= len(order.lines):
        msg = f"the order has {len(order.lines)} lines, none of index {index}"
        raise LineUnknown(msg)
    return order.lines[index]


def save_order(context: Context, order_id: bytes, before: Order | None, after: Order) -> None:
    """Write an order and move its deadline: one while any line has a clock, else none."""
    ORDERS.store(context.state, after, order_id)
    move_deadline(context, order_id, None if before is None else before.clock(), after.clock())


def order_deadline(order_id: bytes, order: Order) -> Deadline | None:
    """The one deadline of an order, or None."""
    clock = order.clock()
    return None if clock is None else deadline_of(order_id, clock)


def order_clocks(state: StateReader, order_id: bytes) -> list[tuple[bytes, Clock]]:
    """The order's id and clock, if it exists and has one."""
    order = ORDERS.load(state, order_id)
    clock = None if order is None else order.clock()
    return [] if clock is None else [(order_id, clock)]
