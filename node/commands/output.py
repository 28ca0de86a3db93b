"""Data on stdout as a table, JSON or NDJSON; words on stderr. Colours only on a terminal.

JSON is what machines read: its keys are stable, amounts are integers of minor units and times are
UTC milliseconds. A table may leave things out and shows money and times as people write them.

Names and texts are strangers': none leaves here as a terminal would obey it (`node.plain_text`).
"""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from node.commands.failures import UsageWrong
from node.commands.field import FieldUnknown, check_field, field_lines, field_of_one
from node.commands.options import Output
from node.commands.tables import print_thing, print_things
from node.money_text import format_time
from node.plain_text import plain
from node.words import spoken, words

MOMENTS_FROM_MS = 1_000_000_000_000
# A span of time that is open there has 0.
OPEN_ENDS = ("_from_ms", "_until_ms")

Row = Mapping[str, Any]


class Printer:
    """Prints data in the form that was asked for."""

    def __init__(self, output: Output, field: str | None = None) -> None:
        """`field`: only this one of what would be JSON (`node/commands/field.py`)."""
        self.output = output if field is None else Output.JSON
        self.field = field
        self._is_done = False

    def before(self, shape: Row | None) -> None:
        """Called before what can't be taken back, of which a record of this shape will tell.

        A slip in --field is told now, or costs no more than its line: an error after a payment
        would have it paid twice. None: a shape that only its end tells.
        """
        if self.field is not None and shape is not None:
            check_field(shape, self.field)
        if sys.stdout is None:
            raise UsageWrong("stdout is closed: nobody would see what came of it")
        self._is_done = True

    @property
    def is_table(self) -> bool:
        """Does a person read it?"""
        return self.output is Output.TABLE

    def record(self, record: Row, table: Row | None = None) -> None:
        """One thing. `table`: what people see of it, where that differs."""
        if self.is_table:
            print_thing(nested_rows(table or record))
        else:
            self._json(record)

    def records(
        self,
        records: Sequence[Row],
        table: Iterable[Row] | None = None,
        *,
        stacked: bool = False,
    ) -> None:
        """A list of things: one JSON array, a line each in NDJSON, a row each in a table.

        `stacked`: where a terminal is too narrow, the last columns go below the one before them.
        """
        if self.is_table:
            shown = [{k: text(v) for k, v in row.items()} for row in (table or records)]
            print_things(shown, stacked=stacked) if shown else self.say(words().text("nothing"))
        elif self.output is Output.NDJSON:
            for record in records:
                self._json(record)
        else:
            self._json(list(records))

    def document(self, value: Any) -> None:
        """Something nested, which no table can hold: JSON in every form."""
        self._json(value)

    def words(self, record: Row, lines: Iterable[str]) -> None:
        """One thing: told in these lines for people."""
        if self.is_table:
            print(plain("\n".join(map(spoken, lines))), flush=True)
        else:
            self._json(record)

    def line(self, record: Row, words: str) -> None:
        """One of a stream: printed at once, whoever reads."""
        if self.field is not None:
            print(field_of_one(record, self.field), flush=True)
        else:
            print(plain(spoken(words)) if self.is_table else _dump(record), flush=True)

    def say(self, words: str) -> None:
        """Words for a person, on stderr."""
        print(plain(spoken(words)), file=sys.stderr, flush=True)

    def _json(self, value: Any) -> None:
        if self.field is not None:
            for line in self._field_lines(value, self.field):
                print(line, flush=True)
        elif self.output is Output.NDJSON:
            print(_dump(value), flush=True)
        else:
            print(plain(json.dumps(value, indent=2, ensure_ascii=False)), flush=True)

    def _field_lines(self, value: Any, path: str) -> list[str]:
        try:
            return list(field_lines(value, path))
        except FieldUnknown as error:
            if not self._is_done:
                raise
            own = value if isinstance(value, dict) else {}
            told = {**error.details, "id": own.get("id"), "state": own.get("state")}
            self.say(words().text("note: {problem}", problem=str(error)))
            for name, text in told.items():
                if text is not None:
                    head = words().heading(name)
                    self.say(words().text("  {name}: {value}", name=head, value=text))
            self.say(words().text("it is done all the same; the same command would do it again"))
            return [""]


def abandon_stdout() -> None:
    """It can't be written any more: Python's own flush at the end must not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dump(value: Any) -> str:
    return plain(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def nested_rows(record: Row, indent: str = "") -> list[tuple[str, str]]:
    """(name, value) of each field; what has fields of its own goes below its name, further in."""
    rows: list[tuple[str, str]] = []
    for name, value in record.items():
        if isinstance(value, dict) and value:
            rows += [(f"{indent}{name}", ""), *nested_rows(value, indent + "  ")]
        elif isinstance(value, (list, tuple)) and any(isinstance(entry, dict) for entry in value):
            for number, entry in enumerate(value):
                inner = entry if isinstance(entry, dict) else {"": entry}
                rows += [(f"{indent}{name} {number}", ""), *nested_rows(inner, indent + "  ")]
        else:
            rows.append((f"{indent}{name}", text(value)))
    return rows


def text(value: Any) -> str:
    """A value in a table's cell."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return words().text("yes" if value else "no")
    if isinstance(value, dict):
        told = [
            f"{words().heading(name)}={inline(entry)}"
            for name, entry in value.items()
            if entry is not None
        ]
        return " ".join(told) or "–"
    if isinstance(value, (list, tuple)):
        joint = "\n" if any(isinstance(entry, dict) for entry in value) else ", "
        return joint.join(map(text, value)) or "–"
    return spoken(value) if isinstance(value, str) else str(value)


def inline(value: Any) -> str:
    """A value inside another: what has parts is put into brackets."""
    if isinstance(value, dict):
        return f"({text(value)})"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(inline, value))}]"
    return text(value)


def with_times(record: Row) -> dict[str, Any]:
    """For people: every `*_ms`, of parts too, becomes `*`: a moment in Shanghai, or a duration."""
    return {name.removesuffix("_ms"): _readable_time(name, v) for name, v in record.items()}


def _readable_time(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return with_times(value)
    if isinstance(value, list):
        return [_readable_time(name, entry) for entry in value]
    if is_moment(name, value):
        return format_time(value)
    if value == 0 and name.endswith(OPEN_ENDS):
        return None
    if name.endswith("_ms") and type(value) is int and value >= 0:
        return format_duration(value)
    return value


def format_duration(duration_ms: int) -> str:
    """`48 h`: exact, in the largest unit that divides it; a day isn't one, `7 d` is `168 h`."""
    units = {"h": 3_600_000, "min": 60_000, "s": 1000}
    unit = next((name for name, ms in units.items() if duration_ms % ms == 0), "ms")
    return f"{duration_ms // units.get(unit, 1)} {unit}" if duration_ms else "0 s"


def is_moment(name: str, value: Any) -> bool:
    """A time and no duration: such numbers began in 2001."""
    return name.endswith("_ms") and isinstance(value, int) and value >= MOMENTS_FROM_MS
