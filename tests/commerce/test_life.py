"""The bound on how long an order lives, from the table of edges and the timers."""

import pytest

from chain.errors import GenesisInvalid
from commerce.escrow import CLOCKS, State
from commerce.life import LIFE_MAX_MS, longest_from_ms, longest_life_ms, stays_ms
from commerce.timers import DAY_MS, SHIP_WITHIN_MAX_MS, TIMERS
from tests.commerce.world import World, genesis

# The longest way by the default timers, summed by hand from commerce.md: a presale that ships at
# the last moment, is extended, delivered before it counts as lost, exchanged at the end of its
# windows, comes again as late, and is sent back and disputed at the end of those.
WAIT = 45 + 15
TRAVEL_AND_WINDOWS = (30 + 20) + 19
# With the three days of an offer: the table alone doesn't say that it ends the exchange.
EXCHANGE = 5 + 3 + 7 + 15 + 7 + 7
DISPUTED_RETURN = 5 + 3 + 7 + 15 + 7 + 60
LONGEST_DAYS = WAIT + TRAVEL_AND_WINDOWS + EXCHANGE + TRAVEL_AND_WINDOWS + DISPUTED_RETURN


def test_by_the_defaults_the_longest_life_is_the_sum_of_the_longest_way() -> None:
    pay_ms = 120 * 60_000
    assert longest_life_ms({}) == LONGEST_DAYS * DAY_MS + pay_ms
    assert longest_life_ms({}) <= LIFE_MAX_MS


def test_every_state_that_is_no_end_has_a_longest_stay() -> None:
    assert set(stays_ms({})) == set(CLOCKS)


def test_a_life_from_a_later_state_is_shorter() -> None:
    order = (State.UNFUNDED, State.HELD, State.LATE, State.IN_TRANSIT, State.DELIVERED)
    lives = [longest_from_ms({}, state) for state in order]
    assert lives == sorted(lives, reverse=True)
    assert len(set(lives)) == len(lives)


def test_all_timers_at_their_longest_would_take_too_long_and_are_no_genesis() -> None:
    longest = {rule.name: rule.max_ms for rule in TIMERS}
    assert longest_life_ms(longest) > LIFE_MAX_MS
    with pytest.raises(GenesisInvalid, match="days"):
        World(genesis(timers=longest))


def test_each_timer_alone_may_be_at_its_longest() -> None:
    for rule in TIMERS:
        assert longest_life_ms({rule.name: rule.max_ms}) <= LIFE_MAX_MS, rule.name


def test_a_longer_stage_makes_a_longer_life() -> None:
    staged = ["pay_ms", "ship_refund_ms", "lost_ms", "answer_shipped_ms", "return_lost_ms"]
    staged += ["return_ship_ms", "return_accept_ms", "exchange_ms", "dispute_cap_ms"]
    shortest = {rule.name: rule.min_ms for rule in TIMERS}
    for name in staged:
        longer = {**shortest, name: shortest[name] + DAY_MS}
        assert longest_life_ms(longer) > longest_life_ms(shortest), name
    # A listing's promise is longer than the chain's own time to ship.
    assert longest_life_ms({"ship_ms": SHIP_WITHIN_MAX_MS}) == longest_life_ms({})
