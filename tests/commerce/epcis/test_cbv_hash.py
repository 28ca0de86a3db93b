"""The CBV 2.0 event hash: the published vectors, and where the reference goes wrong."""

import re
from pathlib import Path
from typing import Any

import pytest

from commerce.epcis.cbv_hash import cbv_hash, prehash
from commerce.epcis.document import read_document
from tests.commerce.epcis.statements import (
    CONTEXT,
    case,
    data,
    document,
    harvest,
    lot,
    needs_outside_data,
    ordering,
    outside,
    packing,
    serial,
    without,
)

VECTORS = outside("epcis-hash")
# Its .prehashes file is garbled where it was published; the .hashes file is right.
GARBLED = "epcisDocWithAllGS1Keys"
SSCC = "169012340000000013"


def prehash_of(event: dict[str, Any], **changes: Any) -> str:
    read = read_document(data({**document(event), **changes}))
    return prehash(read.events[0], read.hash_ignored)


@needs_outside_data
def test_all_nine_vectors_are_here() -> None:
    assert len(VECTORS) == 9


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_published_document_has_its_published_hashes(path: Path) -> None:
    read = read_document(path.read_bytes())
    hashes = [cbv_hash(event, read.hash_ignored) for event in read.events]
    assert hashes == path.with_suffix(".hashes").read_text().split()


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_published_document_has_its_published_prehashes(path: Path) -> None:
    if path.stem == GARBLED:
        return
    read = read_document(path.read_bytes())
    expected = path.with_suffix(".prehashes").read_text().strip("\n").split("\n")
    assert [prehash(event, read.hash_ignored) for event in read.events] == expected


def test_a_whole_prehash_follows_the_standard() -> None:
    event = harvest(
        epcList=[serial(2), serial(1)],
        bizLocation={"id": "https://tea.example/shop/7", "tea:shelf": "B"},
        certificationInfo=["https://cert.example/b", "https://cert.example/a"],
        ilmd={"tea:lot": "L7", "tea:altitude": 1250.50},
    )
    assert prehash_of(event) == (
        "eventType=ObjectEventeventTime=2024-04-05T00:30:00.000ZeventTimeZoneOffset=+08:00"
        "certificationInfo=https://cert.example/acertificationInfo=https://cert.example/b"
        "epcListepc=https://id.gs1.org/01/06901234123456/21/1"
        "epc=https://id.gs1.org/01/06901234123456/21/2action=ADD"
        "bizStep=https://ref.gs1.org/cbv/BizStep-commissioning"
        "disposition=https://ref.gs1.org/cbv/Disp-active"
        "readPointid=https://id.gs1.org/414/6901234000016"
        "bizLocationid=https://tea.example/shop/7{https://tea.example/epcis/}shelf=B"
        "ilmd{https://tea.example/epcis/}altitude=1250.5{https://tea.example/epcis/}lot=L7"
    )


def test_every_member_has_its_place() -> None:
    report = {
        "type": "Temperature",
        "exception": "ALARM_CONDITION",
        "value": 4.50,
        "uom": "CEL",
        "component": "x",
        "booleanValue": True,
        "stringValue": " 007 ",
        "tea:probe": "p1",
    }
    event = ordering(
        parentID=case(1),
        quantityList=[{"epcClass": lot("L1"), "quantity": 12.0, "uom": "KGM"}],
        sensorElementList=[
            {
                "sensorMetadata": {"time": "2024-04-08T09:59:59.0005+08:00", "tea:x": 1},
                "sensorReport": [report, {"type": "tea:Aroma"}],
                "tea:y": [2, 1],
            }
        ],
        sourceList=[{"source": "urn:x:s", "type": "location"}],
        destinationList=[{"destination": "urn:x:d", "type": "urn:x:t"}],
        bizTransactionList=[
            {"bizTransaction": "urn:x:2", "type": "po"},
            {"bizTransaction": "urn:x:1"},
        ],
        **{"tea:z": {"tea:b": "2", "tea:a": [None, {"tea:c": False}]}},
    )
    tea = "{https://tea.example/epcis/}"
    assert prehash_of(event) == (
        "eventType=TransactionEventeventTime=2024-04-08T02:00:00.000ZeventTimeZoneOffset=+08:00"
        f"parentID=https://id.gs1.org/00/{SSCC}"
        "epcListepc=https://id.gs1.org/01/06901234123456/21/1"
        "quantityListquantityElementepcClass=https://id.gs1.org/01/06901234123456/10/L1"
        "quantity=12uom=KGMaction=ADD"
        f"sensorElementListsensorElementsensorMetadatatime=2024-04-08T01:59:59.001Z{tea}x=1"
        "sensorReporttype=https://gs1.org/voc/Temperature"
        "exception=https://gs1.org/voc/ALARM_CONDITIONvalue=4.5"
        f"component=https://ref.gs1.org/cbv/Comp-xstringValue=7booleanValue=trueuom=CEL{tea}probe=p1"
        f"sensorReporttype=https://tea.example/epcis/Aroma{tea}y=1{tea}y=2"
        "bizTransactionListbizTransaction=urn:x:1"
        "type=https://ref.gs1.org/cbv/BTT-pobizTransaction=urn:x:2"
        "destinationListtype=urn:x:tdestination=urn:x:d"
        "sourceListtype=https://ref.gs1.org/cbv/SDT-locationsource=urn:x:s"
        f"{tea}z{tea}a{tea}a{tea}c=false{tea}b=2"
    )


def test_an_empty_list_and_what_is_not_of_the_event_leave_no_trace() -> None:
    event = harvest(
        epcList=[],
        quantityList=[{"epcClass": lot("L1")}],
        sensorElementList=[],
        sourceList=[],
        recordTime="2024-05-01T00:00:00Z",
        eventID="urn:uuid:1",
        errorDeclaration={"declarationTime": "2024-05-01T00:00:00Z"},
        **{"rdfs:comment": "nothing", "@context": {"kiln": "urn:k:"}},
    )
    assert prehash_of(event) == prehash_of(
        without(harvest(quantityList=[{"epcClass": lot("L1")}]), "epcList")
    )


def test_an_error_declaration_has_the_hash_of_its_original() -> None:
    declared = harvest(errorDeclaration={"declarationTime": "2024-05-01T00:00:00Z"})
    assert prehash_of(declared) == prehash_of(harvest())


def test_equal_things_are_hashed_equally() -> None:
    links = ["https://tea.example/gtin/6901234123456/ser/1?x=1", serial(2)]
    assert prehash_of(harvest(epcList=links)) == prehash_of(harvest())
    assert prehash_of(harvest(bizStep="cbv:BizStep-commissioning")) == prehash_of(harvest())
    assert prehash_of(harvest(eventTime="2024-04-05T00:30:00Z")) == prehash_of(harvest())


def test_a_duplicate_is_kept() -> None:
    twice = packing(childEPCs=[serial(1), "https://id.gs1.org/01/06901234123456/21/1"])
    assert prehash_of(twice).count("epc=https://id.gs1.org/01/06901234123456/21/1") == 2


@pytest.mark.parametrize(
    ("text", "hashed"),
    [
        ("02.50", "2.5"),
        ("+7", "7"),
        ("-0", "0"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1e999", "1e999"),
        ("1_000", "1_000"),
        ("12345678901234567890", "12345678901234567890"),
        ("2020-11-10", "2020-11-10"),
        ("-", "-"),
        (".", "."),
        ("  tea  ", "tea"),
        ("nan", "nan"),
        ("infinity", "infinity"),
        ("urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"),
        ("urn:epcglobal:cbv:btt:po", "https://ref.gs1.org/cbv/BTT-po"),
        ("urn:epcglobal:cbv:bt:1:2", "urn:epcglobal:cbv:bt:1:2"),
        ("gs1:Temperature", "https://gs1.org/voc/Temperature"),
        ("cbv:Disp-active", "https://ref.gs1.org/cbv/Disp-active"),
        ("epcis:x", "https://ref.gs1.org/epcis/x"),
        # Found only in a standard member, not wherever the word stands.
        ("shipping", "shipping"),
    ],
)
def test_a_value_is_written_in_its_one_form(text: str, hashed: str) -> None:
    assert prehash_of(harvest(**{"tea:v": text})).endswith(
        f"{{https://tea.example/epcis/}}v={hashed}"
    )


def test_prefixes_of_one_document_do_not_leak_into_the_next() -> None:
    before = prehash_of(harvest(**{"tea:v": "kiln:7"}))
    prehash_of(harvest(), **{"@context": [CONTEXT, {"kiln": "urn:k:"}]})
    assert prehash_of(harvest(**{"tea:v": "kiln:7"})) == before
    assert before.endswith("v=kiln:7")


def test_a_full_name_splits_into_namespace_and_local_name() -> None:
    event = harvest(**{"https://tea.example/epcis/a": 1})
    assert prehash_of(event) == prehash_of(harvest(**{"tea:a": 1}))


def test_ignored_extensions_take_no_part() -> None:
    ignored = {"tea:ignoreFields": ["tea:scanner"]}
    event = harvest(**{"tea:scanner": "s7"})
    assert prehash_of(event, **ignored) == prehash_of(harvest())
    assert prehash_of(event) != prehash_of(harvest())


def test_ignoring_a_standard_member_has_no_effect() -> None:
    ignored = {"tea:ignoreFields": ["bizStep", "https://ref.gs1.org/epcis/bizStep"]}
    assert prehash_of(harvest(), **ignored) == prehash_of(harvest())


def test_the_hash_id_names_its_algorithm_and_version() -> None:
    (event,) = read_document(data(document(harvest()))).events
    assert re.fullmatch(r"ni:///sha-256;[0-9a-f]{64}\?ver=CBV2\.0", cbv_hash(event))
