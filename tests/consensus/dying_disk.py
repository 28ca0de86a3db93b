"""A directory for a real journal that counts what is done to it, and dies at one of those acts.

A killed process leaves what was written; a power cut only what was synced, and a renamed file only
if the directory was synced too. A write that is died at leaves half of its bytes.
"""

import os
from pathlib import Path, PosixPath
from types import SimpleNamespace
from typing import IO, Any

import pytest
from typing_extensions import override


class Died(Exception):
    """The process is no more."""


class Disk:
    """Acts on the journal's files: writes, fsyncs, renames, in order."""

    def __init__(self, directory: Path, dies_at: int | None = None) -> None:
        self.directory = directory
        self.dies_at = dies_at
        self.acts: list[str] = []
        # What a power cut leaves of the journal; None: it has no name yet.
        self.durable: bytes | None = None
        self._renamed: bytes | None = None
        self._fresh = b""
        self._files: list[_WatchedFile] = []

    def act(self, name: str) -> None:
        """Count it, and perhaps die before it."""
        self.acts.append(name)
        if len(self.acts) - 1 == self.dies_at:
            raise Died(name)

    def synced(self) -> None:
        """The files' contents are on disk."""
        fresh, journal = self.directory / "journal.new", self.directory / "journal"
        if fresh.exists():
            self._fresh = fresh.read_bytes()
        elif self._renamed is not None:
            self.durable, self._renamed = self._renamed, None
        elif journal.exists():
            self.durable = journal.read_bytes()

    def renamed(self) -> None:
        """The new file has the old one's name, for those who don't lose power."""
        self._renamed = self._fresh

    def cut_power(self) -> None:
        """What was not synced is lost."""
        journal = self.directory / "journal"
        journal.unlink(missing_ok=True)
        if self.durable is not None:
            journal.write_bytes(self.durable)

    def close(self) -> None:
        """Let go of all files."""
        for file in self._files:
            file.close()

    def path(self) -> Path:
        """The directory, for a journal that shall be watched."""
        disk = self

        class WatchedPath(PosixPath):
            @override
            def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
                file = _WatchedFile(disk, super().open(mode, *args, **kwargs))
                disk._files.append(file)
                return file

            @override
            def replace(self, target: Any) -> Any:
                disk.act("rename")
                moved = super().replace(target)
                disk.renamed()
                return moved

        return WatchedPath(self.directory)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The journal's fsyncs are acts of this disk from now on (and cost nothing)."""

        def sync(_descriptor: int) -> None:
            self.act("fsync")
            self.synced()

        watched = SimpleNamespace(
            O_RDONLY=os.O_RDONLY,
            open=os.open,
            close=os.close,
            truncate=os.truncate,
            fsync=sync,
            fdatasync=sync,
        )
        monkeypatch.setattr("node.journal.os", watched)
        # What syncs directories.
        monkeypatch.setattr("node.clients.files.os", watched)


class _WatchedFile:
    """A file whose writes are acts."""

    def __init__(self, disk: Disk, file: IO[Any]) -> None:
        self._disk = disk
        self._file = file
        self.flush, self.fileno, self.tell = file.flush, file.fileno, file.tell
        self.close, self.read = file.close, file.read

    def write(self, data: bytes) -> int:
        try:
            self._disk.act("write")
        except Died:
            self._file.write(data[: len(data) // 2])
            self._file.flush()
            raise
        written = self._file.write(data)
        self._file.flush()
        return written

    def __enter__(self) -> "_WatchedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
