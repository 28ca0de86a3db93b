"""Nobody draws a rival's goods into a recall, or his own out of one: by the real capture."""

import pytest

from chain.block import OK
from commerce.epcis.identifiers import identity
from commerce.epcis.path import Direction
from commerce.epcis.stored_index import StoredIndex
from commerce.epcis.trace import trace
from commerce.payments import PayTransfer
from commerce.recalls import spreading
from commerce.recalls.recalls import RecallOpen
from commerce.rights import LocationRegister
from tests.commerce.epcis.statements import Members
from tests.commerce.recalls.dairy import (
    RIVAL_TEA,
    RIVALS,
    Dairy,
    at_time,
    cake,
    milk,
    sscc,
    tea,
    unit,
)
from tests.commerce.shop import CAKE, TEA, create
from tests.commerce.world import account

GLN = "6901234000009"
PLACE = {"readPoint": {"id": "https://id.gs1.org/414/6901234000009"}}


def shopkeeper() -> Dairy:
    """The rival holds a place of the merchant's, and had some of its goods in hand."""
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    at.make([milk("M2")], [tea(2)])
    place = ("location.register", LocationRegister(GLN, account("rival"), None))
    at.done("regulator", place, with_=("rival",))
    return at


def poisoned() -> list[Members]:
    """What would link the merchant's clean goods to bad ones, if it counted."""
    linked: Members = {"type": "TransformationEvent", **PLACE}
    packed: Members = {"type": "AggregationEvent", "action": "ADD", **PLACE}
    rivals_lot = milk("R1", RIVALS)
    return [
        {**linked, "inputEPCList": [tea(1)], "outputEPCList": [tea(2)]},
        {**linked, "inputQuantityList": [{"epcClass": milk("M1")}], "outputEPCList": [tea(2)]},
        {
            **linked,
            "inputQuantityList": [{"epcClass": rivals_lot}],
            "outputQuantityList": [{"epcClass": milk("M2")}],
        },
        {**linked, "inputEPCList": [tea(2)], "outputEPCList": [tea(7, RIVALS)]},
        {**packed, "parentID": unit(1), "childEPCs": [tea(1), tea(2)]},
        {**packed, "parentID": unit(1, RIVALS), "childEPCs": [tea(1), tea(2)]},
        {
            "type": "ObjectEvent",
            "action": "ADD",
            "epcList": [tea(2)],
            "ilmd": {"cbvmda:lotNumber": "M1"},
            **PLACE,
        },
    ]


def test_the_holder_of_a_place_a_prefix_or_an_old_custody_links_nothing_to_a_recall() -> None:
    at = shopkeeper()
    # The rival had the item, and gave it back: an old custody.
    bought, parcel = at.send_items(at.tea, tea(2), buyer="friend")
    at.deliver(parcel)
    at.recall("M1")
    for sender in ("rival", "carrier"):
        for stated in poisoned():
            (told,) = at.capture(sender, stated)
            assert told.data["claim"] is True, (sender, stated)
    at.settle()
    assert at.recalled(tea(1), tea(2), milk("M2")) == [True, False, False]
    assert at.load(bought).cases == 0


def test_a_rivals_own_recall_reaches_only_what_its_holders_made_of_its_goods() -> None:
    at = shopkeeper()
    at.rival_tea()
    at.capture("rival", {"type": "ObjectEvent", "action": "ADD", "epcList": [tea(1, RIVALS)]})
    for stated in poisoned():
        at.capture("rival", stated)
    recall_id = at.recall(items=[tea(1, RIVALS)], code=RIVAL_TEA, sender="rival")
    at.settle()
    assert at.recalled(tea(1, RIVALS), tea(1), tea(2)) == [True, False, False]
    assert at.record(recall_id).progress.products == 1


def bought() -> Dairy:
    """The rival bought one item of the merchant's tea, and has it."""
    at = Dairy()
    at.rival_tea()
    at.make([milk("M2")], [tea(2), tea(3)])
    at.done("buyer", ("pay.transfer", PayTransfer(account("rival"), "CNY", 5_000, None)))
    _, parcel = at.send_items(at.tea, tea(2), buyer="rival")
    at.deliver(parcel)
    at.wait(1)
    return at


def facts(at: Dairy, *stated: Members) -> None:
    """The rival states this, and it counts."""
    for each in stated:
        (told,) = at.capture("rival", each)
        assert told.data["claim"] is False, each


def filled(parent: str, *inside: str) -> Members:
    """Things go into a container."""
    packed: Members = {"type": "AggregationEvent", "action": "ADD", "parentID": parent}
    return {**packed, "childEPCs": list(inside)}


def pallet_of(*made: str) -> Members:
    """The rival's own lot becomes a pallet."""
    lot = f"urn:epc:class:lgtin:{RIVALS}.000001.R1"
    used: Members = {"type": "TransformationEvent", "inputQuantityList": [{"epcClass": lot}]}
    return {**used, "outputEPCList": list(made)}


def back_to_the_rivals_lot(at: Dairy, thing: str) -> bool:
    """Does a trace back from a thing say that it was made of the rival's lot?"""
    found = trace(StoredIndex(at.state.index), identity(thing), Direction.BACK)
    return any(RIVAL_TEA in source for edge in found.edges for source in edge.sources)


@pytest.mark.parametrize("late", [False, True])
def test_a_bought_item_in_the_rivals_own_pallet_isnt_made_by_him_and_the_brand_goes_on(
    *, late: bool
) -> None:
    at = bought()
    told = [
        filled(unit(2, RIVALS), tea(2)),
        filled(unit(1, RIVALS), tea(2), unit(2, RIVALS)),
        pallet_of(unit(1, RIVALS), unit(2, RIVALS)),
    ]
    # That he made it is for its brand to say.
    (birth,) = at.capture("rival", {"type": "ObjectEvent", "action": "ADD", "epcList": [tea(2)]})
    assert birth.data["claim"] is True
    facts(at, *(() if late else told))
    recall_id = at.recall("R1", code=RIVAL_TEA, sender="rival")
    facts(at, *(told if late else ()))
    at.settle()
    assert at.recalled(unit(1, RIVALS), unit(2, RIVALS)) == [True, True]
    assert at.recalled(tea(2), tea(3)) == [False, False]
    assert at.record(recall_id).progress.products == 1
    at.done("buyer", ("order.create", create((at.tea, 1))))
    assert not back_to_the_rivals_lot(at, tea(2))


@pytest.mark.parametrize("late", [0, 1, 2, 3, 4])
def test_the_rivals_own_items_in_his_own_pallet_are_made_with_it(late: int) -> None:
    at = bought()
    own, inner = tea(5, RIVALS), tea(6, RIVALS)
    told = [
        {"type": "ObjectEvent", "action": "ADD", "epcList": [own, inner]},
        filled(unit(2, RIVALS), inner),
        filled(unit(1, RIVALS), own, unit(2, RIVALS), tea(2)),
        pallet_of(unit(1, RIVALS)),
    ]
    moment = at_time(at.time_ms)
    told = [{**each, "eventTime": moment} for each in told]
    facts(at, *told[:late], *told[late + 1 :])
    at.recall("R1", code=RIVAL_TEA, sender="rival")
    at.settle()
    # Whichever of them is told of last.
    facts(at, *told[late : late + 1])
    at.settle()
    assert at.recalled(own, inner, tea(2)) == [True, True, False]
    assert back_to_the_rivals_lot(at, own)
    assert back_to_the_rivals_lot(at, inner)


@pytest.mark.parametrize("sender", ["rival", "carrier", "buyer", "friend"])
def test_nobody_but_the_brand_or_its_regulator_recalls(sender: str) -> None:
    at = shopkeeper()
    for lots, items in ((("M1",), ()), ((), (tea(1),)), ((), ())):
        code = TEA if items else CAKE
        opening = RecallOpen(code, 2, bytes(32), None, lots, items)
        assert at.send(sender, ("recall.open", opening)).status == "PrefixNotHeld"


def test_a_root_of_another_product_is_no_root() -> None:
    at = shopkeeper()
    for epc in (tea(1, RIVALS), cake(1), unit(1), milk("M1")):
        opening = RecallOpen(TEA, 2, bytes(32), None, (), (epc,))
        assert at.send("merchant", ("recall.open", opening)).status == "RootMalformed"


def test_an_error_declaration_after_the_recall_takes_no_goods_out_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = Dairy()
    stated: Members = {
        "type": "TransformationEvent",
        "eventTime": at_time(at.time_ms),
        "eventID": "urn:uuid:0c4d0d6a-aaaa-4000-8000-000000000001",
        "inputQuantityList": [{"epcClass": milk("M1")}],
        "outputEPCList": [tea(1)],
    }
    at.capture("merchant", stated)
    monkeypatch.setattr(spreading, "WORK_PER_BLOCK_MAX", 0)
    at.recall("M1")
    assert at.recalled(tea(1)) == [False]
    # Before the marks have come so far.
    declared = {"declarationTime": at_time(at.time_ms), "reason": "did_not_occur"}
    at.capture("merchant", {**stated, "errorDeclaration": declared})
    monkeypatch.setattr(spreading, "WORK_PER_BLOCK_MAX", 80_000)
    at.settle()
    assert at.recalled(tea(1)) == [True]


def test_an_error_declaration_before_the_recall_counts() -> None:
    at = Dairy()
    stated: Members = {
        "type": "TransformationEvent",
        "eventTime": at_time(at.time_ms),
        "eventID": "urn:uuid:0c4d0d6a-aaaa-4000-8000-000000000001",
        "inputQuantityList": [{"epcClass": milk("M1")}],
        "outputEPCList": [tea(1)],
    }
    at.capture("merchant", stated)
    declared = {"declarationTime": at_time(at.time_ms), "reason": "did_not_occur"}
    at.capture("merchant", {**stated, "errorDeclaration": declared})
    at.recall("M1")
    at.settle()
    assert at.recalled(tea(1)) == [False]


def test_a_backdated_delete_takes_nothing_out_of_a_case_that_became_something() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    packed_ms = at.time_ms
    at.pack(unit(1), [tea(1)])
    at.wait(60_000)
    used: Members = {
        "type": "TransformationEvent",
        "inputEPCList": [unit(1)],
        "outputEPCList": [cake(9)],
    }
    at.capture("merchant", used)
    at.recall(items=[tea(1)], code=TEA)
    at.settle()
    assert at.recalled(cake(9)) == [True]
    at.pack(unit(1), [tea(1)], action="DELETE", time_ms=packed_ms + 1)
    at.settle()
    assert at.recalled(tea(1), cake(9)) == [True, True]


def test_a_case_that_is_said_to_be_emptied_before_it_left_is_stopped_all_the_same() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    at.pack(unit(1), [tea(1)])
    packed_ms = at.time_ms
    at.wait(60_000)
    order_id, _ = at.send_items(at.tea, quantity=1, box=sscc(1))
    recall_id = at.recall("M1")
    at.pack(unit(1), [tea(1)], action="DELETE", time_ms=packed_ms + 1)
    at.extend(recall_id, "M2")
    at.settle()
    assert at.load(order_id).cases == 1
    ((_, notice),) = at.notices(recall_id).items()
    assert notice.certainty == "named"


def test_an_invented_name_ships_no_goods_of_a_product_that_was_reached() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    at.make([milk("M2")], [tea(2)])
    order_id = at.paid((at.tea, 1))
    at.recall("M1")
    at.settle()
    names: list[tuple[str, ...]] = [(tea(99),), (), (tea(1),)]
    answers = [
        at.send(*at.labelled(order_id, *named, quantity=1), with_=("carrier",)).status
        for named in names
    ]
    assert answers == ["GoodsNotNamed", "GoodsNotNamed", "GoodsRecalled"]
    assert at.send(*at.labelled(order_id, tea(2)), with_=("carrier",)).status == OK


def test_marks_stay_when_the_recall_is_closed_and_when_the_goods_change_hands() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    recall_id = at.recall("M1")
    at.settle()
    assert at.close(recall_id) == OK
    assert at.recall_of(tea(1)) == recall_id
    order_id = at.paid((at.tea, 1))
    assert at.send(*at.labelled(order_id, tea(1)), with_=("carrier",)).status == "GoodsRecalled"
