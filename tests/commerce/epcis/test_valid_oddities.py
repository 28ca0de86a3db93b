"""Documents that look wrong and are right: accepted, with keys and hashes, without a problem."""

import json
from typing import Any

import pytest

from commerce.epcis.canonical import canonical_json
from commerce.epcis.cbv_hash import prehash
from commerce.epcis.document import read_document
from commerce.epcis.problems import problems_of
from tests.commerce.epcis.rich import whole
from tests.commerce.epcis.statements import (
    CONTEXT,
    PREFIXES,
    Members,
    blending,
    case,
    data,
    document,
    fitting,
    harvest,
    lot,
    ordering,
    packing,
    sensing,
    serial,
    without,
)

GTIN = "https://id.gs1.org/01/06901234123456"
OBSERVED: Members = {"action": "OBSERVE", "bizStep": "inspecting"}
EVERY_IDENTIFIER = [
    *("urn:epc:id:sgtin:6901234.012345.!')(*+,-.:;=_", "urn:epc:id:sscc:6901234.1000000001"),
    *("urn:epc:id:sgln:690123400000..5", "urn:epc:id:grai:6901234.00000.17"),
    *("urn:epc:id:giai:6901234.%2Flogger", "urn:epc:id:gsrn:6901234.0000000000"),
    *("urn:epc:id:gsrnp:6901234.0000000000", "urn:epc:id:gdti:6901234.00000.PO-1"),
    *("urn:epc:id:cpi:6901234.A%23-1.42", "urn:epc:id:sgcn:6901234.00000.12"),
    *("urn:epc:id:ginc:6901234.c%2F1", "urn:epc:id:gsin:6901234.000000000"),
    *("urn:epc:id:itip:6901234.012345.01.02.9", "urn:epc:id:upui:6901234.012345.A*"),
    *("urn:epc:id:pgln:6901234.00000", "urn:epc:id:gid:95100000.12345.400"),
    *("urn:epc:id:usdod:2S194.12345678901", "urn:epc:id:adi:35962.PQ7VZ4.M37GXB92"),
    *("urn:epc:id:bic:CSQU3054383", "urn:epc:id:imovn:9176187"),
    "urn:epc:raw:96.x1234567890ABCDEF12345678",
    *(f"{GTIN}/21/S", f"{GTIN}/235/U", "https://id.gs1.org/8018/690123400000000001/8019/3"),
    *("HTTPS://ID.GS1.ORG/00/169012340000000013", "https://tea.example/gtin/6901234123456/ser/9"),
    # No GS1 key at all, and none that anybody would have to find there.
    *("urn:uuid:0b4f", "ni:///sha-256;ab?ver=CBV2.0", "did:example:123", "geo:30.25,120.16"),
    *("https://tea.example/01/06901234123457", "http://[::1]:8080/x?y#z", "tea:item/7", "x:"),
]
EVERY_CLASS = [
    *(lot("L1"), GTIN, f"{GTIN}/10/L%2F1", "urn:epc:idpat:sgtin:6901234.012345.*"),
    *("urn:epc:idpat:grai:6901234.00000.*", "urn:epc:idpat:gdti:6901234.00000.*"),
    *("urn:epc:idpat:sgcn:6901234.00000.*", "urn:epc:idpat:cpi:6901234.A%23-1.*"),
    *("urn:epc:idpat:itip:6901234.012345.01.02.*", "urn:epc:idpat:upui:6901234.012345.*"),
    *("urn:epc:idpat:gid:95100000.12345.*", "urn:epcglobal:product:rice", "tea:rice"),
]
EVERY_VALUE: Members = {
    "type": "gs1:Angle",
    "exception": "ERROR_CONDITION",
    "value": -0.0,
    "component": "https://ref.gs1.org/cbv/Comp-x",
    "stringValue": "",
    "booleanValue": False,
    "hexBinaryValue": "f00D",
    "uriValue": "urn:x:y",
    "minValue": -1e-7,
    "maxValue": 1e100,
    "meanValue": 0,
    "sDev": 0.1,
    "percRank": 50,
    "percValue": 12.5,
    "uom": "any text",
    "microorganism": "https://tea.example/m/1",
    "chemicalSubstance": "urn:inchikey:CZMRCDWAGMRECN-UHFFFAOYSA-N",
    "coordinateReferenceSystem": "urn:ogc:def:crs:EPSG:6.6:4326",
    "deviceMetadata": "urn:x:y",
    "tea:raw": [[1], {"tea:a": {"@value": "7", "@type": "xsd:int"}}],
}
TIMES = [
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9994Z", "2024-02-29T23:59:59-23:59"),
    *("2000-02-29t00:00:00z", "2024-12-31T23:30:00-00:30", "2025-01-01T00:15:00.000+00:45"),
    *("1969-12-31T23:59:59.9999999999999999999999999999999999Z", "2024-04-05T08:30:00-00:00"),
]
EVENTS: list[Members] = [
    harvest(epcList=EVERY_IDENTIFIER),
    harvest(quantityList=[{"epcClass": uri} for uri in EVERY_CLASS]),
    *(harvest(eventTime=time) for time in TIMES),
    *(harvest(eventTimeZoneOffset=offset) for offset in ("+14:00", "-13:59", "-00:00", "+05:45")),
    # An empty "what", where there is something else to say.
    harvest(**OBSERVED, epcList=[], sensorElementList=sensing()),
    without(harvest(**OBSERVED, sensorElementList=sensing()), "epcList"),
    harvest(epcList=[], quantityList=[{"epcClass": lot("L1"), "quantity": 0}]),
    harvest(quantityList=[{"epcClass": lot("L1"), "uom": "KGM"}] * 2),
    packing(action="DELETE", childEPCs=[]),
    without(packing(action="DELETE"), "childEPCs"),
    without(packing(action="OBSERVE"), "parentID"),
    packing(childEPCs=[serial(1), serial(1)]),
    packing(childEPCs=[case(7)]),
    without(fitting(action="DELETE"), "childEPCs"),
    without(ordering(action="DELETE"), "epcList"),
    ordering(epcList=[], parentID=case(1)),
    ordering(epcList=[], sensorElementList=sensing()),
    without(blending(transformationID="urn:x:7"), "outputEPCList"),
    without(blending(transformationID="urn:x:7"), "inputQuantityList"),
    blending(inputQuantityList=[{"epcClass": lot("L1")}] * 2, ilmd={}),
    # Every word of sensor data, and sensor data at the very moment of the event.
    harvest(sensorElementList=sensing(EVERY_VALUE)),
    harvest(sensorElementList=sensing(None, {"time": "2024-04-05T00:30:00Z"})),
    harvest(sensorElementList=sensing({"type": "tea:Aroma", "exception": "tea:Sour"}, {})),
    harvest(sensorElementList=[]),
    # Words of one's own, and the standard's in their three spellings.
    harvest(bizStep="tea:withering", disposition="https://tea.example/d/steamed"),
    harvest(bizStep="cbv:BizStep-picking", disposition="https://ref.gs1.org/cbv/Disp-active"),
    harvest(persistentDisposition={"unset": ["tea:odd", "active"]}),
    harvest(bizTransactionList=[], sourceList=[], destinationList=[]),
    # Extensions of every shape, wherever one may stand.
    harvest(**{"tea:a": None, "tea:b": [], "tea:c": {}, "tea:d": [[{"tea:e": [{}]}]]}),
    harvest(**{"https://tea.example/full": True, "urn:tea:full": 1, "rdfs:comment": "aside"}),
    harvest(**{"tea:x": {"bare": 1, "@type": "tea:T", "@id": "tea:i", "@language": "zh"}}),
    harvest(readPoint={"id": "geo:30.25,120.16;u=10", "tea:gate": {"tea:n": 2}}, ilmd={}),
    harvest(**{"@context": {"kiln": "urn:k:"}, "kiln:batch": 7}),
    harvest(**{"@context": [CONTEXT, {"tea": "urn:another:"}], "tea:batch": 7}),
    harvest(errorDeclaration={"declarationTime": TIMES[0], "reason": "tea:why", "tea:x": 1}),
    harvest(errorDeclaration={"declarationTime": TIMES[0], "correctiveEventIDs": []}),
    harvest(certificationInfo=[]),
    harvest(eventID="urn:x:1", recordTime="0001-01-01T00:00:00Z"),
    # Text of any script that Unicode 14 has.
    harvest(**{"tea:note": '龙井 ﾊﾝｶｸ \u00e9 \U0001f375 \u200d\n\t\r"\\/ \u0301'}),
]


def accepted(stated: bytes) -> int:
    """How many events a document has, all of them with a key and a hash."""
    assert problems_of(stated) == ()
    events = read_document(stated).events
    assert all(canonical_json(event) and prehash(event) for event in events)
    return len(events)


@pytest.mark.parametrize("event", EVENTS, ids=range(len(EVENTS)))
def test_an_odd_event_is_accepted(event: Members) -> None:
    assert accepted(data(document(event))) == 1
    # And by itself, as the REST binding captures one.
    context = [CONTEXT, PREFIXES, *([event["@context"]] if "@context" in event else [])]
    if not any(isinstance(entry, list) for entry in context):
        assert accepted(data({**event, "@context": context})) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"epcisBody": {"eventList": []}},
        {"epcisBody": {"eventList": [], "tea:count": 0}},
        {"schemaVersion": "2"},
        {"schemaVersion": "2.0.1"},
        {"@context": [*whole()["@context"], {"x": {"@id": "urn:x:"}, "@version": 1.1}]},
        {
            "@context": [
                *whole()["@context"],
                {"tea:at": {"@type": "xsd:dateTime", "@id": "tea:at"}},
            ]
        },
        {"epcisHeader": {}},
        {"epcisHeader": {"epcisMasterData": {"note": "open", "vocabularyList": []}}},
        {"epcisHeader": {"tea:routing": {"tea:hop": 7}}},
        {"tea:ignoreFields": []},
        {"tea:ignoreFields": ["tea:note", "bizStep", "unknown:x"]},
        {"creationDate": "2024-04-09T00:00:00.123456789+14:00"},
    ],
)
def test_an_odd_envelope_is_accepted(changes: Members) -> None:
    accepted(data({**whole(), **changes}))


@pytest.mark.parametrize(
    "number",
    [
        *(
            "0",
            "-0",
            "0.0",
            "-0e-99",
            "1E5",
            "1e+5",
            "1e-5",
            "0.10",
            "1e128",
            "9e-128",
            "1e0000000005",
        ),
        *("1234567890123456789012345678901234", "0.1234567890123456789012345678901234"),
        "1" + "0" * 128,
        "0." + "0" * 127 + "1",
    ],
)
def test_every_spelling_of_a_number_is_accepted(number: str) -> None:
    text = json.dumps(document(harvest(**{"tea:n": "@", "sensorElementList": sensing()})))
    assert accepted(text.replace('"@"', number).encode()) == 1


def test_a_document_of_every_kind_of_white_space_and_escape_is_accepted() -> None:
    made: Any = document(harvest(**{"tea:leaf": "茶"}))
    loose = json.dumps(made, indent="\t").replace("\n", "\r\n")
    assert accepted(loose.replace("urn:", "\\u0075rn:").encode()) == 1
    assert accepted(b" \n" + data(made) + b"\t ") == 1
