"""The journal: what this replica promised, on disk before any of it leaves.

One file of frames: length, CRC-32, payload (a list of records). One append is one frame and one
fsync, so a power cut can tear only the last frame; that one is dropped at the next start, and
nothing in it has ever been sent. Damage anywhere else is a named exit: the node never guesses
what it may have promised. `rewrite` replaces the file by a shorter one (new file, fsync, rename,
fsync of the directory). Files: `journal` and, during a rewrite only, `journal.new`.
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

MAGIC = b"hushang-journal-1\n"
FRAME_SIZE_MAX = 64 * 1024 * 1024
_FRAME = struct.Struct(">II")


class JournalDamaged(StorageError):
    """The journal is altered before its last frame, or is another chain's or node's."""

    hint = "restore the node's data directory or start it anew under a new node key"


class JournalFailed(StorageError):
    """The disk refused a write or an fsync of the journal; what is on it is unknown."""


class Journal:
    """An append-only list of records (opaque bytes). One thread at a time."""

    def __init__(self, directory: Path, owner: bytes) -> None:
        """Open or create the journal; `owner` (32 bytes) binds it to one chain and node key."""
        assert len(owner) == HASH_SIZE
        self._directory = directory
        self._path = directory / "journal"
        self._header = MAGIC + owner
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
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
        """Write the records as one frame; they are on disk on return."""
        frame = _encode_frame(records)
        try:
            self._file.write(frame)
            self._file.flush()
            os.fdatasync(self._file.fileno())
        except OSError as error:
            raise JournalFailed(f"{self._path}: {error}") from error
        self.size += len(frame)

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
            if records:
                file.write(_encode_frame(records))
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


def _encode_frame(records: Sequence[bytes]) -> bytes:
    payload = pack(tuple(records))
    assert len(payload) <= FRAME_SIZE_MAX
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def _frames(data: bytes, start: int, path: Path) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """(end, records) of each whole frame; stops at a torn last one, raises on other damage."""
    at = start
    while at < len(data):
        head = data[at : at + _FRAME.size]
        if len(head) < _FRAME.size or not any(data[at:]):
            return
        size, checksum = _FRAME.unpack(head)
        end = at + _FRAME.size + size
        payload = data[at + _FRAME.size : end]
        if zlib.crc32(payload) != checksum or size == 0:
            # The last append may be torn: it runs to the end of the file or beyond.
            if end >= len(data):
                return
            raise JournalDamaged(f"{path}: frame at byte {at} is damaged")
        try:
            records = unpack(payload, size_max=FRAME_SIZE_MAX)
        except EncodingInvalid as error:
            raise JournalDamaged(f"{path}: frame at byte {at}: {error}") from error
        yield end, records
        at = end
