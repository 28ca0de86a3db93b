"""The bound on how long anything lives."""

from commerce.banking.lifetime import LIFE_MAX_MS, longest_life_ms
from commerce.timers import DAY_MS, SHIP_WITHIN_MAX_MS, TIMERS


def test_by_the_defaults_everything_ends_in_time() -> None:
    assert 200 * DAY_MS < longest_life_ms({}) <= LIFE_MAX_MS


def test_all_timers_at_their_longest_would_take_too_long() -> None:
    assert longest_life_ms({rule.name: rule.max_ms for rule in TIMERS}) > LIFE_MAX_MS


def test_a_longer_stage_makes_a_longer_life() -> None:
    staged = ["pay_ms", "ship_refund_ms", "lost_ms", "answer_shipped_ms", "return_accept_ms"]
    staged += ["exchange_ms", "dispute_cap_ms", "recall_ms"]
    shortest = {rule.name: rule.min_ms for rule in TIMERS}
    for name in staged:
        longer = {**shortest, name: shortest[name] + DAY_MS}
        assert longest_life_ms(longer) > longest_life_ms(shortest), name
    # A listing's promise is longer than the chain's own time to ship.
    assert longest_life_ms({"ship_ms": SHIP_WITHIN_MAX_MS}) == longest_life_ms({})
