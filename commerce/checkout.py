"""From an offer to money in escrow: order.create, order.pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U8, U32, Amount, Hash, Name, Size
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.accounts import share_controller
from commerce.catalogue.coupons import load_coupon, require_open
from commerce.catalogue.drawing import draw, drawings_of, require_undrawn
from commerce.catalogue.errors import (
    CouponExhausted,
    CouponIneligible,
    CouponMinimumMissed,
    CouponNotInTime,
    CouponRepeated,
    CouponUnfunded,
    CouponUnknown,
    CouponUsedUp,
    CouponWithdrawn,
    LicenceMissing,
)
from commerce.catalogue.laying import with_coupons
from commerce.catalogue.licences import require_licence
from commerce.deposits.eligibility import seller_may_sell
from commerce.deposits.errors import DepositTooSmall, MerchantInDebt
from commerce.disputes.conflicts import note_trade
from commerce.errors import (
    AmountMismatch,
    AmountTooLarge,
    DelegationExceeded,
    ExemptionNotOffered,
    InsufficientFunds,
    LineRepeated,
    ListingUnknown,
    ListingVersionStale,
    ListingWithdrawn,
    MixedOrder,
    OrderUnknown,
    ReferenceUsed,
    RoleMissing,
    SharedController,
    StateForbids,
    StockInsufficient,
    TooManyUnpaidOrders,
)
from commerce.escrow import State, Trigger, edge_from
from commerce.indexes import index_order
from commerce.listings import (
    OFFERS,
    Listing,
    Offer,
    change_stock,
    load_listing,
    require_current,
    version_part,
)
from commerce.money import add_amounts, minor_units_of
from commerce.orders import (
    ORDER_LINES_MAX,
    Coupons,
    Order,
    OrderLine,
    load_order,
    save_order,
)
from commerce.parameters import current_parameters
from commerce.products import load_product
from commerce.recalls.blocked import require_not_recalled
from commerce.recalls.errors import ProductRecalled
from commerce.references import reference_key, require_unused, use
from commerce.refusals import refuses
from commerce.reserves import reserved
from commerce.roles import has_role_for_goods
from commerce.settlement import hold
from commerce.timers import Timers
from commerce.units import Quantity, whole

UNPAID_ORDERS_MAX = 3


@dataclass(frozen=True, slots=True)
class WantedLine:
    """`quantity` units of the offer that the buyer saw: `version` of a listing. By
    `exemption_confirmed` the buyer gives up the return without a reason for an exempt class
    (消费者权益保护法 art. 25).
    """

    listing_id: Hash
    version: U32
    quantity: Quantity
    exemption_confirmed: bool


@dataclass(frozen=True, slots=True)
class OrderCreate:
    """Lines of one seller and asset, each of another listing. `ship_to_commitment` is a salted hash
    of the address, `code_commitment` the hash of the code that the recipient tells the carrier;
    `client_reference` is unique per sender. `coupons` are laid on the lines in the given order,
    each on what those before it left (commerce/catalogue/coupons.py).
    """

    lines: Annotated[tuple[WantedLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    ship_to_commitment: Hash
    code_commitment: Hash | None
    client_reference: Name | None
    coupons: Coupons = ()


@dataclass(frozen=True, slots=True)
class OrderPay:
    """`amount_minor` is exactly the order's total without what coupons pay of it (all of it: 0):
    what the payer saw is what it pays.
    """

    order_id: Hash
    amount_minor: Amount


@dataclass(frozen=True, slots=True)
class UnpaidOrders:
    """How many unpaid orders a buyer has of a listing: each until it is paid, cancelled or closed.

    One that is overdue and waits its turn (a block fires so many deadlines and no more) still
    counts, since its stock is reserved until then.
    """

    count: U8


UNPAID: Table[UnpaidOrders] = Table("unpaid", UnpaidOrders)


@refuses(
    LineRepeated,
    CouponRepeated,
    ListingUnknown,
    CouponUnknown,
    ReferenceUsed,
    ListingWithdrawn,
    ListingVersionStale,
    CouponWithdrawn,
    CouponNotInTime,
    ProductRecalled,
    MixedOrder,
    RoleMissing,
    SharedController,
    LicenceMissing,
    MerchantInDebt,
    DepositTooSmall,
    ExemptionNotOffered,
    AmountTooLarge,
    CouponIneligible,
    CouponMinimumMissed,
    StockInsufficient,
    TooManyUnpaidOrders,
    CouponExhausted,
    CouponUsedUp,
)
def order_create(op: OrderCreate, context: Context) -> tuple[Event, ...]:
    """Accept offers: reserve the stock, and start the clock of the payment."""
    _require_distinct(op)
    listings = [load_listing(context.state, line.listing_id) for line in op.lines]
    coupons = [load_coupon(context.state, coupon_id) for coupon_id in op.coupons]
    reference = _require_unused(op, context)
    for wanted, listing in zip(op.lines, listings, strict=True):
        require_current(listing, wanted.version)
    for coupon in coupons:
        require_open(coupon, context.time_ms)
    require_not_recalled(context, *[listing.gtin for listing in listings])
    seller, symbol = _one_seller(context, listings)
    parameters = current_parameters(context.state)
    timers = parameters.timers
    lines = [
        _line(context, wanted, listing, timers)
        for wanted, listing in zip(op.lines, listings, strict=True)
    ]
    add_amounts(*[line.total_minor for line in lines])
    order = Order(
        buyer=context.sender,
        seller=seller,
        payer=None,
        symbol=symbol,
        lines=tuple(lines),
        ship_to_commitment=op.ship_to_commitment,
        code_commitment=op.code_commitment,
        client_reference=op.client_reference,
        parameters=parameters.version,
        created_ms=context.time_ms,
        paid_ms=None,
        parcels=0,
        cases=0,
        reserved_minor=0,
        code_parcel=None,
        coupons=op.coupons,
    )
    if coupons:
        order = with_coupons(context.state, order)
    for line, listing in zip(lines, listings, strict=True):
        change_stock(context, line.listing_id, listing, -line.quantity)
        count_unpaid(context, line.listing_id, context.sender, 1)
    # Asked here for the buyer's sake; what counts is asked again when the order is paid.
    require_undrawn(context.state, order.buyer, drawings_of(order.lines))
    if reference is not None:
        use(context, reference)
    return _created(context, order, timers)


@refuses(
    OrderUnknown,
    StateForbids,
    ProductRecalled,
    AmountMismatch,
    InsufficientFunds,
    DelegationExceeded,
    CouponUnfunded,
    CouponExhausted,
    CouponUsedUp,
)
def order_pay(op: OrderPay, context: Context) -> tuple[Event, ...]:
    """Put the order's total into escrow, from the payer and the funders of its coupons; refunds
    will go to who paid.
    """
    order = load_order(context.state, op.order_id)
    edge = edge_from(order.state, Trigger.PAY)
    require_not_recalled(context, *[line.gtin for line in order.lines])
    if op.amount_minor != order.payable_minor:
        units = minor_units_of(order.symbol)
        msg = f"{order.payable_minor} is to be paid, not {op.amount_minor} {units}"
        raise AmountMismatch(msg)
    payer = context.sender
    held = hold(context, order, payer, edge)
    drawn = draw(context, op.order_id, order)
    paid = reserved(context, held)
    for line in order.lines:
        count_unpaid(context, line.listing_id, order.buyer, -1)
    save_order(context, op.order_id, order, paid)
    note_trade(context, order.buyer, order.seller)
    if payer != order.buyer:
        note_trade(context, payer, order.seller)
        index_order(context, payer, op.order_id, "payer")
    paying = event(
        "order.paid",
        order_id=op.order_id,
        payer=payer,
        seller=order.seller,
        symbol=order.symbol,
        amount_minor=op.amount_minor,
        funded_minor=order.total_minor - op.amount_minor,
    )
    return (paying, *drawn)


def count_unpaid(context: Context, listing_id: bytes, buyer: bytes, change: int) -> None:
    """One unpaid order more or less, or `TooManyUnpaidOrders`: nobody reserves a whole stock."""
    known = UNPAID.load(context.state, listing_id, buyer)
    count = change if known is None else known.count + change
    if count > UNPAID_ORDERS_MAX:
        msg = f"{UNPAID_ORDERS_MAX} orders of this listing are unpaid"
        raise TooManyUnpaidOrders(msg)
    if count > 0:
        UNPAID.store(context.state, UnpaidOrders(count), listing_id, buyer)
    else:
        UNPAID.remove(context.state, listing_id, buyer)


def load_offer(state: StateReader, listing_id: bytes, version: int) -> Offer:
    """The terms of a version that is known to exist."""
    offer = OFFERS.load(state, listing_id, version_part(version))
    assert offer is not None
    return offer


def _require_distinct(op: OrderCreate) -> None:
    if len({line.listing_id for line in op.lines}) != len(op.lines):
        msg = "each line is of another listing"
        raise LineRepeated(msg)
    if len(set(op.coupons)) != len(op.coupons):
        msg = "each coupon once"
        raise CouponRepeated(msg)


def _require_unused(op: OrderCreate, context: Context) -> bytes | None:
    if op.client_reference is None:
        return None
    key = reference_key("order", context.sender, op.client_reference)
    require_unused(context, key)
    return key


def _one_seller(context: Context, listings: Sequence[Listing]) -> tuple[bytes, str]:
    """The seller and the asset of the order, if they are one and this buyer may buy there."""
    seller, symbol = listings[0].seller, listings[0].symbol
    for listing in listings:
        if (listing.seller, listing.symbol) != (seller, symbol):
            msg = "one order has one seller and one asset"
            raise MixedOrder(msg)
    for listing in listings:
        # A merchant whose role was revoked finishes its orders and gets no new ones.
        if not has_role_for_goods(context.state, seller, "merchant", listing.gtin):
            msg = "the seller is no merchant of these goods any more"
            raise RoleMissing(msg)
    if share_controller(context.state, context.sender, seller):
        msg = "buyer and seller are one account or share a key"
        raise SharedController(msg)
    for listing in listings:
        product = load_product(context.state, listing.gtin)
        require_licence(context, product, listing.gtin, seller)
    seller_may_sell(context, seller, [listing.gtin for listing in listings], symbol)
    return seller, symbol


def _line(context: Context, wanted: WantedLine, listing: Listing, timers: Timers) -> OrderLine:
    terms = load_offer(context.state, wanted.listing_id, wanted.version).terms
    # Both may have changed since: the seller offers it, and the class still allows it.
    exempt = terms.exempt and load_product(context.state, listing.gtin).return_exempt
    if wanted.exemption_confirmed and not exempt:
        msg = f"product {listing.gtin} can be returned without a reason"
        raise ExemptionNotOffered(msg)
    promise_ms = terms.ship_within_ms
    scaled_ms = context.chain.genesis.scaled_ms
    return OrderLine(
        listing_id=wanted.listing_id,
        version=wanted.version,
        gtin=listing.gtin,
        quantity=wanted.quantity,
        total_minor=add_amounts(terms.price_minor * wanted.quantity, terms.freight_minor),
        return_exempt=wanted.exemption_confirmed,
        ship_within_ms=timers.ship_ms if promise_ms is None else scaled_ms(promise_ms),
        funding=(),
        state=State.UNFUNDED.value,
        due_ms=context.time_ms + timers.pay_ms,
        open=whole(wanted.quantity),
        shipped=0,
        cancelled=0,
        settled=0,
        paid_minor=0,
        held_minor=0,
        released_minor=0,
        refunded_minor=0,
    )


def _created(context: Context, order: Order, timers: Timers) -> tuple[Event, ...]:
    order_id = context.new_id("order")
    save_order(context, order_id, None, order)
    index_order(context, order.buyer, order_id, "buyer")
    index_order(context, order.seller, order_id, "seller")
    lines = [
        {"gtin": line.gtin, "quantity": line.quantity, "total_minor": line.total_minor}
        for line in order.lines
    ]
    created = event(
        "order.created",
        order_id=order_id,
        buyer=order.buyer,
        seller=order.seller,
        symbol=order.symbol,
        total_minor=order.total_minor,
        payable_minor=order.payable_minor,
        lines=tuple(lines),
        pay_until_ms=order.created_ms + timers.pay_ms,
    )
    return (created,)
