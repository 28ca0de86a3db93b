"""Backups: a copy of the chain and its state at one block boundary, of a live or a stopped node.

The scans of a `BackupSource` are opened between two blocks and see the store as of then, so that
they may be read on another thread while blocks go on. The rows of the state tree are left out:
`node.restore` computes them anew from the state, which proves it. No key and no journal is in a
backup: what this node promised after it was made would be forgotten (docs/adr/0072). Of what it
keeps for others it takes the files beside the database as they are on disk: each is whole at any
moment but for a torn end, which its reader cuts off.

A backup is written to FILE.partial, synced and renamed: a FILE is whole or isn't there.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import BinaryIO, Final

from chain import schema
from chain.codec import decode, pack, unpack
from chain.errors import EncodingInvalid, HushangError
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.store import open_store
from chain.store_contract import KVStore, StorageFailed, StoreLocked, prefix_stop
from chain.store_sqlite import FILE_NAME as SQLITE_FILE_NAME
from commerce.registry import Registry
from node.api.epcis.query_book import FILE_NAME as QUERIES
from node.backup_file import BackupHead, BackupReader, BackupWriter, Row, frames_of
from node.backup_note import BackupNote, write_note
from node.clients.files import sync_directory
from node.gateway.jobs import FILE_NAME as JOBS
from node.gateway.tokens import FILE_NAME as TOKENS
from node.journal import sync_handle
from node.webhooks.book import FILE_NAME as SUBSCRIPTIONS

PARTIAL_SUFFIX: Final = ".partial"
# Of a node's own, besides the chain: capture tokens (their hashes), capture jobs, named queries,
# subscriptions with the secrets that sign their messages.
NODE_FILES: Final = (TOKENS, JOBS, QUERIES, SUBSCRIPTIONS)
# For its owner alone: what signs webhooks is in it.
MODE: Final = 0o600
# So that the system never writes back so much at once that a block's sync waits for it.
UNSYNCED_SIZE_MAX: Final = 16 * 1024 * 1024


class BackupExists(HushangError):
    """There is a file of this name already."""

    hint = "name another file, or overwrite it with --force"


class BackupUnderWay(HushangError):
    """Another backup is being written to this file."""

    hint = "wait until it is done, or name another file"


class BackupFailed(HushangError):
    """The backup could not be written; nothing of it is left, and the node is not harmed."""

    hint = "make room there, or name a file on another disk"


class BackupPlaceMissing(BackupFailed):
    """The directory that the backup should lie in isn't there."""

    hint = "mkdir -p -m 700 DIR, as the node's user; or name another file"


class BackupStopped(HushangError):
    """The backup was stopped before its end; nothing of it is left."""

    hint = "begin again: hushang backup create FILE"


class NodeDataMissing(HushangError):
    """There is no database of a node in this directory."""

    hint = "name the data_dir of the node's hushang.toml, or its file: --config hushang.toml"


class NodeRunning(HushangError):
    """A process has the node's database open."""

    hint = "stop the node; a backup asks a live one through its control.sock, if it has one"


@dataclass(frozen=True, slots=True)
class BackupSource:
    """What a backup is of, and its rows as of one moment."""

    head: BackupHead
    rows: Iterator[Row]
    # Whose `NODE_FILES` belong to it; None: no others than the rows.
    data_dir: Path | None = None

    @classmethod
    def of(cls, ledger: Ledger, made_ms: int, data_dir: Path | None = None) -> "BackupSource":
        """The ledger as it is now: call it where no block is being written."""
        tip, store, genesis = ledger.tip, ledger.store, ledger.chain.genesis
        head = BackupHead(
            ledger.chain.genesis_hash, genesis, tip.height, tip.header.digest(), made_ms
        )
        below = store.scan(b"\x00", schema.TREE)
        above = store.scan(prefix_stop(schema.TREE), b"\xff")
        return cls(head, chain(below, above), data_dir)


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a long job is done; `size_max` is 0 where nobody knows it."""

    rows: int
    size: int
    size_max: int = 0


@dataclass(frozen=True, slots=True)
class BackupMade:
    """What a backup holds. `sha256` names it: the digest in its end."""

    file: Path
    head: BackupHead
    rows: int
    size: int
    sha256: bytes
    files: tuple[str, ...] = ()


# Told what is done after each piece, and how long the piece took; raises to stop the job.
Told = Callable[[Progress, float], None]


def write_backup(
    source: BackupSource, file: Path, told: Told = lambda *_: None, *, force: bool = False
) -> BackupMade:
    """Write a backup to a new file (any file: `force`). Whatever ends it early leaves nothing."""
    refuse_existing(file, force=force)
    with _partial(file) as stream:
        writer = BackupWriter(stream, source.head)
        synced = 0
        began = perf_counter()
        for rows in frames_of(source.rows):
            writer.add(rows)
            if writer.size - synced >= UNSYNCED_SIZE_MAX:
                sync_stream(stream)
                synced = writer.size
            told(Progress(writer.rows, writer.size), perf_counter() - began)
            began = perf_counter()
        files = files_beside(source.data_dir)
        for name, data in files.items():
            writer.add_file(name, data)
        sha256 = writer.finish()
        sync_stream(stream)
        refuse_existing(file, force=force)
        _partial_of(file).replace(file)
        sync_directory(file.parent)
    if source.data_dir is not None:
        noted = BackupNote(source.head.made_ms, source.head.height, str(file))
        write_note(source.data_dir, noted)
    return BackupMade(file, source.head, writer.rows, writer.size, sha256, tuple(files))


def files_beside(data_dir: Path | None) -> dict[str, bytes]:
    """What the node keeps beside its database, by name, as it is on disk."""
    found: dict[str, bytes] = {}
    for name in () if data_dir is None else NODE_FILES:
        with suppress(FileNotFoundError):
            found[name] = (Path(str(data_dir)) / name).read_bytes()
    return found


def refuse_existing(file: Path, *, force: bool) -> None:
    """`BackupExists` if the file may not be written."""
    if file.is_dir() or (file.exists() and not force):
        raise BackupExists(f"{file} exists")


def sync_stream(stream: BinaryIO) -> None:
    """Everything written is on the disk."""
    stream.flush()
    sync_handle(stream.fileno())


def _partial_of(file: Path) -> Path:
    return file.with_name(file.name + PARTIAL_SUFFIX)


@contextmanager
def _partial(file: Path) -> Iterator[BinaryIO]:
    """The file while it is written: this process's alone, and gone unless it was renamed."""
    partial = _partial_of(file)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        with os.fdopen(os.open(partial, flags, MODE), "ab") as stream:
            os.fchmod(stream.fileno(), MODE)
            try:
                # Goes with the process: what a killed one left may be overwritten.
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BackupUnderWay(str(partial)) from error
            try:
                stream.truncate(0)
                yield stream
            finally:
                partial.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise BackupPlaceMissing(f"{partial.parent}: no such directory") from error
        raise BackupFailed(f"{partial}: {error.strerror or error}") from error


@contextmanager
def opened(data_dir: Path) -> Iterator[Ledger]:
    """The ledger of a stopped node, opened as a start would open it."""
    folder = data_dir / "db"
    if not any((folder / name).exists() for name in ("CURRENT", SQLITE_FILE_NAME)):
        raise NodeDataMissing(f"{folder} holds no database")
    try:
        store = open_store(folder)
    except StoreLocked as error:
        raise NodeRunning(f"{folder} is open in another process") from error
    with closing(store):
        yield Ledger(store, stored_genesis(store), Registry())


def stored_genesis(store: KVStore) -> Genesis:
    """The genesis of the chain in a store, which `Ledger` then compares with all the row says."""
    data = store.get(schema.META_GENESIS)
    if data is None:
        raise StorageFailed("the database has no genesis")
    try:
        match unpack(data):
            case (int(), tuple() as genesis, *_):
                return decode(Genesis, pack(genesis))
            case _:
                pass
    except EncodingInvalid as error:
        msg = f"the genesis in the database is damaged: {error}"
        raise StorageFailed(msg) from error
    raise StorageFailed("the genesis in the database has another form")


def check_backup(file: Path, told: Told = lambda *_: None) -> BackupMade:
    """Read a backup to its end and check every byte. Raises `BackupDamaged`."""
    with BackupReader(file) as reader:
        for _ in reader.frames():
            told(Progress(reader.rows, reader.position, reader.size), 0.0)
        held = tuple(reader.files)
        return BackupMade(file, reader.head, reader.rows, reader.size, reader.sha256, held)
