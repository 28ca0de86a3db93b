"""EPCIS times: RFC 3339 date-times with an offset, exact to the last digit, without a time zone.

No calendar library: the zone of the machine and the microsecond limit of `datetime` must not
change what the chain agrees on. CBV 2.0 §8.9 rounds to milliseconds; halves go up, with carry.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

TEXT_SIZE_MAX = 64
_DATE_TIME = re.compile(
    r"([0-9]{4}-(?:0[1-9]|1[0-2])-[0-9]{2})[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])"
    r"(?:\.([0-9]{1,34}))?(?:[Zz]|([+-](?:[01][0-9]|2[0-3]):[0-5][0-9]))"
)
_ZONE_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
# Days before each month of a common and of a leap year, and before the next year.
_DAYS_BEFORE = {
    False: (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365),
    True: (0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366),
}
_DAY_S = 86_400
_TWO = tuple(f"{number:02}" for number in range(60))
_DAYS_TO_EPOCH = 719_162  # from 0001-01-01 to 1970-01-01
_DAYS_MAX = 3_652_059  # from 0001-01-01 to 10000-01-01


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A point in time: seconds since 1970 UTC, and the digits of its fraction without end zeros.

    Ordered: such digit strings compare like the fractions they stand for.
    """

    second: int
    fraction: str

    def milliseconds(self) -> int:
        """UTC milliseconds since 1970 (negative before), halves rounded up."""
        whole = int(self.fraction[:3].ljust(3, "0"))
        carry = self.fraction[3:4] >= "5"
        return self.second * 1000 + whole + carry


def read_instant(text: str) -> Instant | None:
    """The instant of an RFC 3339 date-time with an offset, else None.

    Years 0001 to 9999, in the offset given as well as in UTC after rounding; no leap seconds; at
    most 34 digits of a second.
    """
    return _read(text) if len(text) <= TEXT_SIZE_MAX else None


# Every time is asked for by the shape, by the sensor rules and by the hash.
@lru_cache(maxsize=1024)
def _read(text: str) -> Instant | None:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    date, hour, minute, second, fraction, offset = match.groups()
    days = _days(date)
    if days is None:
        return None
    total = days * _DAY_S + int(hour) * 3600 + int(minute) * 60 + int(second)
    if offset is not None:
        total -= _seconds(offset)
    instant = Instant(total - _DAYS_TO_EPOCH * _DAY_S, (fraction or "").rstrip("0"))
    if total < 0 or instant.milliseconds() >= (_DAYS_MAX - _DAYS_TO_EPOCH) * _DAY_S * 1000:
        return None
    return instant


def is_zone_offset(text: str) -> bool:
    """Whether `text` is an eventTimeZoneOffset: ±hh:mm, at most 14 hours (EPCIS 2.0 §7.4.1)."""
    return _ZONE_OFFSET.fullmatch(text) is not None


def utc_text(instant: Instant) -> str:
    """The instant as CBV 2.0 §8.9 writes it: UTC, milliseconds, `Z`."""
    seconds, millisecond = divmod(instant.milliseconds(), 1000)
    days, rest = divmod(seconds, _DAY_S)
    hour, rest = divmod(rest, 3600)
    minute, second = divmod(rest, 60)
    return f"{_date(days)}T{_TWO[hour]}:{_TWO[minute]}:{_TWO[second]}.{millisecond:03}Z"


@lru_cache(maxsize=1024)
def utc_text_of(text: str) -> str:
    """As `utc_text`, of a date-time that `read_instant` has read."""
    instant = read_instant(text)
    assert instant is not None
    return utc_text(instant)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@lru_cache(maxsize=1024)
def _days(date: str) -> int | None:
    """Days from 0001-01-01 to a date like 2024-05-01, or None if there is no such date."""
    year, month, day = map(int, date.split("-"))
    start, end = _DAYS_BEFORE[_is_leap(year)][month - 1 : month + 1]
    if year < 1 or not 1 <= day <= end - start:
        return None
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + start + day - 1


@lru_cache(maxsize=1024)
def _date(days: int) -> str:
    """The date so many days after 1970-01-01, in the proleptic Gregorian calendar."""
    cycles, rest = divmod(days + _DAYS_TO_EPOCH, 146_097)
    centuries = min(rest // 36_524, 3)
    rest -= centuries * 36_524
    fours, rest = divmod(rest, 1_461)
    years = min(rest // 365, 3)
    rest -= years * 365
    year = cycles * 400 + centuries * 100 + fours * 4 + years + 1
    starts = _DAYS_BEFORE[_is_leap(year)]
    month = bisect_right(starts, rest)
    return f"{year:04}-{month:02}-{rest - starts[month - 1] + 1:02}"


@lru_cache(maxsize=256)
def _seconds(offset: str) -> int:
    """The seconds of an offset like -05:30."""
    seconds = int(offset[1:3]) * 3600 + int(offset[4:]) * 60
    return -seconds if offset[0] == "-" else seconds
