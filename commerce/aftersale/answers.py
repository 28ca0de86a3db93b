"""How a request is answered: refund.agree, reject, counter, accept_counter, and by silence."""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Amount, Hash, Size, Text
from chain.context import Context, event
from chain.deadlines import Deadline
from commerce.aftersale.books import Books
from commerce.aftersale.cases import Case, load_case, moved, to_state
from commerce.aftersale.errors import (
    AmountTooHigh,
    CaseUnknown,
    LinesMismatch,
    OfferUnchanged,
    RequestKindForbidden,
    ReturnRightProtected,
)
from commerce.aftersale.kinds import BY_NAME, when_of
from commerce.aftersale.outcomes import close_case, refund_case
from commerce.errors import DelegationExceeded, NotTheBuyer, NotTheSeller, StateForbids
from commerce.escrow import State, Trigger, edge_from, target_of
from commerce.money import spend_delegation
from commerce.orders import ORDER_LINES_MAX, load_order, timers_for
from commerce.records import altered
from commerce.refusals import refuses
from commerce.timers import Timers


@dataclass(frozen=True, slots=True)
class RefundAgree:
    """`address_commitment` is a salted hash of where goods are to be sent back to, nothing for the
    address that the seller registered with the carrier.
    """

    case_id: Hash
    address_commitment: Hash | None


@dataclass(frozen=True, slots=True)
class RefundReject:
    """`evidence` is a hash of what shows the reason."""

    case_id: Hash
    reason: Text
    evidence: Hash | None


@dataclass(frozen=True, slots=True)
class RefundCounter:
    """An offer: `amounts_minor` are one a line of the case, in its order, each at most what was
    asked; `gives_back` says whether it is for the goods.
    """

    case_id: Hash
    amounts_minor: Annotated[tuple[Amount, ...], Size(min=1, max=ORDER_LINES_MAX)]
    gives_back: bool
    address_commitment: Hash | None
    reason: Text


@dataclass(frozen=True, slots=True)
class RefundAcceptCounter:
    """The buyer takes the offer."""

    case_id: Hash


@refuses(CaseUnknown, NotTheSeller, StateForbids, DelegationExceeded)
def refund_agree(op: RefundAgree, context: Context) -> tuple[Event, ...]:
    """Give what was asked: the money now, or once the goods are back.

    What a delegated key gives or promises counts against its cap, like what it pays.
    """
    case = load_case(context.state, op.case_id)
    _require_seller(context, case)
    edge_from(case.state, Trigger.AGREE, when_of(case.kind, gives_back=case.gives_back))
    if case.gives_back or case.origin != State.RELEASED:
        # What is collected from the seller's balance at once is counted there.
        spend_delegation(context, case.asked_minor)
    addressed = altered(case, address_commitment=op.address_commitment)
    return _agree(context, op.case_id, case, addressed, Trigger.AGREE, context.time_ms)


@refuses(CaseUnknown, NotTheSeller, StateForbids, ReturnRightProtected)
def refund_reject(op: RefundReject, context: Context) -> tuple[Event, ...]:
    """Refuse: the buyer may dispute that, or lets the request close by itself."""
    case = load_case(context.state, op.case_id)
    _require_seller(context, case)
    edge = edge_from(case.state, Trigger.REJECT)
    _require_refusable(case)
    due_ms = context.time_ms + _timers(context, case).counter_ms
    rejected = to_state(case, target_of(edge), due_ms)
    told = moved(context, op.case_id, case, rejected)
    return (*told, event("refund.rejected", case_id=op.case_id, evidence=op.evidence))


@refuses(
    CaseUnknown,
    NotTheSeller,
    StateForbids,
    ReturnRightProtected,
    LinesMismatch,
    RequestKindForbidden,
    AmountTooHigh,
    OfferUnchanged,
    DelegationExceeded,
)
def refund_counter(op: RefundCounter, context: Context) -> tuple[Event, ...]:
    """Offer something else: the buyer accepts, disputes, or lets the request close by itself."""
    case = load_case(context.state, op.case_id)
    _require_seller(context, case)
    edge = edge_from(case.state, Trigger.COUNTER)
    _require_refusable(case)
    _check_offer(op, case)
    spend_delegation(context, sum(op.amounts_minor))
    due_ms = context.time_ms + _timers(context, case).counter_ms
    countered = altered(
        to_state(case, target_of(edge), due_ms),
        offer=op.amounts_minor,
        offer_gives_back=op.gives_back,
        address_commitment=op.address_commitment,
    )
    offered = event(
        "refund.countered",
        case_id=op.case_id,
        amount_minor=sum(op.amounts_minor),
        gives_back=op.gives_back,
    )
    return (*moved(context, op.case_id, case, countered), offered)


@refuses(CaseUnknown, NotTheBuyer, StateForbids)
def refund_accept_counter(op: RefundAcceptCounter, context: Context) -> tuple[Event, ...]:
    """Take what the seller offers instead."""
    case = load_case(context.state, op.case_id)
    if context.sender != load_order(context.state, case.order_id).buyer:
        msg = "only the buyer accepts an offer"
        raise NotTheBuyer(msg)
    edge_from(case.state, Trigger.ACCEPT_COUNTER, when_of("", gives_back=case.offer_gives_back))
    lines = [
        altered(entry, amount_minor=amount_minor)
        for entry, amount_minor in zip(case.lines, case.offer, strict=True)
    ]
    # What was to be exchanged is refunded now: the offer names money.
    accepted = altered(
        case,
        kind="quality" if case.kind == "exchange" else case.kind,
        lines=tuple(lines),
        gives_back=case.offer_gives_back,
    )
    now_ms = context.time_ms
    return _agree(context, op.case_id, case, accepted, Trigger.ACCEPT_COUNTER, now_ms)


def answer_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.refund.answer: the seller was silent, which is to agree."""
    case_id = deadline.object_id
    case = load_case(context.state, case_id)
    return _agree(context, case_id, case, case, Trigger.ANSWER_TIMEOUT, deadline.time_ms)


def counter_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.refund.counter: nobody went on with a rejected request; its units go on as before."""
    case = load_case(context.state, deadline.object_id)
    edge_from(case.state, Trigger.COUNTER_TIMEOUT)
    return close_case(context, deadline.object_id, case, deadline.time_ms, deadline.kind)


def _agree(  # a step of the automaton between two records
    context: Context, case_id: bytes, before: Case, agreed: Case, trigger: Trigger, now_ms: int
) -> tuple[Event, ...]:
    edge = edge_from(before.state, trigger, when_of(agreed.kind, gives_back=agreed.gives_back))
    if edge.target is not State.RETURNING:
        return refund_case(context, case_id, _kept(before, agreed), now_ms, trigger.value)
    due_ms = now_ms + _timers(context, agreed).return_ship_ms
    return moved(context, case_id, before, to_state(agreed, State.RETURNING, due_ms))


def _kept(before: Case, agreed: Case) -> Case:
    """What is agreed, with the clock that the index still has."""
    return altered(agreed, state=before.state, due_ms=before.due_ms)


def _check_offer(op: RefundCounter, case: Case) -> None:
    if len(op.amounts_minor) != len(case.lines):
        msg = f"the case has {len(case.lines)} lines"
        raise LinesMismatch(msg)
    if op.gives_back and case.origin in (State.HELD, State.LATE, State.IN_TRANSIT):
        msg = "the buyer has no goods to give back"
        raise RequestKindForbidden(msg)
    asked = [entry.amount_minor for entry in case.lines]
    for offered_minor, asked_minor in zip(op.amounts_minor, asked, strict=True):
        if offered_minor > asked_minor:
            msg = f"{asked_minor} were asked, {offered_minor} are offered"
            raise AmountTooHigh(msg)
    if list(op.amounts_minor) == asked and op.gives_back == case.gives_back:
        msg = "that is what was asked"
        raise OfferUnchanged(msg)


def _require_seller(context: Context, case: Case) -> None:
    if context.sender != load_order(context.state, case.order_id).seller:
        msg = "only the seller answers a request"
        raise NotTheSeller(msg)


def _require_refusable(case: Case) -> None:
    if not BY_NAME[case.kind].refusable:
        msg = "this return is the buyer's right"
        raise ReturnRightProtected(msg)


def _timers(context: Context, case: Case) -> Timers:
    return timers_for(context.state, Books.of(context, case).order)
