"""Rules of custody.offer, accept, reject and withdraw, and that nothing is in two hands."""

# ruff: noqa: E501 (the rule table is aligned)

from datetime import UTC, datetime

import pytest

from commerce.aftersale.returns import ReturnShip
from commerce.confirmation import OrderConfirm
from commerce.epcis.identifiers import identity
from commerce.goods import moving, offers
from commerce.goods.offer import OPEN_OFFERS, is_offered
from commerce.goods.offers import CustodyAccept, CustodyReject, CustodyWithdraw
from commerce.goods.things import SHARES, has
from commerce.shipments import ShipmentCreate, ShipmentLost, ShippedLine
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.epcis.statements import case, lot
from tests.commerce.goods.handing import (
    ACCEPT,
    CASE,
    ITEM,
    OFFER,
    OTHER,
    REJECT,
    WITHDRAW,
    accept,
    accepting,
    given,
    hands,
    offer,
    offered,
    pack,
    record,
    rejecting,
    status,
    unpack,
    withdrawing,
)
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, HOUR_MS, PREFIX, World, account

NOWHERE = bytes(32)
LOT = lot("L1")
TEA_7, TEA_8 = (f"urn:epc:id:sgtin:{PREFIX}.000001.{number}" for number in (7, 8))
FOREIGN = "urn:epc:id:sgtin:0614141.107346.9"
PALLET = "urn:epc:id:grai:6901234.55555.17"

# fmt: off
TABLE: list[Row] = [
    #       sender      type      payload                                    with outcome
    Attempt("merchant", OFFER,    offered(ITEM, what="lending"),             (), "CustodyUnclear"),
    Attempt("merchant", OFFER,    offered(ITEM, to="merchant"),              (), "TakerIsGiver"),
    Attempt("merchant", OFFER,    offered("urn:epc:id:sgtin:69.1"),          (), "IdentifierMalformed"),
    Attempt("merchant", OFFER,    offered(ITEM, identity(ITEM)),             (), "ItemRepeated"),
    Attempt("merchant", OFFER,    offered(ITEM, to="nobody"),                (), "AccountUnknown"),
    Attempt("merchant", OFFER,    offered(ITEM, order_id=NOWHERE),           (), "OrderUnknown"),
    Attempt("merchant", OFFER,    offered(ITEM, device_id=NOWHERE),          (), "DeviceUnknown"),
    Attempt("rival",    OFFER,    offered(ITEM),                             (), "ThingNotPossessed"),
    Attempt("merchant", OFFER,    offered(FOREIGN),                          (), "ThingNotPossessed"),
    Attempt("merchant", OFFER,    offered("urn:uuid:9"),                     (), "ThingNotPossessed"),
    Attempt("rival",    OFFER,    offered(LOT),                              (), "ThingNotPossessed"),
    Attempt("rival",    OFFER,    offered(ITEM, what="owning"),              (), "ThingNotOwned"),
    Attempt("rival",    OFFER,    offered(LOT, what="owning"),               (), "ThingNotOwned"),
    Attempt("merchant", OFFER,    offered(ITEM),                             (), "ok"),
    Attempt("merchant", OFFER,    offered(ITEM, to="buyer", what="owning"),  (), "ThingOffered"),
    Attempt("carrier",  ACCEPT,   CustodyAccept(NOWHERE, None),              (), "OfferUnknown"),
    Attempt("carrier",  REJECT,   CustodyReject(NOWHERE, ""),                (), "OfferUnknown"),
    Attempt("merchant", WITHDRAW, CustodyWithdraw(NOWHERE),                  (), "OfferUnknown"),
    Attempt("merchant", ACCEPT,   accepting(),                               (), "NotTheTaker"),
    Attempt("rival",    REJECT,   rejecting,                                 (), "NotTheTaker"),
    Attempt("carrier",  WITHDRAW, withdrawing,                               (), "NotTheGiver"),
    Attempt("carrier",  ACCEPT,   accepting(NOWHERE),                        (), "OfferOfNoOrder"),
    Attempt("carrier",  ACCEPT,   accepting(),                               (), "ok"),
    Attempt("carrier",  ACCEPT,   accepting(),                               (), "OfferEnded"),
    Attempt("carrier",  REJECT,   rejecting,                                 (), "OfferEnded"),
    Attempt("merchant", WITHDRAW, withdrawing,                               (), "OfferEnded"),
    Attempt("merchant", OFFER,    offered(ITEM),                             (), "ThingNotPossessed"),
    Attempt("merchant", OFFER,    offered(ITEM, what="both"),                (), "ThingNotPossessed"),
    Attempt("carrier",  OFFER,    offered(ITEM, to="buyer", what="both"),    (), "ThingNotOwned"),
    Attempt("merchant", OFFER,    offered(ITEM, to="buyer", what="owning"),  (), "ok"),
    Attempt("carrier",  OFFER,    offered(ITEM, to="buyer"),                 (), "ok"),
    Attempt("buyer",    REJECT,   rejecting,                                 (), "ok"),
    Attempt("carrier",  OFFER,    offered(ITEM, to="buyer"),                 (), "ok"),
    Attempt("carrier",  WITHDRAW, withdrawing,                               (), "ok"),
    Attempt("carrier",  OFFER,    offered(ITEM, to="buyer"),                 (), "ok"),
    Wait(DAY_MS),
    Attempt("buyer",    ACCEPT,   accepting(),                               (), "OfferEnded"),
]


def parcel_of(*epcs: str) -> Do:
    """A parcel takes these from the merchant, and brings them to a buyer."""

    def ship(world: World) -> None:
        assert isinstance(world, Shop)
        world.deliver(shipped(world, *epcs))

    return Do(ship)


# In a shop, where a parcel takes what is on offer.
LOST: list[Row] = [
    Attempt("merchant", OFFER,    offered(TEA_7),                            (), "ok"),
    parcel_of(TEA_7),
    Attempt("carrier",  ACCEPT,   accepting(),                               (), "ThingNotPossessed"),
    Attempt("merchant", OFFER,    offered(TEA_8, to="friend", what="owning"),(), "ok"),
    parcel_of(TEA_8),
    Attempt("friend",   ACCEPT,   accepting(),                               (), "ThingNotOwned"),
]


def packed(world: World) -> None:
    pack(world, "merchant", ITEM)


def packed_more(world: World) -> None:
    pack(world, "merchant", OTHER)


CHANGED: list[Row] = [
    Do(packed),
    Attempt("merchant", OFFER,    offered(CASE),                             (), "ok"),
    Do(packed_more),
    Attempt("carrier",  ACCEPT,   accepting(),                               (), "ContentsChanged"),
    Attempt("merchant", WITHDRAW, withdrawing,                               (), "ok"),
    Attempt("merchant", OFFER,    offered(CASE),                             (), "ok"),
    Attempt("carrier",  ACCEPT,   accepting(),                               (), "ok"),
]

# Where one thing at most lies in what is offered.
FULL: list[Row] = [
    Do(packed),
    Attempt("merchant", OFFER,    offered(CASE),                             (), "ok"),
    Do(packed_more),
    Attempt("carrier",  ACCEPT,   accepting(),                               (), "TooManyThings"),
    Attempt("merchant", OFFER,    offered(CASE, to="buyer"),                 (), "ThingOffered"),
    Attempt("merchant", WITHDRAW, withdrawing,                               (), "ok"),
    Attempt("merchant", OFFER,    offered(CASE),                             (), "TooManyThings"),
    Attempt("merchant", OFFER,    offered(CASE, what="owning"),              (), "TooManyThings"),
]

# Where a giver has one open offer at most.
CROWDED: list[Row] = [
    Attempt("merchant", OFFER,    offered(ITEM),                             (), "ok"),
    Attempt("merchant", OFFER,    offered(OTHER),                            (), "TooManyOffers"),
    Attempt("carrier",  REJECT,   rejecting,                                 (), "ok"),
    Attempt("merchant", OFFER,    offered(OTHER),                            (), "ok"),
]
# fmt: on


def shipped(shop: Shop, *epcs: str) -> bytes:
    """A parcel with some of the merchant's tea."""
    order_id = shop.paid((shop.tea, len(epcs)))
    lines = (ShippedLine(0, len(epcs)),)
    shipment = ShipmentCreate(order_id, account("carrier"), lines, None, epcs, None)
    made = shop.done("merchant", ("shipment.create", shipment), with_=("carrier",))
    parcel_id = made[0].data["parcel_id"]
    assert isinstance(parcel_id, bytes)
    return parcel_id


def test_goods_change_hands_when_giver_and_taker_have_signed() -> None:
    world = World()
    play(world, TABLE)
    assert hands(world, ITEM) == ("carrier", "merchant")


def test_what_a_parcel_took_is_not_accepted_any_more() -> None:
    play(Shop(), LOST)


def test_what_lies_in_a_container_is_what_lay_there_when_it_was_offered() -> None:
    world = World()
    play(world, CHANGED)
    assert [hands(world, thing)[0] for thing in (CASE, ITEM, OTHER)] == ["carrier"] * 3


def test_no_more_goes_along_than_one_hand_over_may_move(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "CONTENTS_MAX", 1)
    play(World(), FULL)


def test_a_giver_has_so_many_open_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "OPEN_OFFERS_MAX", 1)
    play(World(), CROWDED)


def test_possession_ownership_and_both_move_apart() -> None:
    world = World()
    given(world, "merchant", ITEM, to="carrier")
    assert hands(world, ITEM) == ("carrier", "merchant")
    given(world, "merchant", ITEM, to="buyer", what="owning")
    assert hands(world, ITEM) == ("carrier", "buyer")
    given(world, "carrier", ITEM, to="buyer")
    given(world, "buyer", ITEM, to="friend", what="both")
    assert hands(world, ITEM) == ("friend", "friend")


def test_an_offer_expires_by_its_own_time_and_holds_nothing_then() -> None:
    world = World()
    known = offer(world, "merchant", ITEM, within_ms=HOUR_MS)
    due_ms = world.time_ms + HOUR_MS
    world.wait(HOUR_MS - 1)
    assert record(world, known).state == "OPEN"
    (receipt,) = world.wait(DAY_MS)
    assert [event.type for event in receipt.events] == ["custody.expired"]
    assert (record(world, known).state, record(world, known).ended_ms) == ("EXPIRED", due_ms)
    assert not list(OPEN_OFFERS.items(world.state))
    assert is_offered(world.state, identity(ITEM), account("merchant")) is None
    assert hands(world, ITEM) == ("merchant", "merchant")
    given(world, "merchant", ITEM, to="buyer")


def test_an_offer_that_is_answered_in_the_block_of_its_expiry_comes_too_late() -> None:
    world = World()
    known = offer(world, "merchant", ITEM, within_ms=HOUR_MS)
    world.time_ms += HOUR_MS
    assert status(world, "carrier", ACCEPT, CustodyAccept(known, None)) == "OfferEnded"
    assert hands(world, ITEM) == ("merchant", "merchant")


def test_a_container_takes_along_what_lies_in_it_at_any_depth() -> None:
    world = World()
    pack(world, "merchant", ITEM, OTHER)
    pack(world, "merchant", CASE, parent=case(8))
    given(world, "merchant", case(8), to="carrier")
    (told,) = accept(world, "buyer", offer(world, "carrier", case(8), to="buyer"))
    assert told.data["along"] == 3
    for thing in (case(8), CASE, ITEM, OTHER):
        assert hands(world, thing) == ("buyer", "merchant")


def test_ownership_goes_along_in_a_logistic_unit_but_not_on_a_pallet() -> None:
    world = World()
    pack(world, "merchant", ITEM)
    pack(world, "merchant", OTHER, parent=PALLET)
    given(world, "merchant", CASE, PALLET, to="buyer", what="owning")
    assert [hands(world, thing)[1] for thing in (CASE, ITEM)] == ["buyer", "buyer"]
    assert [hands(world, thing)[1] for thing in (PALLET, OTHER)] == ["buyer", "merchant"]
    given(world, "merchant", PALLET, to="carrier")
    assert hands(world, OTHER) == ("carrier", "merchant")


def test_what_left_a_container_by_another_hand_over_does_not_come_back_with_it() -> None:
    world = World()
    pack(world, "merchant", ITEM, OTHER)
    given(world, "merchant", ITEM, to="friend")
    given(world, "merchant", CASE, to="carrier")
    assert [hands(world, thing)[0] for thing in (CASE, ITEM, OTHER)] == [
        "carrier",
        "friend",
        "carrier",
    ]


def test_an_item_of_an_offered_container_that_goes_elsewhere_stops_the_whole_offer() -> None:
    world = World()
    pack(world, "merchant", ITEM, OTHER)
    whole = offer(world, "merchant", CASE)
    given(world, "merchant", ITEM, to="friend")
    assert status(world, "carrier", ACCEPT, CustodyAccept(whole, None)) == "ContentsChanged"
    assert [hands(world, thing)[0] for thing in (CASE, ITEM, OTHER)] == [
        "merchant",
        "friend",
        "merchant",
    ]


def test_who_got_a_container_unpacks_it_and_its_giver_does_so_no_more() -> None:
    world = World()
    pack(world, "merchant", ITEM, OTHER)
    given(world, "merchant", CASE, to="carrier")
    now = datetime.fromtimestamp(world.time_ms / 1000, tz=UTC).isoformat()
    with pytest.raises(AssertionError):
        unpack(world, "merchant", [ITEM], now)
    unpack(world, "carrier", [ITEM], now)
    given(world, "carrier", CASE, to="buyer")
    assert [hands(world, thing)[0] for thing in (CASE, ITEM, OTHER)] == [
        "buyer",
        "carrier",
        "buyer",
    ]


def test_of_a_lot_giver_and_taker_both_have_some_and_each_may_offer_it() -> None:
    world = World()
    given(world, "merchant", LOT, to="buyer", what="both")
    assert len(list(SHARES.items(world.state))) == 1
    first = offer(world, "merchant", LOT, to="friend")
    second = offer(world, "buyer", LOT, to="friend")
    accept(world, "friend", second)
    accept(world, "friend", first)
    known = identity(LOT)
    for name in ("merchant", "buyer", "friend"):
        assert has(world.state, account(name), known)
    assert not has(world.state, account("rival"), known)


def test_a_parcel_takes_what_is_on_offer_and_the_offer_is_worth_nothing_then() -> None:
    shop = Shop()
    known = offer(shop, "merchant", TEA_7, to="friend", what="both")
    parcel_id = shipped(shop, TEA_7)
    assert hands(shop, TEA_7) == ("carrier", "merchant")
    assert status(shop, "friend", ACCEPT, CustodyAccept(known, None)) == "ThingNotPossessed"
    shop.done("buyer", ("order.confirm", OrderConfirm(parcel_id, ())))
    assert hands(shop, TEA_7) == ("buyer", "buyer")
    shop.done("merchant", (WITHDRAW, CustodyWithdraw(known)))


def test_what_is_in_a_lost_parcel_stays_with_the_carrier_that_lost_it() -> None:
    shop = Shop()
    parcel_id = shipped(shop, TEA_7)
    shop.done("carrier", ("shipment.lost", ShipmentLost(parcel_id)))
    assert hands(shop, TEA_7) == ("carrier", "merchant")
    assert status(shop, "merchant", OFFER, offered(TEA_7, to="friend")) == "ThingNotPossessed"
    # Found again, it goes back by an offer.
    given(shop, "carrier", TEA_7, to="merchant")
    assert hands(shop, TEA_7) == ("merchant", "merchant")


def test_goods_that_were_given_away_are_not_shipped_by_who_had_them() -> None:
    shop = Shop()
    given(shop, "merchant", TEA_7, to="friend", what="both")
    shop.deliver(shipped(shop, TEA_7))
    assert hands(shop, TEA_7) == ("friend", "friend")


def test_whoever_carries_goods_for_an_order_has_them_until_that_is_delivered() -> None:
    shop = Shop()
    parcel_id = shipped(shop, TEA_7, TEA_8)
    order_id = shop.parcel(parcel_id).order_id
    accept(shop, "friend", offer(shop, "carrier", TEA_7, to="friend", order_id=order_id))
    accept(shop, "rival", offer(shop, "friend", TEA_7, to="rival", order_id=order_id))
    accept(shop, "friend", offer(shop, "carrier", TEA_8, to="friend"))
    shop.deliver(parcel_id)
    assert hands(shop, TEA_7) == ("buyer", "buyer")
    # What was taken over for no order is its taker's to hand on.
    assert hands(shop, TEA_8) == ("friend", "buyer")


def test_goods_that_are_sent_back_are_their_sellers_again_and_no_offer_of_theirs_holds() -> None:
    shop = Shop()
    parcel_id = shipped(shop, TEA_7)
    shop.deliver(parcel_id)
    sale = offer(shop, "buyer", TEA_7, to="friend", what="both")
    order_id = shop.parcel(parcel_id).order_id
    case_id = shop.request(order_id, "no_reason", (0, 1), parcel=parcel_id)
    shop.agree(case_id)
    back = ReturnShip(case_id, account("carrier"), 0, None, 0, (TEA_7,))
    shop.done("buyer", ("return.ship", back), with_=("carrier",))
    assert hands(shop, TEA_7) == ("carrier", "buyer")
    assert status(shop, "friend", ACCEPT, CustodyAccept(sale, None)) == "ThingNotPossessed"
    shop.bring_back(case_id)
    assert hands(shop, TEA_7) == ("merchant", "merchant")
    assert status(shop, "friend", ACCEPT, CustodyAccept(sale, None)) == "ThingNotPossessed"
