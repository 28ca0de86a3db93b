"""The goods of the demo: spring tea of one lot of leaves, and the EPCIS 2.0 events of its life."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from commerce.epcis.identifiers import check_digit
from node.money_text import SHANGHAI

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
# The company prefix that the example genesis grants the merchant.
PREFIX: Final = "6901234"
GTIN: Final = f"0{PREFIX}00001" + check_digit(f"0{PREFIX}00001")
PACKETS: Final = tuple(f"urn:epc:id:sgtin:{PREFIX}.000001.{number}" for number in (1, 2))
LOT: Final = "SPRING-1"
LEAVES: Final = f"urn:epc:class:lgtin:{PREFIX}.000002.{LOT}"
LEAVES_GTIN: Final = f"0{PREFIX}00002" + check_digit(f"0{PREFIX}00002")
CARTON: Final = f"urn:epc:id:sscc:{PREFIX}.1000000007"
SSCC: Final = f"1{PREFIX}000000007" + check_digit(f"1{PREFIX}000000007")
GARDEN: Final = f"urn:epc:id:sgln:{PREFIX}.00001.0"
WAREHOUSE: Final = f"urn:epc:id:sgln:{PREFIX}.00002.0"

HOUR_MS: Final = 3_600_000


def document(time_ms: int, *events: dict[str, Any]) -> bytes:
    """An EPCIS document of these events, as its capturer sends it."""
    body = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _time(time_ms),
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode()


def harvest(time_ms: int) -> dict[str, Any]:
    """Ten kilograms of leaves come into being, as one lot."""
    return {
        **_event("ObjectEvent", time_ms, "commissioning", GARDEN),
        "action": "ADD",
        "quantityList": [{"epcClass": LEAVES, "quantity": 10, "uom": "KGM"}],
    }


def roasting(time_ms: int) -> dict[str, Any]:
    """Leaves become packets, each with its own serial number."""
    return {
        **_event("TransformationEvent", time_ms, "commissioning", GARDEN),
        "inputQuantityList": [{"epcClass": LEAVES, "quantity": 2, "uom": "KGM"}],
        "outputEPCList": list(PACKETS),
    }


def packing(time_ms: int) -> dict[str, Any]:
    """The packets go into a carton."""
    return {
        **_event("AggregationEvent", time_ms, "packing", WAREHOUSE),
        "action": "ADD",
        "parentID": CARTON,
        "childEPCs": list(PACKETS),
    }


def shipping(time_ms: int) -> dict[str, Any]:
    """The carton leaves the warehouse."""
    return _carton(time_ms, "shipping", "in_transit", WAREHOUSE)


def arriving(time_ms: int) -> dict[str, Any]:
    """The carton reaches the buyer's door."""
    return _carton(time_ms, "arriving", "in_progress", "geo:31.2304,121.4737")


def _carton(time_ms: int, step: str, disposition: str, place: str) -> dict[str, Any]:
    return {
        **_event("ObjectEvent", time_ms, step, place),
        "action": "OBSERVE",
        "disposition": disposition,
        "epcList": [CARTON],
    }


def _event(kind: str, time_ms: int, step: str, place: str) -> dict[str, Any]:
    return {
        "type": kind,
        "eventTime": _time(time_ms),
        "eventTimeZoneOffset": "+08:00",
        "bizStep": step,
        "readPoint": {"id": place},
    }


def _time(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms // 1000, UTC).astimezone(SHANGHAI)
    return moment.isoformat(timespec="seconds")
