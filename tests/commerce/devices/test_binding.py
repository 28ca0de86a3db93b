"""What devices are attached to, and whose word that takes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from commerce.devices.binding import DeviceBind, DeviceUnbind
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.devices.cold import (
    FINE,
    OTHER_SSCC,
    UNITS,
    WARM,
    Chain,
    registration,
    sla,
    thing,
)
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, PREFIX, account

BIND, UNBIND = "device.bind", "device.unbind"


def binding(shop: Shop) -> list[Row]:
    """Attempts to bind and unbind around a parcel that nobody watches yet."""
    chain = Chain(shop, named=False)
    chain.register("soon", registration("soon", 2, calibrated_until_ms=shop.time_ms + DAY_MS))
    chain.register("damp", registration("damp", 3, measures="RelativeHumidity", unit="P1"))
    bare = shop.paid((shop.tea, 1))
    unpromised = shop.ship(bare)
    item = f"https://id.gs1.org/01/0{PREFIX}000012/10/A"
    plain = DeviceBind(account("logger"), None, chain.parcel_id, watches=True)
    to_thing = DeviceBind(account("logger"), thing(), None, watches=False)
    soon = replace(plain, device_id=account("soon"))
    damp = replace(plain, device_id=account("damp"))
    off = DeviceUnbind(account("logger"))
    return [
        Attempt("friend", BIND, replace(plain, parcel_id=None), (), "BindingEmpty"),
        Attempt("friend", BIND, replace(to_thing, watches=True), (), "BindingEmpty"),
        Attempt("friend", BIND, replace(to_thing, thing=item), (), "IdentifierMalformed"),
        Attempt("friend", BIND, replace(to_thing, thing="urn:uuid:1"), (), "ThingNotSingle"),
        Attempt("friend", BIND, replace(plain, device_id=bytes(32)), (), "DeviceUnknown"),
        Attempt("friend", BIND, plain, (), "NotTheDeviceOwner"),
        Attempt("merchant", BIND, replace(plain, parcel_id=bytes(32)), (), "ParcelUnknown"),
        Attempt("merchant", BIND, replace(plain, thing=thing(OTHER_SSCC)), (), "ItemNotInParcel"),
        Attempt("merchant", BIND, replace(plain, parcel_id=unpromised), (), "SlaMissing"),
        Attempt("merchant", BIND, damp, (), "SlaMissing"),
        Attempt("merchant", UNBIND, replace(off, device_id=bytes(32)), (), "DeviceUnknown"),
        Attempt("friend", UNBIND, off, (), "NotTheDeviceOwner"),
        Attempt("merchant", UNBIND, off, (), "DeviceNotBound"),
        Attempt("merchant", BIND, plain, (), "ok"),
        Attempt("merchant", BIND, to_thing, (), "DeviceBound"),
        Attempt("merchant", UNBIND, off, (), "ok"),
        Attempt("merchant", UNBIND, off, (), "DeviceNotBound"),
        Wait(DAY_MS),
        Attempt("merchant", BIND, soon, (), "CalibrationExpired"),
        Do(lambda _: shop.deliver(chain.parcel_id)),
        Attempt("merchant", BIND, plain, (), "ReportsOutstanding"),
        Wait(2 * DAY_MS),
        Attempt("merchant", BIND, plain, (), "WatchEnded"),
        Attempt("merchant", BIND, to_thing, (), "ok"),
    ]


def concerning(shop: Shop) -> list[Row]:
    """What takes more signatures than the owner's: its readings cost others money."""
    chain = Chain(shop)
    chain.register("spare", registration("spare", 2))
    chain.register("friends", registration("friends", 3, owner=account("friend")))
    chain.register("damp", registration("damp", 4, measures="RelativeHumidity", unit="P1"))
    parcel_id = chain.parcel_id
    spare = DeviceBind(account("spare"), None, parcel_id, watches=True)
    bystander = replace(spare, watches=False)
    friends = replace(spare, device_id=account("friends"))
    off, spare_off = DeviceUnbind(account("logger")), DeviceUnbind(account("spare"))
    return [
        # A seller can't make a gap in its carrier's minutes, nor put another device in its place.
        Attempt("merchant", UNBIND, off, (), "CosignerMissing"),
        Attempt("merchant", BIND, spare, (), "CosignerMissing"),
        Attempt("friend", BIND, friends, ("carrier",), "CosignerMissing"),
        Attempt("merchant", BIND, bystander, (), "ok"),
        Attempt("merchant", UNBIND, spare_off, (), "ok"),
        Attempt("merchant", BIND, spare, ("carrier",), "ok"),
        Attempt("merchant", UNBIND, off, (), "ok"),
        Attempt("merchant", UNBIND, spare_off, ("carrier",), "ok"),
    ]


def of_another_quantity(shop: Shop) -> list[Row]:
    """A parcel with two promises is watched for one of them."""
    damp = sla(bytes(32), line=1, measures="RelativeHumidity", unit="P1", low="3e1", high="6e1")

    def promised(shop: Shop) -> bytes:
        order_id = shop.paid((shop.tea, UNITS), (shop.cake, 1))
        shop.done("merchant", ("sla.attach", replace(damp, order_id=order_id)))
        return order_id

    chain = Chain(shop, named=False, order=promised)
    chain.register("damp", registration("damp", 2, measures="RelativeHumidity", unit="P1"))
    plain = DeviceBind(account("logger"), None, chain.parcel_id, watches=True)
    return [
        Attempt("merchant", BIND, plain, (), "ok"),
        Attempt(
            "merchant", BIND, replace(plain, device_id=account("damp")), (), "DeviceUnsuitable"
        ),
    ]


def in_units_that_dont_fit(shop: Shop) -> list[Row]:
    """What is measured has a name of its own, so that any unit will do, but not any other."""
    odour = {"measures": "Odour", "unit": "A93"}

    def promised(shop: Shop) -> bytes:
        order_id = shop.paid((shop.tea, UNITS), (shop.cake, 1))
        shop.done("merchant", ("sla.attach", sla(order_id, line=1, **odour, low=None)))
        return order_id

    chain = Chain(
        shop, named=False, order=promised, promise=lambda order: sla(order, measures="Odour")
    )
    chain.register("nose", registration("nose", 2, **odour))
    chain.register("rule", registration("rule", 3, measures="Odour", unit="MTR"))
    chain.register("warm", registration("warm", 4, measures="Odour", unit="FAH"))
    plain = DeviceBind(account("nose"), None, chain.parcel_id, watches=True)
    rule, warm = (replace(plain, device_id=account(name)) for name in ("rule", "warm"))
    return [
        # Nothing that it reports could be judged, so its custodian would be charged for a gap.
        Attempt("merchant", BIND, rule, (), "SlaMissing"),
        Attempt("merchant", BIND, plain, (), "ok"),
        Attempt("merchant", BIND, warm, (), "DeviceUnsuitable"),
    ]


@pytest.mark.parametrize(
    "table", [binding, concerning, of_another_quantity, in_units_that_dont_fit]
)
def test_attempts_to_bind(table: Callable[[Shop], list[Row]]) -> None:
    shop = Shop()
    play(shop, table(shop))


def test_a_device_that_takes_anothers_place_goes_on_with_the_same_watch() -> None:
    chain = Chain()
    chain.report(0, 60, FINE)
    chain.register("spare", registration("spare", 2))
    chain.until(60)
    chain.bind("spare", None, watches=True, with_=("carrier",))
    told = chain.told(70, 130, WARM, device="spare")
    assert told[0].data["verdict"] == "counts"
    assert chain.amounts() == [("carrier", 250)]
    replaced = chain.told(130, 190, WARM)
    assert replaced[0].data["verdict"] == "swapped"


def test_what_was_measured_before_a_device_was_taken_off_is_still_reported() -> None:
    chain = Chain()
    chain.arrive(60)
    assert chain.unbind().status == "ok"
    told = chain.told(0, 60, WARM)
    assert told[0].data["verdict"] == "counts"
    assert chain.amounts() == [("carrier", 250)]
