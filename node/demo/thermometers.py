"""Thermometers of a story: made, sold, and reporting about a parcel on its way."""

import time
from dataclasses import dataclass

from commerce.devices.device import DeviceRegister
from commerce.devices.report import SensorReport
from commerce.registry import operation
from commerce.rights import GcpGrant
from commerce.timers import DAY_MS, HOUR_MS, MINUTE_MS
from node.clock import now_ms
from node.demo.market import MAKER, SELLER, Bought, Market, document, new_prefix
from node.demo.stage import Party, new_party

# Of a report: one a minute would be enough for a week.
READINGS = 10_000


@dataclass(slots=True)
class Trip:
    """The parcel on its way: hours are commercial, counted from the shipment in block time."""

    market: Market
    bought: Bought
    parcel_id: str
    start_ms: int
    sequence: int = 0

    @property
    def hour_ms(self) -> int:
        """An hour in block time."""
        return HOUR_MS // self.market.pacing.time_scale

    def at(self, hours: int) -> int:
        """Block time so many hours after the start."""
        return self.start_ms + hours * self.hour_ms

    def report(
        self, from_ms: int, to_ms: int, readings: tuple[str, str], unit: str
    ) -> SensorReport:
        """The device's next report, once what it is about is over."""
        time.sleep(max(0, to_ms - now_ms()) / 1000)
        self.sequence += 1
        least, largest = readings
        root = document(f"readings {self.sequence}")
        return SensorReport(
            self.sequence, from_ms, to_ms, least, largest, least, READINGS, unit, root, None
        )


def register(market: Market) -> tuple[Party, Party]:
    """Two thermometers of the maker's, sold to the seller."""
    stage, maker = market.stage, market.party(MAKER)
    prefix = new_prefix()
    grant = GcpGrant(prefix, maker.account, None)
    stage.send(stage.party("regulator"), "gcp.grant", grant, [maker])
    devices = (new_party("logger"), new_party("spare"))
    registering = [
        operation(
            "device.register",
            DeviceRegister(
                device_key=device.key.public_key,
                identity=f"https://id.gs1.org/8004/{prefix}{number}",
                model="LOG-1",
                measures="Temperature",
                unit=unit,
                interval_ms=10 * MINUTE_MS,
                calibrated_until_ms=now_ms() + 365 * DAY_MS,
                certificate=document("calibrated by the maker"),
                owner=market.party(SELLER).account,
            ),
        )
        for number, (device, unit) in enumerate(zip(devices, ("FAH", "CEL"), strict=True), 1)
    ]
    outcome = stage.send_all(maker, registering, devices)
    stage.tell(
        "The maker registers two thermometers, which sign for themselves, and sells them to the"
        " seller. One is calibrated in degrees Fahrenheit, the other in Celsius.",
        outcome,
        {device.name: device.account.hex() for device in devices},
        [
            *stage.event_claims(outcome, 0, "device_id", "maker", "owner", "unit"),
            *stage.event_claims(outcome, 1, "device_id", "maker", "owner", "unit"),
        ],
    )
    return devices
