"""Evidence: two votes of one member that no correct member signs together, checkable offline.

Two kinds: different digests in one slot (height, view, kind of vote; the primary's PrePrepare is
its Prepare), and a Commit beside a later ViewChange that hides it (docs/protocol-consensus.md
§ Evidence). Both votes are of one epoch: views of another are others.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from chain.block import SignatureVerifier, VoteType, vote_bytes
from chain.codec import U64, decode, encode
from chain.committee import Committee
from chain.errors import EncodingInvalid, EvidenceMalformed
from chain.votes import SignedVote, ViewChange, slot_kind, view_change_bytes


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Two digests in one slot."""

    epoch: U64
    first: SignedVote
    second: SignedVote


@dataclass(frozen=True, slots=True)
class HiddenCommit:
    """A Commit and a ViewChange of a higher view that should have shown its prepared block."""

    epoch: U64
    commit: SignedVote
    view_change: ViewChange


Evidence: TypeAlias = Equivocation | HiddenCommit

_KINDS: Final[dict[int, type[Evidence]]] = {1: Equivocation, 2: HiddenCommit}
_CODES: Final[dict[type[Evidence], bytes]] = {cls: bytes([code]) for code, cls in _KINDS.items()}


def encode_evidence(evidence: Evidence) -> bytes:
    """One byte for the kind, then the canonical bytes."""
    return _CODES[type(evidence)] + encode(evidence)


def decode_evidence(data: bytes) -> Evidence:
    """Read evidence, or raise `EvidenceMalformed`; it proves nothing yet."""
    cls = _KINDS.get(data[0]) if data else None
    if cls is None:
        msg = f"no evidence begins with the byte {data[:1].hex()}" if data else "it is empty"
        raise EvidenceMalformed(msg)
    try:
        return decode(cls, data[1:])
    except EncodingInvalid as error:
        msg = f"{cls.__name__}: {error.code}: {error}"
        raise EvidenceMalformed(msg) from error


def convicted_vote(evidence: Evidence) -> SignedVote:
    """A vote of the member that the evidence is against: whose, and where it happened."""
    return evidence.first if isinstance(evidence, Equivocation) else evidence.commit


def culprit(evidence: Evidence) -> int:
    """The member that the evidence is against: its index in the committee of the epoch."""
    return convicted_vote(evidence).member


def contradicts(view_change: ViewChange, commit: SignedVote) -> bool:
    """Does the ViewChange hide that its signer had prepared what it committed to?

    A correct member's ViewChange(> v) has decided the Commit's height, or carries a prepared
    certificate for it of view v or higher. Both of one epoch.
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
    """Does the evidence convict its member, signatures included? For anyone, offline.

    `committee` is that of the evidence's epoch.
    """
    if evidence.epoch != committee.epoch:
        return False
    if isinstance(evidence, Equivocation):
        first, second = evidence.first, evidence.second
        slots = {(slot_kind(v.type), v.view, v.height, v.member) for v in (first, second)}
        if len(slots) != 1 or first.digest == second.digest:
            return False
        return all(vote_holds(vote, committee, genesis_hash, verify) for vote in (first, second))
    commit, view_change = evidence.commit, evidence.view_change
    if commit.type != VoteType.COMMIT or commit.member != view_change.member:
        return False
    if not contradicts(view_change, commit):
        return False
    if not vote_holds(commit, committee, genesis_hash, verify):
        return False
    key = committee.members[commit.member].node_key
    message = view_change_bytes(genesis_hash, committee.epoch, view_change)
    return verify(key, message, view_change.signature)


def vote_holds(
    vote: SignedVote, committee: Committee, genesis_hash: bytes, verify: SignatureVerifier
) -> bool:
    """Is the vote signed by the member that it names?"""
    if vote.member >= committee.n or vote.type not in (1, 2, 3):
        return False
    key = committee.members[vote.member].node_key
    message = vote_bytes(
        genesis_hash, committee.epoch, VoteType(vote.type), vote.view, vote.height, vote.digest
    )
    return verify(key, message, vote.signature)
