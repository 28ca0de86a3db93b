"""Calendar days in Shanghai from integers, against the standard library's."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from commerce.shanghai import DAY_MS, end_of_day_after_ms, return_window_end_ms

CST = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def in_ms(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def test_the_day_of_signing_does_not_count_and_the_seventh_counts_whole() -> None:
    morning = in_ms(datetime(2026, 3, 1, 0, 0, tzinfo=CST))
    evening = in_ms(datetime(2026, 3, 1, 23, 59, 59, tzinfo=CST))
    end = in_ms(datetime(2026, 3, 9, 0, 0, tzinfo=CST))
    assert return_window_end_ms(morning, 1, 0) == end
    assert return_window_end_ms(evening, 1, 0) == end
    assert return_window_end_ms(evening + 1_000, 1, 0) == end + DAY_MS
    assert return_window_end_ms(morning, 1, 5_000) == end + 10_000


@given(st.datetimes(datetime(1992, 1, 1), datetime(2400, 1, 1)), st.integers(0, 30))  # noqa: DTZ001 (hypothesis wants naive bounds)
def test_days_end_when_the_calendar_says(naive: datetime, days: int) -> None:
    local = naive.replace(tzinfo=CST)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    expected = in_ms(midnight + timedelta(days=days + 1))
    assert end_of_day_after_ms(in_ms(local), days, 1) == expected


@given(st.integers(0, 2**42), st.integers(1, 10_000))
def test_on_a_fast_chain_days_are_as_much_shorter(time_ms: int, scale: int) -> None:
    end_ms = end_of_day_after_ms(time_ms, 7, scale)
    commercial_ms = end_ms * scale
    assert 7 * DAY_MS < commercial_ms - time_ms * scale < 8 * DAY_MS + scale
    assert (commercial_ms + 8 * 3_600_000) % DAY_MS < scale
