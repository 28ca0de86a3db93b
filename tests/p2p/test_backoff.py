"""Delays between attempts: doubling, bounded, spread by the jitter that is given."""

from p2p.backoff import Backoff
from p2p.limits import Limits

LIMITS = Limits(backoff_first_s=0.1, backoff_max_s=1.0)


def test_delays_double_up_to_the_largest() -> None:
    backoff = Backoff(LIMITS, lambda: 1.0)
    assert [backoff.next_delay_s() for _ in range(6)] == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_the_least_jitter_halves_a_delay() -> None:
    backoff = Backoff(LIMITS, lambda: 0.0)
    assert [backoff.next_delay_s() for _ in range(2)] == [0.05, 0.1]


def test_after_a_success_the_first_delay_comes_again() -> None:
    backoff = Backoff(LIMITS, lambda: 1.0)
    backoff.next_delay_s()
    backoff.next_delay_s()
    backoff.reset()
    assert backoff.next_delay_s() == 0.1
