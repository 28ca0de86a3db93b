"""Parcels as records: which units of which lines travel together, and the deadline they share.

A parcel's id follows from the order's and its number, so that an order's parcels are found from
state alone. A parcel that has ended keeps its record and has no deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U8, Amount, Hash, Name, Size, TimeMs
from chain.context import Context
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.errors import ParcelUnknown
from commerce.escrow import CLOCK_KINDS, Edge, Money, State
from commerce.listings import Duration
from commerce.orders import (
    ORDER_LINES_MAX,
    LineIndex,
    Order,
    order_clocks,
    save_order,
)
from commerce.parameters import Parameters, parameters_of
from commerce.records import altered
from commerce.settlement import portions_of, settle, worth_of
from commerce.shanghai import return_window_end_ms
from commerce.units import Quantity, Spans, Units, count_units

EPCS_MAX = 100
EPC_SIZE_MAX = 128
PARCELS_MAX = 100

Epc = Annotated[str, Size(min=1, max=EPC_SIZE_MAX)]
Sscc = Annotated[str, Size(min=18, max=18)]
# Where a parcel was handed over, coarse enough for privacy: a geohash of up to 6 characters
# (about 1 km) or an administrative division code (GB/T 2260).
Cell = Annotated[str, Size(min=1, max=6)]


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """`quantity` units of an order line. `open` are those whose money is held, `released` those
    whose money the seller has; `pending` count those in cases.
    """

    line: LineIndex
    quantity: Quantity
    open: Spans
    pending: Units
    released: Spans

    @property
    def open_units(self) -> int:
        """Units whose money is still held, and that are in no case."""
        return count_units(self.open)

    @property
    def settled(self) -> int:
        """Units whose money was released or refunded, and that are in no case."""
        return self.quantity - self.open_units - self.pending


@dataclass(frozen=True, slots=True)
class Parcel:
    """`due_ms` is the clock of `state`: lost while IN_TRANSIT, confirm once DELIVERED, the end of
    the windows once RELEASED. It stands while all that it would concern is in cases.

    `signed_ms` is when the windows began: at the delivery, or, until there is one, when something
    in it was confirmed. `extended_ms` is what the clocks were extended by; an `exchange` is not
    exchanged again.
    """

    order_id: Hash
    number: U8
    carrier: Hash
    lines: Annotated[tuple[ParcelLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    state: Name
    due_ms: TimeMs | None
    shipped_ms: TimeMs
    delivered_ms: TimeMs | None
    signed_ms: TimeMs | None
    extended_ms: Duration
    buyer_extended: bool
    exchange: bool
    cell: Cell | None
    sscc: Sscc | None
    epcs: Annotated[tuple[Epc, ...], Size(max=EPCS_MAX)]
    label_commitment: Hash | None
    insured_minor: Amount

    def clock(self) -> Clock | None:
        """When and by which system transition the parcel goes on by itself; None: it doesn't."""
        if self.due_ms is None:
            return None
        # Lists, not generators: every step of a trade comes by here, more than once.
        if self.state == State.RELEASED:
            runs = not [entry for entry in self.lines if entry.pending]
        else:
            runs = bool([entry for entry in self.lines if entry.open])
        return (self.due_ms, CLOCK_KINDS[self.state]) if runs else None


PARCELS: Table[Parcel] = Table("parcel", Parcel)


def parcel_id(order_id: bytes, number: int) -> bytes:
    """The id of an order's parcel; numbers count from 0."""
    return tagged_hash("parcel", order_id + bytes([number]))


def load_parcel(state: StateReader, known_id: bytes) -> Parcel:
    """The parcel, or `ParcelUnknown`."""
    parcel = PARCELS.load(state, known_id)
    if parcel is None:
        msg = f"no parcel {known_id.hex()}"
        raise ParcelUnknown(msg)
    return parcel


def save_parcel(context: Context, known_id: bytes, before: Parcel | None, after: Parcel) -> None:
    """Write a parcel under its id and move its deadline."""
    PARCELS.store(context.state, after, known_id)
    move_deadline(context, known_id, None if before is None else before.clock(), after.clock())


def parcel_deadline(parcel: Parcel) -> Deadline | None:
    """The one deadline of a parcel, or None."""
    clock = parcel.clock()
    known_id = parcel_id(parcel.order_id, parcel.number)
    return None if clock is None else deadline_of(known_id, clock)


def settle_units(
    context: Context,
    known_id: bytes,
    parcel: Parcel,
    order: Order,
    units: Sequence[tuple[int, int]],
    edge: Edge,
) -> tuple[Parcel, int]:
    """Move the money of (position in the parcel, count) units along `edge`; writes both records,
    the parcel under its id.

    Units of a line settle in their order. When none is open or in a case, the parcel has ended or
    waits for the end of its windows. Returns the parcel and the amount.
    """
    lines, portions = list(parcel.lines), []
    released = edge.money is Money.RELEASE
    for position, count in units:
        entry = lines[position]
        line = order.lines[entry.line]
        taken, left = line.take(entry.open, count)
        portions += portions_of(order, entry.line, taken)
        kept = line.join(entry.released, taken) if released else entry.released
        lines[position] = altered(entry, open=left, released=kept)
    signed_ms = parcel.signed_ms
    if signed_ms is None and released:
        # No clock releases what was never signed for: this is the buyer's own confirmation.
        signed_ms = context.time_ms
    settled = altered(parcel, lines=tuple(lines), signed_ms=signed_ms)
    if edge.target is State.REFUNDED:
        # Lost as a whole: units in cases that come back to it are refunded then.
        settled = altered(settled, state=State.REFUNDED.value, due_ms=None)
    settled = at_rest(context, order, settled)
    counted = _with_lost(order, parcel) if edge.target is State.REFUNDED else order
    save_order(context, parcel.order_id, order, settle(context, counted, portions, edge.money))
    save_parcel(context, known_id, parcel, settled)
    return settled, worth_of(portions)


def _with_lost(order: Order, parcel: Parcel) -> Order:
    """The order, counting what is lost with a parcel: also its units in cases."""
    for entry in parcel.lines:
        line = order.lines[entry.line]
        lost = min(line.quantity, line.lost + entry.open_units + entry.pending)
        order = order.replaced(entry.line, altered(line, lost=lost))
    return order


def at_rest(context: Context, order: Order, parcel: Parcel) -> Parcel:
    """The parcel as it is now that units left it: with none open or in a case, its money is
    RELEASED until the windows are over, or all REFUNDED.
    """
    if [entry for entry in parcel.lines if entry.open or entry.pending]:
        return parcel
    if not [entry for entry in parcel.lines if entry.released]:
        return altered(parcel, state=State.REFUNDED.value, due_ms=None)
    assert parcel.signed_ms is not None
    closes_ms = windows_end_ms(context, order, parcel.signed_ms)
    return altered(parcel, state=State.RELEASED.value, due_ms=closes_ms)


def windows_end_ms(context: Context, order: Order, signed_ms: int) -> int:
    """When no request is possible any more for goods that were signed for then."""
    parameters = parameters_of(context.state, order.parameters)
    quality_ms = signed_ms + parameters.timers.quality_ms
    return max(quality_ms, _no_reason_end_ms(context, parameters, signed_ms))


def no_reason_end_ms(context: Context, order: Order, signed_ms: int) -> int:
    """When the right to return without a reason has ended (消费者权益保护法 art. 25), by the
    calendar of holidays that the order was made under.
    """
    parameters = parameters_of(context.state, order.parameters)
    return _no_reason_end_ms(context, parameters, signed_ms)


def _no_reason_end_ms(context: Context, parameters: Parameters, signed_ms: int) -> int:
    genesis = context.chain.genesis
    return return_window_end_ms(
        signed_ms,
        genesis.time_scale,
        genesis.consensus.clock_drift_max_ms,
        parameters.holidays,
    )


def all_open_units(parcel: Parcel) -> Sequence[tuple[int, int]]:
    """Every open unit, as `settle_units` takes them."""
    return [
        (position, entry.open_units)
        for position, entry in enumerate(parcel.lines)
        if entry.open_units
    ]


def parcel_clocks(state: StateReader, known_id: bytes) -> list[tuple[bytes, Clock]]:
    """The ids and clocks of a parcel and of its order, as far as they exist and have one."""
    parcel = PARCELS.load(state, known_id)
    if parcel is None:
        return []
    own, of_order = parcel.clock(), order_clocks(state, parcel.order_id)
    return of_order if own is None else [(known_id, own), *of_order]


def units_of(order: Order, parcel: Parcel) -> Sequence[dict[str, object]]:
    """A parcel's lines as plain data for events: GTIN, line index, quantity."""
    return tuple(
        {"gtin": order.lines[entry.line].gtin, "line": entry.line, "quantity": entry.quantity}
        for entry in parcel.lines
    )
