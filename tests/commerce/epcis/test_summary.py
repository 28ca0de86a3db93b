"""What a trace keeps of an event."""

from chain.codec import decode, encode
from commerce.epcis.document import read_document
from commerce.epcis.identifiers import KNOWN_SIZE_MAX, known
from commerce.epcis.prefixes import DOCUMENT_SCOPE
from commerce.epcis.summary import (
    LotMembers,
    Quantity,
    Role,
    Summary,
    identity_in,
    mentions,
    summarise,
)
from tests.commerce.epcis.statements import (
    Members,
    blending,
    case,
    data,
    document,
    harvest,
    lot,
    ordering,
    packing,
    serial,
)

GTIN = "https://id.gs1.org/01/06901234123456"
BLEND = "https://id.gs1.org/01/06901234777772"
CASE = "https://id.gs1.org/00/169012340000000075"


def summary_of(event: Members) -> Summary:
    summary = summarise(read_document(data(document(event))).events[0])
    assert decode(Summary, encode(summary)) == summary
    return summary


def test_things_are_named_by_their_identity_once() -> None:
    summary = summary_of(harvest(epcList=[serial(1), f"{GTIN}/21/1", serial(2)]))
    assert summary.items == (f"{GTIN}/21/1", f"{GTIN}/21/2")
    assert summary.read_point == "https://id.gs1.org/414/6901234000016"
    assert summary.biz_step == "commissioning"
    assert summary.time_ms == 1_712_277_000_000


def test_an_aggregation_has_a_parent_children_and_quantities() -> None:
    quantity = {"epcClass": lot("L1"), "quantity": 2.50, "uom": "KGM"}
    summary = summary_of(packing(childQuantityList=[quantity]))
    assert summary.parent == CASE
    assert summary.items == (f"{GTIN}/21/1", f"{GTIN}/21/2", f"{GTIN}/10/L1")
    assert summary.quantities == (Quantity(f"{GTIN}/10/L1", "25e-1", "KGM"),)
    assert set(mentions(summary)) == {
        (CASE, Role.PARENT),
        *((thing, Role.CHILD) for thing in summary.items),
        (GTIN, Role.CLASS),
    }


def test_a_lot_number_makes_items_members_of_a_lot() -> None:
    summary = summary_of(harvest(ilmd={"cbvmda:lotNumber": " L7 "}))
    assert summary.lots == (LotMembers(f"{GTIN}/10/L7", summary.items),)
    assert (f"{GTIN}/10/L7", Role.LOT) in set(mentions(summary))
    full = summary_of(harvest(ilmd={"urn:epcglobal:cbv:mda:lotNumber": "L7"}))
    assert full.lots == summary.lots
    assert summary_of(harvest(ilmd={"tea:lotNumber": "L7"})).lots == ()


def test_a_link_may_name_item_and_lot_both() -> None:
    summary = summary_of(harvest(epcList=[f"{GTIN}/10/L7/21/1"]))
    assert summary.items == (f"{GTIN}/21/1",)
    assert summary.lots == (LotMembers(f"{GTIN}/10/L7", summary.items),)
    observed = harvest(epcList=[f"{GTIN}/10/L7/21/1"], action="OBSERVE")
    assert summary_of(observed).lots == ()


def test_the_lot_of_a_transformations_outputs_is_an_output() -> None:
    summary = summary_of(blending(ilmd={"cbvmda:lotNumber": "B1"}, transformationID="urn:uuid:1"))
    assert summary.inputs == (f"{GTIN}/10/L1", f"{GTIN}/10/L2")
    assert summary.outputs == (f"{BLEND}/21/31", f"{BLEND}/21/32", f"{BLEND}/10/B1")
    found = list(mentions(summary))
    assert len(found) == len(set(found))
    assert ("urn:uuid:1", Role.TRANSFORMATION) in found
    assert (f"{BLEND}/10/B1", Role.OUTPUT) in found


def test_a_transactions_parent_is_one_of_its_objects() -> None:
    found = set(mentions(summary_of(ordering(parentID=case(7)))))
    assert (CASE, Role.SUBJECT) in found


def test_compact_uris_of_things_and_places_are_told_apart_by_what_their_prefixes_mean() -> None:
    event = packing(parentID="tea:crate-1", childEPCs=["tea:box-2"], readPoint={"id": "tea:hall"})
    summary = summary_of(event)
    assert summary.parent == "https://tea.example/epcis/crate-1"
    assert summary.items == ("https://tea.example/epcis/box-2",)
    assert summary.read_point == "https://tea.example/epcis/hall"


def test_a_question_names_things_of_any_length_and_only_short_ones_are_remembered() -> None:
    known.cache_clear()
    link = "https://id.gs1.org/01/06901234000016"
    long = f"{link}?{'x' * KNOWN_SIZE_MAX}"
    assert identity_in(long, DOCUMENT_SCOPE) == link
    assert known.cache_info().currsize == 0
    assert identity_in(link, DOCUMENT_SCOPE) == link
    assert known.cache_info().currsize == 1
