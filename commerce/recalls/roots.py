"""What a recall begins with: lots by their numbers, serialised items, times of production.

Roots are goods of the recalled product alone: so nobody who may recall his own draws in a rival's.
What they went into follows from events that their makers and holders stated (spreading).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import Size
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.graph import BEGINNING
from commerce.epcis.identifiers import gtin_of, identity, is_class, is_well_formed, lot_of_number
from commerce.epcis.spread import ITEM, LOT, Mark
from commerce.parcels import Epc
from commerce.recalls.errors import RootMalformed
from commerce.recalls.record import Window

LOTS_MAX = 100
ITEMS_MAX = 1_000
# GS1 General Specifications §3.4.1: AI 10.
LOT_SIZE_MAX = 20

LotNumber = Annotated[str, Size(min=1, max=LOT_SIZE_MAX)]
Lots = Annotated[tuple[LotNumber, ...], Size(max=LOTS_MAX)]
Items = Annotated[tuple[Epc, ...], Size(max=ITEMS_MAX)]


@dataclass(frozen=True, slots=True)
class Roots:
    """Marks to begin with, and a window of production or None."""

    marks: tuple[Mark, ...]
    window: Window | None

    @property
    def are_given(self) -> bool:
        """Is it about some goods, and not about the whole product?"""
        return bool(self.marks) or self.window is not None


def read_roots(
    gtin: str, lots: Sequence[str], items: Sequence[str], from_ms: int | None, to_ms: int | None
) -> Roots:
    """The roots of a product, or `RootMalformed`."""
    marks = [Mark(LOT, _lot(gtin, number), BEGINNING) for number in lots]
    marks += [Mark(ITEM, _item(gtin, epc), BEGINNING) for epc in items]
    if len(set(marks)) != len(marks):
        msg = "each lot and item once"
        raise RootMalformed(msg)
    return Roots(tuple(marks), _window(from_ms, to_ms))


def _lot(gtin: str, number: str) -> str:
    lot = lot_of_number(f"{DOMAIN}01/{gtin}", number)
    if lot is None:
        msg = f"no lot is called {number!r}"
        raise RootMalformed(msg)
    return lot


def _item(gtin: str, epc: str) -> str:
    thing = identity(epc)
    if not is_well_formed(epc) or gtin_of(thing) != gtin or is_class(thing):
        msg = f"{epc!r} is no serialised item of {gtin}"
        raise RootMalformed(msg)
    return thing


def _window(from_ms: int | None, to_ms: int | None) -> Window | None:
    if from_ms is None and to_ms is None:
        return None
    if from_ms is None or to_ms is None or from_ms >= to_ms:
        msg = "a window of production has a beginning and a later end"
        raise RootMalformed(msg)
    return Window(from_ms, to_ms)
