"""Parcels on their way: shipment.create, shipment.delivered, shipment.lost, sys.order.lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Amount, Hash, Size
from chain.context import Context, event
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.errors import CosignerMissing
from commerce.accounts import share_controller
from commerce.aftersale.errors import RefundPending
from commerce.carriers import (
    Label,
    check_independent,
    check_label,
    require_carrier,
)
from commerce.custody import parcel_arrives, parcel_leaves
from commerce.deposits.liabilities import Liability, note_liability
from commerce.devices.watch import NAMING_REFUSALS, begin_watch
from commerce.errors import (
    AccountUnknown,
    DeliveryProofMissing,
    IdentifierMalformed,
    ItemInParcel,
    ItemNotInParcel,
    ItemRepeated,
    LineRepeated,
    LineUnknown,
    NotTheCarrier,
    NotTheSeller,
    OrderUnknown,
    ParcelUnknown,
    QuantityExceeded,
    RecipientCodeUsed,
    RecipientCodeWrong,
    RoleMissing,
    SharedController,
    StateForbids,
    TooManyItems,
    TooManyParcels,
)
from commerce.escrow import State, Trigger, edge_from, target_of
from commerce.indexes import index_parcel
from commerce.items import check_elsewhere, check_goods, place_items
from commerce.orders import (
    ORDER_LINES_MAX,
    LineIndex,
    Order,
    OrderLine,
    line_of,
    load_order,
    save_order,
    timers_for,
)
from commerce.parcels import (
    EPCS_MAX,
    PARCELS_MAX,
    Cell,
    Epc,
    Parcel,
    ParcelLine,
    Sscc,
    all_open_units,
    load_parcel,
    no_reason_end_ms,
    parcel_id,
    save_parcel,
    settle_units,
    units_of,
)
from commerce.recalls.errors import GoodsNotNamed, GoodsRecalled, ProductRecalled
from commerce.recalls.naming import require_shippable
from commerce.records import altered
from commerce.refusals import refuses
from commerce.reserves import free_reserve
from commerce.reviews.posting import reviews_voided
from commerce.units import Quantity

# Long enough that nobody guesses it from its hash.
CODE_SIZE_MIN = 16
CODE_SIZE_MAX = 64


@dataclass(frozen=True, slots=True)
class ShippedLine:
    """`quantity` units of the order line of index `line`."""

    line: LineIndex
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class ShipmentCreate:
    """A parcel with units of an order. `sscc` is the parcel's GS1 number, `epcs` the items in it as
    EPC URIs or GS1 Digital Links: no more of a GTIN than its units in the parcel, and each in one
    parcel of the order that isn't lost; `label_commitment` a salted hash. `insured_minor` is what
    the carrier, who signs too, answers for if the parcel is lost; by naming a `device` in it, also
    for its storage promises (commerce/devices/watch.py).
    """

    order_id: Hash
    carrier: Hash
    lines: Annotated[tuple[ShippedLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    sscc: Sscc | None
    epcs: Annotated[tuple[Epc, ...], Size(max=EPCS_MAX)]
    label_commitment: Hash | None
    insured_minor: Amount = 0
    device: Hash | None = None


@dataclass(frozen=True, slots=True)
class ShipmentDelivered:
    """Proof: the recipient's `code` (16 to 64 bytes, whose hash the order holds), or where an
    independent carrier handed it over (`cell`).

    A code stands on the chain once it is used, so it proves one parcel of its order. Later parcels
    are proved by their place; those of a carrier that shares the seller's key end by the buyer's
    confirmation, so such a seller ships an order whole.
    """

    parcel_id: Hash
    code: Annotated[bytes, Size(min=CODE_SIZE_MIN, max=CODE_SIZE_MAX)] | None
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class ShipmentLost:
    """The carrier's own word that the parcel will not arrive."""

    parcel_id: Hash


def recipient_code_commitment(code: bytes) -> bytes:
    """What `order.create` holds of the code that the recipient tells the carrier."""
    return tagged_hash("recipient-code", code)


@refuses(
    LineRepeated,
    IdentifierMalformed,
    ItemRepeated,
    OrderUnknown,
    NotTheSeller,
    AccountUnknown,
    RoleMissing,
    CosignerMissing,
    LineUnknown,
    RefundPending,
    StateForbids,
    ProductRecalled,
    GoodsRecalled,
    GoodsNotNamed,
    ItemInParcel,
    SharedController,
    ItemNotInParcel,
    TooManyItems,
    TooManyParcels,
    QuantityExceeded,
    *NAMING_REFUSALS,
)
def shipment_create(op: ShipmentCreate, context: Context) -> tuple[Event, ...]:
    """Hand units to a carrier; the parcel goes its own way, what is left keeps its deadline."""
    indexes = [shipped.line for shipped in op.lines]
    if len(set(indexes)) != len(indexes):
        msg = "each line once"
        raise LineRepeated(msg)
    label = Label(op.carrier, op.sscc, op.epcs, op.label_commitment, op.insured_minor)
    check_label(label)
    order = load_order(context.state, op.order_id)
    if context.sender != order.seller:
        msg = "only the seller ships"
        raise NotTheSeller(msg)
    require_carrier(context, op.carrier)
    for shipped in op.lines:
        _check_waiting(line_of(order, shipped.line), shipped.quantity)
    units = [(order.lines[entry.line].gtin, entry.quantity) for entry in op.lines]
    require_shippable(context, label, units)
    check_elsewhere(context, op.order_id, op.epcs)
    check_independent(context, op.carrier, order)
    check_goods(op.epcs, units)
    if order.parcels >= PARCELS_MAX:
        msg = f"an order has at most {PARCELS_MAX} parcels"
        raise TooManyParcels(msg)
    changed, lines = _take_units(order, op.lines)
    parcel = new_parcel(context, op.order_id, order, label, lines)
    save_order(context, op.order_id, order, changed)
    told = dispatch(context, changed, parcel)
    if op.device is None:
        return told
    return (*told, *begin_watch(context, parcel_id(op.order_id, parcel.number), op.device))


@refuses(
    ParcelUnknown,
    NotTheCarrier,
    StateForbids,
    RecipientCodeWrong,
    RecipientCodeUsed,
    DeliveryProofMissing,
)
def shipment_delivered(op: ShipmentDelivered, context: Context) -> tuple[Event, ...]:
    """The recipient has the parcel; from now on silence pays the seller."""
    parcel = _own_parcel(context, op.parcel_id)
    edge = edge_from(parcel.state, Trigger.DELIVER)
    order = load_order(context.state, parcel.order_id)
    _check_proof(op, context, order, parcel)
    delivered = altered(
        parcel,
        state=target_of(edge).value,
        delivered_ms=context.time_ms,
        # Also for units that were confirmed before: nobody has seen them earlier.
        signed_ms=context.time_ms,
        due_ms=_confirm_due_ms(context, order, parcel),
        cell=op.cell,
    )
    if op.code is not None:
        proved = altered(order, code_parcel=parcel.number)
        save_order(context, parcel.order_id, order, proved)
    save_parcel(context, op.parcel_id, parcel, delivered)
    parcel_arrives(context, order.seller, order.buyer, parcel)
    told = event(
        "shipment.delivered",
        parcel_id=op.parcel_id,
        order_id=parcel.order_id,
        carrier=parcel.carrier,
        by_code=op.code is not None,
        confirm_until_ms=delivered.due_ms,
    )
    return (told,)


@refuses(ParcelUnknown, NotTheCarrier, StateForbids)
def shipment_lost(op: ShipmentLost, context: Context) -> tuple[Event, ...]:
    """The carrier gives the parcel up: the lost path at once, since nobody gains by waiting.

    The carrier is the one who will answer for it, so its word suffices (it shares no key with the
    buyer or the payer); the seller's claim on the carrier is another matter.
    """
    parcel = _own_parcel(context, op.parcel_id)
    return _refund(context, op.parcel_id, parcel, Trigger.LOSE, context.time_ms)


def lost_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.order.lost: neither delivered nor confirmed in time, so the payer gets its money back."""
    parcel = load_parcel(context.state, deadline.object_id)
    return _refund(context, deadline.object_id, parcel, Trigger.LOST_TIMEOUT, deadline.time_ms)


def new_parcel(  # what every parcel begins as
    context: Context,
    order_id: bytes,
    order: Order,
    label: Label,
    lines: tuple[ParcelLine, ...],
    *,
    exchange: bool = False,
) -> Parcel:
    """The order's next parcel, on its way from now on."""
    return Parcel(
        order_id=order_id,
        number=order.parcels,
        carrier=label.carrier,
        lines=lines,
        state=State.IN_TRANSIT.value,
        due_ms=context.time_ms + timers_for(context.state, order).lost_ms,
        shipped_ms=context.time_ms,
        delivered_ms=None,
        signed_ms=None,
        extended_ms=0,
        buyer_extended=False,
        exchange=exchange,
        cell=None,
        sscc=label.sscc,
        epcs=label.epcs,
        label_commitment=label.label_commitment,
        insured_minor=label.insured_minor,
    )


def _check_waiting(line: OrderLine, quantity: int) -> None:
    """`RefundPending` if a case has units of these, `StateForbids` unless the others may go."""
    if line.unshipped < quantity <= line.quantity - line.shipped - line.cancelled:
        msg = f"{line.unshipped} units are not under a request"
        raise RefundPending(msg)
    edge_from(line.state, Trigger.SHIP)


def _take_units(
    order: Order, shipped: Sequence[ShippedLine]
) -> tuple[Order, tuple[ParcelLine, ...]]:
    lines, taken = list(order.lines), []
    for entry in shipped:
        line = lines[entry.line]
        unshipped, after = line.unshipped, line.shipped + entry.quantity
        if entry.quantity > unshipped:
            msg = f"line {entry.line}: {unshipped} units are not shipped"
            raise QuantityExceeded(msg)
        units, left = line.take(line.open, entry.quantity)
        taken.append(ParcelLine(entry.line, entry.quantity, units, 0, ()))
        lines[entry.line] = (
            altered(line, shipped=after, open=left)
            if left
            else altered(line, shipped=after, open=(), state=State.IN_TRANSIT.value, due_ms=None)
        )
    return altered(order, lines=tuple(lines), parcels=order.parcels + 1), tuple(taken)


def dispatch(context: Context, order: Order, parcel: Parcel) -> tuple[Event, ...]:
    """Write a new parcel with its clock, items, custody and indexes, and tell it."""
    new_id = parcel_id(parcel.order_id, parcel.number)
    save_parcel(context, new_id, None, parcel)
    place_items(context, parcel.order_id, parcel.epcs, parcel.number)
    index_parcel(context, parcel.carrier, new_id, parcel.order_id)
    parcel_leaves(context, order.seller, parcel)
    created = event(
        "shipment.created",
        parcel_id=new_id,
        order_id=parcel.order_id,
        seller=order.seller,
        buyer=order.buyer,
        carrier=parcel.carrier,
        lines=units_of(order, parcel),
        sscc=parcel.sscc,
        lost_at_ms=parcel.due_ms,
    )
    return (created,)


def _own_parcel(context: Context, known_id: bytes) -> Parcel:
    parcel = load_parcel(context.state, known_id)
    if context.sender != parcel.carrier:
        msg = "only the parcel's carrier may say so"
        raise NotTheCarrier(msg)
    return parcel


def _check_proof(op: ShipmentDelivered, context: Context, order: Order, parcel: Parcel) -> None:
    if op.code is not None:
        if recipient_code_commitment(op.code) != order.code_commitment:
            msg = "the code is not the recipient's"
            raise RecipientCodeWrong(msg)
        if order.code_parcel is not None:
            msg = f"the code proved parcel {order.code_parcel} of the order"
            raise RecipientCodeUsed(msg)
        return
    if op.cell is None:
        msg = "a delivery needs the recipient's code or a place"
        raise DeliveryProofMissing(msg)
    if share_controller(context.state, parcel.carrier, order.seller):
        msg = "a carrier that shares the seller's key needs the recipient's code"
        raise DeliveryProofMissing(msg)


def _confirm_due_ms(context: Context, order: Order, parcel: Parcel) -> int:
    """When silence confirms: never before the buyer's right to return has ended, unless the
    seller's deposit is reserved for what may have to go back.

    A line is exempt from that right only if its class is and the buyer confirmed it; one other line
    in the parcel keeps the window open for all of it.
    """
    delivered_ms, timers = context.time_ms, timers_for(context.state, order)
    due_ms = max(
        parcel.shipped_ms + timers.confirm_shipped_ms,
        delivered_ms + timers.confirm_delivered_ms,
    )
    if order.reserved_minor or all(order.lines[entry.line].return_exempt for entry in parcel.lines):
        return due_ms
    return max(due_ms, no_reason_end_ms(context, order, delivered_ms))


def _refund(
    context: Context, known_id: bytes, parcel: Parcel, trigger: Trigger, now_ms: int
) -> tuple[Event, ...]:
    edge = edge_from(parcel.state, trigger)
    order = load_order(context.state, parcel.order_id)
    units = all_open_units(parcel)
    _, amount_minor = settle_units(context, known_id, parcel, order, units, edge)
    free_reserve(context, parcel.order_id, now_ms)
    answered_minor = min(amount_minor, parcel.insured_minor)
    if answered_minor:
        owed = (parcel.carrier, order.seller, order.symbol, answered_minor)
        note_liability(context, known_id, Liability(*owed, "parcel", now_ms))
    refunded = load_order(context.state, parcel.order_id)
    indexes = [entry.line for entry in parcel.lines]
    voided = reviews_voided(context, parcel.order_id, refunded, indexes)
    lost = event(
        "shipment.lost",
        parcel_id=known_id,
        order_id=parcel.order_id,
        carrier=parcel.carrier,
        to=order.payer,
        symbol=order.symbol,
        amount_minor=amount_minor,
        reason=trigger.value,
    )
    return (lost, *voided)
