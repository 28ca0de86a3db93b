"""order.keep, and what silence does: how recalled goods in flight end."""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash
from chain.context import Context
from chain.deadlines import Deadline
from commerce.aftersale.cases import Case, load_case
from commerce.aftersale.errors import CaseUnknown, KeepForbidden
from commerce.aftersale.freight import pay_freight
from commerce.aftersale.outcomes import refund_case, release_case
from commerce.errors import NotTheBuyer, StateForbids
from commerce.escrow import State, Trigger, When, edge_from
from commerce.orders import load_order
from commerce.recalls.blocked import recalled_products, touching
from commerce.recalls.record import load_recall
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class OrderKeep:
    """`keep`: the buyer has the goods and wants them, so the seller is paid; else it takes the
    refund at once.
    """

    case_id: Hash
    keep: bool


@refuses(CaseUnknown, NotTheBuyer, StateForbids, KeepForbidden)
def order_keep(op: OrderKeep, context: Context) -> tuple[Event, ...]:
    """Say what is to happen with recalled goods: keep and pay them, or have the money back."""
    case = load_case(context.state, op.case_id)
    order = load_order(context.state, case.order_id)
    if context.sender != order.buyer:
        msg = "only the buyer keeps its goods"
        raise NotTheBuyer(msg)
    edge_from(case.state, Trigger.KEEP, When.KEEPS if op.keep else When.RETURNS)
    if not op.keep:
        return _refund(context, op.case_id, case, context.time_ms, "recall")
    _require_keepable(context, case)
    return release_case(context, op.case_id, case)


def recall_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.order.recall: the buyer of recalled goods was silent and has its money back."""
    case = load_case(context.state, deadline.object_id)
    edge_from(case.state, Trigger.RECALL_TIMEOUT)
    return _refund(context, deadline.object_id, case, deadline.time_ms, deadline.kind)


def _refund(
    context: Context, case_id: bytes, case: Case, now_ms: int, reason: str
) -> tuple[Event, ...]:
    whole = _whole(context, case)
    told = refund_case(context, case_id, whole, now_ms, reason)
    return (*told, *pay_freight(context, case_id, case, recalled=True))


def _whole(context: Context, case: Case) -> Case:
    """A case that asks for all that its units are worth, whatever was asked before the recall."""
    order = load_order(context.state, case.order_id)
    lines = [
        altered(entry, amount_minor=order.lines[entry.line].worth_minor(entry.spans))
        for entry in case.lines
    ]
    return altered(case, lines=tuple(lines))


def _require_keepable(context: Context, case: Case) -> None:
    if case.origin in (State.HELD, State.LATE) or case.returned is not None:
        msg = "the buyer doesn't have these goods"
        raise KeepForbidden(msg)
    order = load_order(context.state, case.order_id)
    for entry in case.lines:
        for recall_id in _recalls(context, order.lines[entry.line].gtin):
            if load_recall(context.state, recall_id).recall_class == 1:
                msg = "goods of a class I recall are not kept"
                raise KeepForbidden(msg)


def _recalls(context: Context, gtin: str) -> list[bytes]:
    """The open recalls that a product may have been stopped for."""
    whole = [entry for entry in recalled_products(context.state) if entry.gtin == gtin]
    return [entry.recall_id for entry in (*whole, *touching(context.state, gtin))]
