"""The store where LevelDB can't be installed: sqlite3 of the standard library.

Write-ahead log, synchronous=FULL, and a CRC-32 in every row, since sqlite itself has no checksums
on its pages. A damaged end of the write-ahead log is dropped by sqlite without a word, as if the
last batches had never been written; the node notices because its journal knows a greater height.

A connection serves one thread at a time: each call borrows one from a pool (list.pop and
list.append are atomic in Python), so there is no lock to forget, and a reader never waits.
"""

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from zlib import crc32

from chain.store_contract import (
    DiskRefused,
    Kind,
    StorageFailed,
    StoreClosed,
    StoreDamaged,
    StoreKindDiffers,
    check_batch,
    follows,
    prefix_stop,
)
from chain.store_lock import DirectoryLock

FILE_NAME = "store.sqlite3"
BUSY_TIMEOUT_S = 30.0
CACHE_KIB = 8 * 1024

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    key BLOB PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL
) WITHOUT ROWID
"""
_RANGE = "SELECT key, value, crc FROM entries WHERE key >= ? AND key < ? ORDER BY key"


class SqliteStore:
    """A KVStore in `path`/store.sqlite3."""

    __slots__ = ("_closed", "_connections", "_failed", "_idle", "_lock", "_path")

    def __init__(self, path: Path | str) -> None:
        """Open `path`, a directory, and make it if it is missing."""
        self._path = Path(path)
        self._closed = False
        self._failed: str | None = None
        self._connections: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        if (self._path / "CURRENT").exists():
            raise StoreKindDiffers(f"{self._path} holds a leveldb store, not sqlite")
        with self._named("open"):
            self._path.mkdir(parents=True, exist_ok=True)
            self._lock = DirectoryLock(self._path)
        try:
            self._refuse_lost_file()
            with self._named("open"), self._connection() as connection:
                connection.execute(_SCHEMA)
                self._refuse_damage(connection)
        except StorageFailed:
            self.close()
            raise

    @property
    def kind(self) -> Kind:
        """Always "sqlite"."""
        return "sqlite"

    def get(self, key: bytes) -> bytes | None:
        """See KVStore."""
        with self._named("read"), self._connection() as connection:
            row = connection.execute(
                "SELECT value, crc FROM entries WHERE key = ?", (key,)
            ).fetchone()
        return None if row is None else self._checked(key, *row)

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
        with self._named("scan"), self._connection() as connection:
            # In WAL mode a statement keeps the snapshot of its first step, which `execute` makes.
            query = _RANGE + (" DESC" if reverse else "")
            with closing(connection.execute(query, (start, stop))) as rows:
                yield b"", b""
                for key, value, crc in rows:
                    yield key, self._checked(key, value, crc)

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """See KVStore."""
        found = self._tails(prefixes)
        next(found)  # as in `scan`
        return found

    def _tails(self, prefixes: Iterable[bytes]) -> Generator[list[bytes], None, None]:
        with self._named("scan"), self._connection() as connection:
            # The transaction keeps the snapshot of its first statement.
            connection.execute("BEGIN")
            connection.execute(_RANGE, (b"", b"")).fetchall()
            yield []
            before = b""
            for prefix in prefixes:
                assert follows(prefix, before), prefix
                before = prefix
                size, bounds = len(prefix), (prefix, prefix_stop(prefix))
                rows = connection.execute(_RANGE, bounds).fetchall()
                for row in rows:
                    self._checked(*row)
                yield [key[size:] for key, _, _ in rows]
            connection.execute("ROLLBACK")

    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        """See KVStore."""
        check_batch(batch)
        if self._failed is not None:
            raise StorageFailed(f"{self._path}: an earlier write failed: {self._failed}")
        puts = [(k, v, crc32(v, crc32(k))) for k, v in batch.items() if v is not None]
        deletes = [(k,) for k, v in batch.items() if v is None]
        try:
            with self._named("write"), self._connection() as connection:
                connection.execute(f"PRAGMA synchronous = {'FULL' if sync else 'NORMAL'}")
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", puts)
                connection.executemany("DELETE FROM entries WHERE key = ?", deletes)
                connection.execute("COMMIT")
        except StorageFailed as error:
            self._failed = str(error)
            raise

    def close(self) -> None:
        """See KVStore."""
        self._closed = True
        connections, self._connections, self._idle = self._connections, [], []
        for connection in connections:
            with suppress(sqlite3.Error):
                connection.close()
        # The lock goes last: the next owner must not meet a checkpoint of ours.
        self._lock.release()

    def _refuse_lost_file(self) -> None:
        """Refuse a log without its database: sqlite would start anew and lose all in silence."""
        file, log = self._path / FILE_NAME, self._path / f"{FILE_NAME}-wal"
        if log.exists() and not file.exists():
            raise StoreDamaged(f"{self._path}: {FILE_NAME} is missing beside its log")

    def _refuse_damage(self, connection: sqlite3.Connection) -> None:
        """Walk all pages: a flipped cell count hides rows that no CRC of a row can miss."""
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise StoreDamaged(f"{self._path}: {verdict}")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Borrow a connection that no other thread uses."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            if connection in self._connections:
                with suppress(sqlite3.Error):  # of a failed write: it can't be worse than it is
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise StoreClosed(str(self._path))
        connection = sqlite3.connect(
            self._path / FILE_NAME,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        self._connections.append(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = 1")
        connection.execute("PRAGMA cell_size_check = 1")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        return connection

    def _checked(self, key: object, value: object, crc: object) -> bytes:
        # A flipped type code turns bytes into text or a number.
        if isinstance(key, bytes) and isinstance(value, bytes) and crc32(value, crc32(key)) == crc:
            return value
        raise StoreDamaged(f"{self._path}: the row {key!r} is damaged")

    @contextmanager
    def _named(self, action: str) -> Iterator[None]:
        """Turn what sqlite and the file system raise into errors of ours."""
        try:
            yield
        except sqlite3.ProgrammingError as error:
            raise StoreClosed(str(self._path)) from error
        except sqlite3.DatabaseError as error:
            # The low byte of an extended code is the code itself.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            is_damage = code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
            failure = StoreDamaged if is_damage else DiskRefused
            raise failure(f"{self._path}: {action}: {error}") from error
        except (sqlite3.Error, OSError) as error:
            raise DiskRefused(f"{self._path}: {action}: {error}") from error
