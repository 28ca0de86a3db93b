"""Who pays the way back: the seller, of bad and of recalled goods (消费者权益保护法 art. 24)."""

from chain.block import Event
from chain.context import Context, event
from commerce.aftersale.cases import Case
from commerce.aftersale.kinds import BY_NAME
from commerce.deposits.waterfall import compensate
from commerce.orders import load_order
from commerce.records import altered


def pay_freight(
    context: Context, case_id: bytes, case: Case, *, recalled: bool = False
) -> tuple[Event, ...]:
    """The seller pays what the buyer paid for the way back, as far as it has anything, and owes
    the rest. Nothing where the buyer bears it, or nothing went back.
    """
    kind = BY_NAME.get(case.kind)
    sellers = recalled or (kind is not None and kind.seller_pays_freight)
    if case.returned is None or not sellers or not case.returned.freight_minor:
        return ()
    freight_minor = case.returned.freight_minor
    order = load_order(context.state, case.order_id)
    paid = compensate(context, order.seller, order.symbol, order.buyer, freight_minor)
    told = event(
        "return.freight",
        case_id=case_id,
        seller=order.seller,
        buyer=order.buyer,
        symbol=order.symbol,
        paid_minor=paid.total_minor,
        owed_minor=freight_minor - paid.total_minor,
    )
    return (told,)


def freight_paid(case: Case) -> Case:
    """The case once the way back is paid: nobody pays it twice."""
    if case.returned is None:
        return case
    return altered(case, returned=altered(case.returned, freight_minor=0))
