"""Durations as people write them: an integer of milliseconds, or a text with a unit ("90 s")."""

import re
from typing import Final

UNITS_MS: Final = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION: Final = re.compile(r"(0|[1-9][0-9]{0,14}) (ms|s|min|h|d)", re.ASCII)


def parse_duration(value: object) -> object:
    """`"10 d"` as milliseconds; anything else is left to the integer's own check."""
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if match is None:
        msg = f"a duration is an integer of ms or a text like '90 s', {', '.join(UNITS_MS)}"
        raise ValueError(msg)
    return int(match[1]) * UNITS_MS[match[2]]


def duration_text(duration_ms: int) -> str:
    """The shortest text: 5_400_000 is `90 min`."""
    unit = max((size, name) for name, size in UNITS_MS.items() if duration_ms % size == 0)
    return f"{duration_ms // unit[0]} {unit[1]}"


def read_age(text: str) -> int:
    """Milliseconds of an age as typed on a command line, `10min` or `10 min`; `ValueError`."""
    unit = text.lstrip("0123456789")
    number = text.removesuffix(unit)
    found = parse_duration(f"{number} {unit.removeprefix(' ')}")
    assert isinstance(found, int)
    return found
