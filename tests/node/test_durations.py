"""Durations are read and written exactly, in the largest unit that fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.durations import duration_text, parse_duration, read_age


@given(st.integers(min_value=0, max_value=2**48))
def test_a_duration_survives_its_text(duration_ms: int) -> None:
    assert parse_duration(duration_text(duration_ms)) == duration_ms


def test_a_duration_has_the_largest_unit_that_fits() -> None:
    texts = {0: "0 d", 1500: "1500 ms", 90_000: "90 s", 5_400_000: "90 min", 864_000_000: "10 d"}
    assert {ms: duration_text(ms) for ms in texts} == texts


@pytest.mark.parametrize(
    ("text", "age_ms"),
    [("10min", 600_000), ("10 min", 600_000), ("90s", 90_000), ("0 ms", 0), ("7d", 604_800_000)],
)
def test_an_age_may_be_typed_without_a_space(text: str, age_ms: int) -> None:
    assert read_age(text) == age_ms


@pytest.mark.parametrize(
    "text", ["", "10", "min", "10 m", "-1 s", "1.5h", "\uff11\uff10min", "10min ", "01s"]
)
def test_what_is_no_age_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        read_age(text)
