"""Devices come into being, change hands and are calibrated, as a table of attempts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.account import ACCOUNTS
from chain.state import Overlay
from commerce.devices.device import DeviceCalibrate, DeviceTransfer, load_device
from commerce.roles import RoleGrant
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.devices.cold import (
    Chain,
    distrust,
    make_makers,
    registration,
    thing,
)
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import DAY_MS, QUORUM, World, account, key

REGISTER, TRANSFER, CALIBRATE = "device.register", "device.transfer", "device.calibrate"
# A point of small order: a key that anybody can sign for.
WEAK_KEY = bytes([1]) + bytes(31)


def malformed(shop: Shop) -> list[Row]:
    """What is no device, whoever says so."""
    make_makers(shop)
    lot = f"https://id.gs1.org/01/{TEA}/10/A"
    identities = {
        "urn:epc:id:sgtin:1": "IdentifierMalformed",
        "https://example.com/7": "ThingNotSingle",
        lot: "ThingNotSingle",
        "https://id.gs1.org/414/6901234000009": "ThingNotSingle",
    }
    named: list[Row] = [
        Attempt("friend", REGISTER, registration(identity=identity), (), outcome)
        for identity, outcome in identities.items()
    ]
    return [
        *named,
        Attempt("friend", REGISTER, registration(unit="XYZ"), (), "UnitUnsuitable"),
        Attempt("friend", REGISTER, registration(unit="KGM"), (), "UnitUnsuitable"),
        Attempt("friend", REGISTER, registration(device_key=WEAK_KEY), (), "KeyRefused"),
    ]


def registering(shop: Shop) -> list[Row]:
    """Attempts to register."""
    make_makers(shop)
    plain, signed = registration(), ("logger",)
    taken = replace(plain, device_key=key("buyer"))
    return [
        Attempt("friend", REGISTER, plain, (), "RoleMissing"),
        Attempt("maker", REGISTER, plain, (), "CosignerMissing"),
        Attempt("maker", REGISTER, replace(plain, owner=bytes(32)), signed, "AccountUnknown"),
        Attempt("maker", REGISTER, taken, ("buyer",), "DeviceExists"),
        Attempt(
            "maker", REGISTER, replace(plain, calibrated_until_ms=0), signed, "CalibrationExpired"
        ),
        Attempt("maker", REGISTER, replace(plain, identity=thing()), signed, "PrefixNotHeld"),
        Attempt("maker", REGISTER, plain, signed, "ok"),
        Attempt("maker", REGISTER, plain, signed, "DeviceExists"),
        Attempt("maker", REGISTER, registration("other"), ("other",), "DeviceExists"),
        Attempt("maker", REGISTER, registration("other", 2, owner=None), ("other",), "ok"),
    ]


def handing_on(shop: Shop) -> list[Row]:
    """Attempts to hand on and to calibrate."""
    chain = Chain(shop)
    to_friend = DeviceTransfer(account("logger"), account("friend"))
    nobody = DeviceTransfer(account("logger"), bytes(32))
    calibrated = DeviceCalibrate(account("logger"), shop.time_ms + DAY_MS, bytes(32))
    past = replace(calibrated, calibrated_until_ms=shop.time_ms)
    chain.register("other", registration("other", 2))
    other = replace(to_friend, device_id=account("other"))
    return [
        Attempt("merchant", TRANSFER, DeviceTransfer(bytes(32), bytes(32)), (), "DeviceUnknown"),
        Attempt("maker", TRANSFER, nobody, (), "NotTheDeviceOwner"),
        Attempt("merchant", TRANSFER, nobody, (), "AccountUnknown"),
        Attempt("merchant", TRANSFER, to_friend, (), "CosignerMissing"),
        Attempt("merchant", TRANSFER, to_friend, ("friend",), "DeviceBound"),
        Attempt("merchant", TRANSFER, other, ("friend",), "ok"),
        Attempt("merchant", TRANSFER, other, ("friend",), "NotTheDeviceOwner"),
        Attempt("maker", CALIBRATE, replace(calibrated, device_id=bytes(32)), (), "DeviceUnknown"),
        Attempt("merchant", CALIBRATE, past, (), "NotTheDeviceMaker"),
        Attempt("maker", CALIBRATE, past, (), "CalibrationExpired"),
        Attempt("maker", CALIBRATE, calibrated, (), "ok"),
    ]


def distrusted(shop: Shop) -> list[Row]:
    """A maker without its role."""
    Chain(shop)
    distrust(shop)
    calibrated = DeviceCalibrate(account("logger"), shop.time_ms + DAY_MS, bytes(32))
    return [Attempt("maker", CALIBRATE, calibrated, (), "RoleMissing")]


@pytest.mark.parametrize("table", [malformed, registering, handing_on, distrusted])
def test_attempts_with_devices(table: Callable[[Shop], list[Row]]) -> None:
    shop = Shop()
    play(shop, table(shop))


def test_a_device_is_an_account_of_its_own_that_its_makers_sponsor_answers_for() -> None:
    chain = Chain()
    opened = ACCOUNTS.load(Overlay(chain.shop.state), account("logger"))
    assert opened is not None
    assert opened.sponsor == account("m0")
    assert opened.policy.account_id() == account("logger")


def test_a_role_for_one_prefix_makes_devices_of_that_prefix() -> None:
    world = World()
    make_makers(world)
    distrust(world)
    scoped = RoleGrant(account("maker"), "device_maker", "gcp:4012345", None)
    world.done("m0", ("role.grant", scoped), with_=QUORUM)
    owned = registration(owner=None)
    world.done("maker", (REGISTER, owned), with_=("logger",))
    foreign = registration("other", identity="https://id.gs1.org/8004/40999991")
    refused = world.send("maker", (REGISTER, foreign), with_=("other",))
    assert refused.status == "RoleMissing"


def test_an_owner_finds_its_devices_and_loses_those_that_it_gave_away() -> None:
    chain = Chain()
    chain.register("other", registration("other", 2))
    given = DeviceTransfer(account("other"), account("friend"))
    chain.shop.done("merchant", (TRANSFER, given), with_=("friend",))
    owned = b"owner-device/"
    assert owned + account("merchant") + account("logger") in chain.shop.indexes
    assert owned + account("merchant") + account("other") not in chain.shop.indexes
    assert owned + account("friend") + account("other") in chain.shop.indexes
    assert load_device(chain.shop.state, account("other")).owner == account("friend")
