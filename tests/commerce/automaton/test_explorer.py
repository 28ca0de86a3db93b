"""Every reachable state of an order ends by itself, in time, with the money where it belongs."""

from commerce.escrow import EDGES, State, Trigger
from commerce.life import LIFE_MAX_MS, longest_life_ms
from tests.bench.command import say
from tests.commerce.automaton.explorer import Explorer, describe

# Rulings need a panel: tests/commerce/disputes/ has one.
ELSEWHERE = {
    (State.DISPUTED, Trigger.RULE),
    (State.DISPUTED, Trigger.DISPUTE_TIMEOUT),
    *((State.DECIDED, edge.trigger) for edge in EDGES if edge.source is State.DECIDED),
}


def test_all_states_of_one_unit_end_when_everybody_is_silent() -> None:
    found = Explorer(1).explore()
    say(describe(found))
    assert len(found.states) > 1_000
    assert len(found.edges) > 3 * len(found.states)
    assert found.longest_ms < longest_life_ms({}) <= LIFE_MAX_MS
    # Nothing is vacuous: every edge of the table was taken by a real transaction or transition.
    table = {(edge.source, edge.trigger) for edge in EDGES} - ELSEWHERE
    untaken = {(str(source), str(trigger)) for source, trigger in table} - set(found.taken)
    assert untaken == set()
