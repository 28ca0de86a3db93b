"""Vectors of EPCIS events: documents of our own with each event's key, prehash and CBV hash."""

import hashlib
import json
from typing import Any

from commerce.epcis.canonical import canonical_json, event_key
from commerce.epcis.cbv_hash import prehash
from commerce.epcis.document import read_document
from tests.vectors.material import Json, account

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
HARVEST: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2024-04-05T08:30:00.0005+08:00",
    "eventTimeZoneOffset": "+08:00",
    "recordTime": "2024-04-05T09:00:00Z",
    "epcList": ["urn:epc:id:sgtin:6901234.012345.2", "urn:epc:id:sgtin:6901234.012345.1"],
    "action": "ADD",
    "bizStep": "commissioning",
    "disposition": "active",
    "readPoint": {"id": "urn:epc:id:sgln:6901234.00001.0"},
    "bizTransactionList": [
        {"bizTransaction": "urn:uuid:0b4f", "type": "po"},
        {"bizTransaction": "urn:uuid:0a11"},
    ],
    "ilmd": {"tea:altitude": 1250.50, "tea:lot": "L7"},
    "tea:picked": {"tea:by": ["Mei", "An"], "tea:leaves": 2, "tea:note": "雨前"},
}
PACKING: dict[str, Any] = {
    "@context": [{"box": {"@id": "urn:example:box:"}}],
    "type": "AggregationEvent",
    "eventTime": "2024-04-05T20:00:00-05:00",
    "eventTimeZoneOffset": "-05:00",
    "parentID": "urn:epc:id:sscc:6901234.1000000007",
    "childQuantityList": [
        {"epcClass": "urn:epc:class:lgtin:6901234.012345.L7", "quantity": 260, "uom": "KGM"}
    ],
    "action": "ADD",
    "bizStep": "packing",
    "box:seal": 'tea:"red"\n',
}
DECLARED: dict[str, Any] = {
    **HARVEST,
    "eventID": "urn:uuid:5d2d5f0e-4c1f-4f3c-9d5e-000000000001",
    "errorDeclaration": {"declarationTime": "2024-04-06T00:00:00Z", "reason": "incorrect_data"},
}


def epcis() -> Json:
    """One row for each document, which has one event."""
    events = {"an item": HARVEST, "a case": PACKING, "an error declared": DECLARED}
    return [_row(name, event) for name, event in events.items()]


def _row(name: str, event: dict[str, Any]) -> Json:
    document = {
        "@context": [CONTEXT, {"tea": "https://tea.example/epcis/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-04-09T00:00:00Z",
        "epcisBody": {"eventList": [event]},
    }
    text = json.dumps(document, ensure_ascii=False)
    (stated,) = read_document(text.encode()).events
    capturer, hashed = account("shop"), prehash(stated)
    return {
        "name": name,
        "document": text,
        "capturer": capturer.hex(),
        "canonical": canonical_json(stated).decode(),
        "event_key": event_key(capturer, stated).hex(),
        "prehash": hashed,
        "cbv_hash": hashlib.sha256(hashed.encode()).hexdigest(),
    }
