"""Parcels as records: which units of which lines travel together, and the deadline they share.

A parcel's id follows from the order's and its number, so that an order's parcels are found from
state alone. A parcel that has ended keeps its record and has no deadline.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from chain.codec import U8, Hash, Name, Size, TimeMs
from chain.context import Context
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.errors import ParcelUnknown
from commerce.escrow import CLOCKS, TERMINAL, Edge, State
from commerce.orders import (
    ORDER_LINES_MAX,
    LineIndex,
    Order,
    Quantity,
    Units,
    load_order,
    move_deadline,
    order_deadlines,
    save_order,
)
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


def save_parcel(context: Context, before: Parcel | None, after: Parcel) -> None:
    """Write a parcel and move its deadline."""
    PARCELS.store(context.state, after, parcel_id(after.order_id, after.number))
    move_deadline(context, parcel_deadline(before), parcel_deadline(after))


def parcel_deadline(parcel: Parcel | None) -> Deadline | None:
    """The one deadline of a parcel, or None."""
    if parcel is None or parcel.due_ms is None:
        return None
    known_id = parcel_id(parcel.order_id, parcel.number)
    return Deadline(parcel.due_ms, known_id, CLOCKS[State(parcel.state)].value)


def settle_units(
    context: Context, parcel: Parcel, units: Sequence[tuple[int, int]], edge: Edge
) -> tuple[Parcel, int]:
    """Move the money of (position in the parcel, count) units along `edge`; writes both records.

    Units of a line settle in their order. When none is open the parcel has ended. Returns the
    parcel and the amount.
    """
    order = load_order(context.state, parcel.order_id)
    lines, shares = list(parcel.lines), []
    for position, count in units:
        entry = lines[position]
        first = entry.first + entry.settled
        shares.append((entry.line, order.lines[entry.line].share_minor(first, count)))
        lines[position] = replace(entry, settled=entry.settled + count)
    settled = replace(parcel, lines=tuple(lines))
    if not any(entry.open_units for entry in lines):
        assert edge.target in TERMINAL
        settled = replace(settled, state=edge.target.value, due_ms=None)
    save_order(context, parcel.order_id, order, settle(context, order, shares, edge.money))
    save_parcel(context, parcel, settled)
    return settled, sum(amount for _, amount in shares)


def all_open_units(parcel: Parcel) -> Sequence[tuple[int, int]]:
    """Every open unit, as `settle_units` takes them."""
    return [
        (position, entry.open_units)
        for position, entry in enumerate(parcel.lines)
        if entry.open_units
    ]


def parcel_deadlines(state: StateReader, parcel_ids: Iterable[bytes]) -> Sequence[Deadline]:
    """The deadlines of those of these parcels that exist, and of their orders."""
    known = [PARCELS.load(state, known_id) for known_id in parcel_ids]
    parcels = [parcel for parcel in known if parcel is not None]
    own = [parcel_deadline(parcel) for parcel in parcels]
    of_orders = order_deadlines(state, [parcel.order_id for parcel in parcels])
    return [*(deadline for deadline in own if deadline is not None), *of_orders]


def units_of(order: Order, parcel: Parcel) -> Sequence[dict[str, object]]:
    """A parcel's lines as plain data for events: GTIN, line index, quantity."""
    return tuple(
        {"gtin": order.lines[entry.line].gtin, "line": entry.line, "quantity": entry.quantity}
        for entry in parcel.lines
    )
