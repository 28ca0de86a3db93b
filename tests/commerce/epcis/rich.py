"""One valid document with everything in it: five events, every dimension, extensions everywhere."""

from tests.commerce.epcis.statements import (
    Members,
    blending,
    case,
    document,
    fitting,
    harvest,
    lot,
    ordering,
    packing,
    serial,
)

SUPPLIER = "urn:epc:id:pgln:6901234.00000"


def observation() -> Members:
    """An ObjectEvent with every member that one may have."""
    return harvest(
        recordTime="2024-05-01T00:00:00Z",
        eventID="urn:uuid:7b5a0c9e-4f10-4f4e-9a53-0d3c3ff0a001",
        quantityList=[{"epcClass": lot("L1"), "quantity": 12.5, "uom": "KGM"}],
        persistentDisposition={"set": ["completeness_verified"], "unset": ["unknown"]},
        readPoint={"id": "urn:epc:id:sgln:6901234.00001.0", "tea:gate": 2},
        bizLocation={"id": "https://id.gs1.org/414/6901234000016"},
        bizTransactionList=[{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:1:2"}],
        sourceList=[{"type": "owning_party", "source": SUPPLIER}],
        destinationList=[{"type": "location", "destination": "urn:epc:id:sgln:6901234.00002.0"}],
        certificationInfo=["https://cert.example/1", "https://cert.example/2"],
        ilmd={"cbvmda:lotNumber": "L1", "tea:picked": {"tea:by": ["An", "Mei"]}},
        sensorElementList=[
            {
                "sensorMetadata": {
                    "startTime": "2024-04-05T08:00:00+08:00",
                    "endTime": "2024-04-05T08:30:00+08:00",
                    "deviceID": "urn:epc:id:giai:6901234.logger17",
                    "bizRules": "https://tea.example/rules/1",
                    "tea:fitted": True,
                },
                "sensorReport": [
                    {"type": "Temperature", "minValue": 3.9, "maxValue": 4.6, "uom": "CEL"},
                    {"type": "gs1:RelativeHumidity", "value": 61, "uom": "A93", "tea:probe": "p1"},
                ],
            }
        ],
        **{"tea:note": {"tea:deep": [None, True, 1.5, "雨前"]}, "https://tea.example/full": "x"},
    )


def correction() -> Members:
    """An AggregationEvent that was declared an error."""
    return packing(
        childQuantityList=[{"epcClass": lot("L1"), "quantity": 3}],
        errorDeclaration={
            "declarationTime": "2024-04-10T00:00:00Z",
            "reason": "incorrect_data",
            "correctiveEventIDs": ["urn:uuid:7b5a0c9e-4f10-4f4e-9a53-0d3c3ff0a002"],
            "tea:who": "An",
        },
    )


def whole() -> Members:
    """Its events in this order: object, aggregation, transformation, transaction, association."""
    return document(
        observation(),
        correction(),
        blending(
            inputEPCList=[serial(1)],
            outputQuantityList=[{"epcClass": lot("B1"), "quantity": 20, "uom": "KGM"}],
            transformationID="urn:uuid:7b5a0c9e-4f10-4f4e-9a53-0d3c3ff0a003",
        ),
        ordering(parentID=case(1), quantityList=[{"epcClass": lot("L1")}]),
        fitting(disposition="active"),
        id="https://tea.example/documents/1",
        sender="urn:x:sender",
        receiver="urn:x:receiver",
        instanceIdentifier="7",
        epcisHeader={
            "epcisMasterData": {
                "vocabularyList": [
                    {
                        "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
                        "vocabularyElementList": [
                            {
                                "id": "urn:epc:id:sgln:6901234.00001.0",
                                "attributes": [
                                    {"id": "cbvmda:city", "attribute": "上海"},
                                    {"id": "cbvmda:geo", "attribute": {"lat": 31.2}},
                                ],
                                "children": ["urn:epc:id:sgln:6901234.00002.0"],
                            }
                        ],
                    }
                ]
            }
        },
        **{"tea:batch": 7},
    )
