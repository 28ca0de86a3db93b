"""Products: product.register, product.update.

A product is a GTIN whose company prefix the registrant holds. What is said of it stands in
versions: the newest in the product's own record, each earlier one beside it for good, so that
everybody can read what an offer named (`Offer.product_version`).
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U32, Hash, Name, Size, Text, TimeMs
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.catalogue.errors import ProductVersionStale
from commerce.epcis.identifiers import is_key
from commerce.errors import (
    IdentifierMalformed,
    PrefixNotHeld,
    ProductExists,
    ProductUnknown,
    UpdateEmpty,
)
from commerce.indexes import index_product
from commerce.records import altered
from commerce.refusals import refuses
from commerce.rights import gtin_holder

DOCUMENTS_MAX = 16

Gtin = Annotated[str, Size(min=14, max=14)]


@dataclass(frozen=True, slots=True)
class Document:
    """A paper about a product (test report, licence): what it is, and the hash of its bytes."""

    title: Name
    hash: Hash


@dataclass(frozen=True, slots=True)
class ProductRegister:
    """`gtin` has 14 digits with its check digit. `return_exempt`: the class may be sold without the
    right to return in seven days (消费者权益保护法 art. 25: fresh, custom-made, digital, …), if the
    buyer confirms it. `storage` says how to keep the goods. `licence_required`: only the prefix's
    holder and the merchants that it licensed sell it.
    """

    gtin: Gtin
    title: Name
    product_class: Name
    return_exempt: bool
    storage: Text
    documents: Annotated[tuple[Document, ...], Size(max=DOCUMENTS_MAX)]
    licence_required: bool = False


@dataclass(frozen=True, slots=True)
class ProductUpdate:
    """`version` is the newest that the sender knows; the other fields, all of them, make the next.

    An order keeps what it was sold under: its line holds whether the right to return was given up,
    and its offer names the product's version.
    """

    gtin: Gtin
    version: U32
    title: Name
    product_class: Name
    return_exempt: bool
    storage: Text
    documents: Annotated[tuple[Document, ...], Size(max=DOCUMENTS_MAX)]
    licence_required: bool


@dataclass(frozen=True, slots=True)
class Product:
    """What is known of a GTIN. `version` counts from 1; it stands since `registered_ms`."""

    holder: Hash
    version: U32
    title: Name
    product_class: Name
    return_exempt: bool
    storage: Text
    documents: Annotated[tuple[Document, ...], Size(max=DOCUMENTS_MAX)]
    registered_ms: TimeMs
    licence_required: bool


PRODUCTS: Table[Product] = Table("product", Product)
# Versions that a newer one followed.
PAST_PRODUCTS: Table[Product] = Table("product-past", Product)


def load_product(state: StateReader, gtin: str) -> Product:
    """The product at its newest version, or `ProductUnknown`."""
    product = PRODUCTS.load(state, gtin.encode())
    if product is None:
        msg = f"no product {gtin}"
        raise ProductUnknown(msg)
    return product


def load_version(state: StateReader, gtin: str, version: int) -> Product:
    """The product as it was said to be in one version, or `ProductUnknown`."""
    newest = load_product(state, gtin)
    if version == newest.version:
        return newest
    past = PAST_PRODUCTS.load(state, gtin.encode(), _version_part(version))
    if past is None:
        msg = f"product {gtin} has {newest.version} versions, none of number {version}"
        raise ProductUnknown(msg)
    return past


def _version_part(version: int) -> bytes:
    return version.to_bytes(4, "big")


@refuses(IdentifierMalformed, ProductExists, PrefixNotHeld)
def product_register(op: ProductRegister, context: Context) -> tuple[Event, ...]:
    """Register a product under the sender's company prefix."""
    if not is_key(op.gtin):
        msg = f"{op.gtin!r} is no GTIN-14"
        raise IdentifierMalformed(msg)
    if PRODUCTS.load(context.state, op.gtin.encode()) is not None:
        msg = f"product {op.gtin} exists"
        raise ProductExists(msg)
    require_prefix(context, op.gtin)
    product = Product(
        holder=context.sender,
        version=1,
        title=op.title,
        product_class=op.product_class,
        return_exempt=op.return_exempt,
        storage=op.storage,
        documents=op.documents,
        registered_ms=context.time_ms,
        licence_required=op.licence_required,
    )
    PRODUCTS.store(context.state, product, op.gtin.encode())
    index_product(context, context.sender, op.gtin)
    return (event("product.registered", gtin=op.gtin, holder=context.sender, title=op.title),)


@refuses(ProductUnknown, ProductVersionStale, UpdateEmpty, PrefixNotHeld)
def product_update(op: ProductUpdate, context: Context) -> tuple[Event, ...]:
    """Say something else of a product from now on; orders that exist go on as they are."""
    known = load_product(context.state, op.gtin)
    if op.version != known.version:
        msg = f"version {op.version}; the product is at {known.version}"
        raise ProductVersionStale(msg)
    said = altered(
        known,
        title=op.title,
        product_class=op.product_class,
        return_exempt=op.return_exempt,
        storage=op.storage,
        documents=op.documents,
        licence_required=op.licence_required,
    )
    if said == known:
        msg = "nothing changes"
        raise UpdateEmpty(msg)
    require_prefix(context, op.gtin)
    newest = altered(
        said, holder=context.sender, version=known.version + 1, registered_ms=context.time_ms
    )
    PAST_PRODUCTS.store(context.state, known, op.gtin.encode(), _version_part(known.version))
    PRODUCTS.store(context.state, newest, op.gtin.encode())
    updated = event(
        "product.updated",
        gtin=op.gtin,
        version=newest.version,
        title=newest.title,
        product_class=newest.product_class,
        return_exempt=newest.return_exempt,
        licence_required=newest.licence_required,
    )
    return (updated,)


def require_prefix(context: Context, gtin: str) -> None:
    """`PrefixNotHeld` unless the sender holds the company prefix of this GTIN."""
    if gtin_holder(context.state, gtin) != context.sender:
        msg = f"the company prefix of {gtin} is not the sender's"
        raise PrefixNotHeld(msg)
