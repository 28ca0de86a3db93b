"""How units that were never shipped end: order.cancel, sys.order.pay, sys.order.ship."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Size, Text
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.errors import CosignerMissing
from commerce.checkout import count_unpaid
from commerce.errors import LineRepeated, LineUnknown, NotAParty, OrderUnknown, StateForbids
from commerce.escrow import Edge, State, Trigger, edge_from, satisfied
from commerce.orders import (
    ORDER_LINES_MAX,
    LineIndex,
    Order,
    line_of,
    load_order,
    save_order,
    timers_for,
)
from commerce.records import altered
from commerce.refusals import refuses
from commerce.reserves import free_reserve
from commerce.settlement import end_unshipped


@dataclass(frozen=True, slots=True)
class OrderCancel:
    """`lines` are indexes; empty means every line that has unshipped units. An unpaid order is only
    cancelled as a whole.
    """

    order_id: Hash
    lines: Annotated[tuple[LineIndex, ...], Size(max=ORDER_LINES_MAX)]
    reason: Text


@refuses(LineRepeated, OrderUnknown, NotAParty, LineUnknown, StateForbids, CosignerMissing)
def order_cancel(op: OrderCancel, context: Context) -> tuple[Event, ...]:
    """End units that are not shipped: refund if paid, stock back. Who must agree: the automaton."""
    if len(set(op.lines)) != len(op.lines):
        msg = "each line once"
        raise LineRepeated(msg)
    order = load_order(context.state, op.order_id)
    if context.sender not in (order.buyer, order.seller):
        msg = "only the buyer or the seller cancels"
        raise NotAParty(msg)
    indexes = _cancelled_lines(op, order)
    edges = [edge_from(order.lines[index].state, Trigger.CANCEL) for index in indexes]
    consenting = {"B": context.consents(order.buyer), "S": context.consents(order.seller)}
    if not all(satisfied(edge.who, consenting) for edge in edges):
        msg = "the order is paid and not late: buyer and seller cancel together"
        raise CosignerMissing(msg)
    return _end(
        context,
        op.order_id,
        order,
        list(zip(indexes, edges, strict=True)),
        op.reason,
        context.time_ms,
    )


def pay_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.order.pay: close an order that nobody paid."""
    order = load_order(context.state, deadline.object_id)
    edge = edge_from(order.state, Trigger.PAY_TIMEOUT)
    ending = [(index, edge) for index in range(len(order.lines))]
    return _end(context, deadline.object_id, order, ending, deadline.kind, deadline.time_ms)


def ship_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.order.ship: lines that weren't shipped in time become late; late ones are refunded."""
    order_id = deadline.object_id
    order = load_order(context.state, order_id)
    due = [
        (index, edge_from(line.state, Trigger.SHIP_TIMEOUT))
        for index, line in enumerate(order.lines)
        if line.open and line.due_ms is not None and line.due_ms <= deadline.time_ms
    ]
    late = [index for index, edge in due if edge.target is State.LATE]
    refunded = [(index, edge) for index, edge in due if edge.target is not State.LATE]
    changed = order
    for index in late:
        # From the deadline and not from the block: being carried over changes no date.
        due_ms = deadline.time_ms + timers_for(context.state, order).ship_refund_ms
        line = order.lines[index]
        # Units that are in a case now count when they have come back and their clock runs out.
        units = min(line.quantity, line.late + line.unshipped)
        line = altered(line, state=State.LATE.value, due_ms=due_ms, late=units)
        changed = changed.replaced(index, line)
    events: tuple[Event, ...] = ()
    if late:
        save_order(context, order_id, order, changed)
        events = (event("order.late", order_id=order_id, lines=tuple(late)),)
    if refunded:
        events += _end(context, order_id, changed, refunded, deadline.kind, deadline.time_ms)
    return events


def _cancelled_lines(op: OrderCancel, order: Order) -> Sequence[int]:
    for index in op.lines:
        line_of(order, index)
    open_lines = [index for index, line in enumerate(order.lines) if line.open]
    named = sorted(op.lines)
    if order.state is State.UNFUNDED and named and named != open_lines:
        msg = "an unpaid order is cancelled as a whole"
        raise StateForbids(msg)
    indexes = named or open_lines
    if not indexes:
        msg = f"nothing to cancel in state {order.state}"
        raise StateForbids(msg)
    return indexes


def _end(  # an edge of several lines, and why
    context: Context,
    order_id: bytes,
    order: Order,
    ending: Sequence[tuple[int, Edge]],
    reason: str,
    now_ms: int,
) -> tuple[Event, ...]:
    """Take the units of these lines out along their edges, and report."""
    changed = order
    for index, edge in ending:
        changed = end_unshipped(context, changed, (index,), edge)
        if edge.source is State.UNFUNDED:
            count_unpaid(context, order.lines[index].listing_id, order.buyer, -1)
    save_order(context, order_id, order, changed)
    free_reserve(context, order_id, now_ms)
    refunded_minor = sum(
        after.refunded_minor - before.refunded_minor
        for before, after in zip(order.lines, changed.lines, strict=True)
    )
    name = "order.closed" if order.paid_ms is None else "order.refunded"
    ended = event(
        name,
        order_id=order_id,
        lines=tuple(index for index, _ in ending),
        amount_minor=refunded_minor,
        symbol=order.symbol,
        to=order.payer,
        reason=reason,
    )
    return (ended,)
