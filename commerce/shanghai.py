"""Calendar days in Asia/Shanghai from integers: UTC+8 without summer time since 1992.

On a test chain with a `time_scale` the calendar runs as much faster as everything else: a block
time is multiplied into commercial time, the calendar is asked there, the answer is divided back.
"""

DAY_MS = 24 * 60 * 60 * 1000
OFFSET_MS = 8 * 60 * 60 * 1000
# 消费者权益保护法 art. 25: goods bought at a distance may be returned within seven days of receipt
# without a reason; 民法典 art. 201: the day of receipt doesn't count.
RETURN_WINDOW_DAYS = 7


def end_of_day_after_ms(time_ms: int, days: int, time_scale: int) -> int:
    """The first block time after the end of the `days`-th calendar day after that of `time_ms`."""
    commercial_ms = time_ms * time_scale
    day = (commercial_ms + OFFSET_MS) // DAY_MS
    end_ms = (day + days + 1) * DAY_MS - OFFSET_MS
    return -(-end_ms // time_scale)


def return_window_end_ms(signed_ms: int, time_scale: int, clock_drift_max_ms: int) -> int:
    """When the right to return without a reason has surely ended for a parcel signed for then.

    The clocks of the primary that stamped the signing and of the one that stamps the return may
    each be wrong by the drift that consensus allows, so the buyer gets both. (A move past public
    holidays, 民法典 art. 203, needs the calendar as a parameter: the after-sale rules bring it.)
    """
    end_ms = end_of_day_after_ms(signed_ms, RETURN_WINDOW_DAYS, time_scale)
    return end_ms + 2 * clock_drift_max_ms
