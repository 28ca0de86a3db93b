"""What joining leaves on disk: proven parts, a database in the making, and the swap of databases.

    joining/started         the height at which this node began to join
    joining/SNAPSHOT/       one file a part, whole or not there; proven again when it is installed
    db.joining/             the database in the making; worthless until it is renamed to db
    db.replaced/            the database before; there only while the two change places

Whatever interrupts this, `settle` at the next start makes one database of it.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.errors import HushangError
from chain.snapshot import MANIFEST, PartId
from chain.store_contract import DiskRefused, StorageFailed
from node.clients.files import sync_directory
from node.journal import sync_files

DATABASE: Final = "db"
DRAFT: Final = "db.joining"
REPLACED: Final = "db.replaced"
FOLDER: Final = "joining"
STARTED: Final = "started"
NEW: Final = ".new"
# The rows, the tree over them, and what the database holds twice while it sorts.
ROOM_FACTOR: Final = 4
ROOM_MIN: Final = 64 * 1024 * 1024


class JoiningAbandoned(HushangError):
    """The node was stopped while its database was in the making; its next start goes on."""

    hint = "start the node again: it goes on with the parts it has"


class DiskTooSmall(HushangError):
    """There is no room for the database that a snapshot makes."""

    hint = "make room on the disk of data_dir and start the node again; what was fetched is kept"


@dataclass(frozen=True, slots=True)
class KeptParts:
    """The parts of one snapshot; `chain.snapshot_install.Parts`."""

    folder: Path

    def has(self, part: PartId) -> bool:
        """Is the part here?"""
        return (self.folder / part.name).exists()

    def read(self, part: PartId) -> bytes:
        """The bytes of a part that is here."""
        try:
            return (self.folder / part.name).read_bytes()
        except OSError as error:
            raise StorageFailed(f"{self.folder / part.name}: {error.strerror}") from error

    def keep(self, part: PartId, data: bytes) -> None:
        """Write a part; its file appears whole or not at all."""
        path = self.folder / part.name
        draft = path.with_name(path.name + NEW)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(data)
            draft.replace(path)
        except OSError as error:
            raise StorageFailed(f"{path}: {error.strerror}") from error

    def drop(self, part: PartId) -> None:
        """Forget a part that is not what it should be; with the manifest all rest on it."""
        if part == MANIFEST:
            shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / part.name).unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of all that is here."""
        return sum(entry.stat().st_size for entry in self.folder.iterdir())


@contextmanager
def _telling() -> Iterator[None]:
    """What the system refuses, as `DiskRefused`: a node says it as its last word."""
    try:
        yield
    except OSError as error:
        raise DiskRefused(f"{error.filename}: {error.strerror}") from error


class JoiningFiles:
    """The directories of joining in one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.database = data_dir / DATABASE
        self.draft = data_dir / DRAFT
        self._replaced = data_dir / REPLACED
        self._folder = data_dir / FOLDER

    @_telling()
    def settle(self) -> None:
        """Finish a swap that was interrupted; no database is open."""
        if self._replaced.exists():
            if not self.database.exists():
                self.draft.rename(self.database)
                sync_directory(self.data_dir)
            shutil.rmtree(self._replaced)

    @_telling()
    def started_at(self) -> int | None:
        """The height at which joining began that was not finished; None if there is none."""
        try:
            return int((self._folder / STARTED).read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return None

    @_telling()
    def begin(self, height: int) -> None:
        """Note that this node joins, so that it goes on after an interruption."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / (STARTED + NEW)
        draft.write_text(f"{height}\n", "ascii")
        draft.replace(self._folder / STARTED)

    @_telling()
    def parts(self, name: str) -> KeptParts:
        """The files of one snapshot; those of others are of no use any more."""
        for other in self._folder.iterdir():
            if other.is_dir() and other.name != name:
                shutil.rmtree(other)
        return KeptParts(self._folder / name)

    @_telling()
    def kept(self) -> frozenset[str]:
        """The names of snapshots of which there are parts."""
        if not self._folder.exists():
            return frozenset()
        return frozenset(entry.name for entry in self._folder.iterdir() if entry.is_dir())

    def end(self) -> None:
        """Nothing is joined any more: give the room back."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.rmtree(self.draft, ignore_errors=True)

    @_telling()
    def clear_draft(self) -> None:
        """A database in the making that was not finished is begun anew."""
        if self.draft.exists():
            shutil.rmtree(self.draft)

    def require_room(self, parts_size: int) -> None:
        """`DiskTooSmall` unless a database of these parts fits."""
        wanted = ROOM_FACTOR * parts_size + ROOM_MIN
        free = shutil.disk_usage(self.data_dir).free
        if free < wanted:
            mib = 1024 * 1024
            msg = f"{self.data_dir}: {free // mib} MiB are free, {wanted // mib} needed"
            raise DiskTooSmall(msg)

    @_telling()
    def swap(self) -> None:
        """The finished draft, closed, takes the place of the database."""
        sync_files(self.draft)
        sync_directory(self.data_dir)
        if self.database.exists():
            self.database.rename(self._replaced)
        self.draft.rename(self.database)
        sync_directory(self.data_dir)
        shutil.rmtree(self._replaced, ignore_errors=True)
