"""The automaton as a table: complete, deterministic, and with an end that silence reaches."""

import itertools

import pytest

from commerce.errors import StateForbids
from commerce.escrow import (
    CLOCKS,
    EDGES,
    TERMINAL,
    Money,
    State,
    Trigger,
    edge_from,
    satisfied,
)
from commerce.registry import TRANSITIONS, TYPES

FUNDED = (State.HELD, State.LATE, State.IN_TRANSIT, State.DELIVERED)


def test_a_state_and_a_trigger_lead_to_one_edge_or_are_refused() -> None:
    table = {(edge.source, edge.trigger): edge for edge in EDGES}
    assert len(table) == len(EDGES)
    for state, trigger in itertools.product(State, Trigger):
        if (state, trigger) in table:
            assert edge_from(state.value, trigger) is table[state, trigger]
        else:
            with pytest.raises(StateForbids, match=state.value):
                edge_from(state.value, trigger)


def test_every_trigger_is_a_registered_type_or_transition() -> None:
    names = {entry.name for entry in TYPES} | {entry.kind for entry in TRANSITIONS}
    assert {trigger.value for trigger in Trigger} <= names
    assert {edge.trigger for edge in EDGES} == set(Trigger)
    assert {entry.kind for entry in TRANSITIONS} == {trigger.value for trigger in CLOCKS.values()}


def test_each_state_either_has_a_clock_or_is_an_end() -> None:
    assert set(CLOCKS) | set(TERMINAL) == set(State)
    assert not set(CLOCKS) & set(TERMINAL)
    assert not [edge for edge in EDGES if edge.source in TERMINAL]


@pytest.mark.parametrize("state", list(CLOCKS))
def test_with_everybody_silent_each_state_ends_where_the_specification_says(state: State) -> None:
    ends = {
        State.UNFUNDED: State.CLOSED,
        State.HELD: State.REFUNDED,
        State.LATE: State.REFUNDED,
        State.IN_TRANSIT: State.REFUNDED,
        State.DELIVERED: State.RELEASED,
    }
    path = [state]
    while path[-1] in CLOCKS:
        path.append(edge_from(path[-1].value, CLOCKS[path[-1]]).target)
        assert len(path) <= len(State)
    assert path[-1] is ends[state]


def test_no_edge_leads_back_so_that_every_life_is_finite() -> None:
    rank = {state: index for index, state in enumerate(State)}
    assert all(rank[edge.source] < rank[edge.target] for edge in EDGES)


def test_money_moves_in_once_and_out_exactly_at_the_ends() -> None:
    for edge in EDGES:
        into_escrow = edge.source not in FUNDED and edge.target in FUNDED
        out_of_escrow = edge.source in FUNDED and edge.target in TERMINAL
        assert (edge.money is Money.HOLD) == into_escrow
        assert (edge.money in (Money.RELEASE, Money.REFUND)) == out_of_escrow
        if out_of_escrow:
            assert (edge.money is Money.RELEASE) == (edge.target is State.RELEASED)


def test_only_units_that_never_left_return_to_the_stock() -> None:
    unshipped = (State.UNFUNDED, State.HELD, State.LATE)
    for edge in EDGES:
        assert edge.stock_back == (edge.source in unshipped and edge.target in TERMINAL)


@pytest.mark.parametrize(
    ("who", "consenting", "enough"),
    [
        ("B or S", "B", True),
        ("B or S", "S", True),
        ("B or S", "", False),
        ("B + S", "B", False),
        ("B + S", "S", False),
        ("B + S", "BS", True),
        ("B", "S", False),
        ("B", "BS", True),
    ],
)
def test_who_must_agree_is_read_from_the_table(who: str, consenting: str, enough: bool) -> None:  # noqa: FBT001 (a table)
    assert satisfied(who, {letter: letter in consenting for letter in "BS"}) == enough
