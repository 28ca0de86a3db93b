"""What the API shows of the trade: pure reads of the agreed state, one frozen record per view.

Ids and accounts are bytes, times UTC milliseconds, amounts integers in `…_minor` fields; the API
renders them. A missing object raises the refusal that a transaction would get (`OrderUnknown`, …).
What may happen next to an order follows from the escrow automaton.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.codec import Hash
from chain.deadlines import DEADLINES, Deadline
from chain.state import StateReader
from commerce.catalogue.pledges import Pledge
from commerce.checkout import load_offer
from commerce.escrow import CLOCKS, EDGES, State
from commerce.listings import load_listing
from commerce.money import load_asset
from commerce.orders import Order, OrderLine, load_order, order_deadline
from commerce.parcels import Parcel, load_parcel, parcel_deadline, parcel_id
from commerce.products import Document, Product, load_product


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """At block time `time_ms` the system transition `kind` happens to the object by itself."""

    time_ms: int
    object_id: Hash
    kind: str


@dataclass(frozen=True, slots=True)
class StepView:
    """What may happen next: which transaction, to how many units, who must sign, what follows."""

    type: str
    who: str
    source: str
    target: str
    units: int
    parcel_id: Hash | None


@dataclass(frozen=True, slots=True)
class ProductView:
    """What is registered under a GTIN, in one version; it stands since `registered_ms`."""

    gtin: str
    holder: Hash
    version: int
    title: str
    product_class: str
    return_exempt: bool
    storage: str
    documents: tuple[Document, ...]
    registered_ms: int
    licence_required: bool


@dataclass(frozen=True, slots=True)
class ListingView:
    """A listing with its newest version; `ship_within_ms` None means the chain's default.

    `exempt`: the buyer is asked to give up the return in seven days. `product_version`: what the
    goods were when the offer was made.
    """

    listing_id: Hash
    seller: Hash
    gtin: str
    title: str
    symbol: str
    decimals: int
    version: int
    price_minor: int
    freight_minor: int
    ship_within_ms: int | None
    document: Hash | None
    stock: int
    withdrawn: bool
    published_ms: int
    pledges: tuple[Pledge, ...]
    exempt: bool
    product_version: int


@dataclass(frozen=True, slots=True)
class LineView:
    """An order line; its money adds up: paid = held + released + refunded."""

    index: int
    listing_id: Hash
    version: int
    gtin: str
    quantity: int
    unshipped: int
    shipped: int
    cancelled: int
    state: str
    due_ms: int | None
    return_exempt: bool
    total_minor: int
    held_minor: int
    released_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class ParcelLineView:
    """Units of an order line in a parcel; those that aren't settled hold money."""

    line: int
    gtin: str
    quantity: int
    settled: int


@dataclass(frozen=True, slots=True)
class ParcelView:
    """A parcel and the clock that runs for it."""

    parcel_id: Hash
    order_id: Hash
    number: int
    carrier: Hash
    state: str
    lines: tuple[ParcelLineView, ...]
    shipped_ms: int
    delivered_ms: int | None
    cell: str | None
    sscc: str | None
    epcs: tuple[str, ...]
    label_commitment: Hash | None
    deadline: DeadlineView | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its lines, parcels, money, and what may happen next.

    `deadline` is the order's own, `next_deadline` the earliest of its and its parcels'; both None
    when it has ended.
    """

    order_id: Hash
    state: str
    buyer: Hash
    seller: Hash
    payer: Hash | None
    symbol: str
    decimals: int
    total_minor: int
    held_minor: int
    released_minor: int
    refunded_minor: int
    ship_to_commitment: Hash
    code_commitment: Hash | None
    client_reference: str | None
    created_ms: int
    paid_ms: int | None
    lines: tuple[LineView, ...]
    parcels: tuple[ParcelView, ...]
    deadline: DeadlineView | None
    next_deadline: DeadlineView | None
    next_steps: tuple[StepView, ...]


def product_view(state: StateReader, gtin: str) -> ProductView:
    """A product at its newest version, or `ProductUnknown`."""
    return view_of_product(gtin, load_product(state, gtin))


def view_of_product(gtin: str, product: Product) -> ProductView:
    """One version of a product."""
    return ProductView(
        gtin=gtin,
        holder=product.holder,
        version=product.version,
        title=product.title,
        product_class=product.product_class,
        return_exempt=product.return_exempt,
        storage=product.storage,
        documents=product.documents,
        registered_ms=product.registered_ms,
        licence_required=product.licence_required,
    )


def listing_view(state: StateReader, listing_id: bytes) -> ListingView:
    """A listing at its newest version, or `ListingUnknown`."""
    listing = load_listing(state, listing_id)
    offer = load_offer(state, listing_id, listing.version)
    return ListingView(
        listing_id=listing_id,
        seller=listing.seller,
        gtin=listing.gtin,
        title=load_product(state, listing.gtin).title,
        symbol=listing.symbol,
        decimals=load_asset(state, listing.symbol).decimals,
        version=listing.version,
        price_minor=offer.terms.price_minor,
        freight_minor=offer.terms.freight_minor,
        ship_within_ms=offer.terms.ship_within_ms,
        document=offer.terms.document,
        stock=listing.stock,
        withdrawn=listing.withdrawn,
        published_ms=offer.published_ms,
        pledges=offer.terms.pledges,
        exempt=offer.terms.exempt,
        product_version=offer.product_version,
    )


def order_view(state: StateReader, order_id: bytes) -> OrderView:
    """An order with its parcels, or `OrderUnknown`."""
    order = load_order(state, order_id)
    parcels = [load_parcel(state, parcel_id(order_id, number)) for number in range(order.parcels)]
    own = order_deadline(order_id, order)
    clocks = [own, *(parcel_deadline(parcel) for parcel in parcels)]
    running = [deadline for deadline in clocks if deadline is not None]
    earliest = min(running, key=lambda entry: (entry.time_ms, entry.object_id), default=None)
    return OrderView(
        order_id=order_id,
        state=order.state.value,
        buyer=order.buyer,
        seller=order.seller,
        payer=order.payer,
        symbol=order.symbol,
        decimals=load_asset(state, order.symbol).decimals,
        total_minor=order.total_minor,
        held_minor=sum(line.held_minor for line in order.lines),
        released_minor=sum(line.released_minor for line in order.lines),
        refunded_minor=sum(line.refunded_minor for line in order.lines),
        ship_to_commitment=order.ship_to_commitment,
        code_commitment=order.code_commitment,
        client_reference=order.client_reference,
        created_ms=order.created_ms,
        paid_ms=order.paid_ms,
        lines=tuple(_line_view(index, line) for index, line in enumerate(order.lines)),
        parcels=tuple(_parcel_view(order, parcel) for parcel in parcels),
        deadline=_deadline_view(own),
        next_deadline=_deadline_view(earliest),
        next_steps=tuple(_next_steps(order, parcels)),
    )


def parcel_view(state: StateReader, known_id: bytes) -> ParcelView:
    """A parcel, or `ParcelUnknown`."""
    parcel = load_parcel(state, known_id)
    return _parcel_view(load_order(state, parcel.order_id), parcel)


def next_deadline(state: StateReader) -> DeadlineView | None:
    """The earliest deadline of the whole chain, or None."""
    return _deadline_view(next((found for _, found in DEADLINES.items(state)), None))


def _deadline_view(deadline: Deadline | None) -> DeadlineView | None:
    if deadline is None:
        return None
    return DeadlineView(deadline.time_ms, deadline.object_id, deadline.kind)


def _line_view(index: int, line: OrderLine) -> LineView:
    return LineView(
        index=index,
        listing_id=line.listing_id,
        version=line.version,
        gtin=line.gtin,
        quantity=line.quantity,
        unshipped=line.unshipped,
        shipped=line.shipped,
        cancelled=line.cancelled,
        state=line.state,
        due_ms=line.due_ms,
        return_exempt=line.return_exempt,
        total_minor=line.total_minor,
        held_minor=line.held_minor,
        released_minor=line.released_minor,
        refunded_minor=line.refunded_minor,
    )


def _parcel_view(order: Order, parcel: Parcel) -> ParcelView:
    return ParcelView(
        parcel_id=parcel_id(parcel.order_id, parcel.number),
        order_id=parcel.order_id,
        number=parcel.number,
        carrier=parcel.carrier,
        state=parcel.state,
        lines=tuple(
            ParcelLineView(entry.line, order.lines[entry.line].gtin, entry.quantity, entry.settled)
            for entry in parcel.lines
        ),
        shipped_ms=parcel.shipped_ms,
        delivered_ms=parcel.delivered_ms,
        cell=parcel.cell,
        sscc=parcel.sscc,
        epcs=parcel.epcs,
        label_commitment=parcel.label_commitment,
        deadline=_deadline_view(parcel_deadline(parcel)),
    )


def _next_steps(order: Order, parcels: Iterable[Parcel]) -> Iterable[StepView]:
    unshipped: dict[State, int] = {}
    for line in order.lines:
        if line.due_ms is not None:
            state = State(line.state)
            unshipped[state] = unshipped.get(state, 0) + line.unshipped
    for state, units in unshipped.items():
        yield from _steps_from(state, units, None)
    for parcel in parcels:
        units = sum(entry.open_units for entry in parcel.lines)
        if units:
            known_id = parcel_id(parcel.order_id, parcel.number)
            yield from _steps_from(State(parcel.state), units, known_id)


def _steps_from(state: State, units: int, known_id: bytes | None) -> Iterable[StepView]:
    """Every edge that a party may trigger, then the one of the clock."""
    edges = [edge for edge in EDGES if edge.source is state]
    for edge in sorted(edges, key=lambda entry: entry.trigger is CLOCKS[state]):
        yield StepView(
            edge.trigger.value,
            edge.who,
            state.value,
            (edge.target or edge.source).value,
            units,
            known_id,
        )
