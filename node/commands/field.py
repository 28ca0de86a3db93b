"""`--field NAME`: one field of the JSON that a command prints, as a bare line for a shell.

`receipts.0.status` goes into objects by name and into lists by number. What a list, or a stream, is
of gives a line for each; what one of them lacks is an empty line, so that lines and things agree.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chain.errors import HushangError
from node.plain_text import plain
from node.validation import did_you_mean

# Told of those that there are; the rest is counted.
NAMES_MAX: Final = 40
# What every command that sends a transaction prints of it; None may have parts.
SENT: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("id", "state", "status", "failed_operation"), ""),
    "rule": dict.fromkeys(("type", "title", "hint"), ""),
    **dict.fromkeys(("height", "index", "block_hash", "time_ms", "certified"), ""),
    "events": None,
    "raw": "",
}


class FieldUnknown(HushangError):
    """The data has no field of this name."""

    hint = "-o json shows all fields; give those further in as outer.inner, of a list as list.0"

    def __init__(self, path: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"--field {path}: no field {name}{did_you_mean(name, known)}")
        more = [f"and {len(known) - NAMES_MAX} more"] if len(known) > NAMES_MAX else []
        self.details: dict[str, Any] = {"fields": ", ".join([*known[:NAMES_MAX], *more]) or None}


def check_field(shape: Mapping[str, Any], path: str) -> None:
    """`FieldUnknown` unless a record of this shape has the field, as far as that can be known."""
    _found(shape, path)


def field_lines(value: Any, path: str) -> Iterator[str]:
    """The lines that a field of one thing is, or of each in a list of things."""
    if not isinstance(value, list) or path.split(".", maxsplit=1)[0].isdigit():
        yield _line(_found(value, path))
        return
    missing: FieldUnknown | None = None
    lines = []
    for row in value:
        try:
            lines.append(_line(_found(row, path)))
        except FieldUnknown as error:
            missing = missing or error
            lines.append("")
    if missing is not None and not any(lines):
        raise missing
    yield from lines


def field_of_one(record: Mapping[str, Any], path: str) -> str:
    """The line of one of a stream, whose things differ further in."""
    try:
        return _line(_found(record, path))
    except FieldUnknown:
        if _key_of(record, path.split(".")) is None:
            raise
        return ""


def _found(value: Any, path: str) -> Any:
    rest = path.split(".")
    while rest:
        if value is None:
            # What isn't there yet, a receipt for one, has no fields either.
            return None
        if isinstance(value, list):
            value, rest = _entry(value, rest[0], path), rest[1:]
            continue
        names = list(value) if isinstance(value, dict) else []
        key = _key_of(value, rest) if isinstance(value, dict) else None
        if key is None:
            raise FieldUnknown(path, rest[0], names)
        value, rest = value[key], rest[key.count(".") + 1 :]
    return value


def _key_of(value: Mapping[str, Any], parts: Sequence[str]) -> str | None:
    """The field that a path begins with; a field's own name may have dots (`pay.transfer`)."""
    keys = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((key for key in keys if key in value), None)


def _entry(entries: Sequence[Any], number: str, path: str) -> Any:
    # Written as it is told: no 007, and no digits of other scripts.
    places = [str(index) for index in range(len(entries))]
    if number not in places:
        raise FieldUnknown(path, number, places)
    return entries[int(number)]


def _line(value: Any) -> str:
    """Bare, and never more than a line."""
    if value is None:
        return ""
    if isinstance(value, str):
        return plain(value).replace("\n", "\\n")
    return plain(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
