"""Calendar days in Shanghai from integers, against the standard library's."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from commerce.shanghai import (
    DAY_MS,
    day_of,
    end_of_day_after_ms,
    end_of_day_ms,
    last_day,
    return_window_end_ms,
)

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


def test_a_window_that_would_end_in_a_holiday_ends_after_it() -> None:
    """Signed for on 25 September 2026, so that the window would end on Friday, 2 October."""
    signed = in_ms(datetime(2026, 9, 25, 12, 0, tzinfo=CST))
    national = tuple(day(2026, 10, n) for n in range(1, 8))
    working_sunday = (*national, day(2026, 10, 11))
    back_at_work = in_ms(datetime(2026, 10, 9, 0, 0, tzinfo=CST))
    assert return_window_end_ms(signed, 1, 0) == in_ms(datetime(2026, 10, 3, tzinfo=CST))
    assert return_window_end_ms(signed, 1, 0, national) == back_at_work
    assert return_window_end_ms(signed, 1, 0, working_sunday) == back_at_work
    # A holiday within the window, or on the day after its end, moves nothing.
    within = (day(2026, 9, 27), day(2026, 10, 1), day(2026, 10, 3))
    assert return_window_end_ms(signed, 1, 0, within) == return_window_end_ms(signed, 1, 0)


def test_holidays_move_days_on_a_fast_chain_too() -> None:
    scale = 1_000
    signed = in_ms(datetime(2026, 9, 25, 12, 0, tzinfo=CST)) // scale
    rest = (day_of(signed, scale) + 7,)
    gained = return_window_end_ms(signed, scale, 0, rest) - return_window_end_ms(signed, scale, 0)
    assert gained == DAY_MS // scale


@given(st.integers(0, 30_000), st.sets(st.integers(0, 40)))
def test_the_last_day_is_the_next_working_day(first: int, rest: set[int]) -> None:
    holidays = tuple(sorted(first + n for n in rest))
    found = last_day(first, holidays)
    assert found not in holidays
    assert all(between in holidays for between in range(first, found))


def day(year: int, month: int, date: int) -> int:
    return (datetime(year, month, date, tzinfo=UTC) - EPOCH).days


def test_days_are_counted_from_1970_in_shanghai() -> None:
    just_before = in_ms(datetime(2026, 10, 1, tzinfo=CST)) - 1
    assert day_of(just_before, 1) == day(2026, 9, 30)
    assert day_of(just_before + 1, 1) == day(2026, 10, 1)
    assert end_of_day_ms(day(2026, 9, 30), 1) == just_before + 1


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
