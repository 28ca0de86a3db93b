"""What the metrics tell of a node's disk: room, sizes, and when its last backup was made."""

import os
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from node.backup_note import read_note

# Folders of a data directory whose size is told, by the series that tells it.
_FOLDERS: Final = (
    ("db", "hushang_store_bytes", "size of the database's files"),
    ("journal", "hushang_journal_bytes", "size of the files of the journal"),
)


class DiskMetrics:
    """One data directory. `look` asks the disk: not on the event loop."""

    def __init__(self, registry: CollectorRegistry, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._free = Gauge(
            "hushang_disk_free_bytes",
            "what the node may still write where its data lie",
            registry=registry,
        )
        self._whole = Gauge(
            "hushang_disk_bytes", "size of the disk where its data lie", registry=registry
        )
        self._sizes = [
            (folder, Gauge(name, what, registry=registry)) for folder, name, what in _FOLDERS
        ]
        self._backup_time = Gauge(
            "hushang_backup_timestamp_seconds",
            "when the last backup of this data directory was made; 0 without one",
            registry=registry,
        )
        self._backup_height = Gauge(
            "hushang_backup_height", "height of the last backup, 0 without one", registry=registry
        )

    def look(self) -> None:
        """Set the gauges. What can't be read keeps its last value."""
        try:
            room = os.statvfs(self._data_dir)
        except OSError:
            return
        self._free.set(room.f_bavail * room.f_frsize)
        self._whole.set(room.f_blocks * room.f_frsize)
        for folder, gauge in self._sizes:
            gauge.set(folder_size(self._data_dir / folder))
        note = read_note(self._data_dir)
        self._backup_time.set(0 if note is None else note.made_ms / 1000)
        self._backup_height.set(0 if note is None else note.height)


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder; one that goes away meanwhile counts for nothing."""
    size = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                size += _size(entry)
    except OSError:
        return size
    return size


def _size(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size if entry.is_file() else 0
    except OSError:
        return 0
