"""A file of raw readings, and what a device reports of it.

A line is a time and a value with a comma between, `2026-05-01T08:00:00+08:00,4.5` or
`1777593600000,4.5`; the times ascend. Empty lines and those that begin with # say nothing. Each
other line, as it stands, is a leaf of the report's Merkle tree (RFC 6962), so that any single
reading can be shown later without the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Final

from chain import merkle
from chain.errors import HushangError
from commerce.epcis.errors import EpcisMalformed
from commerce.epcis.lexeme import SIGNIFICANT_DIGITS_MAX, Number, read_number
from commerce.epcis.units import exact
from commerce.epcis.vocabulary import MEASUREMENT_TYPE

READINGS_MAX: Final = 1_000_000
READINGS_MIN: Final = 2
# Digits behind the point that a mean has beyond those of the readings.
MEAN_DIGITS: Final = 6


class ReadingsUnreadable(HushangError):
    """A file of readings has a line that can't be read."""

    hint = "a line is TIME,VALUE: 2026-05-01T08:00:00+08:00,4.5"


@dataclass(frozen=True, slots=True)
class Readings:
    """What a report says of a file: decimals in their canonical form. `hole_ms` is the longest time
    between two readings, of which the second is on the line `hole_line`.
    """

    start_ms: int
    end_ms: int
    least: str
    largest: str
    mean: str
    count: int
    root: bytes
    hole_ms: int
    hole_line: int


def read_decimal(text: str) -> str:
    """The canonical form of a decimal as people write it, `4.50` or `-18`; `ValueError`."""
    try:
        return read_number(text.strip()).canonical()
    except EpcisMalformed as error:
        msg = f"{text!r} is no decimal: {error}"
        raise ValueError(msg) from error


def decimal_text(canonical: str) -> str:
    """The same for people: `45e-1` is 4.5."""
    return read_number(canonical).positional()


def read_measure(text: str) -> str:
    """`temperature` or `gs1:Temperature` as the CBV calls it; a name of one's own as it is."""
    known = {name.casefold(): name for name in MEASUREMENT_TYPE.uris}
    word = text.strip().removeprefix(MEASUREMENT_TYPE.stem).removeprefix("gs1:")
    return known.get(word.casefold(), text)


def read_readings(data: bytes) -> Readings:
    """What a file of raw readings comes to, or `ReadingsUnreadable` with the line's number."""
    times: list[int] = []
    values: list[Fraction] = []
    numbers: list[Number] = []
    leaves: list[bytes] = []
    places: list[int] = []
    for place, line in enumerate(data.splitlines(), 1):
        if not line.strip() or line.startswith(b"#"):
            continue
        if len(leaves) == READINGS_MAX:
            raise ReadingsUnreadable(f"more than {READINGS_MAX} readings")
        try:
            time_ms, number = _read_line(line)
        except ValueError as error:
            raise ReadingsUnreadable(f"line {place}: {error}") from error
        times.append(time_ms)
        numbers.append(number)
        values.append(exact(number))
        leaves.append(line)
        places.append(place)
    if len(leaves) < READINGS_MIN:
        raise ReadingsUnreadable(f"a report is of {READINGS_MIN} readings at least")
    if any(before >= after for before, after in pairwise(times)):
        raise ReadingsUnreadable("the times ascend from line to line")
    hole_ms, hole_line = _longest_hole(times, places)
    return Readings(
        start_ms=times[0],
        end_ms=times[-1],
        least=numbers[values.index(min(values))].canonical(),
        largest=numbers[values.index(max(values))].canonical(),
        mean=_mean(values, numbers),
        count=len(leaves),
        root=merkle.root(leaves),
        hole_ms=hole_ms,
        hole_line=hole_line,
    )


def _longest_hole(times: Sequence[int], places: Sequence[int]) -> tuple[int, int]:
    """The longest time between two readings, and the line of the second; the first such."""
    holes = [later - before for before, later in pairwise(times)]
    longest_ms = max(holes)
    return longest_ms, places[holes.index(longest_ms) + 1]


def _read_line(line: bytes) -> tuple[int, Number]:
    moment, comma, value = line.decode("ascii").partition(",")
    if not comma:
        msg = "no comma"
        raise ValueError(msg)
    try:
        return _time_ms(moment.strip()), read_number(value.strip())
    except EpcisMalformed as error:
        raise ValueError(str(error)) from error


def _time_ms(text: str) -> int:
    if text.isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        msg = f"{text} has no offset, like +08:00"
        raise ValueError(msg)
    return round(moment.timestamp() * 1000)


def _mean(values: Sequence[Fraction], numbers: Sequence[Number]) -> str:
    """Rounded half to even: its last digit is beyond what any reading has, so it stays between the
    least and the largest.
    """
    digits = MEAN_DIGITS - min(0, *[number.exponent for number in numbers])
    scaled = round(sum(values, Fraction(0)) / len(values) * 10**digits)
    room = SIGNIFICANT_DIGITS_MAX
    while len(str(abs(scaled)).rstrip("0")) > room and digits:
        digits -= 1
        scaled = round(sum(values, Fraction(0)) / len(values) * 10**digits)
    return read_number(f"{scaled}e-{digits}").canonical()
