"""Chain and independent books agree on 100,000 random operations, in which everything happens."""

from functools import cache

import pytest

from commerce import settlement
from commerce.escrow import EDGES, State, Trigger
from tests.commerce.double_entry.play import DECISIONS, Tally
from tests.commerce.shop_runs import run

OPERATIONS = 100_000
PARTS = 8
# The states of the automaton as the books name them.
STATES = {
    "unpaid": State.UNFUNDED,
    "held": State.HELD,
    "late": State.LATE,
    "transit": State.IN_TRANSIT,
    "delivered": State.DELIVERED,
    "released": State.RELEASED,
    "pending": State.REFUND_PENDING,
    "rejected": State.REJECTED,
    "countered": State.COUNTERED,
    "returning": State.RETURNING,
    "sent": State.RETURN_IN_TRANSIT,
    "back": State.RETURN_DELIVERED,
    "exchanging": State.EXCHANGING,
    "recalled": State.RECALLED,
    "disputed": State.DISPUTED,
}
# Without arbiters nothing is ruled, and the draw ends a dispute before its cap does. A recall
# leaves units in dispute alone.
ELSEWHERE = {
    (State.DISPUTED, Trigger.RULE),
    (State.DISPUTED, Trigger.RECALL),
    (State.DISPUTED, Trigger.DISPUTE_TIMEOUT),
    *((State.DECIDED, edge.trigger) for edge in EDGES if edge.source is State.DECIDED),
}
# Silences that a part of this size meets by chance only; all parts together do.
SELDOM = 2


@cache
def part(number: int) -> Tally:
    """Some of the markets."""
    tally, wrong = run(f"part {number}", OPERATIONS // PARTS, lambda _: None)
    assert wrong is None, wrong
    return tally


@pytest.mark.parametrize("number", range(PARTS))
def test_chain_and_books_agree_to_the_fen(number: int) -> None:
    assert part(number).operations >= OPERATIONS // PARTS


def test_every_type_is_accepted_and_refused_and_every_edge_is_taken() -> None:
    total = Tally()
    for number in range(PARTS):
        total.add(part(number))
    assert total.operations >= OPERATIONS
    seldom = {name for name in DECISIONS if total.asked[name, True] < SELDOM}
    assert seldom == set()
    unrefused = {name for name in DECISIONS if not total.asked[name, False]}
    assert unrefused <= {"asset.issue", "coupon.withdraw"}
    table = {(edge.source, edge.trigger) for edge in EDGES} - ELSEWHERE
    taken = {(STATES.get(state), trigger) for state, trigger in total.taken}
    assert {entry for entry in table if entry not in taken} == set()


def test_a_coupon_that_is_refunded_to_the_wrong_one_is_found_and_told_in_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def all_to_the_payer(*args: object) -> list[tuple[None, int]]:
        interval = args[2]
        assert isinstance(interval, tuple)
        return [(None, interval[1] - interval[0])]

    monkeypatch.setattr(settlement, "parts_of", all_to_the_payer)
    tally, wrong = run("a wrong chain", 5_000, lambda _: None)
    assert wrong is not None
    assert tally.operations < 5_000
    told = wrong.splitlines()
    assert told[0].startswith("market 'a wrong chain/0' ")
    # Made, paid and refunded: little else is left of it.
    assert len([line for line in told if "Block(" in line]) <= 8
