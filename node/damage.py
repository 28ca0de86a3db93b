"""What of a stopped node's data is whole and what is damaged, part by part; nothing is mended here.

The database is read from end to end (`chain.scrub`), the journal and the evidence book are opened
as a start would open them: that lets LevelDB finish its log and cuts off what a power cut has torn.
"""

import errno
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from chain import schema
from chain.codec import decode
from chain.errors import HushangError, LedgerError
from chain.genesis import Genesis
from chain.ledger import LAYOUT, Ledger, Version
from chain.scrub import Tell, scrub
from chain.snapshot import SnapshotPartWrong
from chain.store import TornLog, open_store
from chain.store_contract import (
    DiskRefused,
    KVStore,
    StorageError,
    StoreKindDiffers,
    StoreKindUnavailable,
    StoreLocked,
)
from chain.store_lock import FILE_NAME as LOCK
from chain.store_log import TORN_SUFFIX
from commerce.registry import Registry
from consensus.records import Record, RecordInvalid, decode_record
from node.evidence_book import FILE_NAME as EVIDENCE
from node.evidence_book import EvidenceBook, EvidenceBookDamaged
from node.journal import MAGIC, Journal, JournalDamaged, journal_owner
from node.journal_loss import MARK
from node.snapshot_files import FOLDER_NAME, SnapshotMissing, check_folder
from node.words import said, series

DATABASE: Final = "db"
JOURNAL: Final = "journal"
# Bytes of the owner that a damaged disk may have changed; beyond that it is another owner.
OWNER_DAMAGE_MAX: Final = 4
_NO_DATA: Final = frozenset((LOCK, "LOCK", "LOG", "LOG.old"))
_DISK_ERROR: Final = os.strerror(errno.EIO)


class DataOfAnother(HushangError):
    """The data is of another chain, layout or node key than those that were named."""

    hint = "name the genesis and the node key that this data directory belongs to"


class State(StrEnum):
    """What an examination found of one part."""

    WHOLE = "whole"
    MISSING = "missing"
    DAMAGED = "damaged"
    LEFTOVER = "left over"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the data, and what was found, for people."""

    name: str
    path: Path
    state: State
    words: str


@dataclass(frozen=True, slots=True)
class NodeData:
    """Whose data is examined, and where it lies. `public_key` is the node's."""

    directory: Path
    genesis: Genesis
    public_key: bytes
    kind: Literal["auto", "leveldb", "sqlite", "memory"] = "auto"
    # Nodes that the settings name besides the members of the genesis.
    has_peers: bool = False
    observer: bool = False

    @property
    def owner(self) -> bytes:
        """What the journal is bound to."""
        return journal_owner(self.genesis.hash(), self.public_key)


@dataclass(frozen=True, slots=True)
class Database:
    """The database as found: the height that a start would find, and the f of the committee."""

    part: Part
    height: int
    f: int


@dataclass(frozen=True, slots=True)
class JournalFound:
    """The journal as found; `records` of one that is whole. `fresh`: the key has signed nothing."""

    part: Part
    records: tuple[Record, ...] = ()
    fresh: bool = False


def examine_database(data: NodeData, tell: Tell) -> Database:
    """Read the whole database. `StoreLocked` while a node runs on it."""
    folder = data.directory / DATABASE
    torn: list[TornLog] = []
    f = data.genesis.committee().f
    if not _has_files(folder):
        return Database(Part(DATABASE, folder, State.MISSING, said("there is none")), 0, f)
    try:
        with closing(open_store(folder, kind=data.kind, mended=torn.append)) as store:
            _require_own(store, data)
            ledger = Ledger(store, data.genesis, Registry())
            rows = sum(scrub(ledger, tell).values())
            words = said("height {height}, {rows} rows", height=ledger.tip.height, rows=rows)
            cuts = (said("after a power cut: {words}", words=one.words) for one in torn)
            words = series((words, *cuts))
            whole = Part(DATABASE, folder, State.WHOLE, words)
            return Database(whole, ledger.tip.height, ledger.chain.committee.f)
    except (StoreLocked, StoreKindDiffers, StoreKindUnavailable):
        raise
    except (StorageError, LedgerError) as error:
        if isinstance(error, DiskRefused) and _DISK_ERROR not in str(error):
            # Rights, space, limits: for people to put right; nothing is known to be damaged.
            raise
        return Database(_damaged(DATABASE, folder, error), 0, f)


def _has_files(folder: Path) -> bool:
    """Is there more than the locks and words for people that an engine leaves?"""
    found = folder.iterdir() if folder.is_dir() else ()
    return any(file.name not in _NO_DATA and file.suffix != TORN_SUFFIX for file in found)


def _require_own(store: KVStore, data: NodeData) -> None:
    """`DataOfAnother` if the database says so itself."""
    known = store.get(schema.META_GENESIS)
    if known is None:
        return
    version = decode(Version, known)
    other = version.genesis
    if version.layout != LAYOUT:
        words = f"has the layout {version.layout}, this software knows {LAYOUT}"
        raise DataOfAnother(f"{data.directory / DATABASE} {words}")
    if other != data.genesis:
        words = f"is of the chain {other.chain_id}, genesis hash {other.hash().hex()}"
        raise DataOfAnother(f"{data.directory / DATABASE} {words}")


def examine_journal(data: NodeData) -> JournalFound:
    """Read the whole journal."""
    folder = data.directory / JOURNAL
    path = folder / "journal"
    if not path.exists():
        if (folder / MARK).exists():
            words = said("none yet: this key has signed nothing")
            return JournalFound(Part(JOURNAL, path, State.WHOLE, words), fresh=True)
        return JournalFound(Part(JOURNAL, path, State.MISSING, said("there is none")))
    _require_own_journal(path, data)
    try:
        with closing(Journal(folder, data.owner, may_create=False)) as journal:
            records = tuple(decode_record(raw) for raw in journal.records)
            words = said("{count} records, {size} bytes", count=len(records), size=journal.size)
    except (JournalDamaged, RecordInvalid) as error:
        return JournalFound(_damaged(JOURNAL, path, error))
    return JournalFound(Part(JOURNAL, path, State.WHOLE, words), records)


def _require_own_journal(path: Path, data: NodeData) -> None:
    """`DataOfAnother` for a journal of another key; damage of a few bytes is no other key."""
    with path.open("rb") as file:
        head = file.read(len(MAGIC) + len(data.owner))
    owner = head[len(MAGIC) :]
    differ = sum(one != other for one, other in zip(owner, data.owner, strict=False))
    if head.startswith(MAGIC) and differ > OWNER_DAMAGE_MAX:
        raise DataOfAnother(f"{path} was made for another chain or node key")


def examine_evidence(data: NodeData, clock_ms: Callable[[], int]) -> Part:
    """Read the whole evidence book."""
    path = data.directory / EVIDENCE
    if not path.exists():
        return Part(EVIDENCE, path, State.WHOLE, "none: no evidence was found against a member")
    try:
        book = EvidenceBook(path, data.genesis.hash(), clock_ms)
    except EvidenceBookDamaged as error:
        return _damaged(EVIDENCE, path, error)
    return Part(EVIDENCE, path, State.WHOLE, f"{len(book.found)} pieces")


def examine_snapshots(data: NodeData, tell: Tell) -> tuple[Part, ...]:
    """Prove every part of every snapshot: who is served a wrong one takes this node for a liar."""
    found = []
    for folder in sorted((data.directory / FOLDER_NAME).glob("[0-9]*")):
        if not folder.name.isdecimal():
            continue
        name = f"{FOLDER_NAME}/{folder.name}"
        sizes: list[int] = []

        def told(_: object, size: int, name: str = name, sizes: list[int] = sizes) -> None:
            sizes.append(size)
            tell(name, len(sizes), 0)

        try:
            check_folder(folder, data.genesis, told)
        except (SnapshotMissing, SnapshotPartWrong) as error:
            found.append(_damaged(name, folder, error))
            continue
        words = said("{count} parts, {size} bytes", count=len(sizes), size=sum(sizes))
        found.append(Part(name, folder, State.WHOLE, words))
    return tuple(found)


# What a node that was killed may leave, and what that means.
LEFTOVERS: Final = {
    "db/*.torn": said("cut off after a power cut; may be deleted"),
    "journal/journal.new": said("the next start removes it"),
    "db.joining": said("a snapshot being installed; the next start goes on with it"),
    "db.restoring": said("a restore that was stopped; the next one replaces it"),
    "joining": said("parts of a snapshot being fetched; the next start goes on with it"),
    "snapshots/*.making": said("a snapshot that was being made; the next start removes it"),
    "epcis-*.damaged": said("set aside at a start, when a new one began; may be deleted"),
    "epcis-*.new": said("the next one replaces it"),
    "damaged-*": said("moved aside by an earlier repair; may be deleted"),
}


def leftovers(data: NodeData) -> tuple[Part, ...]:
    """What lies there besides; none of it keeps the node from starting."""
    found = [
        Part(str(path.relative_to(data.directory)), path, State.LEFTOVER, words)
        for pattern, words in LEFTOVERS.items()
        for path in sorted(data.directory.glob(pattern))
    ]
    return tuple(found)


def _damaged(name: str, path: Path, error: HushangError) -> Part:
    return Part(name, path, State.DAMAGED, f"{error.code}: {error}")
