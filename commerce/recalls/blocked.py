"""Which recalls are open now: one row, which every sale, shipment and confirmation asks.

A recall of a whole product blocks it until it is closed. One of lots and items blocks its product
and every product that its marks have reached while they spread; after that only what is marked
(commerce/recalls/naming.py).
"""

from dataclasses import dataclass
from typing import Annotated

from chain.codec import Hash, Size
from chain.context import Context
from chain.state import Overlay, StateReader, Table
from commerce.epcis.summary import Instant
from commerce.products import Gtin
from commerce.recalls.errors import ProductRecalled
from commerce.records import altered

RECALLS_MAX = 1_000
# Of these one brand may have so many, and all brands together: the rest is for regulators.
BRAND_RECALLS_MAX = 100
BRANDS_RECALLS_MAX = 900


@dataclass(frozen=True, slots=True)
class Blocked:
    """A product, and the recall of which it is the root: `whole`, of marked lots and items
    (`marking`), or both; `spreading` while the marks of its roots go on.
    """

    gtin: Gtin
    recall_id: Hash
    whole: bool
    marking: bool
    spreading: bool


@dataclass(frozen=True, slots=True)
class RecalledProducts:
    """All open recalls, ascending by GTIN; `marked`: some recall, open or closed, has marks."""

    products: Annotated[tuple[Blocked, ...], Size(max=RECALLS_MAX)]
    marked: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """The earliest time, by the events, from which some of a product is marked."""

    since_ms: Instant


# Under one empty key: asked with every step of a trade, changed seldom, so it is always at hand.
RECALLED: Table[RecalledProducts] = Table("recalled", RecalledProducts)
# By GTIN and recall: the root and every product that the marks have reached.
TOUCHED: Table[Touched] = Table("recall-product", Touched)


def found_recalls(state: Overlay) -> None:
    """Nothing is recalled at the founding."""
    RECALLED.store(state, RecalledProducts((), marked=False))


def recalled_now(state: StateReader) -> RecalledProducts:
    """The row."""
    found = RECALLED.load(state)
    assert found is not None
    return found


def recalled_products(state: StateReader) -> tuple[Blocked, ...]:
    """The open recalls."""
    return recalled_now(state).products


def recalled_gtins(state: StateReader) -> frozenset[str]:
    """The products that are recalled as wholes now."""
    return frozenset([entry.gtin for entry in recalled_products(state) if entry.whole])


def touching(state: StateReader, gtin: str) -> tuple[Blocked, ...]:
    """The open recalls whose marks have reached a product, ascending by the GTIN of their root."""
    marking = {entry.recall_id: entry for entry in recalled_products(state) if entry.marking}
    if not marking:
        return ()
    keys = [key for key, _ in TOUCHED.items(state, gtin.encode())]
    known = [marking[key[-32:]] for key in keys if key[-32:] in marking]
    return tuple(sorted(known, key=lambda entry: entry.gtin))


def require_not_recalled(context: Context, *gtins: str) -> None:
    """`ProductRecalled` if one of these products is recalled as a whole, or held while marks of a
    recall spread that has reached it.
    """
    products = recalled_products(context.state)
    if not products:
        return
    for entry in products:
        if entry.whole and entry.gtin in gtins:
            msg = f"product {entry.gtin} is recalled"
            raise ProductRecalled(msg)
    held = held_by_spread(context.state, *gtins)
    if held is not None:
        msg = f"product {held} is held while a recall that reached it spreads"
        raise ProductRecalled(msg)


def held_by_spread(state: StateReader, *gtins: str) -> str | None:
    """The first of these products that is held while the marks of a recall spread."""
    if not any(entry.spreading for entry in recalled_products(state)):
        return None
    for gtin in dict.fromkeys(gtins):
        if any(entry.spreading for entry in touching(state, gtin)):
            return gtin
    return None


def block(context: Context, entry: Blocked) -> None:
    """Add an open recall, or exchange what is known of it."""
    row = recalled_now(context.state)
    others = [known for known in row.products if known.recall_id != entry.recall_id]
    products = tuple(sorted([*others, entry], key=lambda known: known.gtin))
    changed = RecalledProducts(products, marked=row.marked or entry.marking)
    if changed != row:
        RECALLED.store(context.state, changed)


def unblock(context: Context, recall_id: bytes) -> None:
    """Take a recall out."""
    row = recalled_now(context.state)
    left = tuple([entry for entry in row.products if entry.recall_id != recall_id])
    RECALLED.store(context.state, altered(row, products=left))
