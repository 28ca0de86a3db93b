"""Goods on their way back: return.ship, return.delivered, return.receive, and their clocks."""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Amount, Hash, Name, Size
from chain.context import Context
from chain.deadlines import Deadline
from chain.errors import CosignerMissing
from commerce.aftersale.cases import Case, Return, load_case, moved, to_state
from commerce.aftersale.errors import AmountTooHigh, CaseUnknown
from commerce.aftersale.freight import freight_paid, pay_freight
from commerce.aftersale.kinds import when_of
from commerce.aftersale.outcomes import PERMILLE, close_case, refund_case
from commerce.carriers import check_independent, require_carrier
from commerce.custody import named
from commerce.deposits.liabilities import Liability, note_liability
from commerce.errors import (
    AccountUnknown,
    DelegationExceeded,
    NotTheBuyer,
    NotTheCarrier,
    NotTheSeller,
    RoleMissing,
    SharedController,
    StateForbids,
)
from commerce.escrow import State, Trigger, edge_from, target_of
from commerce.goods.things import bring, hand_over
from commerce.orders import load_order, timers_for
from commerce.parcels import EPCS_MAX, Epc
from commerce.records import altered
from commerce.refusals import refuses

# What a return may cost the seller, in proportion to what is asked: a carrier that colludes with a
# buyer writes its bill itself.
FREIGHT_PERMILLE_MAX = 200


@dataclass(frozen=True, slots=True)
class ReturnShip:
    """`freight_minor` is what the buyer pays for the way; the seller owes it when the goods were
    bad or recalled (消费者权益保护法 art. 24), at most a fifth of what is asked. `insured_minor` is
    what the carrier answers for to the seller if it loses them. `epcs` are the items sent back:
    those that are with the buyer go to the carrier and then to the seller.
    """

    case_id: Hash
    carrier: Hash
    freight_minor: Amount
    tracking: Name | None
    insured_minor: Amount = 0
    epcs: Annotated[tuple[Epc, ...], Size(max=EPCS_MAX)] = ()


@dataclass(frozen=True, slots=True)
class ReturnDelivered:
    """The carrier has brought the goods to the seller's address."""

    case_id: Hash


@dataclass(frozen=True, slots=True)
class ReturnReceive:
    """The seller has the goods, and they are as agreed."""

    case_id: Hash


@refuses(
    CaseUnknown,
    NotTheBuyer,
    AccountUnknown,
    RoleMissing,
    CosignerMissing,
    StateForbids,
    SharedController,
    AmountTooHigh,
)
def return_ship(op: ReturnShip, context: Context) -> tuple[Event, ...]:
    """Hand the goods to a carrier, who signs too: from now on it has them."""
    case = load_case(context.state, op.case_id)
    order = load_order(context.state, case.order_id)
    if context.sender != order.buyer:
        msg = "only the buyer sends goods back"
        raise NotTheBuyer(msg)
    require_carrier(context, op.carrier)
    edge = edge_from(case.state, Trigger.RETURN_SHIP)
    check_independent(context, op.carrier, order)
    freight_max_minor = case.asked_minor * FREIGHT_PERMILLE_MAX // PERMILLE
    if op.freight_minor > freight_max_minor:
        msg = f"the way back may cost {freight_max_minor}, not {op.freight_minor}"
        raise AmountTooHigh(msg)
    due_ms = context.time_ms + timers_for(context.state, order).return_lost_ms
    shipped = altered(
        to_state(case, target_of(edge), due_ms),
        returned=Return(op.carrier, op.freight_minor, op.tracking, op.insured_minor, op.epcs),
    )
    hand_over(context, order.buyer, named(op.epcs), possessor=op.carrier, order_id=case.order_id)
    return moved(context, op.case_id, case, shipped)


@refuses(CaseUnknown, NotTheCarrier, StateForbids)
def return_delivered(op: ReturnDelivered, context: Context) -> tuple[Event, ...]:
    """The goods are back; silence refunds now."""
    case = load_case(context.state, op.case_id)
    if case.returned is None or context.sender != case.returned.carrier:
        msg = "only the return's carrier may say so"
        raise NotTheCarrier(msg)
    edge = edge_from(case.state, Trigger.RETURN_DELIVER)
    order = load_order(context.state, case.order_id)
    due_ms = context.time_ms + timers_for(context.state, order).return_accept_ms
    things = named(case.returned.epcs)
    bring(context, case.returned.carrier, things, case.order_id, order.seller)
    hand_over(context, order.buyer, things, owner=order.seller)
    return moved(context, op.case_id, case, to_state(case, target_of(edge), due_ms))


@refuses(CaseUnknown, NotTheSeller, StateForbids, DelegationExceeded)
def return_receive(op: ReturnReceive, context: Context) -> tuple[Event, ...]:
    """The goods are as agreed: the money goes back, or other goods are to be sent."""
    case = load_case(context.state, op.case_id)
    if context.sender != load_order(context.state, case.order_id).seller:
        msg = "only the seller receives a return"
        raise NotTheSeller(msg)
    return _received(context, op.case_id, case, Trigger.RECEIVE, context.time_ms)


def return_ship_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.return.ship: the goods weren't sent back; the units go on as before."""
    case = load_case(context.state, deadline.object_id)
    edge_from(case.state, Trigger.RETURN_SHIP_TIMEOUT)
    return close_case(context, deadline.object_id, case, deadline.time_ms, deadline.kind)


def return_lost_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.return.lost: a carrier took the goods and brought them nowhere; the buyer has its money
    back, and the seller a claim on the carrier.
    """
    case = load_case(context.state, deadline.object_id)
    edge_from(case.state, Trigger.RETURN_LOST_TIMEOUT)
    order, returned = load_order(context.state, case.order_id), case.returned
    assert returned is not None
    answered_minor = min(case.asked_minor, returned.insured_minor)
    if answered_minor:
        owed = (returned.carrier, order.seller, order.symbol, answered_minor)
        lost = Liability(*owed, "return", deadline.time_ms)
        note_liability(context, deadline.object_id, lost)
    return _refund(context, deadline.object_id, case, deadline.time_ms, deadline.kind)


def receive_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.return.accept: the goods are back and the seller was silent."""
    case = load_case(context.state, deadline.object_id)
    trigger = Trigger.RECEIVE_TIMEOUT
    return _received(context, deadline.object_id, case, trigger, deadline.time_ms)


def _received(
    context: Context, case_id: bytes, case: Case, trigger: Trigger, now_ms: int
) -> tuple[Event, ...]:
    edge = edge_from(case.state, trigger, when_of(case.kind, gives_back=case.gives_back))
    if edge.target is not State.EXCHANGING:
        return _refund(context, case_id, case, now_ms, trigger.value)
    order = load_order(context.state, case.order_id)
    due_ms = now_ms + timers_for(context.state, order).exchange_ms
    waiting = to_state(freight_paid(case), State.EXCHANGING, due_ms)
    told = moved(context, case_id, case, waiting)
    return (*told, *pay_freight(context, case_id, case))


def _refund(
    context: Context, case_id: bytes, case: Case, now_ms: int, reason: str
) -> tuple[Event, ...]:
    told = refund_case(context, case_id, case, now_ms, reason)
    return (*told, *pay_freight(context, case_id, case))
