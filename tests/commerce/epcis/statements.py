"""EPCIS documents of our own for the tests: a tea trader's events, built member by member."""

import json
from pathlib import Path
from typing import Any

import pytest

OUTSIDE = Path(__file__).parents[4] / "shared" / "data"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
PREFIXES = {"tea": "https://tea.example/epcis/"}

Members = dict[str, Any]

needs_outside_data = pytest.mark.skipif(
    not OUTSIDE.is_dir(), reason="../shared/data (GS1's documents) is not here"
)


def outside(folder: str, pattern: str = "*.jsonld") -> list[Path]:
    """The outside documents of a folder, or none."""
    return sorted((OUTSIDE / folder).rglob(pattern))


def serial(number: int, item: str = "012345") -> str:
    """A serialised item of the company prefix 6901234."""
    return f"urn:epc:id:sgtin:6901234.{item}.{number}"


def case(number: int) -> str:
    """A logistic unit of the same company."""
    return f"urn:epc:id:sscc:6901234.1{number:09}"


def lot(name: str, item: str = "012345") -> str:
    """A lot of a trade item."""
    return f"urn:epc:class:lgtin:6901234.{item}.{name}"


def without(members: Members, *names: str) -> Members:
    """A copy without some members."""
    return {name: value for name, value in members.items() if name not in names}


def harvest(**changes: Any) -> Members:
    """A valid ObjectEvent: two items of tea come into being."""
    return {
        "type": "ObjectEvent",
        "eventTime": "2024-04-05T08:30:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": [serial(1), serial(2)],
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "readPoint": {"id": "urn:epc:id:sgln:6901234.00001.0"},
        **changes,
    }


def packing(**changes: Any) -> Members:
    """A valid AggregationEvent: the items go into a case."""
    return {
        "type": "AggregationEvent",
        "eventTime": "2024-04-06T09:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "parentID": case(7),
        "childEPCs": [serial(1), serial(2)],
        "action": "ADD",
        "bizStep": "packing",
        **changes,
    }


def fitting(**changes: Any) -> Members:
    """A valid AssociationEvent: a logger is fixed to a crate."""
    return {
        "type": "AssociationEvent",
        "eventTime": "2024-04-06T08:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "parentID": "urn:epc:id:grai:6901234.55555.17",
        "childEPCs": ["urn:epc:id:giai:6901234.logger-4"],
        "action": "ADD",
        "bizStep": "installing",
        **changes,
    }


def blending(**changes: Any) -> Members:
    """A valid TransformationEvent: two lots become a blend."""
    return {
        "type": "TransformationEvent",
        "eventTime": "2024-04-07T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "inputQuantityList": [
            {"epcClass": lot("L1"), "quantity": 12.5, "uom": "KGM"},
            {"epcClass": lot("L2"), "quantity": 7.5, "uom": "KGM"},
        ],
        "outputEPCList": [serial(31, "077777"), serial(32, "077777")],
        "bizStep": "commissioning",
        **changes,
    }


def ordering(**changes: Any) -> Members:
    """A valid TransactionEvent: items are tied to a purchase order."""
    return {
        "type": "TransactionEvent",
        "eventTime": "2024-04-08T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:uuid:0b4f"}],
        "epcList": [serial(1)],
        "action": "ADD",
        **changes,
    }


def sensing(report: Members | None = None, metadata: Members | None = None) -> list[Members]:
    """A valid sensorElementList of one element."""
    element: Members = {"sensorReport": [report or {"type": "Temperature", "value": 4.5}]}
    return [{"sensorMetadata": metadata, **element} if metadata is not None else element]


def document(*events: Members, **changes: Any) -> Members:
    """A valid EPCISDocument around events."""
    return {
        "@context": [CONTEXT, PREFIXES],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-04-09T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **changes,
    }


def data(document: Members) -> bytes:
    """The bytes of a document."""
    return json.dumps(document, ensure_ascii=False).encode()
