"""Data on stdout as a table, JSON or NDJSON; words on stderr. Colours only on a terminal.

JSON is what machines read: its keys are stable, amounts are integers of minor units and times are
UTC milliseconds. A table may leave things out and shows money and times as people write them.
"""

import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from node.commands.options import Output
from node.money_text import format_time

MOMENTS_FROM_MS = 1_000_000_000_000
PIPE_WIDTH = 10_000

Row = Mapping[str, Any]


class Printer:
    """Prints data in the form that was asked for."""

    def __init__(self, output: Output) -> None:
        self.output = output

    @property
    def is_table(self) -> bool:
        """Does a person read it?"""
        return self.output is Output.TABLE

    def record(self, record: Row, table: Row | None = None) -> None:
        """One thing. `table`: what people see of it, where that differs."""
        if self.is_table:
            rows = nested_rows(table or record)
            self._table([{"": name, " ": value} for name, value in rows])
        else:
            self._json(record)

    def records(self, records: Sequence[Row], table: Iterable[Row] | None = None) -> None:
        """A list of things: one JSON array, a line each in NDJSON, a row each in a table."""
        if self.is_table:
            shown = [{k: text(v) for k, v in row.items()} for row in (table or records)]
            self._table(shown) if shown else self.say("nothing")
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
            print("\n".join(lines), flush=True)
        else:
            self._json(record)

    def line(self, record: Row, words: str) -> None:
        """One of a stream: printed at once, whoever reads."""
        print(words if self.is_table else _dump(record), flush=True)

    def say(self, words: str) -> None:
        """Words for a person, on stderr."""
        print(words, file=sys.stderr, flush=True)

    def _json(self, value: Any) -> None:
        if self.output is Output.NDJSON:
            print(_dump(value), flush=True)
        else:
            print(json.dumps(value, indent=2, ensure_ascii=False), flush=True)

    def _table(self, rows: Sequence[Row]) -> None:
        # Rich takes 70 ms to import: only tables pay for it. It honours NO_COLOR by itself.
        console_module, table_module = import_module("rich.console"), import_module("rich.table")
        box = import_module("rich.box")
        terminal = sys.stdout.isatty()
        headed = any(name.strip() for name in rows[0])
        table = table_module.Table(
            box=box.SIMPLE if headed else None, show_header=headed, pad_edge=False, highlight=False
        )
        for name in rows[0]:
            table.add_column(name, overflow="fold", no_wrap=not terminal, style=_style(name))
        for row in rows:
            table.add_row(*(row.get(name, "") for name in rows[0]))
        if terminal:
            console_module.Console(markup=False, emoji=False).print(table)
            return
        # Off a terminal nothing may be cut, for a pipe has no width, and nothing is padded.
        plain = io.StringIO()
        wide = console_module.Console(file=plain, width=PIPE_WIDTH, markup=False, emoji=False)
        wide.print(table)
        lines = [line.rstrip() for line in plain.getvalue().splitlines()]
        print("\n".join(line for line in lines if line), flush=True)


def _style(column: str) -> str:
    return "bold" if column == "" else ""


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        told = [f"{name}={_inner(entry)}" for name, entry in value.items() if entry is not None]
        return " ".join(told) or "–"
    if isinstance(value, (list, tuple)):
        joint = "\n" if any(isinstance(entry, dict) for entry in value) else ", "
        return joint.join(map(text, value)) or "–"
    return str(value)


def _inner(value: Any) -> str:
    """A value inside another: what has parts is put into brackets."""
    if isinstance(value, dict):
        return f"({text(value)})"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_inner, value))}]"
    return text(value)


def with_times(record: Row) -> dict[str, Any]:
    """For people: every `*_ms` becomes `*`, a moment in Shanghai's time or a duration."""
    return {name.removesuffix("_ms"): _readable_time(name, v) for name, v in record.items()}


def _readable_time(name: str, value: Any) -> Any:
    if is_moment(name, value):
        return format_time(value)
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
