"""Calendar days in Asia/Shanghai from integers: UTC+8 without summer time since 1992.

On a test chain with a `time_scale` the calendar runs as much faster as everything else: a block
time is multiplied into commercial time, the calendar is asked there, the answer is divided back.
"""

from collections.abc import Container, Sequence

DAY_MS = 24 * 60 * 60 * 1000
OFFSET_MS = 8 * 60 * 60 * 1000
# 消费者权益保护法 art. 25: goods bought at a distance may be returned within seven days of receipt
# without a reason; 民法典 art. 201: the day of receipt doesn't count.
RETURN_WINDOW_DAYS = 7
# How many rest days follow one another at most (nine in the years since 2013), so that a vote about
# the calendar can't put off the end of anything.
HOLIDAY_RUN_MAX = 10


def day_of(time_ms: int, time_scale: int) -> int:
    """The calendar day of a block time, in days since 1970."""
    return (time_ms * time_scale + OFFSET_MS) // DAY_MS


def end_of_day_ms(day: int, time_scale: int) -> int:
    """The first block time after the end of a calendar day."""
    end_ms = (day + 1) * DAY_MS - OFFSET_MS
    return -(-end_ms // time_scale)


def end_of_day_after_ms(time_ms: int, days: int, time_scale: int) -> int:
    """The first block time after the end of the `days`-th calendar day after that of `time_ms`."""
    return end_of_day_ms(day_of(time_ms, time_scale) + days, time_scale)


def last_day(day: int, holidays: Container[int]) -> int:
    """The last day of a period that would end on `day`.

    民法典 art. 203: where that is a statutory rest day (法定休假日), the day after the rest is the
    last. `holidays` lists them all, the weekends that are rest days among them, as days since 1970;
    weekends that the State Council swaps for working days are simply not in it.
    """
    while day in holidays:
        day += 1
    return day


def return_window_end_ms(
    signed_ms: int, time_scale: int, clock_drift_max_ms: int, holidays: Container[int] = ()
) -> int:
    """When the right to return without a reason has surely ended for a parcel signed for then.

    The clocks of the primary that stamped the signing and of the one that stamps the return may
    each be wrong by the drift that consensus allows, so the buyer gets both.
    """
    day = last_day(day_of(signed_ms, time_scale) + RETURN_WINDOW_DAYS, holidays)
    return end_of_day_ms(day, time_scale) + 2 * clock_drift_max_ms


def longest_run(holidays: Sequence[int]) -> int:
    """How many days of an ascending calendar follow one another at most."""
    longest = run = 0
    last: int | None = None
    for day in holidays:
        run = run + 1 if last is not None and day == last + 1 else 1
        longest, last = max(longest, run), day
    return longest
