"""Products: product.register. A product is a GTIN whose company prefix the registrant holds."""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U32, Hash, Name, Size, Text, TimeMs
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.epcis.identifiers import is_key
from commerce.errors import IdentifierMalformed, PrefixNotHeld, ProductExists, ProductUnknown
from commerce.indexes import index_product
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
    buyer confirms it. `storage` says how to keep the goods.
    """

    gtin: Gtin
    title: Name
    product_class: Name
    return_exempt: bool
    storage: Text
    documents: Annotated[tuple[Document, ...], Size(max=DOCUMENTS_MAX)]


@dataclass(frozen=True, slots=True)
class Product:
    """What is known of a GTIN. `version` counts from 1."""

    holder: Hash
    version: U32
    title: Name
    product_class: Name
    return_exempt: bool
    storage: Text
    documents: Annotated[tuple[Document, ...], Size(max=DOCUMENTS_MAX)]
    registered_ms: TimeMs


PRODUCTS: Table[Product] = Table("product", Product)


def load_product(state: StateReader, gtin: str) -> Product:
    """The product, or `ProductUnknown`."""
    product = PRODUCTS.load(state, gtin.encode())
    if product is None:
        msg = f"no product {gtin}"
        raise ProductUnknown(msg)
    return product


@refuses(IdentifierMalformed, ProductExists, PrefixNotHeld)
def product_register(op: ProductRegister, context: Context) -> tuple[Event, ...]:
    """Register a product under the sender's company prefix."""
    if not is_key(op.gtin):
        msg = f"{op.gtin!r} is no GTIN-14"
        raise IdentifierMalformed(msg)
    if PRODUCTS.load(context.state, op.gtin.encode()) is not None:
        msg = f"product {op.gtin} exists"
        raise ProductExists(msg)
    if gtin_holder(context.state, op.gtin) != context.sender:
        msg = f"the company prefix of {op.gtin} is not the sender's"
        raise PrefixNotHeld(msg)
    product = Product(
        holder=context.sender,
        version=1,
        title=op.title,
        product_class=op.product_class,
        return_exempt=op.return_exempt,
        storage=op.storage,
        documents=op.documents,
        registered_ms=context.time_ms,
    )
    PRODUCTS.store(context.state, product, op.gtin.encode())
    index_product(context, context.sender, op.gtin)
    return (event("product.registered", gtin=op.gtin, holder=context.sender, title=op.title),)
