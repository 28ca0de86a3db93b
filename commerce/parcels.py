"""Parcels as records: which units of which lines travel together, and the deadline they share.

A parcel's id follows from the order's and its number, so that an order's parcels are found from
state alone. A parcel that has ended keeps its record and has no deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U8, Hash, Name, Size, TimeMs
from chain.context import Context
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.errors import ParcelUnknown
from commerce.escrow import CLOCK_KINDS, TERMINAL, Edge
from commerce.orders import (
    ORDER_LINES_MAX,
    LineIndex,
    Order,
    Quantity,
    Units,
    order_clocks,
    save_order,
)
from commerce.records import altered
from commerce.settlement import settle

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
    """Units `first` to `first + quantity - 1` of an order line; `settled` of them are settled."""

    line: LineIndex
    first: Units
    quantity: Quantity
    settled: Units

    @property
    def open_units(self) -> int:
        """Units whose money is still held."""
        return self.quantity - self.settled


@dataclass(frozen=True, slots=True)
class Parcel:
    """`due_ms` is the clock of `state`: lost while IN_TRANSIT, confirm once DELIVERED."""

    order_id: Hash
    number: U8
    carrier: Hash
    lines: Annotated[tuple[ParcelLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    state: Name
    due_ms: TimeMs | None
    shipped_ms: TimeMs
    delivered_ms: TimeMs | None
    cell: Cell | None
    sscc: Sscc | None
    epcs: Annotated[tuple[Epc, ...], Size(max=EPCS_MAX)]
    label_commitment: Hash | None

    def clock(self) -> Clock | None:
        """When and by which system transition the parcel goes on by itself; None: it doesn't."""
        return None if self.due_ms is None else (self.due_ms, CLOCK_KINDS[self.state])


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

    Units of a line settle in their order. When none is open the parcel has ended. Returns the
    parcel and the amount.
    """
    lines, shares = list(parcel.lines), []
    for position, count in units:
        entry = lines[position]
        first = entry.first + entry.settled
        shares.append((entry.line, order.lines[entry.line].share_minor(first, count)))
        lines[position] = altered(entry, settled=entry.settled + count)
    state, due_ms = parcel.state, parcel.due_ms
    if not any(entry.open_units for entry in lines):
        assert edge.target in TERMINAL
        state, due_ms = edge.target.value, None
    settled = altered(parcel, lines=tuple(lines), state=state, due_ms=due_ms)
    save_order(context, parcel.order_id, order, settle(context, order, shares, edge.money))
    save_parcel(context, known_id, parcel, settled)
    return settled, sum([amount for _, amount in shares])


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
