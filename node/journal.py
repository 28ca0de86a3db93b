"""The journal: what this replica promised, on disk before any of it leaves.

One file of frames: mark (1 byte), length, CRC-32 of the payload, CRC-32 of those three, payload (a
list of records). One append is one fsync and begins with a frame marked FIRST; large ones have more
frames. A power cut can tear only the last append, and tears it by whole sectors: the file is short,
or a sector of it reads as zeros. That tail is dropped at the next start; nothing in it has ever
been sent. Any other damage is a named exit, and whatever lies before another append is damage: the
node never guesses what it may have promised. What an open finds is synced before it counts, since
a killed process may have left it in the page cache only. `rewrite` replaces the file by a shorter
one (new file, fsync, rename, fsync of the directory). Files: `journal` and, during a rewrite only,
`journal.new`.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chain.codec import pack, unpack
from chain.crypto import HASH_SIZE, sha256
from chain.errors import EncodingInvalid
from chain.store_contract import DISK_HINT, StorageError

MAGIC = b"hushang-journal-3\n"
FRAME_SIZE_MAX = 64 * 1024 * 1024
# Records of one append that are larger go into several frames.
FRAME_SIZE_AIM = 8 * 1024 * 1024
SECTOR_SIZE = 512
# Never zero, so that a lost sector is seen wherever a frame begins in it.
FIRST = 0xF5
FURTHER = 0xF6
_CHECKED = struct.Struct(">BII")
_HEAD = struct.Struct(">BIII")


class JournalDamaged(StorageError):
    """The journal is altered before its last frame, or is another chain's or node's."""

    hint = "restore the node's data directory or start it anew under a new node key"


class JournalMissing(StorageError):
    """There is no journal, and nobody else could tell what this node has voted for."""

    hint = (
        "restore the journal; or, if this node's key has signed nothing that is not decided, "
        "hushang node accept-loss"
    )


class JournalFailed(StorageError):
    """The disk refused a write or an fsync of the journal; what is on it is unknown."""

    hint = DISK_HINT


def journal_owner(genesis_hash: bytes, node_key: bytes) -> bytes:
    """Binds a journal to one chain and one node key."""
    return sha256(genesis_hash + node_key)


class Journal:
    """An append-only list of records (opaque bytes). One thread at a time."""

    def __init__(
        self,
        directory: Path,
        owner: bytes,
        *,
        may_create: bool = True,
        initial: Sequence[bytes] = (),
    ) -> None:
        """Open the journal; `owner` (32 bytes) binds it to one chain and node key.

        Create it only where `may_create`, with the `initial` records.
        """
        assert len(owner) == HASH_SIZE
        self._directory = directory
        self._path = directory / "journal"
        self._header = MAGIC + owner
        self._failed = False
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                if not may_create:
                    raise JournalMissing(f"{self._path}")
                self._replace(initial)
                # The directory itself, and the database's beside it, are new.
                sync_directory(directory.parent)
            (directory / "journal.new").unlink(missing_ok=True)
            self.records = self._read()
            self._file = self._path.open("ab")
            sync_handle(self._file.fileno())
            sync_directory(directory)
        except OSError as error:
            raise JournalFailed(f"{self._path}: {error}") from error
        self.size = self._file.tell()

    def _read(self) -> list[bytes]:
        data = self._path.read_bytes()
        if data[: len(self._header)] != self._header:
            msg = f"{self._path} is no journal of this format, chain and node key"
            raise JournalDamaged(msg)
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
        with self._writing():
            self._file.write(frames)
            self._file.flush()
            sync_handle(self._file.fileno())
        self.size += len(frames)

    def rewrite(self, records: Sequence[bytes]) -> None:
        """Replace everything by these records, atomically."""
        with self._writing():
            self._replace(records)
            self._file.close()
            self._file = self._path.open("ab")
        self.size = self._file.tell()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A write that fails is the last: the next fsync might succeed without what was lost."""
        if self._failed:
            raise JournalFailed(f"{self._path}: an earlier write failed")
        try:
            yield
        except OSError as error:
            self._failed = True
            raise JournalFailed(f"{self._path}: {error}") from error

    def _replace(self, records: Sequence[bytes]) -> None:
        fresh = self._directory / "journal.new"
        with fresh.open("wb") as file:
            file.write(self._header)
            file.write(_encode_frames(records))
            file.flush()
            sync_handle(file.fileno())
        fresh.replace(self._path)
        sync_directory(self._directory)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def sync_handle(handle: int) -> None:
    """Everything written is on the disk itself; fsync of macOS reaches only the drive's cache."""
    if hasattr(fcntl, "F_FULLFSYNC"):
        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(handle)


def sync_directory(directory: Path) -> None:
    """Which files are in it is on the disk."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _encode_frames(records: Sequence[bytes]) -> bytes:
    """One append: the records in frames of about `FRAME_SIZE_AIM`, at least one record each."""
    frames: list[bytes] = []
    part: list[bytes] = []
    size = 0
    for record in records:
        if part and size + len(record) > FRAME_SIZE_AIM:
            frames.append(_encode_frame(part, FURTHER if frames else FIRST))
            part, size = [], 0
        part.append(record)
        size += len(record)
    if part:
        frames.append(_encode_frame(part, FURTHER if frames else FIRST))
    return b"".join(frames)


def _encode_frame(records: Sequence[bytes], mark: int = FIRST) -> bytes:
    payload = pack(tuple(records))
    if len(payload) > FRAME_SIZE_MAX:
        raise JournalFailed(f"a record of {len(payload)} bytes, at most {FRAME_SIZE_MAX}")
    checked = _CHECKED.pack(mark, len(payload), zlib.crc32(payload))
    return checked + zlib.crc32(checked).to_bytes(4, "big") + payload


def _frames(data: bytes, start: int, path: Path) -> Iterator[tuple[int, tuple[bytes, ...]]]:
    """(end, records) of each whole frame; stops at a torn tail, raises on other damage."""
    at = start
    while at < len(data):
        end = _whole_frame_end(data, at)
        if end is None:
            if _is_torn(data, at):
                return
            raise JournalDamaged(f"{path}: the frame at byte {at} is damaged")
        try:
            records = unpack(data[at + _HEAD.size : end], size_max=FRAME_SIZE_MAX)
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


def _is_torn(data: bytes, at: int) -> bool:
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
