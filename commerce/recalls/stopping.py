"""Units in flight that are recalled: taken out of lines, parcels and cases into RECALLED.

Each waits there until the buyer keeps it (not in class I) or is refunded; silence refunds after
`recall_ms`. Units in a dispute, or in a case with other goods, stay there: no silence pays the
seller there without a ruling, and what comes back from them is stopped then.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

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
from commerce.units import QUANTITY_MAX, count_units


@dataclass(slots=True)
class Stop:
    """How many units of an order are recalled: all of the products in `gtins`, and so many of a
    product in a parcel, by parcel number and GTIN.
    """

    gtins: frozenset[str] = frozenset()
    parcels: dict[tuple[int, str], int] = field(default_factory=dict)

    def of(self, line: OrderLine, parcel: int | None) -> int:
        """How many units of a line at a place, the parcel's or (None) those that wait for one."""
        if line.gtin in self.gtins:
            return QUANTITY_MAX
        return 0 if parcel is None else self.parcels.get((parcel, line.gtin), 0)

    def stopped(self, line: OrderLine, parcel: int | None, count: int) -> None:
        """So many of them are."""
        if parcel is not None and line.gtin not in self.gtins:
            self.parcels[parcel, line.gtin] = max(0, self.of(line, parcel) - count)


@dataclass(frozen=True, slots=True)
class _Stopping:
    context: Context
    order_id: bytes
    stop: Stop


def stop_order(context: Context, order_id: bytes, stop: Stop) -> tuple[Event, ...]:
    """Stop funded units that are recalled in an order; nothing if there are none.

    Units that nothing holds up go first, then cases that have such units and no others' goods.
    """
    order = ORDERS.load(context.state, order_id)
    if order is None or order.paid_ms is None:
        return ()
    numbers = (None, *range(order.parcels))
    if not any(
        line.held_minor and any(stop.of(line, number) for number in numbers) for line in order.lines
    ):
        return ()
    stopping = _Stopping(context, order_id, stop)
    # Cases of whole products are known before theirs are added; others only as far as needed.
    events = list(_stop_cases(stopping, order)) if stop.gtins else []
    for number in numbers:
        events += _stop_units(stopping, number)
    if stop.parcels:
        events += _stop_cases(stopping, order)
    return tuple(events)


def _stop_cases(stopping: _Stopping, order: Order) -> tuple[Event, ...]:
    context, stop = stopping.context, stopping.stop
    events: list[Event] = []
    due_ms = context.time_ms + timers_for(context.state, order).recall_ms
    for case_id, case in list(cases_of(context.state, stopping.order_id, order)):
        if State(case.state) not in STOPPED_CASES or case.origin == State.RELEASED:
            continue
        lines = [order.lines[entry.line] for entry in case.lines]
        if not all(stop.of(line, case.parcel) for line in lines):
            continue
        for line, entry in zip(lines, case.lines, strict=True):
            stop.stopped(line, case.parcel, count_units(entry.spans))
        events += moved(context, case_id, case, to_state(case, State.RECALLED, due_ms))
    return tuple(events)


def _stop_units(stopping: _Stopping, number: int | None) -> tuple[Event, ...]:
    """A case for the units of one place: those that wait for a parcel, or those of a parcel."""
    context = stopping.context
    books = Books(context, stopping.order_id, number)
    wanted = _units(stopping.stop, books)
    events: list[Event] = []
    for origin, units in wanted.items():
        full = books.order.cases >= CASES_MAX
        events.append((_refund_some if full else _stop_some)(stopping, books, origin, units))
    if events:
        books.save(context.time_ms)
    return tuple(events)


def _units(stop: Stop, books: Books) -> dict[State, list[tuple[int, int]]]:
    """(line, quantity) of what is to be stopped, by the state that it is in."""
    found: dict[State, list[tuple[int, int]]] = {}
    if books.parcel is None:
        for index, line in enumerate(books.order.lines):
            if stop.of(line, None) and line.open:
                found.setdefault(State(line.state), []).append((index, line.unshipped))
        return found
    number, state = books.parcel.number, State(books.parcel.state)
    for entry in books.parcel.lines:
        line = books.line(entry.line)
        count = min(entry.open_units, stop.of(line, number))
        if count:
            found.setdefault(state, []).append((entry.line, count))
            stop.stopped(line, number, count)
    return found


def _refund_some(
    stopping: _Stopping, books: Books, origin: State, wanted: list[tuple[int, int]]
) -> Event:
    """An order that has had all its cases: what is recalled is refunded without one."""
    context = stopping.context
    lines = books.take(origin, wanted, context.time_ms)
    portions = [
        portion for entry in lines for portion in portions_of(books.order, entry.line, entry.spans)
    ]
    for entry in lines:
        books.end(origin.value, entry, entry.spans)
    books.change_order(settle(context, books.order, portions, Money.REFUND))
    return _recalled(stopping, books.order, None, lines, None)


def _stop_some(
    stopping: _Stopping, books: Books, origin: State, wanted: list[tuple[int, int]]
) -> Event:
    context, order = stopping.context, books.order
    lines = books.take(origin, wanted, context.time_ms)
    due_ms = context.time_ms + timers_for(context.state, order).recall_ms
    case = books.new_case("recall", State.RECALLED, due_ms, origin, lines)
    case_id = add_case(context, order, case)
    books.change_order(altered(books.order, cases=order.cases + 1))
    return _recalled(stopping, order, case_id, case.lines, case.due_ms)


def _recalled(
    stopping: _Stopping,
    order: Order,
    case_id: bytes | None,
    lines: Sequence[CaseLine],
    keep_until_ms: int | None,
) -> Event:
    return event(
        "order.recalled",
        order_id=stopping.order_id,
        case_id=case_id,
        buyer=order.buyer,
        seller=order.seller,
        lines=units_in(lines),
        keep_until_ms=keep_until_ms,
    )
