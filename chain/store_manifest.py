"""What LevelDB's manifest says of its logs: the oldest that holds batches no table has.

LevelDB believes any manifest whose records are whole and whose tables are there. It does not look
for the log that the manifest names: without it, or with a manifest that has lost its last record
after the older logs were deleted, it opens a database that lacks thousands of rows in the middle,
and deletes the table that holds them. (Both happen to LevelDB 1.23 with paranoid checks.)

A manifest is a log (`chain.store_log`) whose records are version edits: tag and value, one after
another, integers as varints (its db/version_edit.cc).
"""

from collections.abc import Iterator
from typing import Final

BLOCK_SIZE: Final = 32 * 1024
HEAD_SIZE: Final = 7
_LAST_FRAGMENTS: Final = frozenset((1, 4))

_COMPARATOR, _LOG, _NEXT_FILE, _SEQUENCE, _POINTER, _DELETED, _ADDED, _PREVIOUS_LOG = (
    *range(1, 8),
    9,
)
# In a varint's byte: another follows.
_MORE: Final = 0x80
# The values behind each tag: a number, or bytes behind their length.
_NUMBER, _BYTES = 0, 1
_SHAPES: Final = {
    _COMPARATOR: (_BYTES,),
    _LOG: (_NUMBER,),
    _NEXT_FILE: (_NUMBER,),
    _SEQUENCE: (_NUMBER,),
    _POINTER: (_NUMBER, _BYTES),
    _DELETED: (_NUMBER, _NUMBER),
    _ADDED: (_NUMBER, _NUMBER, _NUMBER, _BYTES, _BYTES),
    _PREVIOUS_LOG: (_NUMBER,),
}


def named_log(manifest: bytes) -> int | None:
    """The number of the oldest log that is needed; None if it names none or can't be read.

    `manifest` is whole in lengths (`chain.store_log.find_break`); what has a wrong checksum
    LevelDB itself refuses.
    """
    found = None
    for record in records(manifest):
        for tag, number in _numbers(record):
            if tag == _LOG:
                found = number
    return found or None


def records(log: bytes) -> Iterator[bytes]:
    """The records of a log whose lengths hold, each put together from its fragments."""
    at = 0
    parts: list[bytes] = []
    while at < len(log):
        left = BLOCK_SIZE - at % BLOCK_SIZE
        if left < HEAD_SIZE:
            at += left
            continue
        size = int.from_bytes(log[at + 4 : at + 6], "little")
        parts.append(log[at + HEAD_SIZE : at + HEAD_SIZE + size])
        if log[at + 6] in _LAST_FRAGMENTS:
            yield b"".join(parts)
            parts = []
        at += HEAD_SIZE + size


def _numbers(edit: bytes) -> Iterator[tuple[int, int]]:
    """(tag, first number) of each value of an edit, up to what is none."""
    at = 0
    while at < len(edit):
        tag, at = _varint(edit, at)
        first = 0
        for place, shape in enumerate(_SHAPES.get(tag, ())):
            number, at = _varint(edit, at)
            first = first if place else number
            at += number if shape == _BYTES else 0
        if tag not in _SHAPES:
            return
        yield tag, first


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    number = shift = 0
    while at < len(data):
        byte = data[at]
        number |= (byte & ~_MORE) << shift
        at, shift = at + 1, shift + 7
        if not byte & _MORE:
            break
    return number, at
