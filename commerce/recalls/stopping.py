"""Units in flight of a recalled product: taken out of lines, parcels and cases into RECALLED.

Each waits there until the buyer keeps it (not in class I) or is refunded; silence refunds after
`recall_ms`. Units in a dispute, or in a case with other goods, stay there: no silence pays the
seller there without a ruling, and what comes back from them is stopped then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.block import Event
from chain.context import Context, event
from commerce.aftersale.books import Books
from commerce.aftersale.cases import (
    CASES_MAX,
    CaseLine,
    add_case,
    cases_of,
    moved,
    to_state,
    units_in,
)
from commerce.escrow import STOPPED_CASES, Money, State
from commerce.orders import ORDERS, Order, OrderLine, timers_for
from commerce.records import altered
from commerce.settlement import portions_of, settle


@dataclass(frozen=True, slots=True)
class _Stop:
    """One order under a recall: what of it is recalled, and until when it waits."""

    context: Context
    order_id: bytes
    gtins: frozenset[str]

    def of(self, line: OrderLine) -> bool:
        """Is this line's product recalled?"""
        return line.gtin in self.gtins


def stop_order(context: Context, order_id: bytes, gtins: frozenset[str]) -> tuple[Event, ...]:
    """Stop all funded units of recalled products in an order; nothing if there are none."""
    order = ORDERS.load(context.state, order_id)
    if order is None or order.paid_ms is None:
        return ()
    if not any(line.gtin in gtins and line.held_minor for line in order.lines):
        return ()
    stop = _Stop(context, order_id, gtins)
    events = list(_stop_cases(stop, order))
    for number in (None, *range(order.parcels)):
        events += _stop_units(stop, number)
    return tuple(events)


def _stop_cases(stop: _Stop, order: Order) -> tuple[Event, ...]:
    events: list[Event] = []
    due_ms = stop.context.time_ms + timers_for(stop.context.state, order).recall_ms
    for case_id, case in list(cases_of(stop.context.state, stop.order_id, order)):
        if State(case.state) not in STOPPED_CASES or case.origin == State.RELEASED:
            continue
        if all(stop.of(order.lines[entry.line]) for entry in case.lines):
            events += moved(stop.context, case_id, case, to_state(case, State.RECALLED, due_ms))
    return tuple(events)


def _stop_units(stop: _Stop, number: int | None) -> tuple[Event, ...]:
    """A case for the units of one place: those that wait for a parcel, or those of a parcel."""
    context = stop.context
    books = Books(context, stop.order_id, number)
    wanted = _units(stop, books)
    events: list[Event] = []
    for origin, units in wanted.items():
        full = books.order.cases >= CASES_MAX
        events.append((_refund_some if full else _stop_some)(stop, books, origin, units))
    if events:
        books.save(context.time_ms)
    return tuple(events)


def _units(stop: _Stop, books: Books) -> dict[State, list[tuple[int, int]]]:
    """(line, quantity) of what is to be stopped, by the state that it is in."""
    found: dict[State, list[tuple[int, int]]] = {}
    if books.parcel is None:
        for index, line in enumerate(books.order.lines):
            if stop.of(line) and line.open:
                found.setdefault(State(line.state), []).append((index, line.unshipped))
        return found
    for entry in books.parcel.lines:
        if stop.of(books.line(entry.line)) and entry.open:
            state = State(books.parcel.state)
            found.setdefault(state, []).append((entry.line, entry.open_units))
    return found


def _refund_some(stop: _Stop, books: Books, origin: State, wanted: list[tuple[int, int]]) -> Event:
    """An order that has had all its cases: what is recalled is refunded without one."""
    context = stop.context
    lines = books.take(origin, wanted, context.time_ms)
    portions = [
        portion for entry in lines for portion in portions_of(books.order, entry.line, entry.spans)
    ]
    for entry in lines:
        books.end(origin.value, entry, entry.spans)
    books.change_order(settle(context, books.order, portions, Money.REFUND))
    return _recalled(stop, books.order, None, lines, None)


def _stop_some(stop: _Stop, books: Books, origin: State, wanted: list[tuple[int, int]]) -> Event:
    context, order = stop.context, books.order
    lines = books.take(origin, wanted, context.time_ms)
    due_ms = context.time_ms + timers_for(context.state, order).recall_ms
    case = books.new_case("recall", State.RECALLED, due_ms, origin, lines)
    case_id = add_case(context, order, case)
    books.change_order(altered(books.order, cases=order.cases + 1))
    return _recalled(stop, order, case_id, case.lines, case.due_ms)


def _recalled(
    stop: _Stop,
    order: Order,
    case_id: bytes | None,
    lines: Sequence[CaseLine],
    keep_until_ms: int | None,
) -> Event:
    return event(
        "order.recalled",
        order_id=stop.order_id,
        case_id=case_id,
        buyer=order.buyer,
        seller=order.seller,
        lines=units_in(lines),
        keep_until_ms=keep_until_ms,
    )
