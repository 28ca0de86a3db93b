"""Orders as records: lines with units and money, and the one deadline that an order has.

An order line is where the escrow automaton runs for the units that are neither in a parcel nor in a
case; units are numbered (commerce/units.py), parcels take the lowest first.

An order that has ended keeps its final record, without a deadline: requests after the sale read it.
Once their windows have passed it can leave the state for the history, where its receipts prove it.
"""

from collections.abc import Iterable, Mapping, Sequence
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
from commerce.units import (
    FUNDINGS_MAX,
    Fundings,
    Interval,
    Quantity,
    Span,
    Spans,
    Units,
    count_units,
    interval_of,
    join_spans,
    take_units,
)

ORDER_LINES_MAX = 50

Coupons = Annotated[tuple[Hash, ...], Size(max=FUNDINGS_MAX)]
LineIndex = Annotated[int, Range(0, ORDER_LINES_MAX - 1)]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """`quantity` units of one offer.

    `open` are the units that wait for a parcel and `state` theirs, `due_ms` its clock. Without any,
    `state` is IN_TRANSIT while units are in parcels or cases, and then the line's end. Units were
    `shipped`, `cancelled` (ended before that), or wait, alone or in a case. Money was `settled` for
    so many. `late` waited for a parcel when the promised time was over, `lost` were in parcels that
    never arrived. `paid_minor` = held + released + refunded, always; it is 0 or `total_minor`
    (price · quantity + freight), of which `funding` is paid by others than the payer.
    """

    listing_id: Hash
    version: U32
    gtin: Gtin
    quantity: Quantity
    total_minor: PositiveAmount
    return_exempt: bool
    ship_within_ms: Duration
    funding: Fundings
    state: Name
    due_ms: TimeMs | None
    open: Spans
    shipped: Units
    cancelled: Units
    settled: Units
    paid_minor: Amount
    held_minor: Amount
    released_minor: Amount
    refunded_minor: Amount
    late: Units = 0
    lost: Units = 0

    @property
    def unshipped(self) -> int:
        """Units that wait for a parcel and are in no case."""
        return count_units(self.open)

    @property
    def funded_minor(self) -> int:
        """What the funders of coupons pay of the total."""
        return sum([funding.amount_minor for funding in self.funding])

    def interval_of(self, span: Span) -> Interval:
        """The money of these units, as an interval of the line's total."""
        return interval_of(self.total_minor, self.quantity, span)

    def worth_minor(self, spans: Iterable[Span]) -> int:
        """What these units stand for."""
        worth = 0
        for span in spans:
            low, high = interval_of(self.total_minor, self.quantity, span)
            worth += high - low
        return worth

    def join(self, *groups: Iterable[Span]) -> tuple[Span, ...]:
        """Some of this line's units in order, neighbours as one."""
        return join_spans(self.total_minor, self.quantity, *groups)

    def take(self, spans: Sequence[Span], count: int) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """The `count` lowest units of some of this line's, and the others."""
        return take_units(spans, count, self.total_minor, self.quantity)


@dataclass(frozen=True, slots=True)
class Order:
    """One buyer, one seller, one asset. `payer` gets refunds; `parcels` and `cases` count all.

    `ship_to_commitment` and `code_commitment` are salted hashes: the address, and the code that the
    recipient tells the carrier (commerce/shipments.py); `code_parcel` is the one parcel that the
    code has proved. `parameters` is the version in force when it was created,
    `reserved_minor` what of the seller's deposit is reserved for it. `coupons` are taken in order.
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
    cases: U8
    reserved_minor: Amount
    code_parcel: U8 | None
    coupons: Coupons

    @property
    def total_minor(self) -> int:
        """What everybody pays together."""
        return sum([line.total_minor for line in self.lines])

    @property
    def payable_minor(self) -> int:
        """What the payer pays: the total without what the funders of coupons pay."""
        return self.total_minor - sum([line.funded_minor for line in self.lines if line.funding])

    @property
    def state(self) -> State:
        """The least advanced state of the lines; ended: RELEASED if the seller got anything."""
        return State(min([line.state for line in self.lines], key=_PROGRESS.__getitem__))

    def clock(self) -> Clock | None:
        """When and by which system transition the order goes on by itself; None: it doesn't."""
        first: tuple[int, str] | None = None
        for line in self.lines:
            if line.due_ms is not None and line.open:
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
