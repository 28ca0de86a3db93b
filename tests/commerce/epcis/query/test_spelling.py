"""Identifiers of an event in one spelling."""

from commerce.epcis.document import read_document
from commerce.epcis.query.spelling import Spelling, spelt
from tests.commerce.epcis.statements import (
    Members,
    blending,
    case,
    data,
    document,
    lot,
    packing,
    serial,
)

GTIN = "https://id.gs1.org/01/06901234123456"
PLACE = "https://id.gs1.org/414/6901234000016"


def size(digits: str) -> int | None:
    return 7 if digits.startswith("6901234") else None


def members(event: Members, spelling: Spelling) -> Members:
    return dict(spelt(read_document(data(document(event))).events[0], spelling, size))


def test_urns_become_links_wherever_an_identifier_stands() -> None:
    event = packing(
        childQuantityList=[{"epcClass": lot("L1"), "quantity": 1}],
        readPoint={"id": "urn:epc:id:sgln:6901234.00001.0", "tea:note": "x"},
        sourceList=[{"type": "location", "source": "urn:epc:id:sgln:6901234.00001.0"}],
        bizTransactionList=[{"bizTransaction": "urn:uuid:1"}],
    )
    told = members(event, Spelling.DIGITAL_LINK)
    assert told["parentID"] == "https://id.gs1.org/00/169012340000000075"
    assert told["childEPCs"] == [f"{GTIN}/21/1", f"{GTIN}/21/2"]
    assert told["childQuantityList"][0]["epcClass"] == f"{GTIN}/10/L1"
    assert told["readPoint"] == {"id": PLACE, "tea:note": "x"}
    assert told["sourceList"] == [{"type": "location", "source": PLACE}]
    assert told["bizTransactionList"] == [{"bizTransaction": "urn:uuid:1"}]
    assert told["eventTime"] == event["eventTime"]


def test_links_become_urns_where_the_company_prefix_is_known() -> None:
    there = packing(parentID=case(7), childEPCs=[serial(1)])
    links = members(there, Spelling.DIGITAL_LINK)
    assert members({**there, **links}, Spelling.URN)["childEPCs"] == [serial(1)]
    stranger = "https://id.gs1.org/01/04012345111118/21/9"
    assert members(packing(childEPCs=[stranger]), Spelling.URN)["childEPCs"] == [stranger]


def test_what_is_spelt_as_asked_stays_as_it_is() -> None:
    attributes = f"{GTIN}/21/1?17=251231"
    event = packing(childEPCs=[attributes, "tea:box"])
    assert members(event, Spelling.DIGITAL_LINK)["childEPCs"] == [attributes, "tea:box"]
    assert members(blending(), Spelling.URN)["outputEPCList"] == blending()["outputEPCList"]
