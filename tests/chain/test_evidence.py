"""Evidence convicts the guilty offline, and nobody else."""

from dataclasses import replace

import pytest

from chain.errors import EvidenceMalformed
from chain.evidence import (
    Equivocation,
    HiddenCommit,
    contradicts,
    culprit,
    decode_evidence,
    encode_evidence,
    proves,
)
from chain.votes import SignedVote, ViewChange
from consensus.messages import Commit, Prepare, PrePrepare
from consensus.votes import as_signed
from tests.consensus.forging import UNSIGNED, certificate, prepared, sign
from tests.consensus.samples import DIGEST, FIRST, PROOF, SECOND
from tests.consensus.stub_chain import GENESIS_HASH, committee, verify_stub

FOUR = committee(4)
OTHER = bytes(32)


def vote(kind: type[Prepare] | type[Commit], view: int, height: int, digest: bytes) -> SignedVote:
    message: Prepare | Commit
    if kind is Prepare:
        message = sign(Prepare(view, height, digest, 1, UNSIGNED))
    else:
        message = sign(Commit(view, height, digest, 1, UNSIGNED))
    return as_signed(message)


def convicts(evidence: Equivocation | HiddenCommit) -> bool:
    return proves(evidence, FOUR, GENESIS_HASH, verify_stub)


def test_two_digests_in_one_slot_convict() -> None:
    for kind in (Prepare, Commit):
        assert convicts(Equivocation(0, vote(kind, 0, 1, DIGEST), vote(kind, 0, 1, OTHER)))


def test_a_pre_prepare_and_a_prepare_of_another_digest_convict() -> None:
    message = sign(PrePrepare(0, 1, FIRST, (), PROOF, UNSIGNED))
    proposed = SignedVote(1, 0, 1, FIRST.digest(), 1, message.signature)
    assert convicts(Equivocation(0, proposed, vote(Prepare, 0, 1, OTHER)))


@pytest.mark.parametrize(
    "second",
    [
        vote(Prepare, 0, 1, DIGEST),
        vote(Prepare, 1, 1, OTHER),
        vote(Prepare, 0, 2, OTHER),
        vote(Commit, 0, 1, OTHER),
        replace(vote(Prepare, 0, 1, OTHER), member=2),
        replace(vote(Prepare, 0, 1, OTHER), signature=bytes(64)),
        replace(vote(Prepare, 0, 1, OTHER), type=6),
    ],
    ids=["same digest", "other view", "other height", "other kind", "other member", "forged", "?"],
)
def test_votes_that_a_correct_member_may_sign_together_convict_nobody(second: SignedVote) -> None:
    assert not convicts(Equivocation(0, vote(Prepare, 0, 1, DIGEST), second))


COMMIT = vote(Commit, 1, 2, SECOND.digest())
HIDING = ViewChange(2, 1, PROOF, None, UNSIGNED)


@pytest.mark.parametrize(
    ("change", "guilty"),
    [
        (HIDING, True),
        (replace(HIDING, view=1), False),
        (replace(HIDING, certificate=certificate([0, 1, 2], 1, SECOND)), False),
        (replace(HIDING, prepared=prepared([1, 2], 0, 0, SECOND)), True),
        (replace(HIDING, prepared=prepared([1, 2], 0, 1, SECOND)), False),
        (replace(HIDING, view=9, prepared=prepared([1, 2], 0, 5, SECOND)), False),
    ],
    ids=["hides it", "no higher view", "decided it", "lower view", "shows it", "shows a later one"],
)
def test_a_commit_hidden_from_a_later_view_change_convicts(
    change: ViewChange, *, guilty: bool
) -> None:
    assert contradicts(change, COMMIT) == guilty
    assert convicts(HiddenCommit(0, COMMIT, sign(change))) == guilty
    assert not convicts(HiddenCommit(0, COMMIT, change)), "its signature is part of the proof"
    assert not convicts(HiddenCommit(0, COMMIT, sign(replace(change, member=2))))


def test_evidence_of_another_epoch_convicts_nobody() -> None:
    first, second = vote(Prepare, 0, 1, DIGEST), vote(Prepare, 0, 1, OTHER)
    assert not convicts(Equivocation(1, first, second))


def test_evidence_is_read_back_from_its_bytes() -> None:
    equivocation = Equivocation(0, vote(Prepare, 0, 1, DIGEST), vote(Prepare, 0, 1, OTHER))
    hidden = HiddenCommit(0, COMMIT, sign(HIDING))
    for evidence in (equivocation, hidden):
        assert decode_evidence(encode_evidence(evidence)) == evidence
        assert culprit(evidence) == 1


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x03\x90", b"\x01", b"\x02\x93\x00"])
def test_other_bytes_are_no_evidence(data: bytes) -> None:
    with pytest.raises(EvidenceMalformed):
        decode_evidence(data)


def test_evidence_that_is_empty_is_called_so() -> None:
    with pytest.raises(EvidenceMalformed, match="it is empty"):
        decode_evidence(b"")
    with pytest.raises(EvidenceMalformed, match="begins with the byte ff"):
        decode_evidence(b"\xff")
