"""Listings: listing.publish, listing.update, listing.withdraw.

A version of a listing is an offer (电子商务法 art. 49) and never changes; an order names the
version that its buyer saw. The stock is no part of the offer: it changes by deltas, so that two
clerks of a seller never overwrite each other's count.

No offer promises less than the law: it is shipped within a range, and the right to return in seven
days is only left out for products of an exempt class (消费者权益保护法 art. 25; art. 26: a standard
term against it is void). Each order line then needs the buyer's own confirmation.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U32, Amount, Hash, PositiveAmount, Range, Size, TimeMs
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.catalogue.errors import (
    ExemptionUnlawful,
    LicenceMissing,
    PledgesUnsorted,
    PledgeUnknown,
)
from commerce.catalogue.licences import require_licence
from commerce.catalogue.pledges import PLEDGE_KINDS, Pledge, check_pledges
from commerce.deposits.eligibility import seller_may_list
from commerce.deposits.errors import DepositTooSmall, MerchantInDebt
from commerce.errors import (
    AssetUnknown,
    ListingUnknown,
    ListingVersionStale,
    ListingWithdrawn,
    NotTheSeller,
    ProductUnknown,
    RoleMissing,
    ShipWithinOutOfRange,
    StockInsufficient,
    StockTooLarge,
    UpdateEmpty,
)
from commerce.indexes import index_listing
from commerce.money import Symbol, load_asset
from commerce.products import Gtin, Product, load_product
from commerce.records import altered
from commerce.refusals import refuses
from commerce.roles import has_role_for_goods
from commerce.timers import SHIP_WITHIN_MAX_MS, SHIP_WITHIN_MIN_MS

STOCK_MAX = 2**31 - 1

Stock = Annotated[int, Range(0, STOCK_MAX)]
StockDelta = Annotated[int, Range(-STOCK_MAX, STOCK_MAX)]
Duration = Annotated[int, Range(0, 2**48)]


@dataclass(frozen=True, slots=True)
class Terms:
    """What an offer binds the seller to. `price_minor` is per unit, `freight_minor` once per order
    line; `ship_within_ms` from payment, in commercial time, None for the chain's default;
    `document` is the hash of all other conditions; `pledges` are sorted by kind, each kind once.
    `exempt`: without the return in seven days, if the product's class allows that; it counts for
    the orders whose buyers confirm it.
    """

    price_minor: PositiveAmount
    freight_minor: Amount
    ship_within_ms: Duration | None
    document: Hash | None
    pledges: Annotated[tuple[Pledge, ...], Size(max=len(PLEDGE_KINDS))] = ()
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class ListingPublish:
    """Sell `gtin` for `symbol`; `stock` units are there."""

    gtin: Gtin
    symbol: Symbol
    stock: Stock
    terms: Terms


@dataclass(frozen=True, slots=True)
class ListingUpdate:
    """`version` is the newest that the sender knows. `terms` make a new version; `stock_delta`
    alone doesn't.
    """

    listing_id: Hash
    version: U32
    stock_delta: StockDelta
    terms: Terms | None


@dataclass(frozen=True, slots=True)
class ListingWithdraw:
    """No new orders from now on."""

    listing_id: Hash


@dataclass(frozen=True, slots=True)
class Listing:
    """`version` is the newest, from 1; `stock` what can still be ordered."""

    seller: Hash
    gtin: Gtin
    symbol: Symbol
    version: U32
    stock: Stock
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """One version of a listing; never changes. `product_version` is what the goods were then."""

    terms: Terms
    published_ms: TimeMs
    product_version: U32


LISTINGS: Table[Listing] = Table("listing", Listing)
OFFERS: Table[Offer] = Table("offer", Offer)


def version_part(version: int) -> bytes:
    """The key part of a version."""
    return version.to_bytes(4, "big")


def load_listing(state: StateReader, listing_id: bytes) -> Listing:
    """The listing, or `ListingUnknown`."""
    listing = LISTINGS.load(state, listing_id)
    if listing is None:
        msg = f"no listing {listing_id.hex()}"
        raise ListingUnknown(msg)
    return listing


def require_current(listing: Listing, version: int) -> None:
    """`ListingWithdrawn` or `ListingVersionStale` unless this version is on offer."""
    if listing.withdrawn:
        msg = "the listing was withdrawn"
        raise ListingWithdrawn(msg)
    if listing.version != version:
        msg = f"version {version}; the listing is at {listing.version}"
        raise ListingVersionStale(msg)


def change_stock(context: Context, listing_id: bytes, listing: Listing, delta: int) -> None:
    """Add to or take from the stock of a listing as it stands; `StockInsufficient` or
    `StockTooLarge` outside its range.
    """
    stock = listing.stock + delta
    if stock < 0:
        msg = f"{listing.stock} in stock, {-delta} wanted"
        raise StockInsufficient(msg)
    if stock > STOCK_MAX:
        msg = f"a stock is at most {STOCK_MAX}"
        raise StockTooLarge(msg)
    _store_stock(context, listing_id, listing, stock)


def return_stock(context: Context, listing_id: bytes, units: int) -> None:
    """Put back what an order had reserved. Never fails: a clock may do this."""
    listing = load_listing(context.state, listing_id)
    stock = min(STOCK_MAX, listing.stock + units)
    _store_stock(context, listing_id, listing, stock)


def _store_stock(context: Context, listing_id: bytes, listing: Listing, stock: int) -> None:
    LISTINGS.store(context.state, altered(listing, stock=stock), listing_id)


@refuses(
    PledgeUnknown,
    PledgesUnsorted,
    ShipWithinOutOfRange,
    RoleMissing,
    ProductUnknown,
    AssetUnknown,
    LicenceMissing,
    ExemptionUnlawful,
    MerchantInDebt,
    DepositTooSmall,
)
def listing_publish(op: ListingPublish, context: Context) -> tuple[Event, ...]:
    """Offer a product; version 1 of a new listing."""
    _check_terms(op.terms)
    if not has_role_for_goods(context.state, context.sender, "merchant", op.gtin):
        msg = "the sender needs the role merchant for these goods"
        raise RoleMissing(msg)
    product = load_product(context.state, op.gtin)
    load_asset(context.state, op.symbol)
    _require_lawful(context, op.gtin, product, op.terms)
    seller_may_list(context, context.sender, product.product_class, op.symbol)
    listing_id = context.new_id("listing")
    listing = Listing(context.sender, op.gtin, op.symbol, 1, op.stock, withdrawn=False)
    LISTINGS.store(context.state, listing, listing_id)
    _store_offer(context, listing_id, 1, op.terms, product)
    index_listing(context, context.sender, op.gtin, listing_id)
    published = event(
        "listing.published",
        listing_id=listing_id,
        seller=context.sender,
        gtin=op.gtin,
        symbol=op.symbol,
        price_minor=op.terms.price_minor,
        stock=op.stock,
        version=1,
    )
    return (published,)


@refuses(
    UpdateEmpty,
    PledgeUnknown,
    PledgesUnsorted,
    ShipWithinOutOfRange,
    ListingUnknown,
    NotTheSeller,
    ListingWithdrawn,
    ListingVersionStale,
    LicenceMissing,
    ExemptionUnlawful,
    StockInsufficient,
    StockTooLarge,
)
def listing_update(op: ListingUpdate, context: Context) -> tuple[Event, ...]:
    """Change the stock by a delta, or the terms by a new version."""
    if op.terms is None and op.stock_delta == 0:
        msg = "nothing changes"
        raise UpdateEmpty(msg)
    if op.terms is not None:
        _check_terms(op.terms)
    listing = _own_listing(context, op.listing_id)
    require_current(listing, op.version)
    version = listing.version
    if op.terms is not None:
        product = load_product(context.state, listing.gtin)
        _require_lawful(context, listing.gtin, product, op.terms)
        version += 1
        _store_offer(context, op.listing_id, version, op.terms, product)
    change_stock(context, op.listing_id, listing, op.stock_delta)
    changed = altered(load_listing(context.state, op.listing_id), version=version)
    LISTINGS.store(context.state, changed, op.listing_id)
    updated = event(
        "listing.updated", listing_id=op.listing_id, version=version, stock=changed.stock
    )
    return (updated,)


@refuses(ListingUnknown, NotTheSeller, ListingWithdrawn)
def listing_withdraw(op: ListingWithdraw, context: Context) -> tuple[Event, ...]:
    """End an offer; orders that exist go on."""
    listing = _own_listing(context, op.listing_id)
    require_current(listing, listing.version)
    LISTINGS.store(context.state, altered(listing, withdrawn=True), op.listing_id)
    return (event("listing.withdrawn", listing_id=op.listing_id),)


def _own_listing(context: Context, listing_id: bytes) -> Listing:
    listing = load_listing(context.state, listing_id)
    if listing.seller != context.sender:
        msg = "the listing is another seller's"
        raise NotTheSeller(msg)
    return listing


def _store_offer(
    context: Context, listing_id: bytes, version: int, terms: Terms, product: Product
) -> None:
    offer = Offer(terms, context.time_ms, product.version)
    OFFERS.store(context.state, offer, listing_id, version_part(version))


def _require_lawful(context: Context, gtin: str, product: Product, terms: Terms) -> None:
    """What a new offer of this product needs: `LicenceMissing`, `ExemptionUnlawful`."""
    require_licence(context, product, gtin, context.sender)
    if terms.exempt and not product.return_exempt:
        msg = f"product {gtin} can be returned without a reason (消费者权益保护法 art. 25)"
        raise ExemptionUnlawful(msg)


def _check_terms(terms: Terms) -> None:
    check_pledges(terms.pledges)
    promise_ms = terms.ship_within_ms
    if promise_ms is not None and not SHIP_WITHIN_MIN_MS <= promise_ms <= SHIP_WITHIN_MAX_MS:
        msg = f"ship within {SHIP_WITHIN_MIN_MS} to {SHIP_WITHIN_MAX_MS} ms, not {promise_ms}"
        raise ShipWithinOutOfRange(msg)
