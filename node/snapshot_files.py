"""Snapshots as files: DATA_DIR/snapshots/HEIGHT/ with a file a part, complete or not there at all.

Parts are written under a name of its own, `HEIGHT.making`, and synced before the manifest; that
comes last, then the directory gets its name. What an ended process left of that is removed at the
next start.
"""

import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import BinaryIO, Final, cast

from chain.errors import HushangError
from chain.genesis import Genesis
from chain.snapshot import (
    MANIFEST,
    Manifest,
    PartId,
    PartKind,
    SnapshotPartWrong,
    encode_manifest,
)
from chain.snapshot_check import (
    check_manifest,
    check_minutes,
    check_part,
    check_state_part,
    minutes_among,
    read_manifest,
)
from chain.store_contract import DiskRefused
from node.clients.files import sync_directory
from node.service import SnapshotView

logger = logging.getLogger(__name__)

FOLDER_NAME: Final = "snapshots"
MAKING: Final = ".making"
KEPT_MAX: Final = 2
# Work between two rests, and the longest rest. It rests as long as it has worked: an event loop
# that wants the interpreter waits for a millisecond, and half a core stays for the blocks.
WORK_S: Final = 0.001
REST_S_MAX: Final = 0.02


class SnapshotMissing(HushangError):
    """No snapshot of this height is there, or it lacks a part."""

    hint = "hushang snapshot list names those that are there"


class SnapshotStopped(HushangError):
    """The node ends, and with it the making of a snapshot."""

    hint = "ask again when the node runs: hushang snapshot create"


@dataclass(frozen=True, slots=True)
class HeldSnapshot:
    """A complete snapshot: its block, what it offers to peers, its size on the disk."""

    height: int
    digest: bytes
    index_digest: bytes
    time_ms: int
    parts: int
    size: int

    def view(self) -> SnapshotView:
        """As the node's status shows it."""
        return SnapshotView(self.height, self.time_ms, self.size)


@contextmanager
def disk_named(path: Path) -> Iterator[None]:
    """What the file system refuses is a storage error: fatal, and named."""
    try:
        yield
    except OSError as error:
        msg = f"{path}: {error.strerror or error}"
        raise DiskRefused(msg) from error


class SnapshotFolder:
    """The snapshots of one node. One thread makes, any may read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Newest first; replaced, never changed.
        self.held: tuple[HeldSnapshot, ...] = ()

    def open(self) -> None:
        """Find what is complete, and remove what an ended process left unfinished."""
        with disk_named(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            found = []
            for folder in sorted(self.path.iterdir()):
                if folder.name.endswith(MAKING):
                    shutil.rmtree(folder)
                elif folder.name.isdecimal() and (held := self._look(folder)) is not None:
                    found.append(held)
        self.held = tuple(sorted(found, key=lambda held: held.height, reverse=True))

    def _look(self, folder: Path) -> HeldSnapshot | None:
        try:
            return held_of(folder)
        except (SnapshotMissing, SnapshotPartWrong) as error:
            logger.warning("the snapshot in %s is removed: %s", folder, error)
            shutil.rmtree(folder)
            return None

    def folder(self, height: int) -> Path:
        """Where the snapshot of a height lies."""
        return self.path / str(height)

    def begin(self, height: int, stop: threading.Event) -> "PartWriter":
        """Start a snapshot; the writer's folder is empty."""
        folder = self.path / f"{height}{MAKING}"
        with disk_named(folder):
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir()
        return PartWriter(folder, stop)

    def finish(self, writer: "PartWriter", manifest: Manifest) -> HeldSnapshot:
        """The manifest, then the name; afterwards only the newest are kept."""
        writer.sync()
        writer.put(MANIFEST, encode_manifest(manifest))
        writer.sync(MANIFEST.name)
        folder = self.folder(manifest.height)
        with disk_named(folder):
            if folder.exists():
                shutil.rmtree(folder)
            writer.folder.rename(folder)
            sync_directory(self.path)
        made = held_of(folder)
        others = [held for held in self.held if held.height != made.height]
        newest = sorted([made, *others], key=lambda held: held.height, reverse=True)
        self.held = tuple(newest[:KEPT_MAX])
        for gone in newest[KEPT_MAX:]:
            with disk_named(self.folder(gone.height)):
                shutil.rmtree(self.folder(gone.height))
        return made

    def drop(self, writer: "PartWriter") -> None:
        """Give a snapshot up."""
        with disk_named(writer.folder):
            shutil.rmtree(writer.folder, ignore_errors=True)

    def read_slice(self, height: int, part: PartId, offset: int, size: int) -> tuple[int, bytes]:
        """The size of a part and bytes of it from `offset` on; (0, b"") if it is not here."""
        if all(held.height != height for held in self.held):
            return 0, b""
        file = self.folder(height) / part.name
        try:
            with file.open("rb") as stream:
                whole = os.fstat(stream.fileno()).st_size
                if offset >= whole:
                    return whole, b""
                stream.seek(offset)
                return whole, stream.read(size)
        except FileNotFoundError:
            # A part that there isn't, or the snapshot has just made room for a newer one.
            return 0, b""
        except OSError as error:
            msg = f"{file}: {error.strerror or error}"
            raise DiskRefused(msg) from error


class PartWriter:
    """`chain.snapshot_make.Sink` into a folder; it rests often, and ends when `stop` is set."""

    def __init__(self, folder: Path, stop: threading.Event) -> None:
        self.folder = folder
        self._stop = stop
        self._since = perf_counter()

    def put(self, part: PartId, data: bytes) -> None:
        """Write a part; `sync` makes it last."""
        file = self.folder / part.name
        with disk_named(file):
            file.write_bytes(data)
        self.breathe()

    def sync(self, names: str = "*") -> None:
        """What was put is on the disk."""
        with disk_named(self.folder):
            for file in sorted(self.folder.glob(names)):
                with file.open("rb") as stream:
                    os.fsync(stream.fileno())
                self.breathe()
            sync_directory(self.folder)

    def temporary(self) -> BinaryIO:
        """A file without a name in the folder."""
        with disk_named(self.folder):
            return cast("BinaryIO", tempfile.TemporaryFile(dir=self.folder))

    def breathe(self) -> None:
        """Let others have the interpreter. Raises `SnapshotStopped`."""
        worked_s = perf_counter() - self._since
        if worked_s < WORK_S:
            return
        if self._stop.wait(min(worked_s, REST_S_MAX)):
            raise SnapshotStopped("the node ends")
        self._since = perf_counter()


@dataclass(frozen=True, slots=True)
class PartFiles:
    """`chain.snapshot_install.Parts` from a folder."""

    folder: Path

    def read(self, part: PartId) -> bytes:
        """The bytes of a part; `SnapshotMissing`, or `SnapshotPartWrong` where it is too large."""
        file = self.folder / part.name
        try:
            with file.open("rb") as stream:
                data = stream.read(part.size_max + 1)
        except FileNotFoundError as error:
            raise SnapshotMissing(f"{file} is not there") from error
        except OSError as error:
            msg = f"{file}: {error.strerror or error}"
            raise DiskRefused(msg) from error
        if len(data) > part.size_max:
            raise SnapshotPartWrong(part, f"larger than {part.size_max} bytes")
        return data


def held_of(folder: Path) -> HeldSnapshot:
    """What the manifest in a folder says, unproven, and the size of the parts that it names.

    Raises `SnapshotMissing` or `SnapshotPartWrong`.
    """
    manifest = manifest_in(folder)
    parts = (MANIFEST, *manifest.parts())
    try:
        size = sum((folder / part.name).stat().st_size for part in parts)
    except FileNotFoundError as error:
        raise SnapshotMissing(f"{error.filename} is not there") from error
    below = manifest.below
    index_digest = manifest.index_digest()
    return HeldSnapshot(
        below.height, manifest.digest, index_digest, below.time_ms, len(parts), size
    )


def manifest_in(folder: Path) -> Manifest:
    """The manifest in a folder, unproven. Raises `SnapshotMissing` or `SnapshotPartWrong`."""
    return read_manifest(PartFiles(folder).read(MANIFEST))


def found_in(path: Path) -> list[HeldSnapshot]:
    """The complete snapshots below a directory, newest first; changes nothing."""
    try:
        folders = [entry for entry in path.iterdir() if entry.name.isdecimal()]
    except FileNotFoundError:
        return []
    return sorted(map(held_of, folders), key=lambda held: held.height, reverse=True)


def check_folder(
    folder: Path, genesis: Genesis, told: Callable[[PartId, int], None] = lambda *_: None
) -> Manifest:
    """Prove every part of a snapshot, from the genesis; `told` of each and of its size.

    The index is only what the manifest names: no root covers it. Raises `SnapshotPartWrong` or
    `SnapshotMissing`.
    """
    parts = PartFiles(folder)
    manifest = check_manifest(parts.read(MANIFEST), genesis)
    minutes = []
    for part in manifest.parts():
        data = parts.read(part)
        if part.kind is PartKind.STATE:
            pairs = check_state_part(manifest, part.number, data)
            minutes += minutes_among(key for key, _ in pairs)
        else:
            check_part(manifest, part, data)
        told(part, len(data))
    check_minutes(manifest, sorted(minutes))
    return manifest
