"""The journal: what this replica promised, on disk before any of it leaves.

One file of frames: length, CRC-32 of the payload, CRC-32 of those two, payload (a list of records).
One append is one fsync. A power cut can tear only the last append, and tears it by whole sectors:
the file is short, or a sector of it reads as zeros. That tail is dropped at the next start; nothing
in it has ever been sent. Any other damage is a named exit: the node never guesses what it may have
promised. `rewrite` replaces the file by a shorter one (new file, fsync, rename, fsync of the
directory). Files: `journal` and, during a rewrite only, `journal.new`.
"""

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from chain.codec import pack, unpack
from chain.crypto import HASH_SIZE
from chain.errors import EncodingInvalid
from chain.store_contract import StorageError

MAGIC = b"hushang-journal-2\n"
FRAME_SIZE_MAX = 64 * 1024 * 1024
# Records of one append that are larger go into several frames.
FRAME_SIZE_AIM = 8 * 1024 * 1024
SECTOR_SIZE = 512
_CHECKED = struct.Struct(">II")
_HEAD = struct.Struct(">III")


class JournalDamaged(StorageError):
    """The journal is altered before its last frame, or is another chain's or node's."""

    hint = "restore the node's data directory or start it anew under a new node key"


class JournalMissing(StorageError):
    """There is a chain on disk and no journal: what this node voted for is unknown."""

    hint = "restore the journal with the database, or start the node anew under a new node key"


class JournalFailed(StorageError):
    """The disk refused a write or an fsync of the journal; what is on it is unknown."""


class Journal:
    """An append-only list of records (opaque bytes). One thread at a time."""

    def __init__(self, directory: Path, owner: bytes, *, may_create: bool = True) -> None:
        """Open the journal; `owner` (32 bytes) binds it to one chain and node key.

        Create it only where `may_create`: beside a chain that has blocks it was there and is lost.
        """
        assert len(owner) == HASH_SIZE
        self._directory = directory
        self._path = directory / "journal"
        self._header = MAGIC + owner
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                if not may_create:
                    raise JournalMissing(f"{self._path}")
                self._replace(())
            self.records = self._read()
            self._file = self._path.open("ab")
        except OSError as error:
            raise JournalFailed(f"{self._path}: {error}") from error
        self.size = self._file.tell()

    def _read(self) -> list[bytes]:
        data = self._path.read_bytes()
        if data[: len(self._header)] != self._header:
            raise JournalDamaged(f"{self._path} does not belong to this chain and node key")
        records: list[bytes] = []
        whole = len(self._header)
        for end, payload in _frames(data, whole, self._path):
            records.extend(payload)
            whole = end
        if whole < len(data):
            os.truncate(self._path, whole)
        return records

    def append(self, records: Sequence[bytes]) -> None:
        """Write the records; they are on disk on return."""
        frames = _encode_frames(records)
        try:
            self._file.write(frames)
            self._file.flush()
            os.fdatasync(self._file.fileno())
        except OSError as error:
            raise JournalFailed(f"{self._path}: {error}") from error
        self.size += len(frames)

    def rewrite(self, records: Sequence[bytes]) -> None:
        """Replace everything by these records, atomically."""
        try:
            self._replace(records)
            self._file.close()
            self._file = self._path.open("ab")
        except OSError as error:
            raise JournalFailed(f"{self._path}: {error}") from error
        self.size = self._file.tell()

    def _replace(self, records: Sequence[bytes]) -> None:
        fresh = self._directory / "journal.new"
        with fresh.open("wb") as file:
            file.write(self._header)
            file.write(_encode_frames(records))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _encode_frames(records: Sequence[bytes]) -> bytes:
    """The records in frames of about `FRAME_SIZE_AIM`, at least one record each."""
    frames = []
    part: list[bytes] = []
    size = 0
    for record in records:
        if part and size + len(record) > FRAME_SIZE_AIM:
            frames.append(_encode_frame(part))
            part, size = [], 0
        part.append(record)
        size += len(record)
    if part:
        frames.append(_encode_frame(part))
    return b"".join(frames)


def _encode_frame(records: Sequence[bytes]) -> bytes:
    payload = pack(tuple(records))
    if len(payload) > FRAME_SIZE_MAX:
        raise JournalFailed(f"a record of {len(payload)} bytes, at most {FRAME_SIZE_MAX}")
    checked = _CHECKED.pack(len(payload), zlib.crc32(payload))
    return checked + zlib.crc32(checked).to_bytes(4, "big") + payload


def _frames(data: bytes, start: int, path: Path) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """(end, records) of each whole frame; stops at a torn tail, raises on other damage."""
    at = start
    while at < len(data):
        end = _frame_end(data, at)
        if end is None:
            if len(data) - at < _HEAD.size or _lacks_a_sector(data, at, len(data)):
                return
            raise JournalDamaged(f"{path}: the frame head at byte {at} is damaged")
        payload = data[at + _HEAD.size : end]
        if end > len(data):
            return
        if zlib.crc32(payload) != _CHECKED.unpack_from(data, at)[1]:
            if end == len(data) and _lacks_a_sector(data, at, end):
                return
            raise JournalDamaged(f"{path}: the frame at byte {at} is damaged")
        try:
            records = unpack(payload, size_max=FRAME_SIZE_MAX)
        except EncodingInvalid as error:
            raise JournalDamaged(f"{path}: frame at byte {at}: {error}") from error
        yield end, records
        at = end


def _frame_end(data: bytes, at: int) -> int | None:
    """Where the frame that begins at `at` ends by its head; None if the head doesn't hold."""
    head = data[at : at + _HEAD.size]
    if len(head) < _HEAD.size:
        return None
    size: int
    size, _, checksum = _HEAD.unpack(head)
    if zlib.crc32(head[: _CHECKED.size]) != checksum or not 0 < size <= FRAME_SIZE_MAX:
        return None
    return at + _HEAD.size + size


def _lacks_a_sector(data: bytes, start: int, end: int) -> bool:
    """Is there a disk sector of which everything between `start` and `end` reads as zeros?"""
    for sector in range(start - start % SECTOR_SIZE, end, SECTOR_SIZE):
        if not any(data[max(start, sector) : min(end, sector + SECTOR_SIZE)]):
            return True
    return False
