"""A batch of codes in a directory: what goes to the printer, what goes public, what stays secret.

- `hidden.csv`, mode 0600: each serial's hidden code, for whoever prints under the cover. Nothing
  else holds them.
- `labels.csv`: each serial's address, for the label that everybody sees.
- `leaves.csv`: each serial's leaf; it shows a code to the chain and may be published.
- `batch.json`, written last: what the batch is, and its id once the chain has it.
"""

import csv
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from chain.errors import HushangError
from chain.merkle import leaf_hash
from commerce.codes.items import Membership
from commerce.codes.serials import Leaf, claim_code_hash, leaf_bytes
from commerce.codes.stretches import levels_of, stretch_path
from commerce.epcis.digital_link import DOMAIN
from node.code_text import CODE_SIZE, code_text, in_letters
from node.strict_json import JsonRefused, read_json

HIDDEN: Final = "hidden.csv"
LABELS: Final = "labels.csv"
LEAVES: Final = "leaves.csv"
BATCH: Final = "batch.json"
FORMAT: Final = "hushang-codes"
FORMAT_VERSION: Final = 1
# 65 bits: nobody finds another serial by trying, and two are never the same.
SERIAL_LETTERS: Final = 13
SERIAL_BITS: Final = 65


class CodeFilesExist(HushangError):
    """The directory holds codes already, or a part of some."""

    hint = "name another directory; hidden codes are never written over"


class CodeFilesMissing(HushangError):
    """The directory holds no batch of codes."""

    hint = "hushang code batch create makes one"


class CodeFilesMalformed(HushangError):
    """The files of a batch are not as they were made."""

    hint = "fetch batch.json and leaves.csv again from where the batch was made"


class CodeNotInFiles(HushangError):
    """The batch in this directory has no code with this serial."""

    hint = "leaves.csv lists its serials"


# A line of 130 kB is one that the csv module has an error of its own for.
_NO_BATCH: Final = (JsonRefused, csv.Error)


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """`batch.json`. Root and verifier in hex; `batch_id` once the chain has the batch."""

    gtin: str
    lot: str | None
    count: int
    root: str
    verifier: str | None
    batch_id: str | None = None


class BatchFiles:
    """The public part of a batch: enough to activate its codes and to show one to the chain."""

    def __init__(self, directory: Path, record: BatchRecord, leaves: Sequence[Leaf]) -> None:
        self.directory = directory
        self.record = record
        self.leaves = leaves

    @cached_property
    def levels(self) -> list[list[bytes]]:
        """All subtrees of the batch's tree."""
        return levels_of([leaf_hash(leaf_bytes(leaf)) for leaf in self.leaves])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {leaf.serial: index for index, leaf in enumerate(self.leaves)}

    def stretch(self, first: int, last: int) -> tuple[Sequence[Leaf], tuple[bytes, ...]]:
        """Leaves from `first` to `last`, and their path."""
        path = stretch_path(self.levels, first, last - first + 1)
        return self.leaves[first : last + 1], path

    def member(self, serial: str) -> Membership:
        """What shows a code to the chain, or `CodeNotInFiles`."""
        index = self._places.get(serial)
        if index is None:
            raise CodeNotInFiles(f"{self.directory} has no serial {serial}")
        path = stretch_path(self.levels, index, 1)
        return Membership(self.batch_id, index, self.leaves[index].claim_hash, path)

    @property
    def batch_id(self) -> bytes:
        """Its id, or `CodeFilesMissing` where the chain doesn't have it yet."""
        if self.record.batch_id is None:
            raise CodeFilesMissing(f"the batch in {self.directory} is not on the chain yet")
        return bytes.fromhex(self.record.batch_id)

    def named(self, batch_id: bytes) -> "BatchFiles":
        """With the id that the chain gave it, also on disk."""
        record = replace(self.record, batch_id=batch_id.hex())
        _write_record(self.directory, record)
        return BatchFiles(self.directory, record, self.leaves)


def new_batch(
    directory: Path,
    gtin: str,
    count: int,
    *,
    lot: str | None = None,
    verifier: bytes | None = None,
    domain: str = DOMAIN,
) -> BatchFiles:
    """Make so many codes from the system's randomness, and write all four files."""
    directory.mkdir(parents=True, exist_ok=True)
    serials = [in_letters(secrets.randbits(SERIAL_BITS), SERIAL_LETTERS) for _ in range(count)]
    codes = [secrets.token_bytes(CODE_SIZE) for _ in range(count)]
    _write_rows(directory / HIDDEN, zip(serials, map(code_text, codes), strict=True), mode=0o600)
    links = ((serial, f"{domain}01/{gtin}/21/{serial}") for serial in serials)
    _write_rows(directory / LABELS, links)
    leaves = [
        Leaf(serial, claim_code_hash(code)) for serial, code in zip(serials, codes, strict=True)
    ]
    _write_rows(directory / LEAVES, ((leaf.serial, leaf.claim_hash.hex()) for leaf in leaves))
    key = None if verifier is None else verifier.hex()
    made = BatchFiles(directory, BatchRecord(gtin, lot, count, "", key), leaves)
    record = replace(made.record, root=made.levels[-1][0].hex())
    _write_record(directory, record)
    made.record = record
    return made


def has_batch(directory: Path) -> bool:
    """Does the directory hold a whole batch?"""
    return (directory / BATCH).exists()


def load_batch_files(directory: Path) -> BatchFiles:
    """The batch of a directory, whose leaves must have its root."""
    if not has_batch(directory):
        raise CodeFilesMissing(f"{directory} holds no {BATCH}")
    try:
        told = read_json((directory / BATCH).read_bytes())
        if told.pop("format") != FORMAT or told.pop("version") != FORMAT_VERSION:
            raise CodeFilesMalformed(f"{directory / BATCH} is of another version")
        record = BatchRecord(**told)
        leaves = [Leaf(row[0], bytes.fromhex(row[1])) for row in _read_rows(directory / LEAVES)]
        files = BatchFiles(directory, record, leaves)
        root = files.levels[-1][0].hex()
    except (*_NO_BATCH, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise CodeFilesMalformed(f"{directory}: {error}") from error
    if len(leaves) != record.count or root != record.root:
        raise CodeFilesMalformed(f"the leaves of {directory} are not those of its root")
    return files


def _write_rows(path: Path, rows: Iterable[tuple[str, str]], mode: int = 0o644) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError:
        raise CodeFilesExist(f"{path} exists") from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
        file.flush()
        os.fsync(descriptor)


def _read_rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.reader(file)


def _write_record(directory: Path, record: BatchRecord) -> None:
    text = json.dumps({"format": FORMAT, "version": FORMAT_VERSION, **asdict(record)}, indent=2)
    draft = directory / f"{BATCH}.new"
    draft.write_text(text + "\n", "utf-8")
    draft.replace(directory / BATCH)
