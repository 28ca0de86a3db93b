"""Durations in ticks."""

import pytest

from consensus.config import ticks


@pytest.mark.parametrize(
    ("duration_ms", "count"), [(0, 1), (1, 1), (10, 1), (11, 2), (500, 50), (16_000, 1_600)]
)
def test_a_duration_is_rounded_up_to_ticks_of_10_ms(duration_ms: int, count: int) -> None:
    assert ticks(duration_ms) == count
