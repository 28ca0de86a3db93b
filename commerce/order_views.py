"""Orders and parcels as the API shows them: pure reads of the agreed state.

What may happen next to an order follows from the escrow automaton.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.codec import Hash
from chain.deadlines import Deadline
from chain.state import StateReader
from commerce.aftersale.books import RIGHT_TRIES_MAX
from commerce.aftersale.case_views import (
    CaseView,
    DeadlineView,
    StepView,
    steps_from,
    view_of_case,
    view_of_deadline,
)
from commerce.aftersale.cases import CASES, cases_of
from commerce.deposits.claim import CLAIMS
from commerce.devices.penalty import PENALTIES
from commerce.escrow import State
from commerce.money import load_asset
from commerce.orders import ORDERS, Order, OrderLine, load_order, order_deadline
from commerce.parcels import PARCELS, Parcel, load_parcel, parcel_deadline, parcel_id
from commerce.units import Funding, count_units


@dataclass(frozen=True, slots=True)
class LineView:
    """An order line; its money adds up: paid = held + released + refunded.

    `funding` is what funders of coupons pay of the total, `funded_minor` the sum of that.
    """

    index: int
    listing_id: Hash
    version: int
    gtin: str
    quantity: int
    unshipped: int
    shipped: int
    cancelled: int
    state: str
    due_ms: int | None
    return_exempt: bool
    total_minor: int
    funded_minor: int
    funding: tuple[Funding, ...]
    in_cases: int
    held_minor: int
    released_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class ParcelLineView:
    """Units of an order line in a parcel; those that aren't settled hold money."""

    line: int
    gtin: str
    quantity: int
    settled: int
    in_cases: int
    released: int


@dataclass(frozen=True, slots=True)
class ParcelView:
    """A parcel and the clock that runs for it."""

    parcel_id: Hash
    order_id: Hash
    number: int
    carrier: Hash
    state: str
    lines: tuple[ParcelLineView, ...]
    shipped_ms: int
    delivered_ms: int | None
    cell: str | None
    sscc: str | None
    epcs: tuple[str, ...]
    label_commitment: Hash | None
    insured_minor: int
    deadline: DeadlineView | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its lines, parcels, money, and what may happen next.

    `payable_minor` is what the payer pays of the total, the rest is coupons' funders'. `deadline`
    is the order's own, `next_deadline` the earliest of its, its parcels' and its cases'; both None
    when nothing more can happen.
    """

    order_id: Hash
    state: str
    buyer: Hash
    seller: Hash
    payer: Hash | None
    symbol: str
    decimals: int
    total_minor: int
    payable_minor: int
    reserved_minor: int
    held_minor: int
    released_minor: int
    refunded_minor: int
    ship_to_commitment: Hash
    code_commitment: Hash | None
    client_reference: str | None
    created_ms: int
    paid_ms: int | None
    coupons: tuple[Hash, ...]
    lines: tuple[LineView, ...]
    parcels: tuple[ParcelView, ...]
    cases: tuple[CaseView, ...]
    deadline: DeadlineView | None
    next_deadline: DeadlineView | None
    next_steps: tuple[StepView, ...]


def order_view(state: StateReader, order_id: bytes) -> OrderView:
    """An order with its parcels, or `OrderUnknown`."""
    order = load_order(state, order_id)
    parcels = [load_parcel(state, parcel_id(order_id, number)) for number in range(order.parcels)]
    own = order_deadline(order_id, order)
    cases = tuple(view_of_case(state, *known, order) for known in cases_of(state, order_id, order))
    return OrderView(
        order_id=order_id,
        state=order.state.value,
        buyer=order.buyer,
        seller=order.seller,
        payer=order.payer,
        symbol=order.symbol,
        decimals=load_asset(state, order.symbol).decimals,
        total_minor=order.total_minor,
        payable_minor=order.payable_minor,
        reserved_minor=order.reserved_minor,
        held_minor=sum(line.held_minor for line in order.lines),
        released_minor=sum(line.released_minor for line in order.lines),
        refunded_minor=sum(line.refunded_minor for line in order.lines),
        ship_to_commitment=order.ship_to_commitment,
        code_commitment=order.code_commitment,
        client_reference=order.client_reference,
        created_ms=order.created_ms,
        paid_ms=order.paid_ms,
        coupons=order.coupons,
        lines=tuple(_line_views(order, cases)),
        parcels=tuple(_parcel_view(order, parcel) for parcel in parcels),
        cases=cases,
        deadline=view_of_deadline(own),
        next_deadline=_earliest((own, *map(parcel_deadline, parcels)), cases),
        next_steps=(
            *_next_steps(order, parcels),
            *(step for case in cases for step in case.next_steps),
        ),
    )


def next_deadline(state: StateReader, order_id: bytes, order: Order) -> DeadlineView | None:
    """The earliest clock of an order, its parcels and its cases."""
    parcels = [load_parcel(state, parcel_id(order_id, number)) for number in range(order.parcels)]
    cases = [view_of_case(state, *known, order) for known in cases_of(state, order_id, order)]
    own = order_deadline(order_id, order)
    return _earliest((own, *map(parcel_deadline, parcels)), cases)


def _earliest(clocks: Iterable[Deadline | None], cases: Iterable[CaseView]) -> DeadlineView | None:
    views = (*map(view_of_deadline, clocks), *(case.deadline for case in cases))
    running = [entry for entry in views if entry is not None]
    return min(running, key=lambda entry: (entry.time_ms, entry.object_id), default=None)


def parcel_view(state: StateReader, known_id: bytes) -> ParcelView:
    """A parcel, or `ParcelUnknown`."""
    parcel = load_parcel(state, known_id)
    return _parcel_view(load_order(state, parcel.order_id), parcel)


def _line_view(index: int, line: OrderLine, in_cases: int) -> LineView:
    return LineView(
        index=index,
        listing_id=line.listing_id,
        version=line.version,
        gtin=line.gtin,
        quantity=line.quantity,
        unshipped=line.unshipped,
        shipped=line.shipped,
        cancelled=line.cancelled,
        state=line.state,
        due_ms=line.due_ms,
        return_exempt=line.return_exempt,
        total_minor=line.total_minor,
        funded_minor=line.funded_minor,
        funding=line.funding,
        in_cases=in_cases,
        held_minor=line.held_minor,
        released_minor=line.released_minor,
        refunded_minor=line.refunded_minor,
    )


def _parcel_view(order: Order, parcel: Parcel) -> ParcelView:
    return ParcelView(
        parcel_id=parcel_id(parcel.order_id, parcel.number),
        order_id=parcel.order_id,
        number=parcel.number,
        carrier=parcel.carrier,
        state=parcel.state,
        lines=tuple(
            ParcelLineView(
                line=entry.line,
                gtin=order.lines[entry.line].gtin,
                quantity=entry.quantity,
                settled=entry.settled,
                in_cases=entry.pending,
                released=count_units(entry.released),
            )
            for entry in parcel.lines
        ),
        shipped_ms=parcel.shipped_ms,
        delivered_ms=parcel.delivered_ms,
        cell=parcel.cell,
        sscc=parcel.sscc,
        epcs=parcel.epcs,
        label_commitment=parcel.label_commitment,
        insured_minor=parcel.insured_minor,
        deadline=view_of_deadline(parcel_deadline(parcel)),
    )


def _line_views(order: Order, cases: Iterable[CaseView]) -> Iterable[LineView]:
    in_cases = [0] * len(order.lines)
    for case in cases:
        if case.next_steps:
            for entry in case.lines:
                in_cases[entry.line] += entry.quantity
    for index, line in enumerate(order.lines):
        yield _line_view(index, line, in_cases[index])


def _next_steps(order: Order, parcels: Iterable[Parcel]) -> Iterable[StepView]:
    unshipped: dict[State, int] = {}
    for line in order.lines:
        if line.open and line.due_ms is not None:
            state = State(line.state)
            unshipped[state] = unshipped.get(state, 0) + line.unshipped
    for state, units in unshipped.items():
        yield from steps_from(state, units, None)
    for parcel in parcels:
        known_id = parcel_id(parcel.order_id, parcel.number)
        units = sum(entry.open_units for entry in parcel.lines)
        if units:
            yield from steps_from(State(parcel.state), units, known_id)
        # What was ruled or tried often enough is not asked for again.
        spans = [span for entry in parcel.lines for span in entry.released]
        released = count_units(span for span in spans if span.tries < RIGHT_TRIES_MAX)
        if released and parcel.state != State.CLOSED:
            yield from steps_from(State.RELEASED, released, known_id)


def order_of_deadline(state: StateReader, deadline: Deadline) -> bytes | None:
    """The order that a deadline of the index concerns: its own, or its parcel's, case's, claim's
    or penalty's; None for what is no order's.
    """
    if ORDERS.load(state, deadline.object_id) is not None:
        return deadline.object_id
    for table in (PARCELS, CASES, CLAIMS, PENALTIES):
        found = table.load(state, deadline.object_id)
        if found is not None:
            return found.order_id
    return None
