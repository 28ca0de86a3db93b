"""The spread of a recall: what was made of its roots is marked, in this block or the next ones."""

import pytest

from chain.block import OK
from commerce.recalls import spreading
from commerce.recalls.blocked import TOUCHED, recalled_products
from tests.commerce.recalls.dairy import MILK, Dairy, cake, milk, tea
from tests.commerce.shop import CAKE, TEA, create


def two_batches() -> Dairy:
    """Milk M1 is in tea 1 to 3 and cake 1, milk M2 in tea 4 to 6."""
    at = Dairy()
    at.make([milk("M1")], [tea(1), tea(2), tea(3), cake(1)])
    at.make([milk("M2")], [tea(4), tea(5), tea(6)])
    return at


def test_what_was_made_of_a_recalled_lot_is_recalled_and_nothing_else() -> None:
    at = two_batches()
    recall_id = at.recall("M1")
    assert at.recalled(milk("M1"), tea(1), tea(3), cake(1)) == [True] * 4
    assert at.recalled(milk("M2"), tea(4), tea(6), cake(2)) == [False] * 4
    assert at.recall_of(tea(2)) == recall_id
    touched = [key[:14].decode() for key, _ in TOUCHED.items(at.state)]
    assert touched == sorted([MILK, TEA, CAKE])


def test_a_recalled_item_is_recalled_alone() -> None:
    at = two_batches()
    at.recall(items=[tea(2)], code=TEA)
    assert at.recalled(tea(1), tea(2), tea(3)) == [False, True, False]


def test_a_window_recalls_what_was_made_of_the_product_in_it() -> None:
    at = Dairy()
    start_ms = at.time_ms
    at.commission([tea(1)], start_ms - 1)
    at.commission([tea(2)], start_ms)
    # Made together with another product's goods: only the tea is of the window.
    at.make([milk("M1")], [tea(3), cake(3)], time_ms=start_ms + 10)
    at.commission([tea(4)], start_ms + 20)
    at.recall(window=(start_ms, start_ms + 20), code=TEA)
    assert at.recalled(tea(1), tea(2), tea(3), tea(4)) == [False, True, True, False]
    assert at.recalled(cake(3)) == [False]


def test_the_product_is_held_in_the_recalls_own_block_and_what_it_reached_until_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = two_batches()
    monkeypatch.setattr(spreading, "MARKS_PER_BLOCK_MAX", 1)
    monkeypatch.setattr(spreading, "WORK_PER_BLOCK_MAX", 1)
    recall_id = at.recall("M1")
    blocks = 0
    while at.record(recall_id).spreading:
        assert at.send("buyer", ("order.create", create((at.milk, 1)))).status == "ProductRecalled"
        at.wait(1)
        blocks += 1
    assert blocks
    at.settle()
    for listing in (at.milk, at.tea, at.cake):
        assert at.send("buyer", ("order.create", create((listing, 1)))).status == OK
    assert [entry.spreading for entry in recalled_products(at.state)] == [False]


def test_a_spread_in_small_steps_marks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    things = [milk("M1"), milk("M2"), *(tea(n) for n in range(1, 7)), cake(1)]
    quick, slow = two_batches(), two_batches()
    quick.recall("M1")
    for name in ("MARKS_PER_BLOCK_MAX", "WORK_PER_BLOCK_MAX", "ROWS_PER_STEP_MAX"):
        monkeypatch.setattr(spreading, name, 1)
    recall_id = slow.recall("M1")
    while slow.record(recall_id).due_ms is not None:
        slow.wait(1)
    assert slow.recalled(*things) == quick.recalled(*things)
    assert slow.record(recall_id).progress.marks == quick.record(recall_id).progress.marks


def test_a_spread_that_is_too_large_holds_what_it_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = two_batches()
    monkeypatch.setattr("commerce.recalls.marks.MARKS_MAX", 1)
    recall_id = at.recall("M1")
    at.settle()
    assert at.record(recall_id).progress.full
    assert at.record(recall_id).due_ms is None
    at.extend(recall_id, "M2", recall_class=1)
    at.settle()
    assert at.record(recall_id).due_ms is None
    assert at.send("buyer", ("order.create", create((at.milk, 1)))).status == "ProductRecalled"
    assert at.close(recall_id) == OK
    at.done("buyer", ("order.create", create((at.milk, 1))))


def test_two_recalls_spread_one_a_block() -> None:
    at = two_batches()
    first, second = at.recall("M1"), at.recall(items=[tea(4)], code=TEA)
    at.settle()
    assert at.recall_of(tea(1)) == first
    assert at.recall_of(tea(4)) == second


def test_a_thing_is_recalled_with_its_whole_product_while_that_is_open() -> None:
    at = two_batches()
    recall_id = at.recall(code=TEA)
    at.settle()
    assert at.recall_of(tea(5)) == recall_id
    assert at.recall_of(cake(1)) is None
    at.close(recall_id)
    assert at.recall_of(tea(5)) is None
