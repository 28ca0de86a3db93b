"""The automaton as a table: complete, deterministic, and with an end that silence reaches."""

import itertools
from collections.abc import Iterator

import pytest

from commerce.errors import StateForbids
from commerce.escrow import (
    BACK,
    CLOCK_KINDS,
    CLOCKS,
    EDGES,
    FUNDED,
    REQUESTABLE,
    TERMINAL,
    Edge,
    Money,
    State,
    Trigger,
    When,
    edge_from,
    satisfied,
    target_of,
)
from commerce.registry import TRANSITIONS, TYPES

# States of the normal path: where units come back to.
NORMAL = (State.HELD, State.LATE, State.IN_TRANSIT, State.DELIVERED, State.RELEASED)


def test_a_state_a_trigger_and_what_was_asked_lead_to_one_edge_or_are_refused() -> None:
    table = {(edge.source, edge.trigger, edge.when): edge for edge in EDGES}
    assert len(table) == len(EDGES)
    for state, trigger, when in itertools.product(State, Trigger, When):
        if (state, trigger, when) in table:
            assert edge_from(state.value, trigger, when) is table[state, trigger, when]
        else:
            with pytest.raises(StateForbids, match=state.value):
                edge_from(state.value, trigger, when)


def test_what_was_asked_makes_a_choice_that_is_complete() -> None:
    chosen: dict[tuple[State, Trigger], set[When]] = {}
    for edge in EDGES:
        chosen.setdefault((edge.source, edge.trigger), set()).add(edge.when)
    received = {When.RETURNS, When.EXCHANGES}
    agreed = received | {When.KEEPS}
    for (_, trigger), whens in chosen.items():
        if trigger in (Trigger.AGREE, Trigger.ANSWER_TIMEOUT):
            assert whens == agreed
        elif trigger is Trigger.ACCEPT_COUNTER:
            # An offer is money, with or without the goods back.
            assert whens == {When.KEEPS, When.RETURNS}
        elif trigger in (Trigger.RECEIVE, Trigger.RECEIVE_TIMEOUT):
            assert whens == received
        elif trigger is Trigger.KEEP:
            assert whens == {When.KEEPS, When.RETURNS}
        else:
            assert whens == {When.ALWAYS}


def test_every_trigger_is_a_registered_type_or_transition() -> None:
    names = {entry.name for entry in TYPES} | {entry.kind for entry in TRANSITIONS}
    assert {edge.trigger for edge in EDGES} == set(Trigger)
    assert {trigger.value for trigger in Trigger} <= names


def test_each_state_either_has_one_clock_or_is_an_end() -> None:
    assert set(CLOCKS) | set(TERMINAL) == set(State)
    assert not set(CLOCKS) & set(TERMINAL)
    assert not [edge for edge in EDGES if edge.source in TERMINAL]
    for state in CLOCKS:
        kinds = {edge.trigger for edge in EDGES if edge.source is state and edge.who == "–"}
        assert kinds == {CLOCKS[state]}
        assert CLOCK_KINDS[state.value] == CLOCKS[state].value


def silent_ends(state: State, origin: State) -> set[State]:
    """Where units in `state` may end with everybody silent, if `origin` is what they go back to."""
    ends: set[State] = set()
    for edge in EDGES:
        if edge.source is state and edge.who == "–":
            target = origin if edge.target is BACK else target_of(edge)
            ends |= {target} if target in TERMINAL else silent_ends(target, origin)
    return ends


SILENCE = {
    State.UNFUNDED: {State.CLOSED},
    State.HELD: {State.REFUNDED},
    State.LATE: {State.REFUNDED},
    State.IN_TRANSIT: {State.REFUNDED},
    # Released on the way; the end is that of the windows.
    State.DELIVERED: {State.CLOSED},
    State.RELEASED: {State.CLOSED},
    State.RETURN_IN_TRANSIT: {State.REFUNDED},
    State.RETURN_DELIVERED: {State.REFUNDED},
    State.EXCHANGING: {State.REFUNDED},
    State.RECALLED: {State.REFUNDED},
    State.DISPUTED: {State.SPLIT},
    State.DECIDED: {State.SPLIT},
}


@pytest.mark.parametrize("state", list(SILENCE))
def test_with_everybody_silent_each_state_ends_where_the_specification_says(state: State) -> None:
    assert silent_ends(state, State.HELD) == SILENCE[state]


@pytest.mark.parametrize("origin", NORMAL)
@pytest.mark.parametrize("state", [State.REJECTED, State.COUNTERED, State.RETURNING])
def test_a_request_that_nobody_goes_on_with_ends_as_its_units_would_have(
    state: State, origin: State
) -> None:
    assert silent_ends(state, origin) == SILENCE[origin]


@pytest.mark.parametrize("origin", NORMAL)
def test_a_silent_seller_has_agreed(origin: State) -> None:
    """To the money; or to a return, which a buyer that is silent too never sends."""
    assert silent_ends(State.REFUND_PENDING, origin) == {State.REFUNDED} | SILENCE[origin]


def test_only_what_closes_a_request_leads_back() -> None:
    """So that every life is finite: a unit's tries are counted, and everything else goes on."""
    back = {edge.trigger for edge in EDGES if edge.target is BACK}
    closing = (Trigger.COUNTER_TIMEOUT, Trigger.WITHDRAW, Trigger.RETURN_SHIP_TIMEOUT)
    assert back == set(closing)
    # An exchange begins another delivery, an appeal another hearing: both are counted too; and who
    # keeps recalled goods keeps its rights for their windows.
    counted = (Trigger.EXCHANGE_SHIP, Trigger.APPEAL, Trigger.KEEP)
    onward = [edge for edge in EDGES if edge.target is not BACK and edge.trigger not in counted]
    assert not list(_cycles(onward))


def _cycles(edges: list[Edge]) -> Iterator[State]:
    """States that edges lead back to."""
    following: dict[State, set[State]] = {}
    for edge in edges:
        following.setdefault(edge.source, set()).add(target_of(edge))
    for state in State:
        seen: set[State] = set()
        waiting = list(following.get(state, ()))
        while waiting:
            reached = waiting.pop()
            if reached not in seen:
                seen.add(reached)
                waiting += following.get(reached, ())
        if state in seen:
            yield state


def test_money_comes_in_by_paying_and_goes_out_where_units_end() -> None:
    for edge in EDGES:
        assert (edge.money is Money.HOLD) == (edge.source is State.UNFUNDED and _holds(edge.target))
        out = edge.money in (Money.RELEASE, Money.REFUND, Money.SPLIT)
        ends = _holds(edge.source) and edge.target in (*TERMINAL, State.RELEASED)
        assert out == ends, edge


def test_what_an_edge_does_with_money_is_what_its_target_is_called() -> None:
    called = {
        Money.RELEASE: State.RELEASED,
        Money.REFUND: State.REFUNDED,
        Money.SPLIT: State.SPLIT,
    }
    for edge in EDGES:
        if edge.money in called:
            assert edge.target is called[edge.money], edge


def _holds(state: State | None) -> bool:
    return state in (*FUNDED, State.RECALLED)


def test_a_recall_stops_every_state_that_holds_money() -> None:
    stopped = {edge.source for edge in EDGES if edge.trigger is Trigger.RECALL}
    unfunded = {State.UNFUNDED, State.RELEASED, State.RECALLED}
    assert set(FUNDED) == set(State) - unfunded - set(TERMINAL)
    # A panel that has units decides about them; no silence pays the seller there.
    assert stopped == set(FUNDED) - {State.DISPUTED, State.DECIDED}


def test_a_buyer_may_ask_in_every_state_of_the_normal_path() -> None:
    assert REQUESTABLE == NORMAL
    asked = {edge.source for edge in EDGES if edge.trigger is Trigger.REQUEST}
    assert asked == set(NORMAL)


def test_only_units_that_never_left_return_to_the_stock() -> None:
    unshipped = (State.UNFUNDED, State.HELD, State.LATE)
    for edge in EDGES:
        assert edge.stock_back == (edge.source in unshipped and edge.target in TERMINAL)


def test_nobody_but_the_parties_their_carrier_arbiters_and_regulators_move_money() -> None:
    allowed = {"any", "–", "A", "B", "B + C", "B + S", "B or S", "C", "R", "S", "S + C"}
    assert {edge.who for edge in EDGES} == allowed
    for edge in EDGES:
        # Only the buyer's word, or its silence, or a ruling pays the seller.
        if edge.money is Money.RELEASE:
            assert edge.who in ("B", "–")
        # And against the seller's will only the clock, a carrier, or a buyer that waited too long.
        if edge.money is Money.REFUND and edge.who == "B":
            assert edge.source in (State.LATE, State.COUNTERED, State.RECALLED)


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
