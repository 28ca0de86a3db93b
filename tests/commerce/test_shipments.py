"""Rules of shipment.create, shipment.delivered and shipment.lost."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest

from chain.account import KeyPolicy, WeightedKey
from chain.block import OK
from commerce import shipments
from commerce.checkout import OrderPay
from commerce.epcis.identifiers import check_digit
from commerce.escrow import State
from commerce.payments import PayTransfer
from commerce.roles import RoleGrant
from commerce.shanghai import DAY_MS
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShipmentLost, ShippedLine
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.shop import CODE, TEA, Shop
from tests.commerce.world import FUNDS_MINOR, HOUR_MS, PREFIX, QUORUM, account, key

CREATE, DELIVERED, LOST = "shipment.create", "shipment.delivered", "shipment.lost"
NOWHERE = bytes(32)
CARRIER = account("carrier")
SSCC = "00690123400000001" + check_digit("00690123400000001")
BAD_SSCC = "0" * 18
TEA_ITEM = f"urn:epc:id:sgtin:{PREFIX}.{TEA[0]}{TEA[8:13]}.s1"
BAD_ITEM = f"urn:epc:id:sgtin:{PREFIX}.12.s1"


def creating(shop: Shop) -> list[Row]:
    """An unpaid order, a paid one of 5 tea and 1 cake, and 2 tea of which 1 is asked back."""
    unpaid = shop.order((shop.tea, 1))
    paid = shop.paid((shop.tea, 5), (shop.cake, 1))
    asked = shop.paid((shop.tea, 2))
    shop.request(asked, "unshipped")

    def ship(*units: tuple[int, int], order_id: bytes = paid) -> ShipmentCreate:
        lines = tuple(ShippedLine(*entry) for entry in units)
        return ShipmentCreate(order_id, CARRIER, lines, None, (), None)

    one = ship((0, 1))
    cake = f"urn:epc:id:sgtin:{PREFIX}.000002.s1"
    near_by = RoleGrant(account("friend"), "carrier", f"gcp:{PREFIX}", None)
    as_carrier = RoleGrant(account("buyer"), "carrier", "", None)
    by_buyer = replace(one, carrier=account("buyer"))
    with_ = ("carrier",)
    # fmt: off
    return [
        #       sender      type    payload                                     with      outcome
        Attempt("merchant", CREATE, ship((0, 1), (0, 1)),                       with_,    "LineRepeated"),
        Attempt("merchant", CREATE, replace(one, sscc=BAD_SSCC),         with_,    "IdentifierMalformed"),
        Attempt("merchant", CREATE, replace(one, epcs=(BAD_ITEM,)),             with_,    "IdentifierMalformed"),
        Attempt("merchant", CREATE, ship((0, 1), order_id=NOWHERE),             with_,    "OrderUnknown"),
        Attempt("rival",    CREATE, one,                                        with_,    "NotTheSeller"),
        Attempt("buyer",    CREATE, one,                                        with_,    "NotTheSeller"),
        Attempt("merchant", CREATE, replace(one, carrier=account("nobody")),    with_,    "AccountUnknown"),
        Attempt("merchant", CREATE, replace(one, carrier=account("friend")),    ("friend",), "RoleMissing"),
        Attempt("m0", "role.grant", near_by,                                    QUORUM,   "ok"),
        Attempt("merchant", CREATE, replace(one, carrier=account("friend")),    ("friend",), "RoleMissing"),
        Attempt("merchant", CREATE, one,                                        (),       "CosignerMissing"),
        Attempt("merchant", CREATE, ship((2, 1)),                               with_,    "LineUnknown"),
        Attempt("merchant", CREATE, ship((0, 2), order_id=asked),               with_,    "RefundPending"),
        Attempt("merchant", CREATE, ship((0, 1), order_id=unpaid),              with_,    "StateForbids"),
        Attempt("m0", "role.grant", as_carrier,                                 QUORUM,   "ok"),
        Attempt("merchant", CREATE, by_buyer,                                   ("buyer",), "SharedController"),
        Attempt("merchant", CREATE, replace(one, epcs=(TEA_ITEM, cake)),        with_,    "ItemNotInParcel"),
        Attempt("merchant", CREATE, replace(one, epcs=("urn:uuid:x",)),         with_,    "ItemNotInParcel"),
        Attempt("merchant", CREATE, ship((0, 6)),                               with_,    "QuantityExceeded"),
        Attempt("merchant", CREATE, replace(one, epcs=(TEA_ITEM,), sscc=SSCC),  with_,    "ok"),
        Attempt("merchant", CREATE, ship((0, 5)),                               with_,    "QuantityExceeded"),
        Attempt("merchant", CREATE, ship((1, 1), (0, 2)),                       with_,    "ok"),
        Attempt("merchant", CREATE, ship((1, 1)),                               with_,    "StateForbids"),
        # Late, but not too late.
        Wait(73 * HOUR_MS),
        Attempt("merchant", CREATE, ship((0, 2)),                               with_,    "ok"),
        Attempt("merchant", CREATE, ship((0, 1)),                               with_,    "StateForbids"),
    ]
    # fmt: on


def ending(shop: Shop) -> list[Row]:
    """Three parcels of their own orders on their way, and two of one order."""
    first, second, third = (shop.ship(shop.paid((shop.tea, 1))) for _ in range(3))
    twice = shop.paid((shop.tea, 2))
    fourth, fifth = (shop.ship(twice, (0, 1)) for _ in range(2))

    def by_code(code: bytes) -> ShipmentDelivered:
        return ShipmentDelivered(first, code, None)

    # fmt: off
    return [
        #       sender      type       payload                                       outcome
        Attempt("carrier",  DELIVERED, ShipmentDelivered(NOWHERE, CODE, None),   (), "ParcelUnknown"),
        Attempt("merchant", DELIVERED, by_code(CODE),                            (), "NotTheCarrier"),
        Attempt("carrier",  DELIVERED, by_code(CODE + b"!"),                     (), "RecipientCodeWrong"),
        Attempt("carrier",  DELIVERED, ShipmentDelivered(first, None, None),     (), "DeliveryProofMissing"),
        Attempt("carrier",  DELIVERED, by_code(CODE),                            (), "ok"),
        Attempt("carrier",  DELIVERED, by_code(CODE),                            (), "StateForbids"),
        Attempt("carrier",  DELIVERED, ShipmentDelivered(second, None, "wtw3s"), (), "ok"),
        Attempt("carrier",  LOST,      ShipmentLost(NOWHERE),                    (), "ParcelUnknown"),
        Attempt("buyer",    LOST,      ShipmentLost(third),                      (), "NotTheCarrier"),
        Attempt("carrier",  LOST,      ShipmentLost(second),                     (), "StateForbids"),
        Attempt("carrier",  LOST,      ShipmentLost(third),                      (), "ok"),
        Attempt("carrier",  LOST,      ShipmentLost(third),                      (), "StateForbids"),
        Attempt("carrier",  DELIVERED, ShipmentDelivered(third, None, "wtw3s"),  (), "StateForbids"),
        Attempt("carrier",  DELIVERED, ShipmentDelivered(fifth, CODE, "wtw3s"),  (), "ok"),
        Attempt("carrier",  DELIVERED, ShipmentDelivered(fourth, CODE, None),    (), "RecipientCodeUsed"),
        Attempt("carrier",  DELIVERED, ShipmentDelivered(fourth, None, "wtw3s"), (), "ok"),
    ]
    # fmt: on


def test_a_parcel_takes_units_that_are_paid_and_not_shipped() -> None:
    shop = Shop()
    play(shop, creating(shop))


def test_a_carrier_reports_the_delivery_or_the_loss_of_its_parcels_once() -> None:
    shop = Shop()
    play(shop, ending(shop))
    assert shop.money("buyer") == FUNDS_MINOR - 4_000


def test_a_carrier_that_is_the_seller_needs_the_recipients_code() -> None:
    shop = Shop()
    grant = RoleGrant(account("merchant"), "carrier", "", None)
    shop.done("m0", ("role.grant", grant), with_=QUORUM)
    parcel_id = shop.ship(shop.paid((shop.tea, 1)), carrier="merchant")
    by_place = shop.send("merchant", (DELIVERED, ShipmentDelivered(parcel_id, None, "wtw3s")))
    assert by_place.status == "DeliveryProofMissing"
    shop.deliver(parcel_id, carrier="merchant")
    assert shop.parcel(parcel_id).state == State.DELIVERED


def test_a_code_that_stands_on_the_chain_proves_no_second_parcel_of_the_sellers_carrier() -> None:
    shop = Shop()
    grant = RoleGrant(account("merchant"), "carrier", "", None)
    shop.done("m0", ("role.grant", grant), with_=QUORUM)
    order_id = shop.paid((shop.tea, 10))
    first, second = (shop.ship(order_id, (0, n), carrier="merchant") for n in (1, 9))
    shop.deliver(first, carrier="merchant")
    outcomes = [
        shop.send("merchant", (DELIVERED, ShipmentDelivered(second, *proof))).status
        for proof in ((CODE, None), (CODE, "wtw3s"), (None, "wtw3s"))
    ]
    assert outcomes == ["RecipientCodeUsed", "RecipientCodeUsed", "DeliveryProofMissing"]
    shop.wait(31 * DAY_MS)
    assert shop.parcel(second).state == State.REFUNDED
    assert shop.money("merchant") == 1_000


def test_a_carrier_with_a_key_of_the_buyer_carries_nothing_for_it() -> None:
    shop = Shop()
    keys = sorted([key("buyer"), key("van")])
    van = shop.open(KeyPolicy(tuple(WeightedKey(k, 1) for k in keys), 1), "van")
    shop.done("m0", ("role.grant", RoleGrant(van, "carrier", "", None)), with_=QUORUM)
    order_id = shop.paid((shop.tea, 1))
    shipment = ShipmentCreate(order_id, van, (ShippedLine(0, 1),), None, (), None)
    receipt = shop.send_with("merchant", [(van, "van")], (CREATE, shipment))
    assert receipt.status == "SharedController"


def test_a_carrier_with_a_key_of_the_payer_carries_nothing_for_it() -> None:
    shop = Shop()
    keys = sorted([key("carrier"), key("purse")])
    purse = shop.open(KeyPolicy(tuple(WeightedKey(k, 1) for k in keys), 1), "purse")
    shop.done("buyer", ("pay.transfer", PayTransfer(purse, "CNY", 1_000, None)))
    order_id = shop.order((shop.tea, 1))
    paid = shop.send_as(purse, "purse", ("order.pay", OrderPay(order_id, 1_000)))
    assert paid.status == OK
    shipment = ShipmentCreate(order_id, CARRIER, (ShippedLine(0, 1),), None, (), None)
    assert (
        shop.send("merchant", (CREATE, shipment), with_=("carrier",)).status == "SharedController"
    )


def too_many(shop: Shop) -> list[Row]:
    """Where an order may have two parcels."""
    order_id = shop.paid((shop.tea, 5))
    shop.ship(order_id, (0, 1))
    shop.ship(order_id, (0, 1))
    third = ShipmentCreate(order_id, CARRIER, (ShippedLine(0, 1),), None, (), None)
    return [Attempt("merchant", CREATE, third, ("carrier",), "TooManyParcels")]


def test_the_number_of_parcels_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipments, "PARCELS_MAX", 2)
    shop = Shop()
    play(shop, too_many(shop))


def test_a_silent_carrier_costs_the_buyer_thirty_days_and_no_money() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    parcel_id = shop.ship(order_id)
    assert shop.wait(30 * DAY_MS - 1) == ()
    (receipt,) = shop.wait(1)
    assert receipt.events[0].data["reason"] == "sys.order.lost"
    assert shop.parcel(parcel_id).state == State.REFUNDED
    assert shop.load(order_id).state is State.REFUNDED
    assert shop.money("buyer") == FUNDS_MINOR


def test_units_left_behind_keep_the_deadline_of_the_order() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    before = shop.load(order_id).clock()
    shop.time_ms += HOUR_MS
    shop.ship(order_id, (0, 1))
    assert shop.load(order_id).clock() == before
