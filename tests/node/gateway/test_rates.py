"""Tests of how often somebody may ask."""

import pytest

from node.gateway.rates import BUCKETS_MAX, BURST_S, Rates, TooManyRequests


def taken(rates: Rates, name: str, rate: int, now_s: float) -> int:
    """How many requests pass at one moment."""
    count = 0
    while True:
        try:
            rates.take(name, rate, now_s)
        except TooManyRequests:
            return count
        count += 1


def test_a_burst_passes_and_then_the_rate() -> None:
    rates = Rates()
    assert taken(rates, "erp", 10, 0.0) == 10 * BURST_S
    assert taken(rates, "erp", 10, 0.5) == 5
    assert taken(rates, "erp", 10, 0.55) == 0
    assert taken(rates, "erp", 10, 1_000.0) == 10 * BURST_S


def test_tokens_have_buckets_of_their_own() -> None:
    rates = Rates()
    assert taken(rates, "one", 1, 0.0) == BURST_S
    assert taken(rates, "two", 1, 0.0) == BURST_S


def test_whoever_must_wait_is_told_how_long() -> None:
    rates = Rates()
    taken(rates, "erp", 2, 0.0)
    with pytest.raises(TooManyRequests) as refused:
        rates.take("erp", 2, 0.25)
    wait_s = refused.value.retry_after_ms / 1000
    assert 0.25 <= wait_s <= 0.26
    rates.take("erp", 2, 0.25 + wait_s)


def test_buckets_do_not_grow_without_end() -> None:
    rates = Rates()
    for number in range(BUCKETS_MAX + 50):
        rates.take(str(number), 1, 0.0)
    assert len(rates._buckets) == BUCKETS_MAX


def test_what_costs_more_takes_more_and_what_costs_most_a_whole_bucket() -> None:
    rates = Rates()
    rates.take("erp", 2, 0.0, cost=5)
    assert taken(rates, "erp", 2, 0.0) == 3
    rates.take("erp", 2, 100.0, cost=1_000)
    assert taken(rates, "erp", 2, 100.0) == 0


def test_of_too_many_the_one_that_asked_least_lately_is_forgotten() -> None:
    rates = Rates(2)
    for name in ("one", "two", "one", "three"):
        rates.take(name, 1, 0.0)
    assert taken(rates, "one", 1, 0.0) == BURST_S - 2
    assert taken(rates, "two", 1, 0.0) == BURST_S
