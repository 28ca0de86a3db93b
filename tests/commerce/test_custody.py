"""Custody by parcels: who may state something about which goods, and from when to when."""

import pytest

from commerce.custody import _HEAD_SIZE, LAST_PARCELS, Hands
from commerce.epcis.identifiers import (
    canonical,
    check_digit,
    identity,
    is_well_formed,
    prefix_digits,
)
from commerce.roles import PREFIX_DIGITS_MAX
from commerce.shipments import ShipmentCreate, ShippedLine
from tests.commerce.epcis.variations import Chance, random_uri
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import PREFIX, account

ITEM = f"urn:epc:id:sgtin:{PREFIX}.000001.7"
OTHER = f"urn:epc:id:sgtin:{PREFIX}.000001.8"
SSCC = f"1{PREFIX}000000007" + check_digit(f"1{PREFIX}000000007")
BOX = f"https://id.gs1.org/00/{SSCC}"
PARTIES = ("merchant", "carrier", "buyer", "friend", "rival")


def shipment(order_id: bytes, sscc: str | None = SSCC) -> ShipmentCreate:
    """One item in a box."""
    lines = (ShippedLine(0, 1),)
    return ShipmentCreate(order_id, account("carrier"), lines, sscc, (ITEM,), None)


def shipped(at: Shop, listing: bytes, seller: str, buyer: str, sscc: str | None = SSCC) -> bytes:
    """A parcel with one item in a box."""
    order_id = at.order((listing, 1), buyer=buyer)
    at.pay(order_id, payer="buyer")
    made = at.done(seller, ("shipment.create", shipment(order_id, sscc)), with_=("carrier",))
    parcel_id = made[0].data["parcel_id"]
    assert isinstance(parcel_id, bytes)
    return parcel_id


def who(at: Shop, thing: str) -> list[str]:
    """The parties that may state something about a thing."""
    return [name for name in PARTIES if Hands(at.state, account(name)).had(identity(thing))]


@pytest.mark.parametrize("thing", [ITEM, BOX])
def test_a_parcel_puts_goods_into_its_carriers_and_then_its_buyers_hands(thing: str) -> None:
    at = Shop()
    assert who(at, thing) == ["merchant"]
    parcel_id = shipped(at, at.tea, "merchant", "buyer")
    assert who(at, thing) == ["merchant", "carrier"]
    at.deliver(parcel_id)
    assert who(at, thing) == ["merchant", "carrier", "buyer"]
    assert who(at, OTHER) == ["merchant"]


def test_custody_gives_nobody_the_prefix() -> None:
    at = Shop()
    at.deliver(shipped(at, at.tea, "merchant", "buyer"))
    holders = [name for name in PARTIES if Hands(at.state, account(name)).holds_prefix(ITEM)]
    assert holders == []
    holders = [
        name for name in PARTIES if Hands(at.state, account(name)).holds_prefix(identity(ITEM))
    ]
    assert holders == ["merchant"]


def test_what_was_delivered_may_be_sold_on() -> None:
    at = Shop()
    at.deliver(shipped(at, at.tea, "merchant", "rival"))
    assert "rival" in who(at, ITEM)
    resold = at.publish(TEA, seller="rival")
    parcel_id = shipped(at, resold, "rival", "friend", sscc=None)
    assert who(at, ITEM) == ["merchant", "carrier", "rival"]
    at.deliver(parcel_id)
    assert who(at, ITEM) == ["merchant", "carrier", "friend", "rival"]


def test_a_parcel_of_goods_that_its_seller_never_had_gives_nobody_anything() -> None:
    """A rival ships the merchant's item by its number alone, to a friend of its own."""
    at = Shop()
    at.deliver(shipped(at, at.publish(TEA, seller="rival"), "rival", "friend"))
    assert list(LAST_PARCELS.items(at.state)) == []
    assert who(at, ITEM) == who(at, BOX) == ["merchant"]


def test_what_is_on_its_way_cannot_be_passed_on_by_its_buyer() -> None:
    at = Shop()
    shipped(at, at.tea, "merchant", "rival")
    shipped(at, at.publish(TEA, seller="rival"), "rival", "friend")
    assert who(at, ITEM) == ["merchant", "carrier"]


def test_the_head_of_a_canonical_link_shows_its_prefix() -> None:
    chance = Chance(11)
    for uri in [random_uri(chance) for _ in range(3_000)]:
        link = canonical(uri)
        if link is not None and is_well_formed(uri):
            whole, head = prefix_digits(link), prefix_digits(link[:_HEAD_SIZE])
            assert whole is not None, link
            assert head is not None, link
            assert head[:PREFIX_DIGITS_MAX] == whole[:PREFIX_DIGITS_MAX]
