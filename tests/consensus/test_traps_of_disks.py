"""Named regressions of where others fell, part disks: what was promised survives any crash.

The journal is the real one, on a real directory; so is the database of the ledger.
Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import override

from chain.block import VoteType
from chain.evidence import contradicts
from chain.votes import SignedVote, ViewChange
from consensus.config import JournalIncomplete
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from consensus.output import Decided, Output
from consensus.records import encode_record
from consensus.votes import as_signed
from node.journal import Journal, JournalDamaged
from tests.consensus.cluster import Cluster, Envelope, Node, Observer
from tests.consensus.dying_disk import Died, Disk
from tests.consensus.forging import block_on, pre_prepare
from tests.consensus.stub_chain import sign_as

OWNER = bytes(range(32))
MORTAL = 1


class Spoken(Observer):
    """What the mortal member ever said, across its lives: one digest for each view and height,
    no vote below a view it changed to, no ViewChange that hides what it committed to.
    """

    def __init__(self) -> None:
        self.said: dict[tuple[str, int, int], object] = {}
        self.commits: list[SignedVote] = []
        self.view = 0

    @override
    def on_output(self, node: Node, output: Output) -> None:
        if node.index != MORTAL:
            return
        for item in output.send:
            self._hear(item.message)

    def _hear(self, message: Message) -> None:
        match message:
            case PrePrepare() as vote:
                self._vote("Prepare", vote, vote.header.digest())
            case Prepare() as vote:
                self._vote("Prepare", vote, vote.digest)
            case Commit() as vote:
                self._vote("Commit", vote, vote.digest)
                self.commits.append(as_signed(vote))
            case ViewChange() as change:
                self._say("ViewChange", change.view, 0, change)
                assert not any(contradicts(change, commit) for commit in self.commits)
                self.view = max(self.view, change.view)
            case NewView() as opening:
                self._say("NewView", opening.view, 0, opening)
            case Complaint() | Status() | RecoveryQuery() | RecoveryReply():
                pass

    def _vote(self, kind: str, vote: PrePrepare | Prepare | Commit, digest: bytes) -> None:
        assert vote.view >= self.view
        self._say(kind, vote.view, vote.height, digest)

    def _say(self, kind: str, view: int, height: int, what: object) -> None:
        earlier = self.said.setdefault((kind, view, height), what)
        assert earlier == what, f"two different {kind} in view {view} at height {height}"


class Mortal(Cluster):
    """Four members, one of them with a real journal on a disk that may die."""

    def __init__(self, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.disk = disk
        disk.watch(monkeypatch)
        self.real: Journal | None = None
        self.spoken = Spoken()
        super().__init__(4, observer=self.spoken)

    @override
    def _signer(self, index: int) -> Callable[[bytes], bytes]:
        # What was signed and died with the process is no promise: `Spoken` watches what left.
        return (
            (lambda message: sign_as(index, message)) if index == MORTAL else super()._signer(index)
        )

    @override
    def obey(self, node: Node, output: Output) -> None:
        if node.index == MORTAL and output.persist:
            self.journal().append([encode_record(record) for record in output.persist])
        super().obey(node, output)

    def journal(self) -> Journal:
        if self.real is None:
            self.real = Journal(self.disk.path(), OWNER)
        return self.real

    def shorten(self) -> None:
        node = self.nodes[MORTAL]
        assert node.replica.height == len(node.chain)
        self.journal().rewrite([encode_record(record) for record in node.replica.records()])

    def live(self) -> None:
        """As a backup it votes, as the primary of view 1 it opens it and proposes."""
        self.submit(b"one")
        self.run(lambda: self.height() >= 2)
        self.shorten()
        self.submit(b"two")
        self.drain(lambda e: not isinstance(e.event, Commit) or e.target == 0)
        self.shorten()
        self.crash(0)
        self.run(lambda: self.height() >= 4, passes=is_heard)

    def rise(self) -> None:
        """The mortal member starts from its disk. All that was under way is lost."""
        self.real = None
        self.disk.close()
        self.disk.dies_at = None
        node = self.nodes[MORTAL]
        node.alive = False
        self.queue.clear()
        journal = Journal(self.disk.directory, OWNER)
        journal.close()
        node.journal = list(journal.records)
        self.restart(MORTAL)


def tempt(cluster: Cluster) -> None:
    """Those who lead or led propose another block for the height that the mortal member is at."""
    cluster.faulty = frozenset({0, 2, 3})
    state = cluster.nodes[MORTAL].replica._state
    for view in range(3):
        primary = state.roster.primary(view, state.slot.height)
        if primary is None or primary == MORTAL:
            continue
        rival = block_on(state, primary, view, b"rival %d" % view, cluster.now_ms)
        message = pre_prepare(cluster, rival, primary, view, state.tip.certificate)
        cluster.queue.append(Envelope(primary, MORTAL, message))
        cluster.drain()


def is_heard(envelope: Envelope) -> bool:
    """No Commit of view 0: what was prepared there is decided in a later view, or never."""
    return not isinstance(envelope.event, Commit) or envelope.event.view > 0


def acts_of_a_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    disk = Disk(tmp_path / "whole")
    Mortal(disk, monkeypatch).live()
    disk.close()
    return disk.acts


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power cut"])
def test_trap_9_killed_at_any_write_fsync_or_rename_it_signs_nothing_twice(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    power: bool,  # noqa: FBT001
) -> None:
    """Trap 9 (cometbft#6031, celo#396): after every such death rival proposals get no vote that
    contradicts one that left, and the chain goes on.
    """
    acts = acts_of_a_life(tmp_path, monkeypatch)
    assert len(acts) > 20
    for dies_at in range(len(acts)):
        cluster = Mortal(Disk(tmp_path / str(dies_at), dies_at), monkeypatch)
        with pytest.raises(Died):
            cluster.live()
        if power:
            cluster.disk.cut_power()
        cluster.rise()
        tempt(cluster)
        height = max(cluster.decided, default=0)
        cluster.submit(b"three")
        cluster.run(lambda c=cluster, h=height: c.height() > h, passes=is_heard)  # type: ignore[misc]
        cluster.disk.close()


def test_trap_9_a_journal_cut_at_any_byte_boots_or_refuses_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trap 9 (cometbft#6031, celo#396): no other exception, whatever is left of the file, beside
    the database as it is and beside an empty one.
    """
    cluster = Mortal(Disk(tmp_path / "whole"), monkeypatch)
    cluster.live()
    cluster.disk.close()
    data = (tmp_path / "whole" / "journal").read_bytes()
    node = cluster.nodes[MORTAL]
    chains = [list(node.chain), []]
    (tmp_path / "journal").write_bytes(b"")
    known: dict[tuple[bytes, ...], set[str]] = {}
    # Each byte of the head and of the last frame, each fifth between: the frames' own tests
    # (tests/node/test_journal.py) cut at every one.
    for cut in {*range(80), *range(0, len(data), 5), *range(len(data) - 400, len(data) + 1)}:
        (tmp_path / "journal").write_bytes(data[:cut])
        try:
            journal = Journal(tmp_path, OWNER)
        except JournalDamaged:
            assert cut < len(data) // 4, "only the file's own head is needed"
            continue
        journal.close()
        records = tuple(journal.records)
        if records not in known:
            known[records] = {boots(cluster, list(records), list(chain)) for chain in chains}
    assert len(known) >= 8
    assert set.union(*known.values()) == {"boots", "JournalIncomplete"}


def boots(cluster: Mortal, records: list[bytes], chain: list[Decided]) -> str:
    """Start the mortal member with this journal and database; what it refuses with, if it does."""
    node = cluster.nodes[MORTAL]
    cluster.queue.clear()
    node.journal, node.chain, node.alive = records, chain, False
    try:
        Cluster.restart(cluster, MORTAL)
    except JournalIncomplete:
        return "JournalIncomplete"
    return "boots"


def forgetful(kept: int | None) -> Cluster:
    """The mortal member has voted at height 3, and comes back with so many of its records."""
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    cluster.submit(b"two")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    for kind in (VoteType.PREPARE, VoteType.COMMIT):
        assert (MORTAL, kind, 0, 3) in cluster.signed
    node = cluster.nodes[MORTAL]
    cluster.crash(MORTAL)
    node.journal = node.journal[:kept]
    cluster.restart(MORTAL)
    return cluster


def test_trap_9_with_an_older_journal_it_contradicts_nothing_and_votes_again_later() -> None:
    """Trap 9 (cometbft#6031, celo#396): restored from a backup of any age, beside its database, it
    is tempted at once and after every message; `Cluster` watches its signatures.
    """
    records = len(forgetful(None).nodes[MORTAL].journal)
    for kept in range(records):
        try:
            cluster = forgetful(kept)
        except JournalIncomplete:
            continue
        for _ in range(20):
            tempt(cluster)
            cluster.drain()
            cluster.pass_ticks()
        cluster.faulty = frozenset()
        for number in range(4):
            cluster.submit(b"later %d" % number)
            cluster.run(lambda c=cluster: not any(n.pool for n in c.up()), ticks=800)  # type: ignore[misc]
        cluster.crash(2)
        cluster.submit(b"its vote is needed")
        cluster.run(lambda c=cluster: not any(n.pool for n in c.up()), ticks=800)  # type: ignore[misc]
