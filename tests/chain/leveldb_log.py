"""LevelDB's log format, read from its documentation for tests (doc/log_format.md)."""

import struct
from collections.abc import Iterator

BLOCK_SIZE = 32 * 1024
HEAD_SIZE = 7
FULL, FIRST, LAST = 1, 2, 4


def fragments(log: bytes) -> Iterator[tuple[int, int, int]]:
    """(offset, size with head, type) of each fragment of a whole log."""
    at = 0
    while at < len(log):
        left = BLOCK_SIZE - at % BLOCK_SIZE
        if left < HEAD_SIZE:
            at += left
            continue
        _, size, kind = struct.unpack_from("<IHB", log, at)
        yield at, HEAD_SIZE + size, kind
        at += HEAD_SIZE + size


def records(log: bytes) -> list[tuple[int, int]]:
    """(start, end) of each record of a whole log."""
    found: list[tuple[int, int]] = []
    start = 0
    for at, size, kind in fragments(log):
        if kind in {FULL, FIRST}:
            start = at
        if kind in {FULL, LAST}:
            found.append((start, at + size))
    return found
