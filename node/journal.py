"""The journal: what this replica promised, on disk before any of it leaves.

One file of frames (`node.frames`), each a list of records; one append is one fsync. A power cut
tears at most the last append: that tail is dropped at the next start; nothing in it has ever been
sent. Any other damage is a named exit, and whatever lies before another append is damage: the node
never guesses what it may have promised. What an open finds is synced before it counts, since
a killed process may have left it in the page cache only. `rewrite` replaces the file by a shorter
one (new file, fsync, rename, fsync of the directory). Files: `journal` and, during a rewrite only,
`journal.new`.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chain.crypto import HASH_SIZE, sha256
from chain.store_contract import DISK_HINT, REPAIR_HINT, StorageError
from node.clients.files import sync_directory
from node.frames import encode_frames, read_frames

MAGIC = b"hushang-journal-4\n"


class JournalDamaged(StorageError):
    """The journal is altered before its last frame, or is another chain's or node's."""

    hint = REPAIR_HINT


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
        for end, payload in read_frames(data, whole, self._path, JournalDamaged):
            records.extend(payload)
            whole = end
        if whole < len(data):
            os.truncate(self._path, whole)
        return records

    def append(self, records: Sequence[bytes]) -> None:
        """Write the records; they are on disk on return."""
        frames = encode_frames(records)
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
            file.write(encode_frames(records))
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


def sync_files(directory: Path) -> None:
    """The files in a flat directory, and which they are, are on the disk itself."""
    for path in sorted(directory.iterdir()):
        handle = os.open(path, os.O_RDONLY)
        try:
            sync_handle(handle)
        finally:
            os.close(handle)
    sync_directory(directory)
