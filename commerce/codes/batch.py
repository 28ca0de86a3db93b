"""The record of a batch of codes, and which of its codes are active or dead.

Codes are numbered from 0, as their leaves are. Stretches of neighbours are activated and
decommissioned together, one row each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U32, Hash, PublicKey, Range, TimeMs
from chain.context import Context
from chain.crypto import HASH_SIZE
from chain.state import StateReader, Table
from commerce.codes.errors import CodeBatchUnknown
from commerce.codes.serials import Serial
from commerce.products import Gtin

BATCH_CODES_MAX = 1_000_000
_INDEX_SIZE = 4

CodeIndex = Annotated[int, Range(0, BATCH_CODES_MAX - 1)]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it was made; `active` and `dead` count its codes."""

    gtin: Gtin
    lot: Serial | None
    brand: Hash
    count: U32
    root: Hash
    verifier: PublicKey | None
    created_ms: TimeMs
    active: U32
    dead: U32


@dataclass(frozen=True, slots=True)
class Stretch:
    """Codes from `first` on, to the index in its key, since a block's time."""

    first: U32
    since_ms: TimeMs


BATCHES: Table[Batch] = Table("code-batch", Batch)
# By batch and the last index of a stretch: the first row from an index on is the only one that can
# hold it.
ACTIVE: Table[Stretch] = Table("code-active", Stretch)
DEAD: Table[Stretch] = Table("code-dead", Stretch)


def load_batch(state: StateReader, batch_id: bytes) -> Batch:
    """The batch, or `CodeBatchUnknown`."""
    batch = BATCHES.load(state, batch_id)
    if batch is None:
        msg = f"no batch of codes {batch_id.hex()}"
        raise CodeBatchUnknown(msg)
    return batch


def since_of(table: Table[Stretch], state: StateReader, batch_id: bytes, index: int) -> int | None:
    """Since when a code is active, or dead; None if it isn't."""
    found = _stretch_from(table, state, batch_id, index)
    return found.since_ms if found is not None and found.first <= index else None


def stretch_key(
    table: Table[Stretch], state: StateReader, batch_id: bytes, index: int
) -> bytes | None:
    """The state key of the stretch that a code lies in; None if it lies in none."""
    for key, found in table.scan_from(state, batch_id + _index_part(index)):
        holds = key[:HASH_SIZE] == batch_id and found.first <= index
        return table.prefix + key if holds else None
    return None


def stretches_of(
    table: Table[Stretch], state: StateReader, batch_id: bytes
) -> Iterator[tuple[int, int, int]]:
    """(first, last, since) of a batch's stretches, in order."""
    for key, found in table.items(state, batch_id):
        yield found.first, int.from_bytes(key[HASH_SIZE:], "big"), found.since_ms


def _stretch_from(
    table: Table[Stretch], state: StateReader, batch_id: bytes, index: int
) -> Stretch | None:
    """The first stretch of the batch that doesn't end below this index."""
    for key, found in table.scan_from(state, batch_id + _index_part(index)):
        return found if key[:HASH_SIZE] == batch_id else None
    return None


def _index_part(index: int) -> bytes:
    return index.to_bytes(_INDEX_SIZE, "big")


def overlaps(
    table: Table[Stretch], state: StateReader, batch_id: bytes, first: int, last: int
) -> bool:
    """Is any code of this range in a stretch?"""
    found = _stretch_from(table, state, batch_id, first)
    return found is not None and found.first <= last


def mark(table: Table[Stretch], context: Context, batch_id: bytes, first: int, last: int) -> None:
    """A new stretch, which overlaps no other."""
    stretch = Stretch(first, context.time_ms)
    table.store(context.state, stretch, batch_id, _index_part(last))
