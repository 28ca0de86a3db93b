"""Cases as records: units of an order that left the normal path, and the clock of their state.

A request, a recall or a seller's delivery proof takes units out of the order's line or the parcel
they are in; they go on by the case's own state, and either end there or come back to where they
were with the time that was left. While a case runs their money stays where it was: in escrow, or,
if it was released, with the seller.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U8, Amount, Hash, Name, Size, TimeMs
from chain.context import Context, event
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.aftersale.errors import CaseUnknown, TooManyCases
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.escrow import CLOCK_KINDS, State
from commerce.indexes import index_case
from commerce.listings import Duration
from commerce.orders import ORDER_LINES_MAX, LineIndex, Order, order_clocks
from commerce.parcels import EPCS_MAX, Epc, parcel_clocks, parcel_id
from commerce.records import altered
from commerce.units import SPANS_MAX, Spans, count_units

CASES_MAX = SPANS_MAX - 1
# States in which the clock is the dispute's (commerce/disputes/).
OF_DISPUTE = (State.DISPUTED, State.DECIDED)
ENDED = (State.REFUNDED, State.SPLIT, State.CLOSED, State.RELEASED)


@dataclass(frozen=True, slots=True)
class CaseLine:
    """Units of an order line, what is asked for them, and what was left of the clock that they
    had where they come from.
    """

    line: LineIndex
    spans: Spans
    amount_minor: Amount
    remaining_ms: Duration


@dataclass(frozen=True, slots=True)
class Return:
    """Goods on their way back: who carries them, what the buyer paid for it (0 once goods to be
    exchanged are back and the seller has paid that), by which number, what the carrier answers for,
    and which items they are, as far as the buyer said.
    """

    carrier: Hash
    freight_minor: Amount
    tracking: Name | None
    insured_minor: Amount
    epcs: Annotated[tuple[Epc, ...], Size(max=EPCS_MAX)]


@dataclass(frozen=True, slots=True)
class Case:
    """`origin` is the state that the units came from, `parcel` the number of theirs. `gives_back`
    says whether goods are to be returned, `address_commitment` where to. `offer` are the amounts of
    a counter-offer, one a line, and `offer_gives_back` its condition.

    An ended case has no `due_ms`; a disputed one has neither: its dispute has the clock.
    """

    order_id: Hash
    number: U8
    kind: Name
    state: Name
    due_ms: TimeMs | None
    origin: Name
    parcel: U8 | None
    lines: Annotated[tuple[CaseLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    gives_back: bool
    offer: Annotated[tuple[Amount, ...], Size(max=ORDER_LINES_MAX)]
    offer_gives_back: bool
    opened_ms: TimeMs
    evidence: Hash | None
    address_commitment: Hash | None
    returned: Return | None

    @property
    def asked_minor(self) -> int:
        """What is asked in all."""
        return sum([entry.amount_minor for entry in self.lines])

    def clock(self) -> Clock | None:
        """When and by which system transition the case goes on by itself; None: it doesn't."""
        return None if self.due_ms is None else (self.due_ms, CLOCK_KINDS[self.state])


CASES: Table[Case] = Table("case", Case)


def case_id_of(order_id: bytes, number: int) -> bytes:
    """The id of an order's case; numbers count from 0."""
    return tagged_hash("case", order_id + bytes([number]))


def load_case(state: StateReader, case_id: bytes) -> Case:
    """The case, or `CaseUnknown`."""
    case = CASES.load(state, case_id)
    if case is None:
        msg = f"no case {case_id.hex()}"
        raise CaseUnknown(msg)
    return case


def save_case(context: Context, case_id: bytes, before: Case | None, after: Case) -> None:
    """Write a case and move its deadline."""
    CASES.store(context.state, after, case_id)
    move_deadline(context, case_id, None if before is None else before.clock(), after.clock())


def next_case_id(order_id: bytes, order: Order) -> bytes:
    """The id of an order's next case, or `TooManyCases`."""
    if order.cases >= CASES_MAX:
        msg = f"an order has at most {CASES_MAX} cases"
        raise TooManyCases(msg)
    return case_id_of(order_id, order.cases)


def add_case(context: Context, order: Order, case: Case) -> bytes:
    """Write an order's next case; the order's own record is the caller's to count and save."""
    case_id = case_id_of(case.order_id, case.number)
    save_case(context, case_id, None, case)
    index_case(context, order.buyer, order.seller, case_id, case.order_id)
    return case_id


def moved(context: Context, case_id: bytes, before: Case, after: Case) -> tuple[Event, ...]:
    """Write a case in its next state, and tell it."""
    save_case(context, case_id, before, after)
    told = event(
        "refund.state",
        case_id=case_id,
        order_id=after.order_id,
        before=before.state,
        state=after.state,
        until_ms=after.due_ms,
    )
    return (told,)


def to_state(case: Case, state: State, due_ms: int | None) -> Case:
    """The case in another state with another clock."""
    return altered(case, state=state.value, due_ms=due_ms)


def cases_of(state: StateReader, order_id: bytes, order: Order) -> Iterator[tuple[bytes, Case]]:
    """All cases of an order with their ids, oldest first."""
    for number in range(order.cases):
        case_id = case_id_of(order_id, number)
        yield case_id, load_case(state, case_id)


def units_in(lines: Sequence[CaseLine]) -> tuple[dict[str, int], ...]:
    """Lines and quantities as plain data for events."""
    return tuple([{"line": entry.line, "quantity": count_units(entry.spans)} for entry in lines])


def case_clocks(state: StateReader, case_id: bytes) -> list[tuple[bytes, Clock]]:
    """The ids and clocks of a case, of its parcel's and order's, as far as they have one."""
    case = CASES.load(state, case_id)
    if case is None:
        return []
    known_id = parcel_of(case)
    if known_id is None:
        clocks = order_clocks(state, case.order_id)
    else:
        clocks = parcel_clocks(state, known_id)
    clock = case.clock()
    return clocks if clock is None else [(case_id, clock), *clocks]


def case_deadlines(state: StateReader) -> Iterator[Deadline]:
    """The deadlines of all cases."""
    for case_id, case in CASES.items(state):
        clock = case.clock()
        if clock is not None:
            yield deadline_of(case_id, clock)


def parcel_of(case: Case) -> bytes | None:
    """The id of the parcel that the units came from."""
    return None if case.parcel is None else parcel_id(case.order_id, case.parcel)
