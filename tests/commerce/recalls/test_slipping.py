"""Nobody takes goods out of a recall by the times that he writes: by the real capture."""

import pytest

from chain.block import OK
from tests.commerce.epcis.statements import Members
from tests.commerce.recalls.dairy import Dairy, cake, milk, tea, unit
from tests.commerce.shop import create
from tests.commerce.world import PREFIX

DAY_MS = 86_400_000
CREAM = f"urn:epc:class:lgtin:{PREFIX}.000001.CREAM"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("between", [CREAM, tea(1)])
def test_what_is_said_to_be_used_before_it_was_made_carries_the_recall_on(
    between: str, *, late: bool
) -> None:
    # The maker dates the making later than the use, or the user the use before the making.
    at = Dairy()
    is_class = ":class:" in between
    made: Members = {
        "type": "TransformationEvent",
        "inputQuantityList": [{"epcClass": milk("M1")}],
        "outputQuantityList" if is_class else "outputEPCList": [
            {"epcClass": between} if is_class else between
        ],
    }
    used: Members = {
        "type": "TransformationEvent",
        "inputQuantityList" if is_class else "inputEPCList": made[
            "outputQuantityList" if is_class else "outputEPCList"
        ],
        "outputEPCList": [cake(1)],
    }
    at.state_at("merchant", made, None)
    if not late:
        at.state_at("merchant", used, at.time_ms - DAY_MS)
    at.recall("M1")
    at.settle()
    if late:
        at.state_at("merchant", used, at.time_ms - DAY_MS)
        at.settle()
    assert at.recalled(between, cake(1), cake(2)) == [True, True, False]


def test_what_was_packed_and_used_up_before_it_was_made_is_in_the_product_too() -> None:
    at = Dairy()
    now_ms = at.time_ms
    at.make([milk("M1")], [tea(1)])
    at.pack(unit(1), [tea(1)], time_ms=now_ms - 2 * DAY_MS)
    used: Members = {"type": "TransformationEvent", "inputEPCList": [unit(1)]}
    at.state_at("merchant", {**used, "outputEPCList": [cake(1)]}, now_ms - DAY_MS)
    at.recall("M1")
    at.settle()
    assert at.recalled(tea(1), cake(1)) == [True, True]


def test_items_that_are_said_to_be_of_a_lot_before_the_lot_was_made_are_of_it() -> None:
    at = Dairy()
    at.make([milk("M1")], [], classes=[CREAM])
    born: Members = {"type": "ObjectEvent", "action": "ADD", "epcList": [tea(7)]}
    at.state_at("merchant", {**born, "ilmd": {"cbvmda:lotNumber": "CREAM"}}, at.time_ms - DAY_MS)
    at.recall("M1")
    at.settle()
    assert at.recalled(tea(7), tea(8)) == [True, False]


def test_a_crate_that_comes_out_of_a_recalled_lot_keeps_its_earlier_trips_clean() -> None:
    at = Dairy()
    crate = f"urn:epc:id:grai:{PREFIX}.55555.17"
    used: Members = {"type": "TransformationEvent", "inputEPCList": [crate]}
    at.state_at("merchant", {**used, "outputEPCList": [cake(1)]}, at.time_ms - DAY_MS)
    at.make([milk("M1")], [crate])
    at.state_at("merchant", {**used, "outputEPCList": [cake(2)]}, None)
    at.recall("M1")
    at.settle()
    assert at.recalled(crate, cake(1), cake(2)) == [True, False, True]
    assert at.send("buyer", ("order.create", create((at.cake, 1)))).status == OK
