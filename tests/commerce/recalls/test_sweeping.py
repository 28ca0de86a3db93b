"""Orders in flight under a recall of lots: named ones are stopped, to the fen, and no others."""

import pytest

from chain.block import OK
from commerce.aftersale.cases import cases_of
from commerce.confirmation import HOLD_MS, OrderConfirm
from commerce.recalls import spreading, sweeping
from commerce.recalls.keeping import OrderKeep
from tests.commerce.recalls.dairy import Dairy, milk, sscc, tea, unit
from tests.commerce.shop import TEA, create
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS


def two_batches() -> Dairy:
    """Milk M1 is in tea 1 to 3, milk M2 in tea 4 to 6."""
    at = Dairy()
    at.make([milk("M1")], [tea(1), tea(2), tea(3)])
    at.make([milk("M2")], [tea(4), tea(5), tea(6)])
    return at


def states(at: Dairy, order_id: bytes) -> list[tuple[str, str, int]]:
    """State, origin and units of an order's cases."""
    return [
        (case.state, case.origin, sum(span.count for line in case.lines for span in line.spans))
        for _, case in cases_of(at.state, order_id, at.load(order_id))
    ]


def test_the_affected_order_is_refunded_after_48_hours_and_the_other_one_is_paid_out() -> None:
    at = two_batches()
    bad, bad_parcel = at.send_items(at.tea, tea(1))
    good, good_parcel = at.send_items(at.tea, tea(4), buyer="friend")
    at.deliver(bad_parcel)
    at.deliver(good_parcel)
    at.recall("M1")
    assert states(at, bad) == [("RECALLED", "DELIVERED", 1)]
    assert states(at, good) == []
    at.confirm(good_parcel, buyer="friend")
    assert at.money("merchant") == 1_000
    at.wait(48 * HOUR_MS - 1)
    assert at.load(bad).lines[0].held_minor == 1_000
    at.wait(1)
    assert at.load(bad).lines[0].refunded_minor == 1_000
    assert (at.money("buyer"), at.money("merchant")) == (FUNDS_MINOR, 1_000)


def test_one_of_two_items_in_a_parcel_is_stopped_and_the_other_one_is_paid_for() -> None:
    at = two_batches()
    order_id, parcel = at.send_items(at.tea, tea(1), tea(4))
    recall_id = at.recall("M1")
    assert states(at, order_id) == [("RECALLED", "IN_TRANSIT", 1)]
    at.deliver(parcel)
    at.confirm(parcel)
    at.wait(48 * HOUR_MS)
    line = at.load(order_id).lines[0]
    assert (line.released_minor, line.refunded_minor, line.held_minor) == (1_000, 1_000, 0)
    assert at.record(recall_id).outstanding == 1


def test_a_marked_lot_stops_all_units_that_no_other_item_names() -> None:
    at = Dairy()
    at.make([milk("M1")], [], classes=["urn:epc:class:lgtin:6901234.000001.T1"])
    at.make([milk("M2")], [tea(4)])
    named = ("urn:epc:class:lgtin:6901234.000001.T1", tea(4))
    order_id, _ = at.send_items(at.tea, *named, quantity=5)
    at.recall("M1")
    assert states(at, order_id) == [("RECALLED", "IN_TRANSIT", 4)]
    at.settle()
    assert states(at, order_id) == [("RECALLED", "IN_TRANSIT", 4)]


def test_a_case_in_which_a_marked_item_lies_is_stopped() -> None:
    at = two_batches()
    at.pack(unit(1), [tea(1), tea(4)])
    at.pack(unit(2), [tea(5), tea(6)])
    at.wait(1)
    bad, _ = at.send_items(at.tea, quantity=2, box=sscc(1))
    good, _ = at.send_items(at.tea, quantity=2, box=sscc(2), buyer="friend")
    recall_id = at.recall("M1")
    assert states(at, bad) == [("RECALLED", "IN_TRANSIT", 1)]
    assert states(at, good) == []
    assert [notice.certainty for notice in at.notices(recall_id).values()] == ["named"]


def test_orders_that_wait_for_their_parcel_go_on() -> None:
    at = two_batches()
    order_id = at.paid((at.tea, 1))
    at.recall("M1")
    assert states(at, order_id) == []
    assert at.send(*at.labelled(order_id, tea(1)), with_=("carrier",)).status == "GoodsRecalled"
    at.ship_items(order_id, tea(4))


def test_parcels_that_named_nothing_are_listed_as_possible_and_go_on() -> None:
    at = Dairy()
    before, _ = at.send_items(at.tea, quantity=1)
    at.wait(DAY_MS)
    at.make([milk("M1")], [tea(1)])
    after, _ = at.send_items(at.tea, quantity=1)
    sold, parcel = at.send_items(at.tea, tea(1))
    at.deliver(parcel)
    at.confirm(parcel)
    recall_id = at.recall("M1")
    found = {key[0]: notice for key, notice in at.notices(recall_id).items()}
    assert {order: notice.certainty for order, notice in found.items()} == {
        after: "possible",
        sold: "named",
    }
    assert before not in found
    assert states(at, after) == states(at, sold) == []
    assert [len(notice.things) for notice in (found[after], found[sold])] == [0, 1]


def test_a_recall_of_a_whole_product_lists_everybody_who_got_some() -> None:
    at = Dairy()
    order_id, parcel = at.send_items(at.tea, quantity=1)
    at.deliver(parcel)
    at.confirm(parcel)
    other, _ = at.send_items(at.cake, quantity=1)
    recall_id = at.recall(code=TEA)
    assert [key[0] for key in at.notices(recall_id)] == [order_id]
    assert other not in [key[0] for key in at.notices(recall_id)]


def test_what_is_marked_later_is_stopped_later_and_nothing_twice() -> None:
    at = two_batches()
    order_id, _ = at.send_items(at.tea, tea(1), tea(4))
    recall_id = at.recall("M1")
    at.extend(recall_id, "M2")
    at.settle()
    assert states(at, order_id) == [("RECALLED", "IN_TRANSIT", 1)] * 2
    at.extend(recall_id, whole=True)
    at.settle()
    assert states(at, order_id) == [("RECALLED", "IN_TRANSIT", 1)] * 2


def test_a_buyer_keeps_marked_goods_that_it_has_unless_that_is_dangerous() -> None:
    at = two_batches()
    _, parcel = at.send_items(at.tea, tea(1))
    at.deliver(parcel)
    recall_id = at.recall("M1")
    order_id = at.parcel(parcel).order_id
    ((case_id, _),) = cases_of(at.state, order_id, at.load(order_id))
    at.extend(recall_id, recall_class=1)
    keep = ("order.keep", OrderKeep(case_id, keep=True))
    assert at.send("buyer", keep).status == "KeepForbidden"


def test_silence_pays_nobody_while_a_recall_spreads(monkeypatch: pytest.MonkeyPatch) -> None:
    at = two_batches()
    bad, bad_parcel = at.send_items(at.tea, tea(1))
    good, good_parcel = at.send_items(at.tea, tea(4), buyer="friend")
    for parcel in (bad_parcel, good_parcel):
        at.deliver(parcel)
    due_ms = at.parcel(good_parcel).due_ms
    assert due_ms is not None
    at.wait(due_ms - at.time_ms - 1)
    # One mark a block: the tea is reached, and not yet known through and through.
    monkeypatch.setattr(spreading, "WORK_PER_BLOCK_MAX", 1)
    recall_id = at.recall(items=[tea(1), tea(2), tea(3)], code=TEA)
    assert at.record(recall_id).spreading
    at.wait(1)
    held = [at.load(order_id).lines[0].held_minor for order_id in (bad, good)]
    assert held == [1_000, 1_000]
    at.settle()
    assert states(at, bad) == [("RECALLED", "DELIVERED", 1)]
    at.wait(HOLD_MS)
    assert at.load(good).lines[0].released_minor == 1_000


def test_a_confirmation_of_a_marked_item_is_refused_until_the_sweep_has_taken_it_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = two_batches()
    _, parcel = at.send_items(at.tea, tea(1), tea(4))
    monkeypatch.setattr(sweeping, "SWEEP_ORDERS_MAX", 0)
    at.recall("M1")
    confirming = ("order.confirm", OrderConfirm(parcel, ()))
    assert at.send("buyer", confirming).status == "GoodsRecalled"
    monkeypatch.setattr(sweeping, "SWEEP_ORDERS_MAX", 100)
    at.wait(1)
    assert at.send("buyer", confirming).status == OK
    assert at.send("buyer", ("order.create", create((at.tea, 1)))).status == OK
