"""The node's one store: LevelDB where plyvel is installed, sqlite3 elsewhere, memory in tests.

This file alone imports plyvel. LevelDB is opened with paranoid checks, and every read verifies its
checksum: with the defaults a flipped bit in the log loses written blocks without a word.

plyvel's iterators check LevelDB's status at each row that they return, but not when they end: a
damaged block at the end of a range looks like the end of the range (plyvel 1.5.1, `real_next` and
`real_prev` raise StopIteration as soon as `Valid()` is false). So two rows of our own lie around
all others, a scan is told no far bound, and it has ended well only when it met a row beyond.

A power cut can tear the end of LevelDB's logs: `chain.store_log` cuts it off at the next start.
What neither can tell apart: a last record that the disk has damaged after it was synced is dropped
like a torn one. The node notices, because its journal knows a greater height.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from chain.store_contract import (
    KEY_SIZE_MAX,
    VALUE_SIZE_MAX,
    DiskRefused,
    Kind,
    KVStore,
    StorageError,
    StorageFailed,
    StoreClosed,
    StoreDamaged,
    StoreEntryRefused,
    StoreKindDiffers,
    StoreKindUnavailable,
    StoreLocked,
    check_batch,
    prefix_stop,
)
from chain.store_lock import DirectoryLock
from chain.store_log import TornLog, mend_logs
from chain.store_memory import MemoryStore
from chain.store_sqlite import FILE_NAME as SQLITE_FILE_NAME
from chain.store_sqlite import SqliteStore

try:
    import plyvel
except ImportError:
    plyvel = None

__all__ = [
    "KEY_SIZE_MAX",
    "VALUE_SIZE_MAX",
    "DiskRefused",
    "KVStore",
    "Kind",
    "LevelStore",
    "MemoryStore",
    "SqliteStore",
    "StorageError",
    "StorageFailed",
    "StoreClosed",
    "StoreDamaged",
    "StoreEntryRefused",
    "StoreKindDiffers",
    "StoreKindUnavailable",
    "StoreLocked",
    "TornLog",
    "open_store",
    "prefix_stop",
]

# What is written at random costs less the more of it is sorted at once: against 8 MiB a third of
# the CPU of captures. A log of this size is read again in a quarter of a second at the start.
WRITE_BUFFER_BYTES = 32 * 1024 * 1024
BLOCK_CACHE_BYTES = 16 * 1024 * 1024
BLOOM_BITS_PER_KEY = 10
OPEN_FILES_MAX = 256

# Below and above every allowed key (1 to KEY_SIZE_MAX bytes).
_FIRST_KEY = b""
_LEAST_KEY = b"\0"
_LAST_KEY = b"\xff" * (KEY_SIZE_MAX + 1)
_FORMAT = b"hushang/1/store"
# EINVAL, in LevelDB's words.
_CUT_SHORT = "Invalid argument"


class LevelStore:
    """A KVStore in the LevelDB directory `path`."""

    __slots__ = ("_db", "_failed", "_lock", "_path", "torn")

    def __init__(self, path: Path | str) -> None:
        """Open `path`, and make it if it is missing.

        `torn` tells what a power cut had left at the ends of its logs and was cut off: the caller
        must prove that nothing acknowledged is missing (`consensus.recovery`).
        """
        self._path = Path(path)
        self.torn: tuple[TornLog, ...] = ()
        self._failed: str | None = None
        self._db: Any = None
        if plyvel is None:
            raise StoreKindUnavailable(f"{self._path} needs plyvel, which is not installed")
        if (self._path / SQLITE_FILE_NAME).exists():
            raise StoreKindDiffers(f"{self._path} holds a sqlite store, not leveldb")
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._lock = DirectoryLock(self._path)
        except OSError as error:
            raise self._named("open", error) from error
        try:
            _refuse_lost_current(self._path)
            self._db = self._mended()
            self._mark()
        except StorageError:
            self.close()
            raise

    @property
    def kind(self) -> Kind:
        """Always "leveldb"."""
        return "leveldb"

    def get(self, key: bytes) -> bytes | None:
        """See KVStore."""
        if not key:
            return None
        try:
            value: bytes | None = self._db.get(key, verify_checksums=True)
        except (plyvel.Error, OSError, RuntimeError) as error:
            raise self._named(f"read of the row {key[:1]!r} {key[1:].hex()}", error) from error
        return value

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """See KVStore."""
        pairs = self._scan(start, stop, reverse=reverse)
        next(pairs)  # takes the snapshot now, and makes sure that the generator cleans up
        return pairs

    def _scan(
        self, start: bytes, stop: bytes, *, reverse: bool
    ) -> Generator[tuple[bytes, bytes], None, None]:
        start = max(start, _LEAST_KEY)
        near = {"stop": stop} if reverse else {"start": start}
        try:
            with self._db.iterator(reverse=reverse, verify_checksums=True, **near) as rows:
                yield b"", b""
                if start >= stop:
                    return
                for key, value in rows:
                    if key < start or key >= stop:
                        return
                    yield key, value
        except (plyvel.Error, OSError, RuntimeError) as error:
            raise self._named(f"scan of {start[:9].hex()}", error) from error
        raise StoreDamaged(f"{self._path}: scan of {start[:9].hex()}: rows are missing at an end")

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """See KVStore."""
        found = self._tails(prefixes)
        next(found)  # as in `scan`
        return found

    def _tails(self, prefixes: Iterable[bytes]) -> Generator[list[bytes], None, None]:
        before = prefix = b""
        try:
            with self._db.iterator(include_value=False, verify_checksums=True) as keys:
                yield []
                following, key = keys.__next__, _FIRST_KEY
                for prefix in prefixes:
                    # As `follows`; a call for each would cost as much as its row.
                    assert before < prefix, prefix
                    assert not before or not prefix.startswith(before), prefix
                    before = prefix
                    if key < prefix:
                        keys.seek(prefix)
                        key = following()
                    size, tails = len(prefix), []
                    while key[:size] == prefix:
                        tails.append(key[size:])
                        key = following()
                    yield tails
                return
        except StopIteration:
            pass
        except (plyvel.Error, OSError, RuntimeError) as error:
            raise self._named(f"scan of {prefix[:9].hex()}", error) from error
        raise StoreDamaged(f"{self._path}: scan of {prefix[:9].hex()}: rows are missing at an end")

    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        """See KVStore."""
        check_batch(batch)
        if self._failed is not None:
            raise StorageFailed(f"{self._path}: an earlier write failed: {self._failed}")
        try:
            rows = self._db.write_batch(sync=sync)
            put, delete = rows.put, rows.delete
            for key, value in batch.items():
                if value is None:
                    delete(key)
                else:
                    put(key, value)
            rows.write()
        except (plyvel.Error, OSError, RuntimeError) as error:
            named = self._named("write", error)
            self._failed = str(named)
            raise named from error

    def close(self) -> None:
        """See KVStore."""
        if self._db is not None:
            self._db.close()
        self._lock.release()

    def _mended(self) -> object:
        """Open it after cutting off what a power cut has torn."""
        try:
            self.torn = mend_logs(self._path, checksums=False)
            try:
                return self._open()
            except plyvel.CorruptionError:
                self.torn += mend_logs(self._path, checksums=True)
                return self._open()
        except (plyvel.Error, OSError) as error:
            raise self._named("open", error) from error

    def _open(self) -> object:
        return plyvel.DB(
            str(self._path),
            create_if_missing=True,
            paranoid_checks=True,
            write_buffer_size=WRITE_BUFFER_BYTES,
            lru_cache_size=BLOCK_CACHE_BYTES,
            bloom_filter_bits=BLOOM_BITS_PER_KEY,
            max_open_files=OPEN_FILES_MAX,
        )

    def _mark(self) -> None:
        """Put the two outermost rows into a new database, and refuse an old one without them."""
        try:
            ends = [self._db.get(key, verify_checksums=True) for key in (_FIRST_KEY, _LAST_KEY)]
            if ends == [_FORMAT, _FORMAT]:
                return
            with self._db.iterator(verify_checksums=True) as rows:
                if next(rows, None) is not None:
                    raise StorageFailed(f"{self._path}: not a store of this format")
            with self._db.write_batch(sync=True) as batch:
                batch.put(_FIRST_KEY, _FORMAT)
                batch.put(_LAST_KEY, _FORMAT)
        except (plyvel.Error, OSError) as error:
            raise self._named("open", error) from error

    def _named(self, action: str, error: Exception) -> StorageError:
        """The error of ours for one of LevelDB; plyvel says RuntimeError to a closed database."""
        if isinstance(error, RuntimeError) and self._db.closed:
            return StoreClosed(str(self._path))
        words = error.args[0] if error.args else error
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(error)
        # A table that is shorter than its manifest says can't be mapped.
        damaged = isinstance(error, plyvel.CorruptionError) or text.endswith(_CUT_SHORT)
        failure = StoreDamaged if damaged else DiskRefused
        return failure(f"{self._path}: {action}: {text}")


def _refuse_lost_current(path: Path) -> None:
    """Refuse tables or logs without CURRENT: LevelDB would start anew and lose all in silence."""
    if (path / "CURRENT").exists():
        return
    if any(file.suffix in {".ldb", ".sst", ".log"} for file in path.iterdir()):
        raise StoreDamaged(f"{path}: CURRENT is missing beside tables or logs")


def open_store(
    path: Path | str,
    *,
    kind: Literal["auto", "leveldb", "sqlite", "memory"] = "auto",
    mended: Callable[[TornLog], None] = lambda _: None,
) -> KVStore:
    """Open `path` with `kind`; "auto" keeps to what the directory holds, else prefers LevelDB.

    The node must tell its operator the `.kind` it got, and what was `mended`. Raises a
    StorageError.
    """
    if kind == "memory":
        return MemoryStore()
    if kind == "auto":
        kind = _kind_of(Path(path))
    if kind == "sqlite":
        return SqliteStore(path)
    store = LevelStore(path)
    for torn in store.torn:
        mended(torn)
    return store


def _kind_of(path: Path) -> Literal["leveldb", "sqlite"]:
    # Also where only its log is left: sqlite's store then says that the rest is missing.
    if any(path.glob(f"{SQLITE_FILE_NAME}*")):
        return "sqlite"
    if (path / "CURRENT").exists():
        return "leveldb"
    return "sqlite" if plyvel is None else "leveldb"
