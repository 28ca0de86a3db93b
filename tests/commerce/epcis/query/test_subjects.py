"""Captured documents read again, and what their master data say."""

import pytest

from commerce.epcis.document import read_document
from commerce.epcis.prefixes import DOCUMENT_SCOPE
from commerce.epcis.query.parameters import read_query
from commerce.epcis.query.subjects import Subject, folded, read_stated
from commerce.epcis.vocabulary import BIZ_STEP, DISPOSITION
from tests.commerce.epcis.query.material import documents_at_random
from tests.commerce.epcis.statements import CONTEXT, Members, data, document, harvest

HALL = "urn:epc:id:sgln:6901234.00001.0"
SHELF = "urn:epc:id:sgln:6901234.00002.0"
BIN = "tea:bin"


def master_data(*elements: Members) -> Members:
    place = "urn:epcglobal:epcis:vtype:BusinessLocation"
    vocabularies = [{"type": place, "vocabularyElementList": list(elements)}]
    return {"epcisHeader": {"epcisMasterData": {"vocabularyList": vocabularies}}}


def found(event: Members, header: Members, **parameters: str) -> bool:
    stated = read_stated(data(document(event, **header)))
    query = read_query({n: [v] for n, v in parameters.items()}, DOCUMENT_SCOPE)
    return query.matches(Subject(stated.events[0], 0, stated.master_data))


def test_what_is_read_again_is_what_was_checked() -> None:
    for one, _ in documents_at_random(4, 60):
        checked, again = read_document(data(one)), read_stated(data(one))
        for event, same in zip(checked.events, again.events, strict=True):
            assert (event.members, event.time) == (same.members, same.time)
            assert event.scope.expand("x:y") in {same.scope.expand("x:y"), "x:y"}
    alone = {**harvest(), "@context": [CONTEXT, {"x": "https://a.example/"}]}
    single = read_stated(data(alone))
    assert single.events[0].scope.expand("x:y") == "https://a.example/y"


def test_a_place_lies_where_its_documents_master_data_say() -> None:
    header = master_data({"id": HALL, "children": [SHELF]}, {"id": SHELF, "children": [BIN]})
    event = harvest(bizLocation={"id": BIN})
    full = "https://tea.example/epcis/bin"
    assert found(event, header, WD_bizLocation=HALL)
    assert found(event, header, WD_bizLocation=full, EQ_bizLocation=full)
    assert not found(event, header, EQ_bizLocation=HALL)
    assert not found(event, {}, WD_bizLocation=HALL)
    assert not found(harvest(bizLocation={"id": HALL}), header, WD_bizLocation=SHELF)


def test_circles_of_master_data_end() -> None:
    header = master_data({"id": HALL, "children": [SHELF]}, {"id": SHELF, "children": [HALL]})
    assert found(harvest(bizLocation={"id": SHELF}), header, WD_bizLocation=HALL)
    assert not found(harvest(bizLocation={"id": BIN}), header, WD_bizLocation=HALL)


def test_the_extension_of_a_gln_is_a_place_inside_it() -> None:
    event = harvest(readPoint={"id": "urn:epc:id:sgln:6901234.00001.gate-4"})
    assert found(event, {}, WD_readPoint=HALL)
    assert not found(event, {}, EQ_readPoint=HALL)
    assert not found(harvest(), {}, WD_readPoint="urn:epc:id:sgln:6901234.00001.gate-4")


def test_attributes_of_master_data_are_asked_for() -> None:
    attribute = {"id": "urn:epcglobal:cbv:mda:city", "attribute": "Shanghai"}
    header = master_data(
        {"id": HALL, "attributes": [attribute, {"id": "tea:size", "attribute": 5}]}
    )
    event = harvest(bizLocation={"id": HALL})
    assert found(event, header, HASATTR_bizLocation="urn:epcglobal:cbv:mda:city")
    assert not found(event, header, HASATTR_bizLocation="urn:epcglobal:cbv:mda:street")
    assert found(event, header, **{"EQATTR_bizLocation_cbvmda:city": "Shanghai"})
    assert found(event, header, **{"EQ_ATTR_bizLocation_https://tea.example/epcis/size": "5.0"})
    assert not found(event, header, **{"EQATTR_bizLocation_cbvmda:city": "Suzhou"})
    assert not found(event, {}, HASATTR_bizLocation="urn:epcglobal:cbv:mda:city")
    extension = harvest(**{"tea:at": HALL})
    assert found(extension, header, **{"HASATTR_tea:at": "urn:epcglobal:cbv:mda:city"})


@pytest.mark.parametrize(
    "text",
    ["shipping", "https://ref.gs1.org/cbv/BizStep-shipping", "urn:epcglobal:cbv:bizstep:shipping"],
)
def test_a_step_has_one_spelling_folded(text: str) -> None:
    assert folded(BIZ_STEP, text) == "https://ref.gs1.org/cbv/BizStep-shipping"
    assert folded(DISPOSITION, "tea:odd") == "tea:odd"
