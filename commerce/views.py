"""What the API shows of the catalogue: pure reads of the agreed state, one frozen record per view.

Ids and accounts are bytes, times UTC milliseconds, amounts integers in `…_minor` fields; the API
renders them. A missing object raises the refusal that a transaction would get (`OrderUnknown`, …).
Orders are in commerce/order_views.py.
"""

from dataclasses import dataclass

from chain.codec import Hash
from chain.state import StateReader
from commerce.catalogue.pledges import Pledge
from commerce.checkout import load_offer
from commerce.listings import load_listing
from commerce.money import load_asset
from commerce.products import Document, Product, load_product


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
