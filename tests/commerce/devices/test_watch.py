"""Who answers for a parcel: named devices, signatures and reserves."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from commerce.deposits.deposits import DepositWithdrawRequest
from commerce.deposits.holding import deposit_of
from commerce.devices.binding import DeviceBind, DeviceUnbind
from commerce.devices.judging import CUSTODIES_MAX
from commerce.goods.offers import CustodyOffer
from commerce.roles import RoleGrant
from commerce.shipments import ShipmentLost
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.deposits.inside import deposit
from tests.commerce.devices.cold import (
    CAP_MINOR,
    DEPOSIT_MINOR,
    FINE,
    HOT,
    OTHER_SSCC,
    SSCC,
    UNITS,
    WARM,
    Chain,
    make_makers,
    registration,
    shipment,
    sla,
    thing,
)
from tests.commerce.goods.handing import WITHDRAW, accepting, withdrawing
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, HOUR_MS, QUORUM, World, account

SHIP, BIND = "shipment.create", "device.bind"
OFFER, ACCEPT = "custody.offer", "custody.accept"


def naming(shop: Shop) -> list[Row]:
    """Attempts to ship with a device."""
    make_makers(shop)
    soon_ms = shop.time_ms + HOUR_MS
    shop.done("maker", ("device.register", registration()), with_=("logger",))
    brief = registration("brief", 2, calibrated_until_ms=soon_ms)
    shop.done("maker", ("device.register", brief), with_=("brief",))
    order_id, second = shop.paid((shop.tea, UNITS)), shop.paid((shop.tea, UNITS))
    shop.done("merchant", ("sla.attach", sla(second)))
    # Of a name of one's own the units are free: no report of this device could be judged by it.
    nose = registration("nose", 3, measures="Odour")
    shop.done("maker", ("device.register", nose), with_=("nose",))
    smelly = shop.paid((shop.tea, UNITS))
    shop.done("merchant", ("sla.attach", sla(smelly, measures="Odour", unit="KGM")))
    plain = shipment(order_id, "logger")
    here = DeviceBind(account("logger"), thing(), None, watches=False)
    there = DeviceBind(account("brief"), thing(), None, watches=False)
    signed = ("carrier",)
    return [
        # The shipment's own rules come first: it has no parcel to look into before that.
        Attempt("merchant", SHIP, shipment(order_id, "nobody"), signed, "DeviceUnknown"),
        Attempt("merchant", SHIP, plain, signed, "SlaMissing"),
        Attempt("merchant", SHIP, shipment(smelly, "nose"), signed, "SlaMissing"),
        Attempt("merchant", "sla.attach", sla(order_id), (), "ok"),
        Attempt("merchant", SHIP, plain, signed, "DeviceNotBound"),
        Attempt("merchant", BIND, replace(here, thing=thing(OTHER_SSCC)), (), "ok"),
        Attempt("merchant", SHIP, plain, signed, "DeviceNotBound"),
        Attempt("merchant", BIND, there, (), "ok"),
        Do(lambda world: world.wait(HOUR_MS)),
        Attempt("merchant", SHIP, shipment(order_id, "brief"), signed, "CalibrationExpired"),
        Attempt("merchant", "device.unbind", DeviceUnbind(account("logger")), (), "ok"),
        Attempt("merchant", BIND, here, (), "ok"),
        Do(lambda world: _ask_back(world, "carrier", DEPOSIT_MINOR - CAP_MINOR + 1)),
        Attempt("merchant", SHIP, plain, signed, "PenaltyUnreserved"),
        Do(lambda world: _ask_back(world, "carrier", DEPOSIT_MINOR - CAP_MINOR)),
        Attempt("merchant", SHIP, plain, signed, "ok"),
        # Another parcel of the same number would take the device away from the first.
        Attempt("merchant", SHIP, shipment(second, "logger"), signed, "ReportsOutstanding"),
    ]


def offering(order_id: bytes, sscc: str = SSCC, taker: str = "haulier") -> CustodyOffer:
    """What a custodian offers."""
    things = (thing(sscc),)
    return CustodyOffer(things, "possessing", account(taker), order_id, None, 30 * DAY_MS)


def accepting_devices(shop: Shop) -> list[Row]:
    """Attempts to take a watched parcel over by naming its device."""
    chain = Chain(shop)
    chain.register("spare", registration("spare", 2))
    chain.register("loose", registration("loose", 3))
    chain.bind("spare", None)
    unpromised = shop.paid((shop.tea, 1))
    op = shipment(unpromised, None, sscc=OTHER_SSCC, units=(1,))
    other = shop.done("merchant", (SHIP, op), with_=("carrier",))[0].data["parcel_id"]
    assert isinstance(other, bytes)
    chain.register("far", registration("far", 4))
    far = DeviceBind(account("far"), None, other, watches=False)
    shop.done("merchant", (BIND, far))

    right, wrong = offering(chain.order_id), offering(unpromised)
    return [
        Attempt("carrier", OFFER, wrong, (), "ok"),
        Attempt("haulier", ACCEPT, accepting(account("nobody")), (), "DeviceUnknown"),
        Attempt("haulier", ACCEPT, accepting(account("loose")), (), "DeviceNotBound"),
        Attempt("haulier", ACCEPT, accepting(account("far")), (), "WatchUnknown"),
        Attempt("haulier", ACCEPT, accepting(account("logger")), (), "DeviceUnsuitable"),
        Attempt("haulier", ACCEPT, accepting(account("spare")), (), "DeviceUnsuitable"),
        Attempt("carrier", WITHDRAW, withdrawing, (), "ok"),
        Attempt("carrier", OFFER, right, (), "ok"),
        Do(lambda _: _ask_back(shop, "haulier", DEPOSIT_MINOR)),
        Attempt("haulier", ACCEPT, accepting(account("logger")), (), "PenaltyUnreserved"),
        Do(lambda _: _ask_back(shop, "haulier", 0)),
        Attempt("haulier", ACCEPT, accepting(account("logger")), (), "ok"),
        Attempt("haulier", OFFER, offering(chain.order_id, taker="buyer"), (), "ok"),
        Attempt("buyer", ACCEPT, accepting(account("logger")), (), "SharedController"),
        # Delivered, it would be with the buyer; given up, it is where it was.
        Attempt("carrier", "shipment.lost", ShipmentLost(chain.parcel_id), (), "ok"),
        Attempt("buyer", ACCEPT, accepting(account("logger")), (), "WatchEnded"),
    ]


def crowded(shop: Shop) -> list[Row]:
    """A parcel that as many have signed for as may."""
    chain = Chain(shop)
    deposit(shop, CUSTODIES_MAX * CAP_MINOR, "haulier")
    for minutes in range(1, CUSTODIES_MAX - 1):
        chain.hand_over(minutes)
    return [
        Attempt("carrier", OFFER, offering(chain.order_id), (), "ok"),
        Attempt("haulier", ACCEPT, accepting(account("logger")), (), "TooManyCustodians"),
    ]


def after_its_calibration(shop: Shop) -> list[Row]:
    """A device that can't be named any more."""
    brief = registration(calibrated_until_ms=shop.time_ms + HOUR_MS)
    chain = Chain(shop, device=brief)
    return [
        Attempt("carrier", OFFER, offering(chain.order_id), (), "ok"),
        Wait(HOUR_MS),
        Attempt("haulier", ACCEPT, accepting(account("logger")), (), "CalibrationExpired"),
    ]


@pytest.mark.parametrize("table", [naming, accepting_devices, crowded, after_its_calibration])
def test_attempts_to_name_a_device(table: Callable[[Shop], list[Row]]) -> None:
    shop = Shop()
    play(shop, table(shop))


def test_naming_a_device_reserves_the_largest_penalty_until_the_last_minute_is_judged() -> None:
    chain = Chain()
    reserved = deposit_of(chain.shop.state, account("carrier"), "CNY").reserved_minor
    assert reserved == CAP_MINOR
    chain.report(0, 90, WARM)
    chain.hand_over(90)
    later = deposit_of(chain.shop.state, account("haulier"), "CNY").reserved_minor
    assert later == CAP_MINOR - 500
    chain.report(90, 120, FINE)
    chain.arrive(120)
    chain.settle()
    chain.settle()
    for name in ("carrier", "haulier"):
        assert deposit_of(chain.shop.state, account(name), "CNY").reserved_minor == 0


def test_who_passes_goods_on_without_a_signature_for_the_device_still_answers() -> None:
    chain = Chain()
    offer = offering(chain.order_id)
    chain.shop.done("carrier", (OFFER, offer))
    chain.shop.done("haulier", (ACCEPT, accepting()(chain.shop)))
    chain.report(0, 90, HOT)
    assert chain.amounts() == [("carrier", 2_000)]


def test_a_seller_that_carries_its_own_goods_reserves_nothing_and_bears_all() -> None:
    shop = Shop()
    make_makers(shop)
    with_role = RoleGrant(account("merchant"), "carrier", "", None)
    shop.done("m0", ("role.grant", with_role), with_=QUORUM)
    shop.done("maker", ("device.register", registration()), with_=("logger",))
    order_id = shop.paid((shop.tea, UNITS))
    shop.done("merchant", ("sla.attach", sla(order_id)))
    bound = DeviceBind(account("logger"), thing(), None, watches=False)
    shop.done("merchant", (BIND, bound))
    op = shipment(order_id, "logger", carrier="merchant")
    began = shop.done("merchant", (SHIP, op))[-1]
    assert (began.type, began.data["custodian"]) == ("watch.began", None)
    assert began.data["reserved_minor"] == 0


def _ask_back(world: World, name: str, amount_minor: int) -> None:
    world.done(name, ("deposit.withdraw.request", DepositWithdrawRequest("CNY", amount_minor)))
