"""A watched box of tea that gets too warm, on a fake node."""

from dataclasses import dataclass

from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.deposits.deposits import DepositAdd
from commerce.devices.binding import DeviceBind
from commerce.devices.device import DeviceRegister
from commerce.devices.report import SensorReport
from commerce.devices.sla import PenaltyStep, SlaAttach
from commerce.epcis.identifiers import check_digit
from commerce.roles import RoleGrant
from commerce.shipments import ShipmentCreate, ShippedLine, recipient_code_commitment
from tests.chain.world import account, key
from tests.node.api.market import CODE, FOREVER_MS, Market, done
from tests.node.api.service import FakeService

DIGITS = "16901234000000007"
SSCC = DIGITS + check_digit(DIGITS)
HOUR_MS = 3_600_000
DEVICE_ID = account("logger")


@dataclass(frozen=True, slots=True)
class Cold:
    """What it made."""

    order_id: bytes
    parcel_id: bytes
    penalty_id: bytes
    began_ms: int


async def shipped(service: FakeService, market: Market) -> tuple[bytes, bytes, int]:
    """An order of 20.50, promised below 8 degrees, on its way with a device: it, parcel, when."""
    await service.fund("carrier", 2_000)
    await done(service, "carrier", "deposit.add", DepositAdd("CNY", 2_000))
    role = RoleGrant(account("merchant"), "device_maker", "", None)
    await done(service, "m0", "role.grant", role, "m1", "m2")
    device = DeviceRegister(
        key("logger").public_key,
        "urn:epc:id:giai:6901234.LOG1",
        *("LOG-1", "Temperature", "CEL", HOUR_MS, FOREVER_MS, bytes(32), None),
    )
    await done(service, "merchant", "device.register", device, "logger")
    wanted = WantedLine(market.listing_id, 1, 2, exemption_confirmed=False)
    order = OrderCreate((wanted,), bytes(32), recipient_code_commitment(CODE), None)
    _, (ordered, *_) = await done(service, "buyer", "order.create", order)
    order_id = ordered["order_id"]
    await done(service, "buyer", "order.pay", OrderPay(order_id, 2_050))
    steps = (PenaltyStep("0", 50),)
    sla = SlaAttach(order_id, 0, "Temperature", "CEL", None, "8", 0, steps, 500)
    await done(service, "merchant", "sla.attach", sla)
    bind = DeviceBind(account("logger"), f"https://id.gs1.org/00/{SSCC}", None, watches=False)
    await done(service, "merchant", "device.bind", bind)
    lines = (ShippedLine(0, 2),)
    parts = (account("carrier"), lines, SSCC, (), None, 0, account("logger"))
    shipment = ShipmentCreate(order_id, *parts)
    _, (told, began) = await done(service, "merchant", "shipment.create", shipment, "carrier")
    return order_id, told["parcel_id"], began["from_ms"]


async def warmed(service: FakeService, market: Market) -> Cold:
    """The same after two hours at 9 degrees: 100 per mille of 20.50 are 2.05."""
    order_id, parcel_id, began_ms = await shipped(service, market)
    await service.decide(2 * HOUR_MS)
    end_ms = began_ms + 2 * HOUR_MS
    said = ("85e-1", "9", "88e-1", 13, "CEL", bytes(32), None)
    report = SensorReport(1, began_ms, end_ms, *said)
    _, (_, breached) = await done(service, "logger", "sensor.report", report)
    return Cold(order_id, parcel_id, breached["penalty_id"], began_ms)
