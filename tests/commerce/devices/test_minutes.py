"""A few of the random trips of tests/commerce/devices/minutes.py."""

import pytest

from tests.commerce.devices.minutes import Leg, by_hand, play, random_legs


@pytest.mark.parametrize("seed", range(8))
def test_a_random_trip_costs_each_carrier_what_the_minutes_say(seed: int) -> None:
    play(*random_legs(seed))


def test_the_books_count_by_hand() -> None:
    legs = [Leg(21, 30, 0, hands_over=False), Leg(0, 60, 50, hands_over=True)]
    # Of 81 minutes outside 30 are free: 21 for the gap, 9 more; 51 minutes at 50 per mille are 425,
    # 21 of them before the hand-over in the middle of the hour.
    assert by_hand(legs, 111) == {"carrier": 175, "haulier": 250}
