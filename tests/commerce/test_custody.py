"""Custody by parcels: who may state something about which goods, and from when to when."""

import pytest

from commerce.confirmation import OrderConfirm
from commerce.custody import _HEAD_SIZE, SLACK_MS, Hands
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import (
    canonical,
    check_digit,
    identity,
    is_well_formed,
    prefix_digits,
)
from commerce.goods.things import THINGS, owner_of
from commerce.roles import PREFIX_DIGITS_MAX
from commerce.shipments import ShipmentCreate, ShippedLine
from tests.commerce.epcis.statements import data, document, packing
from tests.commerce.epcis.variations import Chance, random_uri
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import PREFIX, account

ITEM = f"urn:epc:id:sgtin:{PREFIX}.000001.7"
OTHER = f"urn:epc:id:sgtin:{PREFIX}.000001.8"
SSCC = f"1{PREFIX}000000007" + check_digit(f"1{PREFIX}000000007")
BOX = f"https://id.gs1.org/00/{SSCC}"
LONG_AGO = "2020-01-01T00:00:00Z"
PARTIES = ("merchant", "carrier", "buyer", "friend", "rival")


def shipped(  # the market in one line
    at: Shop,
    listing: bytes,
    seller: str,
    buyer: str,
    *,
    sscc: str | None = SSCC,
    epcs: tuple[str, ...] = (ITEM,),
) -> bytes:
    """A parcel with one item in a box."""
    order_id = at.order((listing, 1), buyer=buyer)
    at.pay(order_id, payer="buyer")
    lines = (ShippedLine(0, 1),)
    shipment = ShipmentCreate(order_id, account("carrier"), lines, sscc, epcs, None)
    made = at.done(seller, ("shipment.create", shipment), with_=("carrier",))
    parcel_id = made[0].data["parcel_id"]
    assert isinstance(parcel_id, bytes)
    return parcel_id


def who(at: Shop, thing: str) -> list[str]:
    """The parties that may link a thing to others."""
    return [
        name for name in PARTIES if Hands(at.state, account(name)).has(identity(thing), at.time_ms)
    ]


def gave(at: Shop, thing: str, time_ms: int | None = None) -> list[str]:
    """The parties that may still say that they shipped it."""
    when_ms = at.time_ms if time_ms is None else time_ms
    return [
        name for name in PARTIES if Hands(at.state, account(name)).gave(identity(thing), when_ms)
    ]


def owner(at: Shop, thing: str) -> str | None:
    found = owner_of(at.state, identity(thing))
    return next((name for name in PARTIES if account(name) == found), None)


@pytest.mark.parametrize("thing", [ITEM, BOX])
def test_a_parcel_puts_goods_into_its_carriers_and_then_its_buyers_hands(thing: str) -> None:
    at = Shop()
    assert (who(at, thing), gave(at, thing), owner(at, thing)) == (["merchant"], [], "merchant")
    parcel_id = shipped(at, at.tea, "merchant", "buyer")
    assert (who(at, thing), gave(at, thing)) == (["carrier"], ["merchant"])
    assert owner(at, thing) == "merchant"
    at.deliver(parcel_id)
    assert (who(at, thing), gave(at, thing), owner(at, thing)) == (["buyer"], ["carrier"], "buyer")
    assert who(at, OTHER) == ["merchant"]


def test_what_a_buyer_confirms_before_it_was_delivered_is_with_it() -> None:
    at = Shop()
    parcel_id = shipped(at, at.tea, "merchant", "buyer")
    at.done("buyer", ("order.confirm", OrderConfirm(parcel_id, ())))
    assert (who(at, ITEM), owner(at, ITEM)) == (["buyer"], "buyer")


def test_who_gave_a_thing_away_states_its_shipping_for_an_hour() -> None:
    at = Shop()
    shipped(at, at.tea, "merchant", "buyer")
    given_ms = at.time_ms
    assert gave(at, ITEM, given_ms + SLACK_MS) == ["merchant"]
    assert gave(at, ITEM, given_ms + SLACK_MS + 1) == []


def test_nobody_states_what_it_did_with_a_thing_before_it_had_it() -> None:
    at = Shop()
    shipped(at, at.tea, "merchant", "buyer")
    carrier = Hands(at.state, account("carrier"))
    assert carrier.has(identity(ITEM), at.time_ms)
    assert not carrier.has(identity(ITEM), at.time_ms - 1)


def test_what_lies_in_a_unit_goes_with_it() -> None:
    at = Shop()
    packed = packing(
        parentID=f"urn:epc:id:sscc:{PREFIX}.1000000007", childEPCs=[OTHER], eventTime=LONG_AGO
    )
    stated = EpcisCapture(data(document(packed)), "public")
    at.done("merchant", ("epcis.capture", stated))
    at.deliver(shipped(at, at.tea, "merchant", "buyer"))
    assert who(at, OTHER) == ["buyer"]


def test_a_lot_is_in_many_hands() -> None:
    at = Shop()
    lot = f"urn:epc:class:lgtin:{PREFIX}.000001.L1"
    assert who(at, lot) == ["merchant"]
    at.deliver(shipped(at, at.tea, "merchant", "buyer", epcs=(lot,)))
    assert who(at, lot) == ["merchant", "carrier", "buyer"]


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
    assert who(at, ITEM) == ["rival"]
    resold = at.publish(TEA, seller="rival")
    parcel_id = shipped(at, resold, "rival", "friend", sscc=None)
    assert who(at, ITEM) == ["carrier"]
    at.deliver(parcel_id)
    assert (who(at, ITEM), owner(at, ITEM)) == (["friend"], "friend")


def test_a_parcel_of_goods_that_its_seller_never_had_gives_nobody_anything() -> None:
    """A rival ships the merchant's item by its number alone, to a friend of its own."""
    at = Shop()
    at.deliver(shipped(at, at.publish(TEA, seller="rival"), "rival", "friend"))
    assert list(THINGS.items(at.state)) == []
    assert who(at, ITEM) == who(at, BOX) == ["merchant"]


def test_what_is_on_its_way_cannot_be_passed_on_by_its_buyer() -> None:
    at = Shop()
    shipped(at, at.tea, "merchant", "rival")
    shipped(at, at.publish(TEA, seller="rival"), "rival", "friend")
    assert who(at, ITEM) == ["carrier"]


def test_the_head_of_a_canonical_link_shows_its_prefix() -> None:
    chance = Chance(11)
    for uri in [random_uri(chance) for _ in range(3_000)]:
        link = canonical(uri)
        if link is not None and is_well_formed(uri):
            whole, head = prefix_digits(link), prefix_digits(link[:_HEAD_SIZE])
            assert whole is not None, link
            assert head is not None, link
            assert head[:PREFIX_DIGITS_MAX] == whole[:PREFIX_DIGITS_MAX]
