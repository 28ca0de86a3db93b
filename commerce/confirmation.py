"""How the seller is paid: order.confirm, sys.order.confirm.

Confirming pays in the same block and waives no right (2022 judicial interpretation on online
consumer disputes, art. 1).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Size
from chain.context import Context, event
from chain.deadlines import Deadline
from commerce.aftersale.errors import UnitsInCase
from commerce.custody import parcel_arrives
from commerce.errors import (
    DelegationExceeded,
    LineRepeated,
    LineUnknown,
    NotTheBuyer,
    ParcelUnknown,
    QuantityExceeded,
    StateForbids,
)
from commerce.escrow import Edge, State, Trigger, edge_from, target_of
from commerce.money import spend_delegation
from commerce.orders import ORDER_LINES_MAX, LineIndex, Order, load_order
from commerce.parcels import Parcel, all_open_units, load_parcel, save_parcel, settle_units
from commerce.recalls.blocked import held_by_spread, recalled_products
from commerce.recalls.errors import GoodsRecalled, ProductRecalled
from commerce.recalls.naming import require_confirmable
from commerce.recalls.sweeping import check_parcel
from commerce.records import altered
from commerce.refusals import refuses
from commerce.reserves import free_reserve
from commerce.units import Quantity

# How long a parcel waits that would have been paid out while a recall spreads.
HOLD_MS = 60_000


@dataclass(frozen=True, slots=True)
class ConfirmedLine:
    """`quantity` units of the order line of index `line`, out of one parcel."""

    line: LineIndex
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class OrderConfirm:
    """`lines` empty: everything in the parcel that is still open."""

    parcel_id: Hash
    lines: Annotated[tuple[ConfirmedLine, ...], Size(max=ORDER_LINES_MAX)]


@refuses(
    LineRepeated,
    ParcelUnknown,
    NotTheBuyer,
    StateForbids,
    UnitsInCase,
    LineUnknown,
    QuantityExceeded,
    ProductRecalled,
    GoodsRecalled,
    DelegationExceeded,
)
def order_confirm(op: OrderConfirm, context: Context) -> tuple[Event, ...]:
    """The buyer is content with units of a parcel: their money goes to the seller at once.

    What a delegated key releases counts against its cap, like what it pays.
    """
    indexes = [confirmed.line for confirmed in op.lines]
    if len(set(indexes)) != len(indexes):
        msg = "each line once"
        raise LineRepeated(msg)
    parcel = load_parcel(context.state, op.parcel_id)
    order = load_order(context.state, parcel.order_id)
    if context.sender != order.buyer:
        msg = "only the buyer confirms"
        raise NotTheBuyer(msg)
    edge = edge_from(parcel.state, Trigger.CONFIRM)
    units = _confirmed_units(op, parcel)
    gtins = [order.lines[parcel.lines[position].line].gtin for position, _ in units]
    require_confirmable(context, parcel, gtins)
    if parcel.delivered_ms is None and units == all_open_units(parcel):
        # Nothing will be left of it to be delivered: the buyer's word says that it is.
        parcel_arrives(context, order.seller, order.buyer, parcel)
    return _release(context, op.parcel_id, parcel, order, units, edge)


def confirm_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.order.confirm: silence after the delivery releases what is open in the parcel; but what
    is recalled is stopped, and while a recall spreads that reached it the parcel waits.
    """
    known_id = deadline.object_id
    parcel = load_parcel(context.state, known_id)
    stopped: tuple[Event, ...] = ()
    if recalled_products(context.state):
        stopped = check_parcel(context, load_order(context.state, parcel.order_id), parcel)
        parcel = load_parcel(context.state, known_id)
        if not all_open_units(parcel) or _held(context, known_id, parcel):
            return stopped
    edge = edge_from(parcel.state, Trigger.CONFIRM_TIMEOUT)
    order = load_order(context.state, parcel.order_id)
    units = all_open_units(parcel)
    return (*stopped, *_release(context, known_id, parcel, order, units, edge))


def _held(context: Context, known_id: bytes, parcel: Parcel) -> bool:
    """While the marks of a recall spread nobody knows yet whether these goods are recalled."""
    order = load_order(context.state, parcel.order_id)
    gtins = [order.lines[entry.line].gtin for entry in parcel.lines if entry.open]
    if held_by_spread(context.state, *gtins) is None:
        return False
    waiting = altered(parcel, due_ms=context.time_ms + HOLD_MS)
    save_parcel(context, known_id, parcel, waiting)
    return True


def close_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.order.close: the windows for requests about a parcel are over."""
    known_id = deadline.object_id
    parcel = load_parcel(context.state, known_id)
    edge = edge_from(parcel.state, Trigger.CLOSE_TIMEOUT)
    closed = altered(parcel, state=target_of(edge).value, due_ms=None)
    save_parcel(context, known_id, parcel, closed)
    free_reserve(context, parcel.order_id, deadline.time_ms)
    return (event("parcel.closed", order_id=parcel.order_id, parcel_id=known_id),)


def _confirmed_units(op: OrderConfirm, parcel: Parcel) -> Sequence[tuple[int, int]]:
    if not [entry for entry in parcel.lines if entry.open]:
        msg = "all that is left of this parcel is under a request"
        raise UnitsInCase(msg)
    if not op.lines:
        return all_open_units(parcel)
    positions = {entry.line: position for position, entry in enumerate(parcel.lines)}
    units = []
    for confirmed in op.lines:
        position = positions.get(confirmed.line)
        if position is None:
            msg = f"line {confirmed.line} is not in this parcel"
            raise LineUnknown(msg)
        open_units = parcel.lines[position].open_units
        if confirmed.quantity > open_units:
            msg = f"line {confirmed.line}: {open_units} units are open"
            raise QuantityExceeded(msg)
        units.append((position, confirmed.quantity))
    return units


def _release(
    context: Context,
    known_id: bytes,
    parcel: Parcel,
    order: Order,
    units: Sequence[tuple[int, int]],
    edge: Edge,
) -> tuple[Event, ...]:
    settled, amount_minor = settle_units(context, known_id, parcel, order, units, edge)
    # Silence (a system transition) spends nobody's delegation.
    if context.received is not None:
        spend_delegation(context, amount_minor)
    released = event(
        "order.released",
        order_id=parcel.order_id,
        parcel_id=known_id,
        seller=order.seller,
        symbol=order.symbol,
        amount_minor=amount_minor,
        lines=tuple(
            [{"line": parcel.lines[position].line, "quantity": count} for position, count in units]
        ),
        parcel_ended=settled.state == State.RELEASED,
        reason=edge.trigger.value,
    )
    return (released,)
