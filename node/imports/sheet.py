"""A CSV file as rows of cells, with limits: what spreadsheets write, in UTF-8 or GB18030.

A number in the first row is 1, as a spreadsheet shows it. Cells that a spreadsheet would run as a
formula come in with its guards taken off, and never leave without one.
"""

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chain.errors import HushangError
from node.plain_text import shortened
from node.validation import did_you_mean
from node.words import said

FILE_SIZE_MAX: Final = 64 * 1024 * 1024
ROWS_MAX: Final = 100_000
CELL_SIZE_MAX: Final = 4_096
COLUMNS_MAX: Final = 64
# What a report of refused rows has besides the cells: a mended report is taken in again.
REPORTED: Final = ("row", "column", "code", "words", "hint")
REPORTED_CHINESE: Final = ("行号", "所在列", "错误码", "原因", "怎么办")
SEPARATORS: Final = (",", ";", "\t")
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


class SheetRefused(HushangError):
    """The file is no table that can be taken in."""

    hint = "save it as CSV in UTF-8, its first row the names of the columns"


class CellRefused(HushangError):
    """A cell does not hold what its column needs."""

    hint = "mend the cell and import the report again"

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Row:
    """One row by its number and its cells; a cell that is missing is empty."""

    number: int
    cells: Mapping[str, str]
    # Cells beyond the last column.
    surplus: tuple[str, ...] = ()
    # The file ends in the middle of it.
    is_torn: bool = False

    def text(self, column: str) -> str:
        """A cell without the blanks around it."""
        return self.cells.get(column, "").strip()

    def needed(self, column: str) -> str:
        """A cell that must not be empty."""
        found = self.text(column)
        if not found:
            raise CellRefused(column, said("is empty"))
        return found

    def flag(self, column: str) -> bool:
        """`yes` or `no`, empty is no; also in Chinese and as spreadsheets write them."""
        word = self.text(column).lower()
        if word in ("", "no", "false", "0", "否"):
            return False
        if word in ("yes", "true", "1", "是"):
            return True
        raise CellRefused(column, said("{word} is neither yes nor no", word=quoted(word)))

    def whole(self, column: str, most: int) -> int:
        """A whole number from 0."""
        word = self.needed(column)
        if not (word.isascii() and word.isdigit() and len(word) <= len(str(most))):
            raise CellRefused(column, said("{word} is no whole number", word=quoted(word)))
        if int(word) > most:
            raise CellRefused(column, said("at most {most}", most=most))
        return int(word)


def quoted(word: str) -> str:
    """What a cell holds, as a report repeats it."""
    return repr(shortened(word))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's columns and rows, and how it was encoded."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    encoding: str
    # The columns' names as they stand in the file.
    written: tuple[str, ...]

    def written_as(self, column: str) -> str:
        """A column's name in the file; its own where the file lacks it."""
        return dict(zip(self.columns, self.written, strict=True)).get(column, column)


def read_sheet(
    data: bytes,
    needed: Sequence[str],
    known: Sequence[str],
    aliases: Mapping[str, str] | None = None,
) -> Sheet:
    """The table of a file's bytes, or `SheetRefused`. `aliases`: the known name for another."""
    if len(data) > FILE_SIZE_MAX:
        raise SheetRefused(f"larger than {FILE_SIZE_MAX} bytes")
    text, encoding = _decoded(data)
    text, sign = _separated(text)
    rows = list(_records(text, sign))
    if not rows:
        raise SheetRefused("there is no row of column names")
    written = tuple(name.strip() for name in rows[0])
    reported = dict(zip(REPORTED_CHINESE, REPORTED, strict=True))
    columns = _header(written, needed, known, {**reported, **(aliases or {})})
    kept = [
        _row(number, columns, cells)
        for number, cells in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in cells)
    ]
    if len(kept) > ROWS_MAX:
        raise SheetRefused(f"more than {ROWS_MAX} rows: import it in parts")
    if not text.endswith(("\n", "\r")) and kept and len(kept[-1].cells) < len(columns):
        kept[-1] = replace(kept[-1], is_torn=True)
    return Sheet(columns, tuple(kept), encoding, written)


def write_sheet(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A table that a spreadsheet opens as it is meant: UTF-8 with a mark, no formulas."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[_guarded(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _guarded(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_SIGNS) else cell


def _unguarded(cell: str) -> str:
    """Without a guard: `'=1` and the `="0690"` by which spreadsheets keep leading zeros."""
    if cell.startswith('="') and cell.endswith('"') and len(cell) > len('=""'):
        return cell[2:-1]
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_SIGNS) else cell


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # What spreadsheets call Unicode text; no other encoding here begins so.
        try:
            return data.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError as error:
            raise SheetRefused("it begins as UTF-16 and goes on otherwise") from error
    for encoding, name in (("utf-8-sig", "UTF-8"), ("gb18030", "GB18030")):
        try:
            return data.decode(encoding), name
        except UnicodeDecodeError:
            continue
    raise SheetRefused("neither UTF-8 nor GB18030")


def _separated(text: str) -> tuple[str, str]:
    """The text of the table, and what stands between its cells.

    A first line `sep=;` says that; spreadsheets show no such row, and count none.
    """
    first, _, rest = text.partition("\n")
    told = first.rstrip("\r")
    if told[:4].lower() == "sep=" and told[4:] in SEPARATORS:
        return rest, told[4:]
    return text, max(SEPARATORS, key=first.count)


def _records(text: str, sign: str) -> list[list[str]]:
    if "\x00" in text:
        raise SheetRefused("it has zero bytes: is it a CSV file?")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    found: list[list[str]] = []
    try:
        for cells in reader:
            found.append([_unguarded(cell) for cell in cells])
            if len(found) > 2 * ROWS_MAX:
                raise SheetRefused(f"more than {ROWS_MAX} rows: import it in parts")
    except csv.Error as error:
        raise SheetRefused(f"line {reader.line_num}: {error}") from error
    return found


def _header(
    written: Sequence[str], needed: Sequence[str], known: Sequence[str], aliases: Mapping[str, str]
) -> tuple[str, ...]:
    if len(written) > COLUMNS_MAX:
        raise SheetRefused(f"more than {COLUMNS_MAX} columns")
    names: list[str] = []
    for given in written:
        name = aliases.get(given.lower(), given.lower())
        if name not in known and name not in REPORTED:
            # In the language of whoever wrote it.
            names_of = tuple(other for other, name in aliases.items() if name in known)
            likely = tuple(known) if given.isascii() else names_of
            hint = did_you_mean(given.lower(), likely)
            raise SheetRefused(
                f"column {quoted(given)} is unknown{hint} (known: {', '.join(likely)})"
            )
        if name in names:
            first = written[names.index(name)]
            same = "" if first == given else f", the first time as {first!r}"
            raise SheetRefused(f"column {given!r} stands twice{same}")
        names.append(name)
    missing = next((name for name in needed if name not in names), None)
    if missing is not None:
        called = [other for other, name in aliases.items() if name == missing]
        also = f" ({', '.join(called)})" if called else ""
        raise SheetRefused(f"column {missing!r} is missing{also}")
    return tuple(names)


def _row(number: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    own = dict(zip(columns, cells, strict=False))
    surplus = tuple(cells[len(columns) :])
    return Row(number, own, surplus if any(cell.strip() for cell in surplus) else ())


def check_row(row: Row) -> None:
    """`CellRefused` for what no column may hold."""
    if row.surplus:
        raise CellRefused("", said("it has more cells than the table has columns"))
    if row.is_torn:
        raise CellRefused("", said("the file ends in this row: is it whole? cells are missing"))
    for column, cell in row.cells.items():
        if len(cell) > CELL_SIZE_MAX:
            raise CellRefused(column, said("longer than {most} characters", most=CELL_SIZE_MAX))
