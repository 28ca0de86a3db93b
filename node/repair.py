"""Puts a stopped node with damaged data back to work: damaged parts are moved aside, never deleted.

A database comes back from the other members, by snapshot or block by block, at the next start. A
journal can't: it holds what this node has promised. So one that is whole is kept, and where the
database falls behind it, it is told to keep silent up to what it knows as decided
(`silence_without_store`), before the database is moved; one that is damaged is treated as lost,
which is safe only where other members can tell what it held (`node.journal_loss`).

Each step is done or not done, and any of them may be the last: the next run does the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.errors import HushangError
from chain.scrub import Tell, silent
from chain.store_lock import DirectoryLock
from consensus.config import JournalIncomplete
from consensus.records import DecidedRecord, Record, SilenceRecord, encode_record
from consensus.recovery import Replay, silence_without_store
from node.clients.files import sync_directory
from node.damage import (
    DATABASE,
    JOURNAL,
    Database,
    JournalFound,
    NodeData,
    Part,
    State,
    examine_database,
    examine_evidence,
    examine_journal,
    examine_snapshots,
    leftovers,
)
from node.journal import Journal
from node.owner_only import owner_only
from node.words import said

ASIDE: Final = "damaged-"
ASIDE_MAX: Final = 10_000


class RepairRefused(HushangError):
    """What is damaged can't be had again without harm; nothing was changed."""

    hint = (
        "hushang restore from a backup; hushang node accept-loss only if its key signed "
        "nothing undecided"
    )

    def __init__(self, words: str, hint: str) -> None:
        super().__init__(words)
        self.told_hint = hint


NOBODY_HAS_IT: Final = "hushang restore, from a backup of this node: nobody else has its chain"
NOBODY_CAN_TELL: Final = (
    "restore the journal from a copy that is not older than its last vote; or, if this node's key "
    "has signed nothing that is not decided, "
)
ACCEPT_LOSS: Final = "hushang node accept-loss"
KEEP_HISTORY: Final = said(
    "a snapshot brings no blocks and receipts from before it, and the index of past transactions "
    'only if f + 1 members offer the same: join = "replay" in hushang.toml fetches all that the '
    "peers still have, hushang restore brings back what a backup has"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was found and what will be done about it, in this order: silence, then moves."""

    parts: tuple[Part, ...]
    # What the journal, which is kept, must say besides; None: nothing.
    silence: SilenceRecord | None = None
    moved: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    # Will other members vote while this node, started again, doesn't yet?
    votes_later: bool = False

    @property
    def intact(self) -> bool:
        """Is there nothing to do?"""
        return self.silence is None and not self.moved

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of parts that are not there, and that the next start makes again."""
        return tuple(part.name for part in self.parts if part.state is State.MISSING)


def examine(data: NodeData, clock_ms: Callable[[], int], tell: Tell = silent) -> Plan:
    """Look at every part and say what to do. `RepairRefused` where nothing safe can be done."""
    database = examine_database(data, tell)
    journal = examine_journal(data)
    evidence = examine_evidence(data, clock_ms)
    snapshots = examine_snapshots(data, tell)
    parts = (database.part, journal.part, evidence, *snapshots, *leftovers(data))
    _require_somebody_has_it(data, database, journal)
    moved: list[Path] = []
    silence: SilenceRecord | None = None
    notes: list[str] = []
    lost = _is_lost(journal, database)
    if lost:
        _require_others_can_tell(data, database, journal.part)
        notes.append(said("the node votes again once the others have told it what it had promised"))
        if journal.part.state is not State.MISSING:
            moved.append(data.directory / JOURNAL)
    elif not _fits(journal.records, database.height):
        silence = silence_without_store(journal.records)
        notes.append(
            said(
                "the node keeps its promises, and silent up to height {height}",
                height=silence.until,
            )
        )
    if database.part.state is State.DAMAGED:
        moved.append(data.directory / DATABASE)
    if database.part.state is not State.WHOLE:
        notes += _where_from(data, journal)
    if evidence.state is State.DAMAGED:
        moved.append(evidence.path)
        notes.append(said("the evidence book begins anew; what the chain has recorded stays there"))
    moved += [part.path for part in snapshots if part.state is State.DAMAGED]
    keeps_silent = lost or silence is not None or database.part.state is not State.WHOLE
    has_voted = not (journal.fresh or data.observer or _is_alone(data))
    votes_later = keeps_silent and has_voted
    return Plan(parts, silence, tuple(moved), tuple(notes), votes_later)


def _is_alone(data: NodeData) -> bool:
    """Is there nobody else who could have the chain?"""
    return len(data.genesis.members) == 1 and not data.has_peers and not data.observer


def _where_from(data: NodeData, journal: JournalFound) -> tuple[str, ...]:
    """How a database that is not there comes back."""
    if not _is_alone(data):
        fetched = said("the node fetches the chain from its peers, and then votes again")
        return fetched, KEEP_HISTORY
    if journal.fresh:
        return (said("the chain begins with its first block: this key has signed nothing yet"),)
    return (said("the chain comes back from the journal, which reaches back to the first block"),)


def _is_lost(journal: JournalFound, database: Database) -> bool:
    """Does nobody here know any more what was promised?"""
    if journal.part.state is not State.WHOLE:
        return True
    records, height = journal.records, database.height
    return not (_fits(records, height) or _fits((*records, silence_without_store(records)), height))


def _fits(records: Sequence[Record], height: int) -> bool:
    """Would a replica start with this journal on a store of this height?"""
    try:
        Replay.of(records, height)
    except JournalIncomplete:
        return False
    return True


def _require_somebody_has_it(data: NodeData, database: Database, journal: JournalFound) -> None:
    """`RepairRefused` where the chain is on this node alone, and it can't be made again here."""
    whole = database.part.state is State.WHOLE
    if not _is_alone(data) or journal.fresh or _reaches_back(journal.records):
        return
    if whole and _fits(journal.records, database.height):
        return
    words = "lacks blocks that the journal knows" if whole else database.part.words
    raise RepairRefused(
        f"{database.part.path}: {words}; this node is the only member", NOBODY_HAS_IT
    )


def _reaches_back(records: Sequence[Record]) -> bool:
    """Does the journal hold every block from the first on?"""
    if not any(isinstance(record, DecidedRecord) for record in records):
        return False
    if any(isinstance(record, SilenceRecord) for record in records):
        return False
    return _fits(records, 0)


def _require_others_can_tell(data: NodeData, database: Database, journal: Part) -> None:
    """`RepairRefused` where no other member could know what this node has voted for."""
    if database.f > 0 or data.observer:
        return
    raise RepairRefused(
        f"{journal.path}: {journal.words}; with f = 0 no other member can tell what this node "
        "has voted for",
        NOBODY_CAN_TELL
        + ("" if journal.state is State.MISSING else "move it aside and ")
        + ACCEPT_LOSS,
    )


def mend(data: NodeData, plan: Plan) -> Path | None:
    """Do what was planned; where the damaged parts lie now. `StoreLocked` while a node runs."""
    with owner_only(), _locked(data.directory / DATABASE):
        if plan.silence is not None:
            _write_silence(data, plan.silence)
        if not plan.moved:
            return None
        aside = _make_aside(data.directory)
        for path in plan.moved:
            target = aside / path.relative_to(data.directory)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            sync_directory(target.parent)
            sync_directory(path.parent)
        return aside


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """No node may begin meanwhile; without a database there is nothing to hold."""
    if not folder.is_dir():
        yield
        return
    lock = DirectoryLock(folder)
    try:
        yield
    finally:
        lock.release()


def _write_silence(data: NodeData, silence: SilenceRecord) -> None:
    with closing(Journal(data.directory / JOURNAL, data.owner, may_create=False)) as journal:
        journal.append((encode_record(silence),))


def _make_aside(directory: Path) -> Path:
    """The next free `damaged-<n>/`; one that a killed run left empty will do."""
    for number in range(1, ASIDE_MAX):
        aside = directory / f"{ASIDE}{number}"
        if not aside.exists():
            aside.mkdir()
            sync_directory(directory)
            return aside
        if not any(aside.iterdir()):
            return aside
    raise RepairRefused(
        f"{directory} has {ASIDE_MAX - 1} damaged copies", f"delete some of {ASIDE}*"
    )
