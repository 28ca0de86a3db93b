"""When a scheduled query runs: second, minute, hour, day of month, month, day of week, in UTC.

EPCIS 2.0 §8.2.5.3: each field is a list of numbers and ranges that the time must match, like
`5,[10-20]`. GS1's own example also writes steps, as cron does (`0/30`). A field that is left out
matches any value if it is coarser than the finest field that is given, and its lowest value if it
is finer, so that hour 1, minute 5 means once a day, as the standard's own words say.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Final

from chain.errors import HushangError

# Names as the standard has them, the finest first, with their lowest and highest value.
FIELDS: Final = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "dayOfMonth": (1, 31),
    "month": (1, 12),
    "dayOfWeek": (1, 7),
}
TEXT_SIZE_MAX: Final = 256
# A 29th of February on one day of the week comes again after 40 years at most (2100 has none).
DAYS_AHEAD_MAX: Final = 41 * 366
_ELEMENT: Final = re.compile(
    r"(?:\[(?P<low>[0-9]{1,2})-(?P<high>[0-9]{1,2})\]"
    r"|(?P<from>[0-9]{1,2}|\*)/(?P<step>[0-9]{1,2})"
    r"|(?P<one>[0-9]{1,2})|(?P<any>\*))"
)


class ScheduleInvalid(HushangError):
    """The schedule is not of its form, or no time ever matches it."""

    hint = 'like {"hour": "1", "minute": "5"}; ranges are [1-5], lists 1,3,[5-9]'


@dataclass(frozen=True, slots=True)
class Schedule:
    """The values that match of each field, sorted; none of them is empty."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment_ms: int) -> int | None:
        """The first matching time later than a moment (UTC ms); None if there never is one."""
        moment = datetime.fromtimestamp(moment_ms // 1000, UTC)
        day = moment.date()
        for _ in range(DAYS_AHEAD_MAX):
            if self._takes(day):
                found = self._first_in(day, moment)
                if found is not None:
                    return calendar.timegm(found.timetuple()) * 1000
            if day == date.max:
                return None
            day += timedelta(days=1)
        return None

    def _takes(self, day: date) -> bool:
        return (
            day.month in self.months and day.day in self.days and day.isoweekday() in self.weekdays
        )

    def _first_in(self, day: date, moment: datetime) -> datetime | None:
        """The first matching time of a day after a moment."""
        begins = datetime.combine(day, time(), UTC)
        if begins > moment:
            return begins.replace(
                hour=self.hours[0], minute=self.minutes[0], second=self.seconds[0]
            )
        for hour, minute in product(self.hours, self.minutes):
            if (hour, minute) < (moment.hour, moment.minute):
                continue
            for second in self.seconds:
                if (hour, minute, second) > (moment.hour, moment.minute, moment.second):
                    return begins.replace(hour=hour, minute=minute, second=second)
        return None


def read_schedule(fields: Mapping[str, str]) -> Schedule:
    """The schedule of the standard's fields; `ScheduleInvalid`."""
    unknown = sorted(set(fields) - set(FIELDS))
    if unknown or not fields:
        named = f"{unknown[0][:32]} is none of" if unknown else "give at least one of"
        raise ScheduleInvalid(f"{named} {', '.join(FIELDS)}")
    values = {name: _values(name, text) for name, text in fields.items()}
    finest = list(FIELDS).index(min(values, key=list(FIELDS).index))
    for index, (name, (low, high)) in enumerate(FIELDS.items()):
        if name not in values:
            values[name] = {low} if _is_finer(index, finest) else set(range(low, high + 1))
    schedule = Schedule(
        seconds=tuple(sorted(values["second"])),
        minutes=tuple(sorted(values["minute"])),
        hours=tuple(sorted(values["hour"])),
        days=frozenset(values["dayOfMonth"]),
        months=frozenset(values["month"]),
        weekdays=frozenset(values["dayOfWeek"]),
    )
    # 2000 begins a cycle of the calendar.
    if schedule.next_after(946_684_800_000) is None:
        raise ScheduleInvalid("no time ever matches it")
    return schedule


def _is_finer(index: int, finest: int) -> bool:
    """Is a field that was left out finer than all that are given? A day of the week is as coarse
    as a day of the month: with it alone, every such day of any month matches.
    """
    names = list(FIELDS)
    if names[finest] == "dayOfWeek":
        return names[index] in ("second", "minute", "hour")
    return index < finest


def _values(name: str, text: str) -> set[int]:
    low, high = FIELDS[name]
    found: set[int] = set()
    for part in text.split(",") if len(text) <= TEXT_SIZE_MAX else ("",):
        element = _ELEMENT.fullmatch(part)
        if element is None:
            raise ScheduleInvalid(f"{name}: {text[:64]!r} is no list of numbers and ranges")
        found.update(_matched(element, low, high))
    if not found or min(found) < low or max(found) > high:
        raise ScheduleInvalid(f"{name}: {text[:64]!r} is not within {low} to {high}")
    return found


def _matched(element: re.Match[str], low: int, high: int) -> range:
    """The values of one element; empty where a range runs backwards or a step is zero."""
    if element["any"]:
        return range(low, high + 1)
    if element["one"]:
        return range(int(element["one"]), int(element["one"]) + 1)
    if element["low"]:
        return range(int(element["low"]), int(element["high"]) + 1)
    begin = low if element["from"] == "*" else int(element["from"])
    return range(begin, high + 1, int(element["step"])) if int(element["step"]) else range(0)
