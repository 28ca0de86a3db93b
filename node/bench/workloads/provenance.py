"""`provenance`: EPCIS documents of many events, each of new goods of the merchant."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from chain.crypto import PrivateKey
from commerce.epcis.capture import EpcisCapture
from commerce.registry import operation
from node.bench.plan import LoadPlan
from node.bench.workloads.chain import Chain, Signer, place_of

EVENTS_PER_TRANSACTION: Final = 100
EPCS_PER_EVENT: Final = 5
CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
# The company prefix that the example genesis gives to its merchant.
PREFIX: Final = "6901234"
LOGGER: Final = f"urn:epc:id:giai:{PREFIX}.logger-0007"
MERCHANT: Final = "merchant"
DAY_S: Final = 86_400


def captures(plan: LoadPlan, keys: Sequence[PrivateKey], now_ms: int) -> Iterator[Chain]:
    """One document of 100 ObjectEvents after the other."""
    return documents(plan, keys, now_ms, EVENTS_PER_TRANSACTION)


def documents(
    plan: LoadPlan, keys: Sequence[PrivateKey], now_ms: int, events: int
) -> Iterator[Chain]:
    """Documents of so many events each: of the merchant, or of whoever is there instead."""
    signer = Signer(plan, keys, now_ms)
    capturer = place_of(plan, MERCHANT) or 0
    for turn in count():
        stated = [_commissioning(plan.run, turn * events + at) for at in range(events)]
        capture = operation("epcis.capture", EpcisCapture(_document(stated), "public"))
        step, _ = signer.step(capture, capturer, operations=events)
        yield Chain((step,))


def _document(events: Sequence[Mapping[str, Any]]) -> bytes:
    document = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-01T00:00:00Z",
        "epcisBody": {"eventList": events},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _commissioning(run: int, number: int) -> Mapping[str, Any]:
    """About 900 bytes: five items of one production order and the temperature of their store."""
    first = number * EPCS_PER_EVENT
    serials = [f"{run}{serial:08}" for serial in range(first, first + EPCS_PER_EVENT)]
    hour, second = divmod(number % DAY_S, 3600)
    moment = f"2026-01-01T{hour:02}:{second // 60:02}:{second % 60:02}+08:00"
    return {
        "type": "ObjectEvent",
        "eventTime": moment,
        "eventTimeZoneOffset": "+08:00",
        "eventID": f"urn:uuid:{run:08x}-0000-4000-8000-{number:012x}",
        "epcList": [f"urn:epc:id:sgtin:{PREFIX}.012345.{serial}" for serial in serials],
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "readPoint": {"id": f"urn:epc:id:sgln:{PREFIX}.00001.0"},
        "bizLocation": {"id": f"urn:epc:id:sgln:{PREFIX}.00001.0"},
        "bizTransactionList": [
            {"type": "prodorder", "bizTransaction": f"urn:epc:id:gdti:{PREFIX}.00001.{number:09}"}
        ],
        "sensorElementList": [
            {
                "sensorMetadata": {"time": moment, "deviceID": LOGGER},
                "sensorReport": [
                    {"type": "Temperature", "value": 2 + number % 40 / 10, "uom": "CEL"}
                ],
            }
        ],
    }
