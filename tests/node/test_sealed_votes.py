"""Sealed votes on disk: found again by what the chain holds, for nobody else to read."""

from pathlib import Path

import pytest

from chain.crypto import sha256
from commerce.disputes.votes import vote_commitment
from node.sealed_votes import (
    SealedVoteDamaged,
    SealedVoteMissing,
    find_vote,
    keep_vote,
    seal,
    votes_beside,
)

DISPUTE, ARBITER = sha256(b"dispute"), sha256(b"arbiter")


def test_a_vote_is_found_by_its_commitment_also_after_a_second_one(tmp_path: Path) -> None:
    place = votes_beside(tmp_path / "arbiter.key")
    first, second = (seal(DISPUTE, 1, ARBITER, shares) for shares in ((700, 0), (300, 1000)))
    files = [keep_vote(vote, place) for vote in (first, second)]
    assert place == tmp_path / "arbiter.key.votes"
    for vote in (first, second):
        assert find_vote(place, DISPUTE, vote.commitment) == vote
    assert first.commitment == vote_commitment(DISPUTE, 1, ARBITER, first.salt, (700, 0))
    assert first.salt != second.salt
    for path in (place, *files):
        assert path.stat().st_mode & 0o077 == 0


def test_what_is_not_there_or_not_what_it_says_is_refused(tmp_path: Path) -> None:
    vote = seal(DISPUTE, 0, ARBITER, (500,))
    with pytest.raises(SealedVoteMissing, match="No such file"):
        find_vote(tmp_path, DISPUTE, vote.commitment)
    path = keep_vote(vote, tmp_path)
    text = path.read_text()
    for damaged in ("", "{}", text.replace('"round": 0', '"round": 1'), text + text):
        path.write_text(damaged)
        with pytest.raises(SealedVoteDamaged, match=path.name):
            find_vote(tmp_path, DISPUTE, vote.commitment)


def test_a_kept_vote_is_never_written_over(tmp_path: Path) -> None:
    vote = seal(DISPUTE, 0, ARBITER, (500,))
    keep_vote(vote, tmp_path)
    with pytest.raises(FileExistsError):
        keep_vote(vote, tmp_path)
