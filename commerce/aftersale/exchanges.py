"""Other goods for those that came back: exchange.ship, and its clock. Once for each unit."""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Size
from chain.context import Context
from chain.deadlines import Deadline
from chain.errors import CosignerMissing
from commerce.aftersale.books import Books
from commerce.aftersale.cases import Case, load_case, moved, to_state
from commerce.aftersale.errors import CaseUnknown
from commerce.aftersale.outcomes import refund_case
from commerce.carriers import Label, check_independent, check_label, require_carrier
from commerce.errors import (
    AccountUnknown,
    DelegationExceeded,
    IdentifierMalformed,
    InsufficientFunds,
    ItemInParcel,
    ItemNotInParcel,
    ItemRepeated,
    NotTheSeller,
    RoleMissing,
    SharedController,
    StateForbids,
    TooManyItems,
    TooManyParcels,
)
from commerce.escrow import State, Trigger, edge_from
from commerce.items import check_elsewhere, check_goods
from commerce.money import debit
from commerce.orders import Order
from commerce.parcels import EPCS_MAX, PARCELS_MAX, Epc, ParcelLine, Sscc
from commerce.recalls.errors import GoodsNotNamed, GoodsRecalled, ProductRecalled
from commerce.recalls.naming import require_shippable
from commerce.records import altered
from commerce.refusals import refuses
from commerce.shipments import dispatch, new_parcel
from commerce.units import count_units


@dataclass(frozen=True, slots=True)
class ExchangeShip:
    """A parcel with other goods for those of a case; its fields are those of shipment.create."""

    case_id: Hash
    carrier: Hash
    sscc: Sscc | None
    epcs: Annotated[tuple[Epc, ...], Size(max=EPCS_MAX)]
    label_commitment: Hash | None


@refuses(
    IdentifierMalformed,
    ItemRepeated,
    CaseUnknown,
    NotTheSeller,
    AccountUnknown,
    RoleMissing,
    CosignerMissing,
    StateForbids,
    ProductRecalled,
    GoodsRecalled,
    GoodsNotNamed,
    ItemInParcel,
    SharedController,
    ItemNotInParcel,
    TooManyItems,
    TooManyParcels,
    InsufficientFunds,
    DelegationExceeded,
)
def exchange_ship(op: ExchangeShip, context: Context) -> tuple[Event, ...]:
    """Send the goods again: from now on they go the way of any parcel.

    If their price was paid out before, the seller puts it back into escrow for that.
    """
    label = Label(op.carrier, op.sscc, op.epcs, op.label_commitment)
    check_label(label)
    case = load_case(context.state, op.case_id)
    books = Books.of(context, case)
    if context.sender != books.order.seller:
        msg = "only the seller ships"
        raise NotTheSeller(msg)
    require_carrier(context, op.carrier)
    edge_from(case.state, Trigger.EXCHANGE_SHIP)
    goods = [(books.line(e.line).gtin, count_units(e.spans)) for e in case.lines]
    require_shippable(context, label, goods)
    check_elsewhere(context, case.order_id, op.epcs)
    check_independent(context, op.carrier, books.order)
    if op.epcs:
        check_goods(op.epcs, goods)
    if books.order.parcels >= PARCELS_MAX:
        msg = f"an order has at most {PARCELS_MAX} parcels"
        raise TooManyParcels(msg)
    return _ship(context, op.case_id, case, books, label)


def exchange_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.exchange.ship: the goods are back and no others came: the money goes back."""
    case = load_case(context.state, deadline.object_id)
    edge_from(case.state, Trigger.EXCHANGE_TIMEOUT)
    return refund_case(context, deadline.object_id, case, deadline.time_ms, deadline.kind)


def _ship(
    context: Context, case_id: bytes, case: Case, books: Books, label: Label
) -> tuple[Event, ...]:
    if case.origin == State.RELEASED:
        books.change_order(_hold_again(context, books.order, case))
    lines = []
    for entry in case.lines:
        spans = tuple([altered(span, tries=span.tries + 1) for span in entry.spans])
        lines.append(ParcelLine(entry.line, count_units(spans), spans, 0, ()))
        books.end(case.origin, entry, spans)
    parcel = new_parcel(context, case.order_id, books.order, label, tuple(lines), exchange=True)
    books.change_order(altered(books.order, parcels=books.order.parcels + 1))
    books.save(context.time_ms)
    told = moved(context, case_id, case, to_state(case, State.CLOSED, None))
    return (*told, *dispatch(context, books.order, parcel))


def _hold_again(context: Context, order: Order, case: Case) -> Order:
    """The seller pays what it had got for these units back into escrow."""
    lines, held_minor = list(order.lines), 0
    for entry in case.lines:
        line = lines[entry.line]
        worth_minor = line.worth_minor(entry.spans)
        held_minor += worth_minor
        lines[entry.line] = altered(
            line,
            state=State.IN_TRANSIT.value if not line.open else line.state,
            settled=line.settled - count_units(entry.spans),
            held_minor=line.held_minor + worth_minor,
            released_minor=line.released_minor - worth_minor,
        )
    debit(context, order.seller, order.symbol, held_minor)
    return altered(order, lines=tuple(lines))
