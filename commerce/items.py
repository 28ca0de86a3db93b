"""Which items travel in which parcel of an order: each in one parcel, unless that one was lost.

An item is what an EPC or GS1 Digital Link with a serial names, whatever its spelling. A lot is
named by as many parcels as it fills.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chain.codec import U8
from chain.context import Context
from chain.crypto import tagged_hash
from chain.state import Table
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import gtin_of, identity
from commerce.errors import ItemInParcel, ItemNotInParcel, ItemRepeated, TooManyItems
from commerce.escrow import State
from commerce.parcels import load_parcel, parcel_id

# What names one single item: a serial number, or one that a third party controls (GS1 General
# Specifications §3.5, application identifiers 21 and 235).
_WITH_SERIAL = re.compile(re.escape(DOMAIN) + r"01/[0-9]{14}/(?:21|235)/")


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """The number of the newest parcel of the order that an item is in."""

    number: U8


ITEMS: Table[ItemPlace] = Table("item", ItemPlace)


def check_distinct(epcs: Iterable[str]) -> None:
    """`ItemRepeated` if two of these name one thing, in whatever spelling."""
    counted = Counter([identity(epc) for epc in epcs])
    repeated = [known for known, count in counted.items() if count > 1]
    if repeated:
        msg = f"{repeated[0]} is named twice"
        raise ItemRepeated(msg)


def check_goods(epcs: Iterable[str], units: Iterable[tuple[str, int]]) -> None:
    """`ItemNotInParcel` or `TooManyItems` unless (GTIN, count) pairs have room for these."""
    room: Counter[str] = Counter()
    for gtin, count in units:
        room[gtin] += count
    for epc in epcs:
        known = gtin_of(epc)
        if known is None or known not in room:
            msg = f"{epc} is not among the goods of this parcel"
            raise ItemNotInParcel(msg)
        room[known] -= 1
        if room[known] < 0:
            msg = f"more EPCs of {known} than units of it in this parcel"
            raise TooManyItems(msg)


def check_elsewhere(context: Context, order_id: bytes, epcs: Sequence[str]) -> None:
    """`ItemInParcel` if one of these is in a parcel of the order that was not lost."""
    for epc, key in _serial_items(order_id, epcs):
        place = ITEMS.load(context.state, key)
        if place is None:
            continue
        parcel = load_parcel(context.state, parcel_id(order_id, place.number))
        if parcel.state != State.REFUNDED:
            msg = f"{epc} is in parcel {place.number} of the order"
            raise ItemInParcel(msg)


def place_items(context: Context, order_id: bytes, epcs: Sequence[str], number: int) -> None:
    """Remember the parcel that these are in."""
    for _, key in _serial_items(order_id, epcs):
        ITEMS.store(context.state, ItemPlace(number), key)


def _serial_items(order_id: bytes, epcs: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    for epc in epcs:
        link = identity(epc)
        if _WITH_SERIAL.match(link):
            yield epc, tagged_hash("item", order_id + link.encode())
