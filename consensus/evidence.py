"""Evidence: two votes of one member that no correct member signs together, checkable offline.

Two kinds: different digests in one slot (height, view, kind of vote; the primary's PrePrepare is
its Prepare), and a Commit beside a later ViewChange that hides it (docs/protocol.md § Evidence).
"""

from dataclasses import dataclass
from typing import TypeAlias

from chain.block import SignatureVerifier, VoteType, vote_bytes
from chain.codec import U8, U16, Hash, Height, Signature, View
from chain.committee import Committee
from consensus.messages import ViewChange
from consensus.signing import view_change_bytes


@dataclass(frozen=True, slots=True)
class SignedVote:
    """A PrePrepare, Prepare or Commit, reduced to what its signature covers."""

    type: U8
    view: View
    height: Height
    digest: Hash
    member: U16
    signature: Signature


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Two digests in one slot."""

    first: SignedVote
    second: SignedVote


@dataclass(frozen=True, slots=True)
class HiddenCommit:
    """A Commit and a ViewChange of a higher view that should have shown its prepared block."""

    commit: SignedVote
    view_change: ViewChange


Evidence: TypeAlias = Equivocation | HiddenCommit


def contradicts(view_change: ViewChange, commit: SignedVote) -> bool:
    """Does the ViewChange hide that its signer had prepared what it committed to?

    A correct member's ViewChange(> v) has decided the Commit's height, or carries a prepared
    certificate for it of view v or higher.
    """
    if view_change.view <= commit.view or view_change.certificate.height >= commit.height:
        return False
    prepared = view_change.prepared
    if prepared is None or prepared.height != commit.height:
        return True
    return prepared.view < commit.view


def proves(
    evidence: Evidence, committee: Committee, genesis_hash: bytes, verify: SignatureVerifier
) -> bool:
    """Does the evidence convict its member, signatures included? For anyone, offline."""
    if isinstance(evidence, Equivocation):
        first, second = evidence.first, evidence.second
        slots = {(_kind(vote), vote.view, vote.height, vote.member) for vote in (first, second)}
        if len(slots) != 1 or first.digest == second.digest:
            return False
        return all(_holds(vote, committee, genesis_hash, verify) for vote in (first, second))
    commit, view_change = evidence.commit, evidence.view_change
    if commit.type != VoteType.COMMIT or commit.member != view_change.member:
        return False
    if not contradicts(view_change, commit):
        return False
    if not _holds(commit, committee, genesis_hash, verify):
        return False
    key = committee.members[commit.member].node_key
    message = view_change_bytes(genesis_hash, committee.epoch, view_change)
    return verify(key, message, view_change.signature)


def _kind(vote: SignedVote) -> int:
    return VoteType.PREPARE if vote.type == VoteType.PRE_PREPARE else vote.type


def _holds(
    vote: SignedVote, committee: Committee, genesis_hash: bytes, verify: SignatureVerifier
) -> bool:
    if vote.member >= committee.n or vote.type not in (1, 2, 3):
        return False
    key = committee.members[vote.member].node_key
    message = vote_bytes(
        genesis_hash, committee.epoch, VoteType(vote.type), vote.view, vote.height, vote.digest
    )
    return verify(key, message, vote.signature)
