"""What is captured while a recall is open only adds marks; and says what became of goods."""

import pytest

from chain.block import OK
from commerce.aftersale.returns import ReturnShip
from commerce.recalls import spreading, watching
from commerce.recalls.watching import WATCHES
from tests.commerce.recalls.dairy import Dairy, cake, milk, sscc, tea, unit
from tests.commerce.shop import CAKE, TEA, create
from tests.commerce.world import account


def test_goods_that_are_made_of_a_recalled_lot_afterwards_are_recalled_too() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    recall_id = at.recall("M1")
    at.settle()
    before = at.record(recall_id)
    at.make([milk("M1")], [cake(1)])
    at.make([milk("M2")], [cake(2)])
    at.settle()
    assert at.recalled(cake(1), cake(2)) == [True, False]
    assert at.record(recall_id).progress.products == before.progress.products + 1


def test_an_event_captured_in_the_recalls_own_block_is_not_missed() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    recall_id = at.recall("M1")
    # Captured before anything was looked at again, at the same block time.
    at.make([milk("M1")], [tea(2)])
    at.settle()
    assert at.recall_of(tea(2)) == recall_id


def test_goods_of_a_window_that_are_told_of_late_are_recalled() -> None:
    at = Dairy()
    start_ms = at.time_ms
    at.recall(window=(start_ms, start_ms + 1_000), code=TEA)
    at.settle()
    at.commission([tea(1)], start_ms + 500)
    at.commission([tea(2)], start_ms + 2_000)
    at.settle()
    assert at.recalled(tea(1), tea(2)) == [True, False]


def test_orders_of_goods_that_are_marked_later_are_stopped() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    at.pack(unit(1), [tea(5)])
    recall_id = at.recall("M1")
    order_id = at.paid((at.cake, 1))
    at.settle()
    at.make([milk("M2")], [cake(2)])
    parcel = at.ship_items(order_id, cake(2))
    at.settle()
    assert at.load(order_id).cases == 0
    at.extend(recall_id, "M2")
    at.settle()
    assert at.load(order_id).cases == 1
    assert at.parcel(parcel).lines[0].pending == 1


def test_the_watch_sleeps_while_nothing_is_captured_and_without_recalls_of_lots() -> None:
    at = Dairy()
    at.recall(code=CAKE)
    at.make([milk("M1")], [tea(1)])
    assert WATCHES.load(at.state) is None
    at.recall("M1")
    at.settle()
    watch = WATCHES.load(at.state)
    assert watch is not None
    assert watch.due_ms is None
    at.make([milk("M2")], [tea(2)])
    assert at.wait(1)[0].events == ()
    assert at.wait(1) == ()


def test_a_look_that_is_too_long_goes_on_in_the_next_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = Dairy()
    at.recall(*(f"M{number}" for number in range(1, 6)))
    at.settle()
    monkeypatch.setattr(watching, "EVENTS_PER_BLOCK_MAX", 1)
    events = [
        {
            "type": "TransformationEvent",
            "inputQuantityList": [{"epcClass": milk(f"M{number}")}],
            "outputEPCList": [tea(number)],
        }
        for number in range(1, 6)
    ]
    at.capture("merchant", *events)
    at.wait(1)
    assert sum(at.recalled(*map(tea, range(1, 6)))) < 5
    at.settle()
    assert all(at.recalled(*map(tea, range(1, 6))))


def demanded(at: Dairy) -> tuple[bytes, bytes]:
    """A recall with one marked item in a buyer's hands; the recall and the parcel."""
    at.make([milk("M1")], [tea(1), tea(2)])
    _, parcel = at.send_items(at.tea, tea(1))
    at.deliver(parcel)
    recall_id = at.recall("M1")
    at.settle()
    assert at.record(recall_id).outstanding == 1
    return recall_id, parcel


def test_a_recall_closes_when_its_goods_are_destroyed() -> None:
    at = Dairy()
    recall_id, _ = demanded(at)
    assert at.close(recall_id) == "GoodsOutstanding"
    at.say("buyer", [tea(1)], "DELETE", bizStep="destroying", disposition="destroyed")
    told = [event.type for receipt in at.wait(1) for event in receipt.events]
    assert "recall.accounted" in told
    assert at.record(recall_id).outstanding == 0
    assert at.close(recall_id) == OK


def test_a_brand_can_not_say_from_afar_that_goods_are_back_or_gone() -> None:
    at = Dairy()
    recall_id, _ = demanded(at)
    at.say("merchant", [tea(1)], "DELETE", bizStep="destroying", disposition="destroyed")
    at.say("merchant", [tea(1)], "OBSERVE", bizStep="receiving", disposition="returned")
    at.say("carrier", [tea(1)], "OBSERVE", bizStep="receiving", disposition="returned")
    at.settle()
    assert at.record(recall_id).outstanding == 1
    assert at.close(recall_id) == "GoodsOutstanding"


def test_of_what_never_arrived_its_carrier_says_what_became_of_it() -> None:
    lot = "urn:epc:class:lgtin:6901234.000001.T1"
    at = Dairy()
    at.make([milk("M1")], [], classes=[lot])
    at.send_items(at.tea, lot, quantity=2)
    recall_id = at.recall("M1")
    at.settle()
    assert at.record(recall_id).outstanding == 1
    at.say("buyer", [lot], "DELETE", bizStep="destroying", disposition="destroyed")
    at.settle()
    assert at.record(recall_id).outstanding == 1
    at.say("carrier", [lot], "DELETE", bizStep="destroying", disposition="destroyed")
    at.settle()
    assert at.record(recall_id).outstanding == 0
    assert at.close(recall_id) == OK


def test_a_carrier_does_not_say_that_what_it_carries_is_back() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    at.send_items(at.tea, tea(1))
    recall_id = at.recall("M1")
    at.settle()
    at.say("carrier", [tea(1)], "OBSERVE", bizStep="receiving", disposition="returned")
    at.settle()
    assert at.record(recall_id).outstanding == 1
    at.say("carrier", [tea(1)], "DELETE", bizStep="destroying", disposition="destroyed")
    at.settle()
    assert at.close(recall_id) == OK


def test_goods_that_came_back_are_said_to_be_by_whoever_has_them() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    _, parcel = at.send_items(at.tea, tea(1))
    at.deliver(parcel)
    case_id = at.complain(parcel, "no_reason")
    at.agree(case_id)
    back = ReturnShip(case_id, account("carrier"), 0, None, epcs=(tea(1),))
    at.done("buyer", ("return.ship", back), with_=("carrier",))
    at.bring_back(case_id)
    at.receive(case_id)
    recall_id = at.recall("M1")
    at.settle()
    assert at.record(recall_id).outstanding == 1
    at.say("merchant", [tea(1)], "OBSERVE", bizStep="receiving", disposition="returned")
    at.settle()
    assert at.close(recall_id) == OK


def test_what_was_destroyed_before_anybody_asked_counts() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    _, parcel = at.send_items(at.tea, tea(1))
    at.deliver(parcel)
    at.say("buyer", [tea(1)], "DELETE", bizStep="destroying", disposition="destroyed")
    recall_id = at.recall("M1")
    at.settle()
    assert at.record(recall_id).outstanding == 0
    assert at.close(recall_id) == OK


def test_of_a_lot_only_the_buyers_own_word_counts_or_a_regulators_signature() -> None:
    lot = "urn:epc:class:lgtin:6901234.000001.T1"
    at = Dairy()
    at.make([milk("M1")], [], classes=[lot])
    for buyer in ("buyer", "friend"):
        _, parcel = at.send_items(at.tea, lot, quantity=2, buyer=buyer)
        at.deliver(parcel)
    recall_id = at.recall("M1")
    at.settle()
    assert at.record(recall_id).outstanding == 2
    at.say("merchant", [lot], "DELETE", bizStep="destroying")
    at.say("buyer", [lot], "DELETE", bizStep="destroying")
    at.settle()
    assert at.record(recall_id).outstanding == 1
    assert at.close(recall_id) == "GoodsOutstanding"
    assert at.close(recall_id, with_="regulator") == OK


def test_a_logistic_unit_that_was_packed_again_is_not_forgotten() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    at.pack(unit(1), [tea(1)])
    at.wait(1)
    _, parcel = at.send_items(at.tea, quantity=1, box=sscc(1))
    at.deliver(parcel)
    recall_id = at.recall("M1")
    at.pack(unit(1), [tea(1)], action="DELETE", sender="buyer")
    at.extend(recall_id, "M2")
    at.settle()
    ((_, notice),) = at.notices(recall_id).items()
    assert (notice.certainty, len(notice.things)) == ("named", 1)


def test_whoever_captures_something_about_marked_goods_blocks_nobodys_sale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    recall_id = at.recall("M1")
    at.settle()
    monkeypatch.setattr(spreading, "WORK_PER_BLOCK_MAX", 1)
    at.make([milk("M1")], [tea(2)])
    at.wait(1)
    assert at.record(recall_id).spreading
    at.done("buyer", ("order.create", create((at.tea, 1))))
    at.settle()
    assert at.recall_of(tea(2)) == recall_id
