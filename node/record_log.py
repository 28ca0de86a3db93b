"""A small file of records for one purpose of one node: appended, synced, and rewritten when stale.

Frames as the journal's (`node.frames`), one for each append, after a line that names the format and
the genesis hash. What a power cut tore at its end is cut off. Nothing agreed lies in such a file: a
damaged one is set aside under another name, and a new one begins, so that no node stops voting for
want of its conveniences. A disk that refuses a write is fatal, as everywhere.
"""

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chain.crypto import HASH_SIZE
from chain.store_contract import DISK_HINT, StorageError
from node.clients.files import sync_directory
from node.frames import encode_frame, is_torn, read_frames

logger = logging.getLogger(__name__)

ASIDE_SUFFIX: Final = ".damaged"
NEW_SUFFIX: Final = ".new"
# Only its owner may read it: some records hold secrets.
MODE: Final = 0o600
# A file is rewritten when this many of its records have been replaced by later ones.
STALE_MAX: Final = 1_000


class RecordLogDamaged(StorageError):
    """A file of records is altered, or is another chain's or format's."""


class RecordLogFailed(StorageError):
    """The disk refused to read or to write a file of records."""

    hint = DISK_HINT


class RecordLog:
    """`records` as found at the start; `append` and `rewrite` may be called from any thread."""

    def __init__(self, path: Path | None, name: str, genesis_hash: bytes) -> None:
        """Open the file of this chain; it appears with the first record. None: nothing is kept."""
        assert len(genesis_hash) == HASH_SIZE
        self._path = path
        self._header = f"hushang-{name}-1\n".encode() + genesis_hash
        self._writing = threading.Lock()
        try:
            self.records = self._read_or_set_aside()
        except OSError as error:
            raise RecordLogFailed(f"{path}: {error}") from error

    def append(self, *records: bytes) -> None:
        """Add records, all or none of them; on disk on return."""
        with self._writing:
            try:
                self._append(records)
            except OSError as error:
                raise RecordLogFailed(f"{self._path}: {error}") from error

    def rewrite(self, records: Sequence[bytes]) -> None:
        """Replace all records, in one step; on disk on return."""
        with self._writing:
            try:
                self._rewrite(records)
            except OSError as error:
                raise RecordLogFailed(f"{self._path}: {error}") from error

    def _append(self, records: Sequence[bytes]) -> None:
        if self._path is None:
            return
        if not self._path.exists():
            self._rewrite(records)
            return
        with self._path.open("ab") as file:
            file.write(encode_frame(records))
            file.flush()
            os.fsync(file.fileno())

    def _rewrite(self, records: Sequence[bytes]) -> None:
        if self._path is None:
            return
        draft = self._path.with_name(self._path.name + NEW_SUFFIX)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, MODE), "wb") as file:
            file.write(self._header)
            for record in records:
                file.write(encode_frame((record,)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        sync_directory(self._path.parent)

    def _read_or_set_aside(self) -> list[bytes]:
        if self._path is None or not self._path.exists():
            return []
        try:
            return self._read(self._path)
        except RecordLogDamaged as error:
            aside = self._path.with_name(self._path.name + ASIDE_SUFFIX)
            self._path.replace(aside)
            sync_directory(self._path.parent)
            told = {"event": "records_set_aside", "file": aside.name}
            words = "%s; it lies in %s now, and a new one begins"
            logger.warning(words, error, aside.name, extra=told)
            return []

    def _read(self, path: Path) -> list[bytes]:
        data = path.read_bytes()
        if not data.startswith(self._header):
            raise RecordLogDamaged(f"{path} is no such file of this chain and format")
        found: list[bytes] = []
        whole = len(self._header)
        for end, records in read_frames(data, whole, path, RecordLogDamaged):
            found += records
            whole = end
        if whole < len(data):
            assert is_torn(data, whole)
            os.truncate(path, whole)
        return found
