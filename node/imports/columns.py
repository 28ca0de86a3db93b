"""The columns of a kind of file: their names in English and Chinese, and an example of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from node.imports.sheet import write_sheet


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name; `chinese` names it too, the first is what a template has.

    `example` is a cell, `chinese_example` the one beside Chinese names, where it is another.
    """

    name: str
    chinese: tuple[str, ...]
    example: str = ""
    chinese_example: str | None = None
    is_needed: bool = False


def aliases(columns: Iterable[Column]) -> Mapping[str, str]:
    """The name for each Chinese one."""
    return {other: column.name for column in columns for other in column.chinese}


def template(columns: Sequence[Column], language: str) -> bytes:
    """A file of one row, as one is to be."""
    if language == "zh":
        names = [column.chinese[0] for column in columns]
        own = [column.chinese_example for column in columns]
        cells = [
            column.example if cell is None else cell
            for column, cell in zip(columns, own, strict=True)
        ]
    else:
        names = [column.name for column in columns]
        cells = [column.example for column in columns]
    return write_sheet(names, [cells])
