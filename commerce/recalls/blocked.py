"""Which products are recalled now: one row, which every sale, shipment and confirmation asks."""

from dataclasses import dataclass
from typing import Annotated

from chain.codec import Hash, Size
from chain.context import Context
from chain.state import Overlay, StateReader, Table
from commerce.products import Gtin
from commerce.recalls.errors import ProductRecalled

RECALLS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Blocked:
    """A product, and the recall that blocks it."""

    gtin: Gtin
    recall_id: Hash


@dataclass(frozen=True, slots=True)
class RecalledProducts:
    """All that are recalled, ascending by GTIN."""

    products: Annotated[tuple[Blocked, ...], Size(max=RECALLS_MAX)]


# Under one empty key: asked with every step of a trade, changed seldom, so it is always at hand.
RECALLED: Table[RecalledProducts] = Table("recalled", RecalledProducts)


def found_recalls(state: Overlay) -> None:
    """Nothing is recalled at the founding."""
    RECALLED.store(state, RecalledProducts(()))


def recalled_products(state: StateReader) -> tuple[Blocked, ...]:
    """What is recalled now."""
    found = RECALLED.load(state)
    assert found is not None
    return found.products


def recalled_gtins(state: StateReader) -> frozenset[str]:
    """The products that are recalled now."""
    return frozenset([entry.gtin for entry in recalled_products(state)])


def require_not_recalled(context: Context, *gtins: str) -> None:
    """`ProductRecalled` if one of these products is recalled."""
    products = recalled_products(context.state)
    if not products:
        return
    for entry in products:
        if entry.gtin in gtins:
            msg = f"product {entry.gtin} is recalled"
            raise ProductRecalled(msg)


def block(context: Context, gtin: str, recall_id: bytes) -> None:
    """Add a product."""
    products = sorted(
        [*recalled_products(context.state), Blocked(gtin, recall_id)], key=lambda entry: entry.gtin
    )
    RECALLED.store(context.state, RecalledProducts(tuple(products)))


def unblock(context: Context, gtin: str) -> None:
    """Take a product out."""
    left = [entry for entry in recalled_products(context.state) if entry.gtin != gtin]
    RECALLED.store(context.state, RecalledProducts(tuple(left)))
