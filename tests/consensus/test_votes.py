"""Counting votes: traps 12, 13 and 14, quorums for every size, one vote per member and slot."""

from itertools import combinations

import pytest

from chain.block import VoteType
from chain.committee import fault_limit, quorum_size
from consensus.messages import Commit, Prepare
from consensus.votes import VOTES_PER_MEMBER_MAX, VoteBook, as_signed
from tests.consensus.samples import DIGEST

OTHER = bytes(32)


def commit(member: int, view: int = 0, digest: bytes = DIGEST) -> Commit:
    return Commit(view, 1, digest, member, bytes(64))


def book(n: int, *commits: Commit) -> VoteBook:
    made = VoteBook(1, quorum_size(n))
    for message in commits:
        made.add(as_signed(message))
    return made


@pytest.mark.parametrize("n", range(1, 32))
def test_trap_14_any_two_quorums_meet_in_a_correct_member_and_f_may_be_dead(n: int) -> None:
    f, quorum = fault_limit(n), quorum_size(n)
    assert 2 * quorum - n >= f + 1, "the least overlap of two quorums"
    assert n - f >= quorum, "live without the faulty"
    assert 2 * (quorum - 1) - n < f + 1, "no smaller quorum would do"


@pytest.mark.parametrize("n", range(1, 32))
def test_trap_13_exactly_a_quorum_decides(n: int) -> None:
    quorum = quorum_size(n)
    votes = [commit(member) for member in range(quorum)]
    assert book(n, *votes[:-1]).certificate() is None
    certificate = book(n, *reversed(votes)).certificate()
    assert certificate is not None
    assert [entry.member for entry in certificate.signatures] == list(range(quorum))


def test_trap_13_votes_for_other_views_or_digests_are_not_added_up() -> None:
    mixed = (commit(0), commit(1), commit(2, view=1), commit(3, digest=OTHER))
    assert book(4, *mixed).certificate() is None


def test_any_quorum_of_a_set_gives_the_same_digest() -> None:
    for members in combinations(range(7), 5):
        certificate = book(7, *[commit(member, view=3) for member in members]).certificate()
        assert certificate is not None
        assert (certificate.height, certificate.view, certificate.digest) == (1, 3, DIGEST)


def test_the_first_certificate_stays() -> None:
    made = book(4, *[commit(member) for member in (1, 2, 3)])
    made.add(as_signed(commit(0)))
    certificate = made.certificate()
    assert certificate is not None
    assert (certificate.view, len(certificate.signatures)) == (0, 4)


def test_prepares_and_commits_are_counted_apart() -> None:
    made = book(4, commit(0), commit(1))
    made.add(as_signed(Prepare(0, 1, DIGEST, 2, bytes(64))))
    assert made.certificate() is None
    assert made.signatures(VoteType.PREPARE, 0, DIGEST).keys() == {2}
    assert made.signatures(VoteType.COMMIT, 0, DIGEST).keys() == {0, 1}


def test_a_members_earlier_vote_is_found_by_its_slot() -> None:
    made = book(4, commit(1))
    earlier = made.earlier(VoteType.COMMIT, 0, 1)
    assert earlier is not None
    assert earlier.digest == DIGEST
    assert made.earlier(VoteType.PREPARE, 0, 1) is None
    assert made.earlier(VoteType.COMMIT, 1, 1) is None
    assert list(made.commits_of(1)) == [earlier]
    assert list(made.commits_of(2)) == []


def test_a_flood_of_views_pushes_out_the_members_own_lowest() -> None:
    made = book(4, commit(1, view=0))
    for view in range(1, 100):
        made.add(as_signed(commit(2, view=view)))
    kept = [vote.view for vote in made.commits_of(2)]
    assert kept == list(range(100 - VOTES_PER_MEMBER_MAX, 100))
    assert made.earlier(VoteType.COMMIT, 0, 1) is not None
    made.add(as_signed(commit(2, view=5)))
    assert made.earlier(VoteType.COMMIT, 5, 2) is None, "too low to push anything out"
    assert made.signatures(VoteType.COMMIT, 1, DIGEST) == {}
