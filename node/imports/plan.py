"""What an import means to do: for each row operations, or why it can't; then packed in batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from chain.codec import encode
from chain.errors import HushangError, LedgerError
from chain.transaction import OPERATIONS_MAX, Operation
from commerce.registry import Registry
from node.imports.columns import Column
from node.imports.sheet import CellRefused, Row
from node.words import spoken, words

# Half of what a transaction may have: signatures and the frame around take their part.
BATCH_SIZE_MAX: Final = 512 * 1024


class ImportDiffers(CellRefused):
    """The chain has this already, and says something else of it."""

    hint = "change it there: hushang product update, hushang listing update; or mend the cell"


class RowRepeated(CellRefused):
    """An earlier row of the file is about the same thing."""

    hint = "one row for each thing"


class ParcelDiffers(CellRefused):
    """An order has a parcel with this number, and it is another one than the row's."""

    hint = "a parcel stays as it was shipped: mend the cell, or ship under another number"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a row was not taken in.

    `words` may be a sentence. `rule` is the code of what was broken, whose `title` stands before
    the words; each language has its own.
    """

    row: Row
    column: str
    code: str
    words: str
    hint: str
    rule: str = ""
    title: str = ""

    @classmethod
    def of(cls, row: Row, error: HushangError) -> "Refusal":
        """From the error that its cells brought."""
        column = getattr(error, "column", "")
        told = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
        if not isinstance(error, CellRefused):
            return cls(row, column, error.code, told, error.hint, error.code)
        cause = error.__cause__
        rule = cause.code if isinstance(cause, HushangError) else ""
        return cls(row, column, error.code, told, error.hint, rule)

    @property
    def told(self) -> str:
        """The reason in the language in use."""
        title = words().title(self.rule) or self.title
        return " ".join(filter(None, (title, spoken(self.words))))


@dataclass(frozen=True, slots=True)
class Planned:
    """A row's operations; none where all of it is there already. `private` is to be kept."""

    row: Row
    operations: tuple[Operation, ...]


class Planner(Protocol):
    """One kind of file."""

    columns: Sequence[Column]

    def plan(self, row: Row) -> tuple[Operation, ...]:
        """The operations of a row, none if they were done; `CellRefused` or another refusal."""
        ...

    def column_of(self, code: str) -> str:
        """The column that a rule of the ledger is about, as far as that is known."""
        ...


def check_form(operations: Sequence[Operation]) -> None:
    """`OperationMalformed` for what the door would refuse together with all its neighbours."""
    registry = Registry()
    for entry in operations:
        registry.decode(entry)


def batches(planned: Sequence[Planned]) -> list[list[Planned]]:
    """Rows in the order of the file, so many at a time as one transaction holds."""
    packed: list[list[Planned]] = []
    count = size = 0
    for entry in planned:
        own = sum(len(encode(operation)) for operation in entry.operations)
        fits = count + len(entry.operations) <= OPERATIONS_MAX and size + own <= BATCH_SIZE_MAX
        if not packed or not fits:
            packed.append([])
            count = size = 0
        packed[-1].append(entry)
        count, size = count + len(entry.operations), size + own
    return packed


def row_at(batch: Sequence[Planned], operation: int) -> Planned:
    """The row whose operation stands at a place of the batch's transaction."""
    for entry in batch:
        if operation < len(entry.operations):
            return entry
        operation -= len(entry.operations)
    raise AssertionError(operation)


REFUSALS: Final = (CellRefused, LedgerError)
