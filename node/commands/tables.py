"""Tables for people. Nothing is cut, for what is shown is what the next command is given.

A terminal that is too narrow for a table shows one thing after another, a line for each field;
words are folded between words, ids never. A pipe has no width: there a thing is a line.
"""

import io
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from node.plain_text import cell_count, plain
from node.words import words

PIPE_WIDTH: Final = 10_000
# Between the columns of a table.
MARGIN: Final = 3
# What a text is folded to at the narrowest, where it is longer.
TEXT_WIDTH_MIN: Final = 16

Row = Mapping[str, str]


def print_things(rows: Sequence[Row], *, stacked: bool = False) -> None:
    """A list of things with the same fields.

    `stacked`: where a terminal is too narrow, the last columns go below the one before them.
    """
    shown = [{name: plain(row.get(name, "")) for name in rows[0]} for row in rows]
    if not sys.stdout.isatty():
        _print_to_a_pipe(_table(shown))
        return
    width = _console().width
    if stacked:
        shown = _stacked(shown, width)
    widths = _widths(shown, width)
    if widths is not None:
        _console().print(_table(shown, widths))
        return
    for number, row in enumerate(shown):
        if number:
            print()
        _print_fields([(_heading(name), cell) for name, cell in row.items()])


def print_thing(fields: Sequence[tuple[str, str]]) -> None:
    """One thing: a line for each field; names below another begin with spaces."""
    told = [(_heading(name), plain(value)) for name, value in fields]
    if sys.stdout.isatty():
        _print_fields(told)
    else:
        _print_to_a_pipe(_fields(told))


def _heading(name: str) -> str:
    """A column's or a field's name in the language of the command line; stacked ones one by one."""
    return "\n".join(plain(words().heading(part)) for part in name.split("\n"))


def _table(rows: Sequence[Row], widths: Sequence[int] | None = None) -> Any:
    """`widths`: of each column, where the room is limited."""
    # Rich takes 70 ms to import: only tables pay for it. It honours NO_COLOR by itself.
    table = import_module("rich.table").Table(
        box=import_module("rich.box").SIMPLE, pad_edge=False, highlight=False
    )
    for number, name in enumerate(rows[0]):
        width = None if widths is None else widths[number]
        table.add_column(_heading(name), overflow="fold", no_wrap=widths is None, width=width)
    for row in rows:
        table.add_row(*row.values())
    return table


def _fields(fields: Sequence[tuple[str, str]], names: int | None = None) -> Any:
    """`names`: how wide their column is, on a terminal."""
    table = import_module("rich.table").Table(
        box=None, show_header=False, pad_edge=False, highlight=False
    )
    table.add_column(style="bold", no_wrap=True, width=names)
    table.add_column(overflow="fold", no_wrap=names is None)
    for field in fields:
        table.add_row(*field)
    return table


def _console(**settings: Any) -> Any:
    return import_module("rich.console").Console(markup=False, emoji=False, **settings)


def _print_fields(fields: Sequence[tuple[str, str]]) -> None:
    console = _console()
    width, height = console.size
    names = max(cell_count(name) for name, _ in fields)
    for name, value in fields:
        longest = max(map(cell_count, value.split()), default=0)
        # A longer id is broken by the terminal itself, so that it can be copied as it is.
        console.size = max(width, names + MARGIN + longest), height
        with console.capture() as shown:
            console.print(_fields([(name, value)], names))
        print("\n".join(line.rstrip() for line in shown.get().splitlines()), flush=True)


def _print_to_a_pipe(table: Any) -> None:
    """A pipe has no width, and nothing is padded for it."""
    sheet = io.StringIO()
    _console(file=sheet, width=PIPE_WIDTH).print(table)
    lines = [line.rstrip() for line in sheet.getvalue().splitlines()]
    print("\n".join(line for line in lines if line), flush=True)


def _stacked(rows: list[dict[str, str]], width: int) -> list[dict[str, str]]:
    """The last column below the one before it, and again, until a terminal is wide enough."""
    while len(rows[0]) > 1 and _widths(rows, width) is None:
        *_, upper, lower = rows[0]
        rows = [
            {name: cell for name, cell in row.items() if name not in (upper, lower)}
            | {f"{upper}\n{lower}": f"{row[upper]}\n{row[lower]}"}
            for row in rows
        ]
    return rows


def _widths(rows: Sequence[Row], width: int) -> list[int] | None:
    """How wide each column becomes; None where no word would stay whole, or texts get too narrow.

    Texts share evenly what the columns that can't be folded leave them.
    """
    columns = [[_heading(name), *(row[name] for row in rows)] for name in rows[0]]
    wanted = [max(map(cell_count, "\n".join(cells).split("\n"))) for cells in columns]
    widths = [_narrowest(cells, most) for cells, most in zip(columns, wanted, strict=True)]
    spare = width - sum(widths) - MARGIN * len(widths)
    if spare < 0:
        return None
    for _ in range(spare):
        growing = [n for n, most in enumerate(wanted) if widths[n] < most]
        if not growing:
            break
        widths[min(growing, key=widths.__getitem__)] += 1
    return widths


def _narrowest(cells: Sequence[str], wanted: int) -> int:
    """How narrow a column may become: texts are folded, but no word of them."""
    longest = max((cell_count(word) for cell in cells for word in cell.split()), default=0)
    return max(longest, min(wanted, TEXT_WIDTH_MIN))
