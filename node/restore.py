"""Restoring a backup into an empty data directory, checked in full before it counts.

The database is built in `db.restoring` and renamed to `db` once every frame, the end's digest, the
state root, and the certificate of the newest block are right: a restore that was killed leaves
nothing that a node would take for a database. The rows of the state tree are computed from the
state. What the node kept for others beside its database (`node.backup.NODE_FILES`) is put back just
before that; whatever ends it early takes it away again. There is no journal afterwards, so that the
node keeps silent until it has asked the others what it forgot (`node.journal_loss`); the mark of a
new key, which would deny that, is removed.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from chain import schema
from chain.committees import of_epoch
from chain.errors import HushangError, LedgerError
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.light_client import CommitteeChain
from chain.store import open_store
from chain.store_contract import Kind, KVStore, StorageError
from chain.tree import StateTree
from commerce.registry import Registry
from node.backup import MODE, NODE_FILES, Progress, sync_stream
from node.backup_file import BackupHead, BackupReader, Row
from node.backup_note import FILE_NAME as NOTE
from node.clients.files import sync_directory
from node.journal import sync_files
from node.journal_loss import MARK
from node.owner_only import owner_only

BUILDING: Final = "db.restoring"
# What a data directory may hold that is not empty: nothing of it is a chain or a promise.
HARMLESS: Final = frozenset({BUILDING, "journal", "evidence", "control.sock", "hushang.toml", NOTE})
# Rows of the state whose tree is computed at once: each node of it is then hashed once.
STAGED_ROWS_MAX: Final = 50_000
_META: Final = b"m"


class RestoreTargetOccupied(HushangError):
    """The directory holds a node's data, or other files."""

    hint = "name a new directory; to replace a node's data, move its old directory away first"


class BackupOfAnotherChain(HushangError):
    """The backup is of another chain than the genesis."""

    hint = "name the genesis.json of the backup's chain with --genesis"


class BackupRefused(HushangError):
    """The backup is whole, and what it holds proves to be no state of this chain."""

    hint = "restore another backup, or start with an empty directory: the node catches up"


class RestoreFailed(HushangError):
    """The database could not be written."""

    hint = "make room on the disk and restore again"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored."""

    directory: Path
    head: BackupHead
    rows: int
    state_root: bytes
    kind: Kind
    files: tuple[str, ...] = ()


def restore(
    file: Path,
    directory: Path,
    genesis: Genesis,
    told: Callable[[Progress], None] = lambda _: None,
    *,
    kind: Literal["auto", "leveldb", "sqlite"] = "auto",
) -> Restored:
    """Make a data directory, with a store of this kind, from a backup of the chain of `genesis`."""
    building = directory / BUILDING
    with BackupReader(file) as reader:
        if reader.head.genesis_hash != genesis.hash() or reader.head.genesis != genesis:
            held, wanted = reader.head.genesis_hash.hex(), genesis.hash().hex()
            raise BackupOfAnotherChain(f"{file} is of the chain {held}, the genesis is {wanted}")
        try:
            with owner_only():
                _prepare(directory)
                try:
                    with closing(open_store(building, kind=kind)) as store:
                        restored = _build(reader, store, genesis, told)
                    sync_files(building)
                    with _put_back(directory, reader.files):
                        building.rename(directory / "db")
                finally:
                    shutil.rmtree(building, ignore_errors=True)
                sync_directory(directory)
        except (OSError, StorageError) as error:
            raise RestoreFailed(f"{directory}: {error}") from error
    return Restored(directory, reader.head, reader.rows, *restored, tuple(reader.files))


@contextmanager
def _put_back(directory: Path, files: Mapping[str, bytes | bytearray]) -> Iterator[None]:
    """The files of the node's own, for its owner alone; gone again if what follows fails."""
    unknown = sorted(set(files) - set(NODE_FILES))
    if unknown:
        raise BackupRefused(f"it holds a file that no node keeps: {unknown[0]!r}")
    made: list[Path] = []
    is_placed = False
    try:
        for name, data in files.items():
            path = directory / name
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, MODE), "wb") as stream:
                made.append(path)
                stream.write(data)
                sync_stream(stream)
        yield
        is_placed = True
    finally:
        for path in () if is_placed else made:
            path.unlink(missing_ok=True)


def _prepare(directory: Path) -> None:
    """An empty directory, in which no mark says that the key is new."""
    _make_directory(directory)
    held = {path.name for path in directory.iterdir()} - HARMLESS
    if BUILDING in {path.name for path in directory.iterdir()}:
        # A killed restore may have put them there.
        held -= set(NODE_FILES)
    promises = directory / "journal"
    if promises.exists():
        held |= {f"journal/{path.name}" for path in promises.iterdir()} - {f"journal/{MARK}"}
    if held:
        raise RestoreTargetOccupied(f"{directory} holds {', '.join(sorted(held)[:5])}")
    mark = promises / MARK
    if mark.exists():
        mark.unlink()
        sync_directory(promises)
    shutil.rmtree(directory / BUILDING, ignore_errors=True)


def _make_directory(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise RestoreTargetOccupied(f"{directory} is no directory")
    directory.mkdir(parents=True, exist_ok=True)
    sync_directory(directory.parent)


def _build(
    reader: BackupReader, store: KVStore, genesis: Genesis, told: Callable[[Progress], None]
) -> tuple[bytes, Kind]:
    """The state root of what was restored, and the kind of store."""
    _fill(store, reader, told)
    try:
        ledger = Ledger(store, genesis, Registry())
        _require_decided(ledger, reader.head)
    except (LedgerError, StorageError) as error:
        raise BackupRefused(f"{reader.path}: {error.code}: {error}") from error
    return ledger.tip.state_root, store.kind


def _fill(store: KVStore, reader: BackupReader, told: Callable[[Progress], None]) -> None:
    """All rows, those that make it a chain last, and the tree of the state."""
    meta: dict[bytes, bytes | None] = {}
    tree = StateTree.open(store, schema.TREE)
    state: dict[bytes, bytes | None] = {}
    for rows in reader.frames():
        store.write(_without_meta(rows, meta, reader), sync=False)
        state |= {key[1:]: value for key, value in rows if key.startswith(schema.STATE)}
        if len(state) >= STAGED_ROWS_MAX:
            _grow(store, tree, state)
            state = {}
        told(Progress(reader.rows, reader.position, reader.size))
    _grow(store, tree, state)
    # Synced, and with it all that was written before.
    store.write(meta)


def _without_meta(
    rows: Iterable[Row], meta: dict[bytes, bytes | None], reader: BackupReader
) -> dict[bytes, bytes | None]:
    batch: dict[bytes, bytes | None] = {}
    for key, value in rows:
        if key.startswith(schema.TREE):
            raise BackupRefused(f"{reader.path} holds rows of the state tree")
        (meta if key.startswith(_META) else batch)[key] = value
    return batch


def _grow(store: KVStore, tree: StateTree, state: dict[bytes, bytes | None]) -> None:
    staged = tree.stage(state)
    store.write(dict(staged.writes), sync=False)
    tree.commit(staged)


def _require_decided(ledger: Ledger, head: BackupHead) -> None:
    """The newest block is decided by the committee that the genesis leads to.

    Its results are certified by the block after it, which the node gets from the others: it stops
    there, by name, if they are not the same.
    """
    tip = ledger.tip
    if (tip.height, tip.digest) != (head.height, head.digest):
        raise BackupRefused(f"its head is of height {head.height}, its rows of {tip.height}")
    if tip.height == 0:
        return
    genesis = ledger.chain.genesis
    followed = CommitteeChain.of(genesis)
    for epoch in range(1, tip.header.epoch + 1):
        record = of_epoch(ledger.state, genesis.committee(), epoch)
        height = 0 if record is None else record.first_height - 1
        header, certificate = ledger.header(height), ledger.certificate(height)
        if record is None or header is None or certificate is None:
            raise BackupRefused(f"no certified header proves the committee of epoch {epoch}")
        followed.advance(header, certificate, record.committee)
    followed.check(tip.header, tip.certificate)
