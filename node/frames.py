"""Files that only grow: frames whose damage is noticed, and told from what a power cut has torn.

A frame is a mark (1 byte), length, CRC-32 of the payload, CRC-32 of those three, payload (a list of
byte strings). One append is one fsync and begins with a frame marked FIRST; large ones have more
frames. A power cut can tear only the last append, and tears it by whole sectors: the file is short,
or a sector of it reads as zeros. Anything else is damage, and so is whatever lies before another
append.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from chain.codec import pack, unpack
from chain.errors import EncodingInvalid
from chain.store_contract import StorageError

FRAME_SIZE_MAX: Final = 64 * 1024 * 1024
# Records of one append that are larger go into several frames.
FRAME_SIZE_AIM: Final = 8 * 1024 * 1024
SECTOR_SIZE: Final = 512
# Never zero, so that a lost sector is seen wherever a frame begins in it.
FIRST: Final = 0xF5
FURTHER: Final = 0xF6
_CHECKED: Final = struct.Struct(">BII")
_HEAD: Final = struct.Struct(">BIII")


class FrameTooLarge(StorageError):
    """What is to be kept is larger than a frame may be; nothing was written."""

    hint = "report it with the node's log: the software made a record larger than it can keep"


def encode_frames(records: Sequence[bytes]) -> bytes:
    """One append: the records in frames of about `FRAME_SIZE_AIM`, at least one record each."""
    frames: list[bytes] = []
    part: list[bytes] = []
    size = 0
    for record in records:
        if part and size + len(record) > FRAME_SIZE_AIM:
            frames.append(encode_frame(part, FURTHER if frames else FIRST))
            part, size = [], 0
        part.append(record)
        size += len(record)
    if part:
        frames.append(encode_frame(part, FURTHER if frames else FIRST))
    return b"".join(frames)


def encode_frame(records: Sequence[bytes], mark: int = FIRST) -> bytes:
    """One frame; by itself it is an append."""
    payload = pack(tuple(records))
    if len(payload) > FRAME_SIZE_MAX:
        raise FrameTooLarge(f"a record of {len(payload)} bytes, at most {FRAME_SIZE_MAX}")
    checked = _CHECKED.pack(mark, len(payload), zlib.crc32(payload))
    return checked + zlib.crc32(checked).to_bytes(4, "big") + payload


def read_frames(
    data: bytes, start: int, path: Path, damaged: type[StorageError]
) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """(end, records) of each whole frame; stops at a torn tail, raises `damaged` on other damage.

    `path` is where the data is from, for people.
    """
    at = start
    while at < len(data):
        end = _whole_frame_end(data, at)
        if end is None:
            if is_torn(data, at):
                return
            raise damaged(f"{path}: the frame at byte {at} is damaged")
        try:
            records = unpack(data[at + _HEAD.size : end], size_max=FRAME_SIZE_MAX)
        except EncodingInvalid as error:
            raise damaged(f"{path}: frame at byte {at}: {error}") from error
        if type(records) is not tuple or not all(type(record) is bytes for record in records):
            raise damaged(f"{path}: frame at byte {at}: no list of byte strings")
        yield end, records
        at = end


def _frame_end(data: bytes, at: int) -> int | None:
    """Where the frame that begins at `at` ends by its head; None if the head doesn't hold."""
    head = data[at : at + _HEAD.size]
    if len(head) < _HEAD.size:
        return None
    size: int
    mark, size, _, checksum = _HEAD.unpack(head)
    if zlib.crc32(head[: _CHECKED.size]) != checksum or mark not in {FIRST, FURTHER}:
        return None
    return at + _HEAD.size + size if 0 < size <= FRAME_SIZE_MAX else None


def _whole_frame_end(data: bytes, at: int) -> int | None:
    """Where the frame at `at` ends; None unless head and payload hold."""
    end = _frame_end(data, at)
    if end is None or end > len(data):
        return None
    checksum: int = _CHECKED.unpack_from(data, at)[2]
    return end if zlib.crc32(data[at + _HEAD.size : end]) == checksum else None


def is_torn(data: bytes, at: int) -> bool:
    """Is everything from `at` on what a power cut left of the last append?"""
    later = data.find(FIRST, at + 1)
    while later >= 0:
        if _whole_frame_end(data, later) is not None:
            # That append began after this one was synced.
            return False
        later = data.find(FIRST, later + 1)
    end = _frame_end(data, at)
    is_short = len(data) - at < _HEAD.size if end is None else end > len(data)
    return is_short or _lacks_a_sector(data, at)


def _lacks_a_sector(data: bytes, start: int) -> bool:
    """Is there a disk sector of which everything from `start` on reads as zeros?"""
    for sector in range(start - start % SECTOR_SIZE, len(data), SECTOR_SIZE):
        if not any(data[max(start, sector) : sector + SECTOR_SIZE]):
            return True
    return False
