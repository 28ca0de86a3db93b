"""Named regressions of where others fell, part quorums: how many are enough, for every n up to 31.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from dataclasses import replace
from itertools import combinations

import pytest

from chain.block import CommitSignature, Header, VoteType
from chain.committee import fault_limit, quorum_size
from chain.votes import ViewChange
from consensus.messages import Commit, MessageInvalid, Prepare, PrePrepare
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import (
    UNSIGNED,
    block_on,
    certificate,
    pre_prepare,
    prepared,
    sign,
    vote_signatures,
)
from tests.consensus.samples import header_on
from tests.consensus.stub_chain import committee

SIZES = range(1, 32)
# (f, quorum) of n = 1, 2, 3, …, written out: n members bear f, and quorum of them decide.
TABLE = [
    *[(0, 1), (0, 2), (0, 2)],
    *[(1, 3), (1, 4), (1, 4)],
    *[(2, 5), (2, 6), (2, 6)],
    *[(3, 7), (3, 8), (3, 8)],
    *[(4, 9), (4, 10), (4, 10)],
    *[(5, 11), (5, 12), (5, 12)],
    *[(6, 13), (6, 14), (6, 14)],
    *[(7, 15), (7, 16), (7, 16)],
    *[(8, 17), (8, 18), (8, 18)],
    *[(9, 19), (9, 20), (9, 20)],
    (10, 21),
]


class Lone:
    """Member 1 of n, the others' voices in the test's hand; a proposal of member 0 is there."""

    def __init__(self, n: int) -> None:
        self.cluster = cluster = Cluster(n, faulty=[m for m in range(n) if m != 1])
        self.replica = cluster.nodes[1].replica
        self.quorum = cluster.committee.quorum
        state = self.replica._state
        block = block_on(state, 0, 0, b"one", cluster.now_ms)
        self.header: Header = block.header
        self.digest = block.header.digest()
        # A primary that also prepares: before its proposal here, after it in the tests.
        self.prepare(0)
        self.hear(pre_prepare(cluster, block, 0, 0, state.tip.certificate))

    def hear(self, message: PrePrepare | Prepare | Commit) -> None:
        self.cluster.queue.append(Envelope(0, 1, message))
        self.cluster.drain()

    def prepare(self, member: int, view: int = 0) -> None:
        self.hear(sign(Prepare(view, 1, self.digest, member, UNSIGNED)))

    def commit(self, member: int, view: int = 0, digest: bytes | None = None) -> None:
        self.hear(sign(Commit(view, 1, digest or self.digest, member, UNSIGNED)))

    @property
    def has_committed(self) -> bool:
        return (1, VoteType.COMMIT, 0, 1) in self.cluster.signed

    def prepare_by_all(self) -> None:
        for member in range(2, self.cluster.committee.n):
            self.prepare(member)
        assert self.has_committed


def test_trap_13_the_committee_counts_as_the_table_says() -> None:
    """Trap 13 (Sawtooth): everybody who asks how many are enough gets the same answer."""
    assert [(fault_limit(n), quorum_size(n)) for n in SIZES] == TABLE
    for n, (f, quorum) in zip(SIZES, TABLE, strict=True):
        members = committee(n)
        assert (members.n, members.f, members.quorum, members.weak_quorum) == (n, f, quorum, f + 1)


@pytest.mark.parametrize("n", range(2, 32))
def test_trap_13_a_commit_takes_a_quorum_of_members_in_which_the_primary_counts_once(
    n: int,
) -> None:
    """Trap 13 (Sawtooth): the primary's PrePrepare is its Prepare; a second voice adds nothing."""
    lone = Lone(n)
    heard = 2
    for member in range(2, n):
        assert lone.has_committed == (heard >= lone.quorum)
        # The primary's own Prepare, somebody's second one, and one of another view count for none.
        lone.prepare(0)
        lone.prepare(member - 1)
        lone.prepare(member, view=1)
        assert lone.has_committed == (heard >= lone.quorum)
        lone.prepare(member)
        heard += 1
    assert lone.has_committed


@pytest.mark.parametrize("n", range(2, 32))
def test_trap_13_a_decision_takes_a_quorum_of_commits_of_one_view_on_one_digest(n: int) -> None:
    """Trap 13 (Sawtooth): Commits of other views, other digests or the same member are no help."""
    lone = Lone(n)
    lone.prepare_by_all()
    others = [0, *range(2, n)]
    enough, rest = others[: lone.quorum - 1], others[lone.quorum - 1 :]
    for at, member in enumerate(rest):
        lone.commit(member, view=1) if at % 2 else lone.commit(member, digest=bytes(32))
    for member in enough:
        assert lone.replica.height == 0
        lone.commit(enough[0]) if member != enough[0] else None
        assert lone.replica.height == 0
        lone.commit(member)
    assert lone.replica.height == 1


@pytest.mark.parametrize("n", [4, 5, 6, 7, 10])
def test_trap_13_a_prepared_certificate_of_mixed_votes_is_refused(n: int) -> None:
    """Trap 13 (Sawtooth): what a ViewChange shows as prepared is a quorum on one thing, or void."""
    cluster = Cluster(n, faulty=[n - 1])
    replica, quorum = cluster.nodes[0].replica, cluster.committee.quorum
    header = header_on(cluster.genesis)
    backups = list(range(1, quorum))
    good = prepared(backups, 0, 0, header)
    digest = header.digest()
    last = good.prepares[-1]
    of_view = vote_signatures(VoteType.PREPARE, [last.member], 1, 1, digest)
    of_digest = vote_signatures(VoteType.PREPARE, [last.member], 0, 1, bytes(32))
    of_kind = vote_signatures(VoteType.COMMIT, [last.member], 0, 1, digest)
    primary = vote_signatures(VoteType.PREPARE, [0], 0, 1, digest)
    stranger = CommitSignature(n, last.signature)
    rest = good.prepares[:-1]
    spoilt = {
        "one short": rest,
        "another view": (*rest, *of_view),
        "another digest": (*rest, *of_digest),
        "another kind": (*rest, *of_kind),
        "the primary twice": (*primary, *rest),
        "a member twice": (*rest, rest[-1]),
        "a stranger": (*rest, stranger),
    }
    tip = replica._state.tip.certificate
    for how, votes in spoilt.items():
        shown = replace(good, prepares=votes)
        with pytest.raises(MessageInvalid):
            replica.step(sign(ViewChange(1, n - 1, tip, shown, UNSIGNED)), cluster.now_ms)
        assert replica.view == 0, how
    replica.step(sign(ViewChange(1, n - 1, tip, good, UNSIGNED)), cluster.now_ms)


def test_trap_14_two_quorums_share_a_correct_member_and_the_correct_ones_make_a_quorum() -> None:
    """Trap 14 (Sawtooth, Iroha): n need not be 3f+1."""
    for n in SIZES:
        f, quorum = fault_limit(n), quorum_size(n)
        assert 3 * f + 1 <= n < 3 * f + 4, "the most that PBFT can bear"
        assert 2 * quorum - n >= f + 1, "the least that two quorums can share"
        assert n - f >= quorum, "f may be silent"
        assert 2 * (quorum - 1) - n < f + 1, "and no smaller quorum would do"
    for n in range(1, 9):
        quorums = [set(members) for members in combinations(range(n), quorum_size(n))]
        least = min(len(one & other) for one in quorums for other in quorums)
        assert least >= fault_limit(n) + 1


@pytest.mark.parametrize("n", SIZES)
def test_trap_14_live_with_f_dead_safe_with_more_and_live_again_when_one_returns(n: int) -> None:
    """Trap 14 (Sawtooth, Iroha): the whole cluster, for every n up to 31."""
    cluster = Cluster(n)
    f, quorum = cluster.committee.f, cluster.committee.quorum
    for member in range(n - f, n):
        cluster.crash(member)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2, ticks=30)
    for member in range(quorum - 1, n - f):
        cluster.crash(member)
    cluster.submit(b"two")
    for _ in range(70):
        cluster.drain()
        cluster.pass_ticks()
    assert max(cluster.decided) == 2
    if n > 1:
        cluster.restart(quorum - 1)
        cluster.run(lambda: cluster.height() >= 4, ticks=400)
    else:
        cluster.restart(0)
        cluster.submit(b"two")
        cluster.run(lambda: cluster.height() >= 4, ticks=30)


def test_trap_13_a_certificate_is_a_quorum_for_every_committee() -> None:
    """Trap 13 (Sawtooth): one signature fewer, or one twice, is no certificate, whatever n is."""
    for n in SIZES:
        cluster = Cluster(n)
        quorum = cluster.committee.quorum
        header = header_on(cluster.genesis)
        whole = certificate(list(range(quorum)), 0, header)
        state = cluster.nodes[0].replica._state
        state.prove(whole)
        short = replace(whole, signatures=whole.signatures[:-1])
        twice = replace(short, signatures=(*short.signatures[-1:], *short.signatures))
        for bad in (short, twice):
            with pytest.raises(MessageInvalid):
                state.prove(bad)
