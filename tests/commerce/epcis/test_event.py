"""The five event types: one row per statement, the last column where it is refused."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator, FormatChecker

from chain.errors import LedgerError
from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisInvalid
from commerce.epcis.times import read_instant
from commerce.epcis.uri import is_uri
from tests.commerce.epcis.statements import (
    OUTSIDE,
    Members,
    blending,
    case,
    data,
    document,
    fitting,
    harvest,
    lot,
    needs_outside_data,
    ordering,
    outside,
    packing,
    sensing,
    serial,
    without,
)

AT = "2024-04-05T08:29:00+08:00"
LATER = "2024-04-05T08:30:00.0000000001+08:00"
OBSERVED: Members = {"action": "OBSERVE", "bizStep": "inspecting"}


def refused_at(event: Members) -> str:
    """Where an event is refused: a path inside it, "." for the event itself, or "ok"."""
    try:
        read_document(data(document(event)))
    except EpcisInvalid as refusal:
        return refusal.path.removeprefix("epcisBody.eventList[0]").removeprefix(".") or "."
    return "ok"


VALID = [
    harvest(),
    packing(),
    fitting(),
    blending(),
    ordering(),
    harvest(action="DELETE", bizStep="destroying"),
    harvest(**OBSERVED, recordTime="2024-05-01T00:00:00Z", eventID="urn:uuid:1"),
    harvest(ilmd={"tea:farm": "West Lake", "cbvmda:lotNumber": "L7"}),
    harvest(epcList=[], quantityList=[{"epcClass": lot("L1")}]),
    without(harvest(quantityList=[{"epcClass": lot("L1"), "quantity": 5}]), "epcList"),
    harvest(**OBSERVED, epcList=[], sensorElementList=sensing()),
    without(harvest(**OBSERVED, sensorElementList=sensing()), "epcList"),
    harvest(certificationInfo="https://cert.example/1"),
    harvest(certificationInfo=["https://cert.example/1"]),
    harvest(persistentDisposition={"set": ["completeness_verified"], "unset": ["unknown"]}),
    harvest(bizStep="https://tea.example/steps/withering"),
    harvest(bizStep="cbv:BizStep-shipping", disposition="https://ref.gs1.org/cbv/Disp-active"),
    harvest(**{"tea:note": {"tea:by": ["Li", None, 7]}, "https://tea.example/full": True}),
    harvest(readPoint={"id": "geo:30.25,120.16", "tea:gate": 2}),
    harvest(errorDeclaration={"declarationTime": AT, "reason": "did_not_occur"}),
    harvest(errorDeclaration={"declarationTime": AT, "correctiveEventIDs": ["urn:uuid:2"]}),
    packing(action="DELETE", childEPCs=[]),
    without(packing(action="DELETE"), "childEPCs"),
    without(packing(action="OBSERVE"), "parentID"),
    without(packing(childQuantityList=[{"epcClass": lot("L1")}]), "childEPCs"),
    without(fitting(action="DELETE"), "childEPCs"),
    without(ordering(action="DELETE"), "epcList"),
    ordering(epcList=[], parentID=case(1)),
    ordering(epcList=[], sensorElementList=sensing()),
    ordering(bizTransactionList=[{"bizTransaction": "urn:uuid:3"}]),
    without(blending(transformationID="urn:uuid:4"), "outputEPCList"),
    without(blending(transformationID="urn:uuid:4"), "inputQuantityList"),
    blending(ilmd={"tea:blend": "spring"}),
    harvest(
        sourceList=[{"type": "owning_party", "source": "urn:epc:id:pgln:6901234.00000"}],
        destinationList=[{"type": "location", "destination": "https://tea.example/shop"}],
        bizTransactionList=[{"type": "inv", "bizTransaction": "urn:uuid:5"}],
    ),
]


@pytest.mark.parametrize("event", VALID, ids=range(len(VALID)))
def test_a_valid_event_is_accepted(event: Members) -> None:
    assert refused_at(event) == "ok"


# fmt: off
REFUSED: list[tuple[str, Members]] = [
    ("type", harvest(type="TeaEvent")),
    ("type", harvest(type="tea:TastingEvent")),
    ("type", without(harvest(), "type")),
    (".", without(harvest(), "eventTime")),
    (".", without(harvest(), "eventTimeZoneOffset")),
    (".", without(harvest(), "action")),
    ("eventTime", harvest(eventTime="2024-04-05T08:30:00")),
    ("eventTime", harvest(eventTime=1712277000)),
    ("recordTime", harvest(recordTime="yesterday")),
    ("eventTimeZoneOffset", harvest(eventTimeZoneOffset="+15:00")),
    ("eventID", harvest(eventID="event 1")),
    ("action", harvest(action="add")),
    ("epcList[1]", harvest(epcList=[serial(1), "item 2"])),
    ("epcList[0]", harvest(epcList=["urn:epc:id:sgtin:6901234.12345.1"])),
    ("epcList[0]", harvest(epcList=["https://id.gs1.org/01/06901234123450/21/1"])),
    ("epcList[0]", harvest(epcList=["https://id.gs1.org/01/00000000000000/21/1"])),
    ("epcList", harvest(epcList=[serial(1), serial(1)])),
    ("epcList", harvest(epcList=serial(1))),
    ("quantityList[0].epcClass", harvest(quantityList=[{"epcClass": "rice"}])),
    ("quantityList[0]", harvest(quantityList=[{"quantity": 5}])),
    ("quantityList[0].quantity", harvest(quantityList=[{"epcClass": lot("L"), "quantity": "5"}])),
    ("quantityList[0].uom", harvest(quantityList=[{"epcClass": lot("L"), "uom": "kg"}])),
    ("quantityList[0].tea:x", harvest(quantityList=[{"epcClass": lot("L"), "tea:x": 1}])),
    ("bizStep", harvest(bizStep="withering")),
    ("bizStep", harvest(bizStep="https://ref.gs1.org/cbv/BizStep-withering")),
    ("bizStep", harvest(bizStep="cbv:BizStep-withering")),
    ("bizStep", harvest(bizStep="urn:epcglobal:cbv:bizstep:shipping")),
    ("bizStep", harvest(bizStep="active")),
    ("disposition", harvest(disposition="shipping")),
    ("disposition", harvest(disposition=None)),
    ("persistentDisposition", harvest(persistentDisposition={})),
    ("persistentDisposition.set", harvest(persistentDisposition={"set": []})),
    ("persistentDisposition.set[0]", harvest(persistentDisposition={"set": ["nice"]})),
    ("persistentDisposition.set", harvest(persistentDisposition={"set": ["active"] * 2})),
    ("readPoint", harvest(readPoint={})),
    ("readPoint", harvest(readPoint="urn:x:y")),
    ("readPoint.id", harvest(readPoint={"id": "gate 2"})),
    ("readPoint.gate", harvest(readPoint={"id": "urn:x:y", "gate": 2})),
    ("note", harvest(note="bare extension")),
    ("coffee:note", harvest(**{"coffee:note": "undeclared prefix"})),
    ("parentID", harvest(parentID=case(1))),
    ("ilmd", harvest(**OBSERVED, ilmd={"tea:farm": "x"})),
    ("ilmd.farm", harvest(ilmd={"farm": "x"})),
    ("ilmd", packing(ilmd={"tea:farm": "x"})),
    ("bizTransactionList[0].type", ordering(bizTransactionList=[
        {"type": "order", "bizTransaction": "urn:x:y"}])),
    ("bizTransactionList[0]", ordering(bizTransactionList=[{"type": "po"}])),
    ("bizTransactionList[0].tea:x", ordering(bizTransactionList=[
        {"bizTransaction": "urn:x:y", "tea:x": 1}])),
    ("bizTransactionList", ordering(bizTransactionList=[])),
    (".", without(ordering(), "bizTransactionList")),
    ("sourceList[0]", harvest(sourceList=[{"source": "urn:x:y"}])),
    ("sourceList[0].type", harvest(sourceList=[{"type": "owner", "source": "urn:x:y"}])),
    ("certificationInfo[0]", harvest(certificationInfo=["a"])),
    ("certificationInfo", harvest(certificationInfo=7)),
    ("errorDeclaration", harvest(errorDeclaration={"reason": "did_not_occur"})),
    ("errorDeclaration.reason", harvest(
        errorDeclaration={"declarationTime": AT, "reason": "oops"})),
    # An empty "what" is for sensor data only.
    (".", harvest(epcList=[])),
    (".", without(harvest(), "epcList")),
    (".", harvest(**OBSERVED, epcList=[], sensorElementList=[])),
    (".", without(harvest(**OBSERVED, sensorElementList=sensing()), "epcList", "readPoint")),
    (".", ordering(epcList=[])),
    (".", without(ordering(), "epcList")),
    # A container has a name and something goes in.
    (".", without(packing(), "parentID")),
    (".", without(packing(action="DELETE"), "parentID")),
    (".", without(fitting(action="OBSERVE"), "parentID")),
    (".", packing(childEPCs=[])),
    (".", without(packing(action="OBSERVE"), "childEPCs")),
    (".", without(fitting(), "childEPCs")),
    ("persistentDisposition", packing(persistentDisposition={"set": ["active"]})),
    # A transformation has two sides, unless its id joins it to others.
    (".", without(blending(), "inputQuantityList")),
    (".", without(blending(), "outputEPCList")),
    (".", without(blending(transformationID="urn:x:y"), "inputQuantityList", "outputEPCList")),
    ("action", blending(action="ADD")),
    # Sensor data.
    ("sensorElementList[0]", harvest(sensorElementList=[{}])),
    ("sensorElementList[0].sensorReport", harvest(sensorElementList=[{"sensorReport": []}])),
    ("sensorElementList[0].sensorReport[0]", harvest(sensorElementList=sensing({"value": 1}))),
    ("sensorElementList[0].sensorReport[0].type", harvest(
        sensorElementList=sensing({"type": "Warmth"}))),
    ("sensorElementList[0].sensorReport[0].value", harvest(
        sensorElementList=sensing({"type": "Temperature", "value": "4.5"}))),
    ("sensorElementList[0].sensorReport[0].hexBinaryValue", harvest(
        sensorElementList=sensing({"type": "Temperature", "hexBinaryValue": "0x1"}))),
    ("sensorElementList[0].sensorReport[0].booleanValue", harvest(
        sensorElementList=sensing({"type": "Temperature", "booleanValue": "true"}))),
    ("sensorElementList[0].sensorReport[0].component", harvest(
        sensorElementList=sensing({"type": "Angle", "component": "w"}))),
    ("sensorElementList[0].sensorReport[0].exception", harvest(
        sensorElementList=sensing({"type": "Angle", "exception": "ALARM"}))),
    ("sensorElementList[0].sensorMetadata.time", harvest(
        sensorElementList=sensing(metadata={"time": LATER}))),
    ("sensorElementList[0].sensorMetadata.endTime", harvest(
        sensorElementList=sensing(metadata={"startTime": AT, "endTime": LATER}))),
    ("sensorElementList[0].sensorReport[0].time", harvest(
        sensorElementList=sensing({"type": "Temperature", "time": LATER}))),
    ("sensorElementList[0].sensorReport[0].time", harvest(
        sensorElementList=sensing({"type": "Temperature", "time": AT}, {"time": AT}))),
    ("sensorElementList[0].sensorReport[0].deviceID", harvest(sensorElementList=sensing(
        {"type": "Temperature", "deviceID": "urn:x:y"}, {"deviceID": "urn:x:z"}))),
    ("sensorElementList[0].sensorReport[0].bizRules", harvest(sensorElementList=sensing(
        {"type": "Temperature", "bizRules": "urn:x:y"}, {"bizRules": "urn:x:y"}))),
]
# fmt: on


@pytest.mark.parametrize(("path", "event"), REFUSED, ids=range(len(REFUSED)))
def test_an_invalid_event_is_refused_where_it_is_wrong(path: str, event: Members) -> None:
    assert refused_at(event) == path


def test_sensor_data_up_to_the_event_itself_is_accepted() -> None:
    at_once = harvest()["eventTime"]
    event = harvest(sensorElementList=sensing(metadata={"startTime": AT, "endTime": at_once}))
    assert refused_at(event) == "ok"
    assert refused_at(harvest(sensorElementList=sensing({"type": "Mass", "time": AT}))) == "ok"


def test_a_context_of_the_event_declares_its_prefixes() -> None:
    assert refused_at(harvest(**{"@context": {"kiln": "urn:k:"}, "kiln:batch": 7})) == "ok"
    assert refused_at(harvest(**{"@context": {"urn": "urn:k:"}})) == "@context"


SCHEMA = OUTSIDE / "epcis" / "EPCIS-JSON-Schema.json"
VALUES: list[Any] = [
    *(None, True, 0, 2.5, "", "x", "http://a b", "shipping", "cbv:BizStep-shipping", "gs1:Nope"),
    *("urn:epcglobal:cbv:bizstep:shipping", "https://gs1.org/voc/Mass", "urn:x:y", "http://x/%zz"),
    *("2020-01-01", "2020-02-30T00:00:00Z", "2020-01-01T00:00:00Z", "+01:00", "ADD", "OBSERVE"),
    *([], {}, [{}], {"a": 1}, {"tea:x": 1}, ["urn:a:b"], ["urn:a:b", "urn:a:b"], {"id": "urn:x:y"}),
    *({"set": []}, {"set": ["active", "active"]}, {"type": "po", "bizTransaction": "urn:x:y"}),
]
NAMES = [
    *("tea:x", "foo", "bad name", "http://x/y", "bizStep", "ilmd", "parentID", "action", "epcList"),
    *("quantityList", "childEPCs", "transformationID", "readPoint", "type", "id", "time", "uom"),
]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = node.items() if isinstance(node, dict) else enumerate(node)
    for step, child in entries:
        yield (*path, step)
        if isinstance(child, dict | list):
            yield from places(child, (*path, step))


def mutated(original: Members, chance: random.Random) -> Members:
    copy: Members = json.loads(json.dumps(original))
    place = chance.choice(list(places(copy)))
    parent: Any = copy
    for step in place[:-1]:
        parent = parent[step]
    last = place[-1]
    action = chance.choice(("drop", "set", "set", "rename", "nest"))
    if action == "drop":
        del parent[last]
    elif action == "rename" and isinstance(parent, dict):
        parent[chance.choice(NAMES)] = parent.pop(last)
    elif action == "nest" and isinstance(parent[last], dict):
        parent[last][chance.choice(NAMES)] = chance.choice(VALUES)
    elif action == "nest" and isinstance(parent[last], list):
        parent[last].append(chance.choice([*VALUES, *parent[last]]))
    else:
        parent[last] = chance.choice(VALUES)
    return copy


def oracle() -> Draft7Validator:
    formats = FormatChecker(formats=())
    formats.checks("uri")(lambda v: not isinstance(v, str) or is_uri(v))
    formats.checks("date-time")(lambda v: not isinstance(v, str) or read_instant(v) is not None)
    return Draft7Validator(json.loads(SCHEMA.read_text()), format_checker=formats)


@needs_outside_data
@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_published_schema_refuses_is_refused(seed: int) -> None:
    chance, schema = random.Random(seed), oracle()
    examples = [json.loads(path.read_text()) for path in outside("epcis/JSON")]
    originals = [e for e in examples if e["type"] == "EPCISDocument"]
    originals += [document(event) for event in VALID]
    refused = 0
    for _ in range(150):
        changed = mutated(chance.choice(originals), chance)
        if schema.is_valid(changed):
            continue
        refused += 1
        with pytest.raises(LedgerError):
            read_document(data(changed))
    assert refused > 30


@needs_outside_data
def test_our_valid_events_are_valid_by_the_published_schema() -> None:
    schema = oracle()
    for event in VALID:
        assert schema.is_valid(document(event)), event
