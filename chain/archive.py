"""The bytes of an archive file: blocks that a node has pruned, with certificates and receipts.

docs/protocol-files.md describes the format. Nothing in a file is believed because it lies there:
the checksums only tell damage early, and the chain's own hashes prove the blocks.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from chain.crypto import HASH_SIZE
from chain.store_contract import StorageError

MAGIC: Final = b"hushang-archive-1\n"
TRAILER_SIZE: Final = 32
# A block's own cap, and what its receipts may weigh.
FRAME_SIZE_MAX: Final = 256 * 1024 * 1024

_SPAN: Final = struct.Struct(">QQ")
_FRAME: Final = struct.Struct(">II")
_HEIGHT: Final = struct.Struct(">Q")
_LENGTH: Final = struct.Struct(">I")
HEAD_SIZE: Final = len(MAGIC) + HASH_SIZE + _SPAN.size
FRAME_HEAD_SIZE: Final = _FRAME.size


class ArchiveDamaged(StorageError):
    """An archive file is not what was written."""

    hint = "take another copy of the file, or of the same heights from another member"


@dataclass(frozen=True, slots=True)
class ArchivedBlock:
    """A height as the node had it stored: canonical block, certificate and receipts in order."""

    height: int
    block: bytes
    certificate: bytes
    receipts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What a file begins with: whose blocks, and which heights, both ends included."""

    genesis_hash: bytes
    first: int
    last: int


def pack_head(head: Head) -> bytes:
    """The first HEAD_SIZE bytes of a file."""
    return MAGIC + head.genesis_hash + _SPAN.pack(head.first, head.last)


def read_head(data: bytes) -> Head:
    """The head of a file, or `ArchiveDamaged`."""
    if len(data) != HEAD_SIZE or not data.startswith(MAGIC):
        raise ArchiveDamaged("it does not begin as an archive does")
    first, last = _SPAN.unpack_from(data, HEAD_SIZE - _SPAN.size)
    if not 0 < first <= last:
        raise ArchiveDamaged(f"heights {first} to {last} are no range")
    return Head(data[len(MAGIC) : len(MAGIC) + HASH_SIZE], first, last)


def pack_frame(block: ArchivedBlock) -> bytes:
    """A height's frame: length, checksum, and the height with everything of it."""
    parts = [_HEIGHT.pack(block.height), *_sized((block.block, block.certificate))]
    parts += [_LENGTH.pack(len(block.receipts)), *_sized(block.receipts)]
    body = b"".join(parts)
    assert len(body) <= FRAME_SIZE_MAX
    return _FRAME.pack(len(body), zlib.crc32(body)) + body


def _sized(values: Iterable[bytes]) -> Iterator[bytes]:
    for value in values:
        yield _LENGTH.pack(len(value))
        yield value


def read_frame_head(data: bytes) -> tuple[int, int]:
    """Length and checksum of the body behind a frame's FRAME_HEAD_SIZE bytes."""
    if len(data) != FRAME_HEAD_SIZE:
        raise ArchiveDamaged("it ends within a frame")
    size, checksum = _FRAME.unpack(data)
    if size > FRAME_SIZE_MAX:
        raise ArchiveDamaged(f"a frame of {size} bytes")
    return size, checksum


def read_frame(body: bytes, checksum: int) -> ArchivedBlock:
    """The height in a frame's body, or `ArchiveDamaged`."""
    if zlib.crc32(body) != checksum:
        raise ArchiveDamaged("a frame's checksum does not hold")
    try:
        (height,) = _HEIGHT.unpack_from(body)
        block, at = _take(body, _HEIGHT.size)
        certificate, at = _take(body, at)
        (count,) = _LENGTH.unpack_from(body, at)
        at += _LENGTH.size
        receipts = []
        for _ in range(count):
            receipt, at = _take(body, at)
            receipts.append(receipt)
    except struct.error as error:
        raise ArchiveDamaged("a frame ends early") from error
    if at != len(body):
        raise ArchiveDamaged("a frame has bytes behind its receipts")
    return ArchivedBlock(height, block, certificate, tuple(receipts))


def _take(body: bytes, at: int) -> tuple[bytes, int]:
    (size,) = _LENGTH.unpack_from(body, at)
    start = at + _LENGTH.size
    if start + size > len(body):
        raise ArchiveDamaged("a frame ends early")
    return body[start : start + size], start + size
