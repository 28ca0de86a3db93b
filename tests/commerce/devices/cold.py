"""A cold chain: short names for devices, storage promises and reports about a parcel on its way.

The price is 10 units of 1,000 fen; a promise of 2 to 8 CEL tolerates 30 minutes, then an hour costs
50 per mille (500 fen), beyond 5 degrees 200 per mille (2,000 fen), and 600 per mille at most.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from chain.block import Event, Receipt
from commerce.devices.binding import DeviceBind, DeviceUnbind
from commerce.devices.device import Device, DeviceRegister, load_device
from commerce.devices.penalty import Penalty, load_penalty, penalty_id
from commerce.devices.report import SensorReport
from commerce.devices.sla import PenaltyStep, SlaAttach
from commerce.devices.watch import Watch, load_watch, reserve_for
from commerce.devices.watch import watch_id as watch_id_of
from commerce.epcis.identifiers import check_digit, identity
from commerce.rights import GcpGrant
from commerce.roles import RoleGrant, RoleRevoke
from commerce.shipments import ShipmentCreate, ShippedLine
from tests.commerce.deposits.inside import deposit, inside
from tests.commerce.shop import Shop
from tests.commerce.world import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    PREFIX,
    QUORUM,
    World,
    account,
    key,
    policy,
)

MAKER_PREFIX = "4012345"
INTERVAL_MS = 10 * MINUTE_MS
UNITS = 10
WORTH_MINOR = 10_000
CAP_MINOR = 6_000
SSCC = f"0{PREFIX}000000001" + check_digit(f"0{PREFIX}000000001")
OTHER_SSCC = f"0{PREFIX}000000002" + check_digit(f"0{PREFIX}000000002")
STEPS = (PenaltyStep("0", 50), PenaltyStep("5", 200))
COLD, FINE, WARM, HOT = ("2", "8"), ("3", "7"), ("4", "9"), ("6", "13")
DEPOSIT_MINOR = 20_000
REPORT = "sensor.report"


def thing(sscc: str = SSCC) -> str:
    """A logistic unit as a link."""
    return f"https://id.gs1.org/00/{sscc}"


def giai(number: int = 1) -> str:
    """An asset of the maker's."""
    return f"https://id.gs1.org/8004/{MAKER_PREFIX}{number:04}"


def registration(name: str = "logger", number: int = 1, **changes: Any) -> DeviceRegister:
    """A thermometer of the merchant's, its calibration good for a year."""
    plain = DeviceRegister(
        device_key=key(name),
        identity=giai(number),
        model="LOG-1",
        measures="Temperature",
        unit="CEL",
        interval_ms=INTERVAL_MS,
        calibrated_until_ms=1_767_225_600_000 + 365 * DAY_MS,
        certificate=bytes(32),
        owner=account("merchant"),
    )
    return replace(plain, **changes)


def sla(order_id: bytes, **changes: Any) -> SlaAttach:
    """The promise that this file begins with."""
    plain = SlaAttach(order_id, 0, "Temperature", "CEL", *COLD, 30 * MINUTE_MS, STEPS, 600)
    return replace(plain, **changes)


def shipment(
    order_id: bytes,
    device: str | None,
    *,
    sscc: str = SSCC,
    carrier: str = "carrier",
    units: Sequence[int] = (UNITS,),
    insured_minor: int = 0,
) -> ShipmentCreate:
    """A carton with so many units of each line and a device in it."""
    lines = tuple([ShippedLine(*entry) for entry in enumerate(units)])
    named = None if device is None else account(device)
    return ShipmentCreate(order_id, account(carrier), lines, sscc, (), None, insured_minor, named)


def make_makers(shop: World) -> None:
    """The device maker with its role and prefix, and carriers with deposits."""
    for name in ("maker", "haulier"):
        shop.open(policy(name), name)
    shop.done(
        "m0", ("role.grant", RoleGrant(account("maker"), "device_maker", "", None)), with_=QUORUM
    )
    shop.done(
        "regulator", ("gcp.grant", GcpGrant(MAKER_PREFIX, account("maker"), None)), with_=("maker",)
    )
    for name in ("carrier", "haulier"):
        deposit(shop, DEPOSIT_MINOR, name)


def distrust(shop: World) -> None:
    """The maker loses its role."""
    shop.done("m0", ("role.revoke", RoleRevoke(account("maker"), "device_maker", "")), with_=QUORUM)


class Chain:
    """A parcel on its way, watched by `logger`, for whose carrier the clock runs from `start_ms`.

    `named`: the carrier signed for the device.
    """

    def __init__(
        self,
        shop: Shop | None = None,
        *,
        named: bool = True,
        promise: Callable[[bytes], SlaAttach] = sla,
        device: DeviceRegister | None = None,
        order: Callable[[Shop], bytes] = lambda shop: shop.paid((shop.tea, UNITS)),
        insured_minor: int = 0,
    ) -> None:
        self.shop = shop = shop or Shop()
        make_makers(shop)
        self.register("logger", device or registration())
        self.order_id = order(shop)
        shop.done("merchant", ("sla.attach", promise(self.order_id)))
        if named:
            self.bind("logger", thing())
        told = self.ship("logger" if named else None, insured_minor)
        made = told[0].data["parcel_id"]
        assert isinstance(made, bytes)
        self.parcel_id = made
        self.start_ms = shop.time_ms
        self.sequence = 0

    def register(self, name: str, op: DeviceRegister) -> None:
        """The maker registers a device, whose key signs too."""
        self.shop.done("maker", ("device.register", op), with_=(name,))

    def bind(
        self, name: str, thing_: str | None, *, watches: bool = False, with_: Sequence[str] = ()
    ) -> tuple[Event, ...]:
        """The merchant attaches one of its devices, to the parcel if to no thing."""
        parcel = None if thing_ is not None else self.parcel_id
        op = DeviceBind(account(name), thing_, parcel, watches)
        return self.shop.done("merchant", ("device.bind", op), with_=with_)

    def unbind(self, name: str = "logger", *with_: str) -> Receipt:
        """It takes one off."""
        op = DeviceUnbind(account(name))
        return self.shop.send("merchant", ("device.unbind", op), with_=with_)

    def ship(self, device: str | None, insured_minor: int) -> tuple[Event, ...]:
        """Merchant and carrier sign."""
        units = [line.quantity for line in self.shop.load(self.order_id).lines]
        op = shipment(self.order_id, device, units=units, insured_minor=insured_minor)
        return self.shop.done("merchant", ("shipment.create", op), with_=("carrier",))

    def at(self, minutes: int) -> int:
        """Block time so many minutes after the start."""
        return self.start_ms + minutes * MINUTE_MS

    def until(self, minutes: int) -> None:
        """Let time pass to there."""
        self.shop.wait(self.at(minutes) - self.shop.time_ms)

    def readings(
        self, from_min: int, to_min: int, limits: tuple[str, str], **changes: Any
    ) -> SensorReport:
        """A report of the device about these minutes."""
        self.sequence += 1
        plain = SensorReport(
            sequence=self.sequence,
            start_ms=self.at(from_min),
            end_ms=self.at(to_min),
            least=limits[0],
            largest=limits[1],
            mean=limits[0],
            count=1_000,
            unit="CEL",
            root=bytes(32),
            event_key=None,
        )
        return replace(plain, **changes)

    def report(
        self, from_min: int, to_min: int, limits: tuple[str, str] = FINE, **changes: Any
    ) -> tuple[Event, ...]:
        """Time passes to the report's end, and it counts."""
        told = self.told(from_min, to_min, limits, **changes)
        assert told[0].data["verdict"] == "counts", told[0]
        return told

    def told(
        self,
        from_min: int,
        to_min: int,
        limits: tuple[str, str] = FINE,
        device: str = "logger",
        **changes: Any,
    ) -> tuple[Event, ...]:
        """As `report`, whatever it is worth."""
        if self.shop.time_ms < self.at(to_min):
            self.until(to_min)
        op = self.readings(from_min, to_min, limits, **changes)
        return self.shop.done(device, (REPORT, op))

    def hand_over(self, minutes: int, taker: str = "haulier", device: str = "logger") -> None:
        """Somebody signs for the parcel and its device (as custody.accept does)."""
        self.until(minutes)
        with inside(self.shop) as context:
            reserve_for(
                context,
                order_id=self.order_id,
                device_id=account(device),
                things=(identity(thing()),),
                taker=account(taker),
            )

    def arrive(self, minutes: int) -> None:
        """The carrier delivers."""
        self.until(minutes)
        self.shop.deliver(self.parcel_id)

    @property
    def watch(self) -> Watch:
        """The parcel's watch."""
        return load_watch(self.shop.state, self.parcel_id)

    @property
    def watch_id(self) -> bytes:
        """Its id."""
        return watch_id_of(self.parcel_id)

    def penalty(self, number: int = 0) -> Penalty:
        """One of its penalties."""
        return load_penalty(self.shop.state, penalty_id(self.parcel_id, number))

    def amounts(self) -> list[tuple[str | None, int]]:
        """Who is charged how much, in order."""
        names = {account(name): name for name in ("carrier", "haulier")}
        charged = [self.penalty(number) for number in range(self.watch.penalties)]
        return [
            (None if entry.custodian is None else names[entry.custodian], entry.amount_minor)
            for entry in charged
        ]

    def settle(self) -> None:
        """Nobody contests anything, and all clocks have run."""
        self.shop.wait(2 * DAY_MS + HOUR_MS)

    def device(self, name: str = "logger") -> Device:
        """A device's record."""
        return load_device(self.shop.state, account(name))
