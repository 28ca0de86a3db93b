"""What a buyer asks for: refund.request, refund.withdraw."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Name, PositiveAmount, Size, Text
from chain.context import Context, event
from commerce.aftersale.books import RIGHT_TRIES_MAX, TRIES_MAX, Books
from commerce.aftersale.cases import (
    Case,
    CaseLine,
    add_case,
    cases_of,
    load_case,
    next_case_id,
    units_in,
)
from commerce.aftersale.errors import (
    AmountPartial,
    AmountTooHigh,
    CaseUnknown,
    ExchangedOnce,
    RequestKindForbidden,
    RequestKindUnknown,
    ReturnExempt,
    TooManyCases,
    UnitsInCase,
    UnitsTriedOut,
    WindowClosed,
)
from commerce.aftersale.kinds import BY_NAME, Kind, Window
from commerce.aftersale.outcomes import close_case
from commerce.errors import (
    LineRepeated,
    LineUnknown,
    NotTheBuyer,
    OrderUnknown,
    ParcelUnknown,
    QuantityExceeded,
    StateForbids,
)
from commerce.escrow import State, Trigger, edge_from, target_of
from commerce.orders import ORDER_LINES_MAX, LineIndex, load_order, timers_for
from commerce.parcels import load_parcel, no_reason_end_ms, windows_end_ms
from commerce.records import altered
from commerce.refusals import refuses
from commerce.units import Quantity


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """`quantity` units of the order line of index `line`; `amount_minor` nothing: their worth."""

    line: LineIndex
    quantity: Quantity
    amount_minor: PositiveAmount | None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """`parcel_id` is the parcel that the units are in, nothing for units that aren't shipped.
    `kind` is one of the table of kinds; only an allowance asks for a part of the worth. `evidence`
    is a hash of what shows the reason.
    """

    order_id: Hash
    parcel_id: Hash | None
    kind: Name
    lines: Annotated[tuple[RequestedLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    reason: Text
    evidence: Hash | None


@dataclass(frozen=True, slots=True)
class RefundWithdraw:
    """The units go on as before, with the time that was left."""

    case_id: Hash


@refuses(
    RequestKindUnknown,
    LineRepeated,
    OrderUnknown,
    ParcelUnknown,
    NotTheBuyer,
    LineUnknown,
    QuantityExceeded,
    UnitsInCase,
    StateForbids,
    RequestKindForbidden,
    ExchangedOnce,
    ReturnExempt,
    WindowClosed,
    UnitsTriedOut,
    AmountPartial,
    AmountTooHigh,
    TooManyCases,
)
def refund_request(op: RefundRequest, context: Context) -> tuple[Event, ...]:
    """Ask for money back: the units' clock stops, and the seller's time to answer begins."""
    kind = BY_NAME.get(op.kind)
    if kind is None:
        msg = f"no kind {op.kind}; there are {', '.join(BY_NAME)}"
        raise RequestKindUnknown(msg)
    if len({entry.line for entry in op.lines}) != len(op.lines):
        msg = "each line once"
        raise LineRepeated(msg)
    books = _books(op, context)
    wanted = [(entry.line, entry.quantity) for entry in op.lines]
    origin = books.origin_of(wanted)
    edge = edge_from(origin.value, Trigger.REQUEST)
    _check_kind(kind, origin, wanted, books, context)
    now_ms = context.time_ms
    if books.parcel is None:
        _check_unshipped_tries(books, context, [index for index, _ in wanted])
    lines = _priced(op, kind, books.take(origin, wanted, now_ms, tries_max=_tries(kind, books)))
    case_id = next_case_id(op.order_id, books.order)
    begun = books.new_case(
        kind.name, target_of(edge), now_ms + _answer_ms(context, books, origin), origin, lines
    )
    case = altered(begun, gives_back=kind.gives_back, evidence=op.evidence)
    books.change_order(altered(books.order, cases=books.order.cases + 1))
    books.save(context.time_ms)
    add_case(context, books.order, case)
    return (_requested(op, case_id, case, books),)


@refuses(CaseUnknown, NotTheBuyer, StateForbids)
def refund_withdraw(op: RefundWithdraw, context: Context) -> tuple[Event, ...]:
    """The buyer takes its request back."""
    case = load_case(context.state, op.case_id)
    if context.sender != load_order(context.state, case.order_id).buyer:
        msg = "only the buyer withdraws its request"
        raise NotTheBuyer(msg)
    edge_from(case.state, Trigger.WITHDRAW)
    return close_case(context, op.case_id, case, context.time_ms, Trigger.WITHDRAW.value)


def _books(op: RefundRequest, context: Context) -> Books:
    """The records of the request, if they are one order's and its buyer asks."""
    number = None
    order = load_order(context.state, op.order_id)
    if op.parcel_id is not None:
        parcel = load_parcel(context.state, op.parcel_id)
        if parcel.order_id != op.order_id:
            msg = "the parcel is of another order"
            raise ParcelUnknown(msg)
        number = parcel.number
    if context.sender != order.buyer:
        msg = "only the buyer asks for its money"
        raise NotTheBuyer(msg)
    return Books(context, op.order_id, number)


def _check_kind(  # a rule of the table, asked of all records
    kind: Kind,
    origin: State,
    wanted: Sequence[tuple[int, int]],
    books: Books,
    context: Context,
) -> None:
    if origin not in kind.origins:
        msg = f"no {kind.name} request in state {origin}"
        raise RequestKindForbidden(msg)
    parcel = books.parcel
    if parcel is None or kind.window is Window.NONE:
        return
    if kind.name == "exchange" and parcel.exchange:
        msg = "these goods came by an exchange"
        raise ExchangedOnce(msg)
    assert parcel.signed_ms is not None
    no_reason = kind.window is Window.NO_REASON
    if no_reason and any(books.line(index).return_exempt for index, _ in wanted):
        msg = "the buyer confirmed that these goods can't be returned without a reason"
        raise ReturnExempt(msg)
    end_ms = (
        no_reason_end_ms(context, books.order, parcel.signed_ms)
        if no_reason
        else windows_end_ms(context, books.order, parcel.signed_ms)
    )
    if context.time_ms >= end_ms:
        msg = f"a {kind.name} request was possible until {end_ms}"
        raise WindowClosed(msg)


def _tries(kind: Kind, books: Books) -> int:
    """From how many cases units may have come back: one more for a right that no one may refuse."""
    is_first = books.parcel is not None and not books.parcel.exchange
    return TRIES_MAX if kind.refusable or not is_first else RIGHT_TRIES_MAX


def _check_unshipped_tries(books: Books, context: Context, indexes: Sequence[int]) -> None:
    """`UnitsTriedOut` if units of a line were asked for twice and weren't refunded.

    All unshipped units of a line share its clock, so they share the tries too: else a buyer of
    many would stop the clock with one after the other.
    """
    tried: Counter[int] = Counter()
    for _, case in cases_of(context.state, books.order_id, books.order):
        ended = case.state in (State.REFUNDED, State.SPLIT) and not case.offer
        if case.parcel is None and not ended:
            tried.update(entry.line for entry in case.lines)
    for index in indexes:
        if tried[index] >= TRIES_MAX:
            msg = f"line {index}: {TRIES_MAX} requests for unshipped units came back or are open"
            raise UnitsTriedOut(msg)


def _priced(op: RefundRequest, kind: Kind, taken: tuple[CaseLine, ...]) -> tuple[CaseLine, ...]:
    """The case's lines with what is asked for each: at most the worth of its units."""
    lines = []
    for wanted, entry in zip(op.lines, taken, strict=True):
        worth_minor = entry.amount_minor
        asked_minor = worth_minor if wanted.amount_minor is None else wanted.amount_minor
        if kind.whole and asked_minor != worth_minor:
            msg = f"line {entry.line}: a {kind.name} request is for all {worth_minor}"
            raise AmountPartial(msg)
        if asked_minor > worth_minor:
            msg = f"line {entry.line}: {worth_minor} at most, not {asked_minor}"
            raise AmountTooHigh(msg)
        lines.append(altered(entry, amount_minor=asked_minor))
    return tuple(lines)


def _answer_ms(context: Context, books: Books, origin: State) -> int:
    timers = timers_for(context.state, books.order)
    if origin in (State.HELD, State.LATE):
        return timers.answer_unshipped_ms
    return timers.answer_shipped_ms


def _requested(op: RefundRequest, case_id: bytes, case: Case, books: Books) -> Event:
    return event(
        "refund.requested",
        case_id=case_id,
        order_id=op.order_id,
        parcel_id=op.parcel_id,
        buyer=books.order.buyer,
        seller=books.order.seller,
        kind=case.kind,
        origin=case.origin,
        lines=units_in(case.lines),
        symbol=books.order.symbol,
        amount_minor=case.asked_minor,
        gives_back=case.gives_back,
        evidence=case.evidence,
        answer_until_ms=case.due_ms,
    )
