"""Blocks in less room: a large row is kept compressed, in this database alone.

Nothing agreed, sent or filed is compressed: readers unpack. EPCIS documents are most of some
blocks, and JSON shrinks to a tenth; the store's own compression costs more time and does less.
"""

import zlib
from typing import Final

from chain.store_contract import VALUE_SIZE_MAX, StoreDamaged

PACKED_MIN: Final = 4_096
_LEVEL: Final = 1
# A zlib stream of 32 KiB windows begins so; no canonical row does, for rows are arrays.
_MARK: Final = b"\x78"


def pack_row(row: bytes) -> bytes:
    """The row as it is stored: compressed if it is large and gains by that."""
    if len(row) < PACKED_MIN:
        return row
    smaller = zlib.compress(row, _LEVEL)
    return smaller if len(smaller) < len(row) else row


def unpack_row(stored: bytes) -> bytes:
    """The row that `pack_row` was given; `StoreDamaged` for what it never makes."""
    if not stored.startswith(_MARK):
        return stored
    stream = zlib.decompressobj()
    try:
        row = stream.decompress(stored, VALUE_SIZE_MAX)
    except zlib.error as error:
        raise StoreDamaged(f"a damaged compressed row: {error}") from error
    if not stream.eof or stream.unused_data:
        msg = "a damaged compressed row: it has no end, or something after it"
        raise StoreDamaged(msg)
    return row
