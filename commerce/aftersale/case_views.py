"""What the API shows of cases, and what may happen next to units anywhere in the automaton."""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.codec import Hash
from chain.deadlines import DEADLINES, Deadline
from chain.state import StateReader
from commerce.aftersale.cases import OF_DISPUTE, Case, load_case
from commerce.aftersale.kinds import when_of
from commerce.clocks import deadline_of
from commerce.disputes.dispute import DISPUTES
from commerce.escrow import EDGES, Edge, State, Trigger, When
from commerce.orders import Order, load_order
from commerce.parcels import parcel_id
from commerce.units import count_units


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """At block time `time_ms` the system transition `kind` happens to the object by itself."""

    time_ms: int
    object_id: Hash
    kind: str


@dataclass(frozen=True, slots=True)
class StepView:
    """What may happen next: which transaction, to how many units, who must sign, what follows.

    `who` "–" is the clock. `money` says where the units' money goes then.
    """

    type: str
    who: str
    source: str
    target: str
    money: str
    units: int
    parcel_id: Hash | None
    case_id: Hash | None


@dataclass(frozen=True, slots=True)
class CaseLineView:
    """Units of an order line in a case: what they are worth, and what is asked (and offered)."""

    line: int
    quantity: int
    worth_minor: int
    asked_minor: int
    offered_minor: int | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case; `deadline` is its own or its dispute's, None when it has ended."""

    case_id: Hash
    order_id: Hash
    number: int
    kind: str
    state: str
    origin: str
    parcel_id: Hash | None
    buyer: Hash
    seller: Hash
    symbol: str
    lines: tuple[CaseLineView, ...]
    asked_minor: int
    gives_back: bool
    offer_gives_back: bool
    opened_ms: int
    evidence: Hash | None
    address_commitment: Hash | None
    return_carrier: Hash | None
    return_tracking: str | None
    return_freight_minor: int | None
    deadline: DeadlineView | None
    next_steps: tuple[StepView, ...]


def case_view(state: StateReader, case_id: bytes) -> CaseView:
    """A case, or `CaseUnknown`."""
    case = load_case(state, case_id)
    return view_of_case(state, case_id, case, load_order(state, case.order_id))


def view_of_case(state: StateReader, case_id: bytes, case: Case, order: Order) -> CaseView:
    """A case whose records are at hand."""
    returned = case.returned
    return CaseView(
        case_id=case_id,
        order_id=case.order_id,
        number=case.number,
        kind=case.kind,
        state=case.state,
        origin=case.origin,
        parcel_id=None if case.parcel is None else parcel_id(case.order_id, case.parcel),
        buyer=order.buyer,
        seller=order.seller,
        symbol=order.symbol,
        lines=tuple(_lines(case, order)),
        asked_minor=case.asked_minor,
        gives_back=case.gives_back,
        offer_gives_back=case.offer_gives_back,
        opened_ms=case.opened_ms,
        evidence=case.evidence,
        address_commitment=case.address_commitment,
        return_carrier=None if returned is None else returned.carrier,
        return_tracking=None if returned is None else returned.tracking,
        return_freight_minor=None if returned is None else returned.freight_minor,
        deadline=view_of_deadline(_deadline(state, case_id, case)),
        next_steps=tuple(_case_steps(case_id, case)),
    )


def view_of_deadline(deadline: Deadline | None) -> DeadlineView | None:
    """An entry of the index of deadlines."""
    if deadline is None:
        return None
    return DeadlineView(deadline.time_ms, deadline.object_id, deadline.kind)


def next_deadline(state: StateReader) -> DeadlineView | None:
    """The earliest deadline of the whole chain, or None."""
    return view_of_deadline(next((found for _, found in DEADLINES.items(state)), None))


def steps_from(state: State, units: int, known_id: bytes | None) -> Iterator[StepView]:
    """Every edge that a party may trigger for units of an order or parcel, then the clock's.

    Recalls are left out: they may always come.
    """
    for edge in _edges_from(state):
        target = edge.target or edge.source
        yield _step(edge, target.value, units, known_id, None)


def _edges_from(state: State) -> list[Edge]:
    edges = [e for e in EDGES if e.source is state and e.trigger is not Trigger.RECALL]
    return sorted(edges, key=lambda edge: edge.who == "–")


def _case_steps(case_id: bytes, case: Case) -> Iterator[StepView]:
    """What may happen to a case, as far as its kind and conditions allow."""
    asked = when_of(case.kind, gives_back=case.gives_back)
    offered = when_of("", gives_back=case.offer_gives_back)
    units = sum(count_units(entry.spans) for entry in case.lines)
    for edge in _edges_from(State(case.state)):
        wanted = offered if edge.trigger is Trigger.ACCEPT_COUNTER else asked
        if edge.when not in (When.ALWAYS, wanted) and edge.trigger is not Trigger.KEEP:
            continue
        target = case.origin if edge.target is None else edge.target.value
        yield _step(edge, target, units, None, case_id)


def _step(
    edge: Edge, target: str, units: int, known_id: bytes | None, case_id: bytes | None
) -> StepView:
    return StepView(
        type=edge.trigger.value,
        who=edge.who,
        source=edge.source.value,
        target=target,
        money=edge.money.value,
        units=units,
        parcel_id=known_id,
        case_id=case_id,
    )


def _lines(case: Case, order: Order) -> Iterator[CaseLineView]:
    for position, entry in enumerate(case.lines):
        yield CaseLineView(
            line=entry.line,
            quantity=count_units(entry.spans),
            worth_minor=order.lines[entry.line].worth_minor(entry.spans),
            asked_minor=entry.amount_minor,
            offered_minor=case.offer[position] if case.offer else None,
        )


def _deadline(state: StateReader, case_id: bytes, case: Case) -> Deadline | None:
    clock = case.clock()
    if State(case.state) in OF_DISPUTE:
        dispute = DISPUTES.load(state, case_id)
        clock = None if dispute is None else dispute.clock()
    return None if clock is None else deadline_of(case_id, clock)
