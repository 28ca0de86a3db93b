"""Vectors of evidence: what convicts a member, and what does not."""

from dataclasses import replace

from chain.block import (
    CommitSignature,
    Header,
    VoteType,
    vote_bytes,
)
from chain.codec import encode
from chain.crypto import sha256, verify
from chain.errors import EvidenceMalformed
from chain.evidence import (
    Equivocation,
    Evidence,
    HiddenCommit,
    culprit,
    decode_evidence,
    encode_evidence,
    proves,
)
from chain.genesis import genesis_header
from chain.votes import PreparedCertificate, SignedVote, ViewChange, view_change_bytes
from tests.vectors.material import FOUNDERS, Json, certify, genesis, key

CULPRIT = 1
HEIGHT = 7
VIEW = 2
DIGESTS = (sha256(b"one block"), sha256(b"another block"))


def header(height: int = HEIGHT, view: int = VIEW) -> Header:
    """Of an empty block somewhere in the vectors' chain."""
    made = genesis()
    return replace(
        genesis_header(made),
        height=height,
        parent_hash=sha256(b"parent"),
        view=view,
        time_ms=made.time_ms + 1_000 * height,
        proposer=3,
    )


def vote(kind: VoteType, digest: bytes, *, view: int = VIEW, member: int = CULPRIT) -> SignedVote:
    """A vote at `HEIGHT`, reduced to what is signed."""
    signed = vote_bytes(genesis().hash(), 0, kind, view, HEIGHT, digest)
    return SignedVote(kind, view, HEIGHT, digest, member, node_key(member, signed))


def node_key(member: int, signed: bytes) -> bytes:
    """A founder's node signs."""
    return key(f"node of {FOUNDERS[member]}").sign(signed)


def prepared(view: int, height: int = HEIGHT) -> PreparedCertificate:
    """What a quorum prepared; a member's own word for it is enough to judge that member."""
    made = header(height, min(view, VIEW))
    slot = (view, height, made.digest())

    def by(member: int, kind: VoteType) -> bytes:
        return node_key(member, vote_bytes(genesis().hash(), 0, kind, *slot))

    entries = tuple(CommitSignature(member, by(member, VoteType.PREPARE)) for member in (0, 1))
    return PreparedCertificate(view, made, 3, by(3, VoteType.PRE_PREPARE), entries)


def change(
    view: int,
    shown: PreparedCertificate | None,
    *,
    decided: int = HEIGHT - 1,
    member: int = CULPRIT,
) -> ViewChange:
    """A signed ViewChange over a decided height."""
    bare = ViewChange(view, member, certify(header(decided)), shown, bytes(64))
    signed = view_change_bytes(genesis().hash(), 0, bare)
    return replace(bare, signature=node_key(member, signed))


COMMIT = vote(VoteType.COMMIT, DIGESTS[0])


def convicting() -> dict[str, Evidence]:
    """Proofs, each of another shape."""
    proposed, checked = (
        vote(kind, digest)
        for kind, digest in zip((VoteType.PRE_PREPARE, VoteType.PREPARE), DIGESTS, strict=True)
    )
    commits = (COMMIT, vote(VoteType.COMMIT, DIGESTS[1]))
    return {
        "two Commits": Equivocation(0, *commits),
        "two Commits, the other way round": Equivocation(0, *reversed(commits)),
        "a PrePrepare and a Prepare on another block": Equivocation(0, proposed, checked),
        "a ViewChange without what was committed to": HiddenCommit(0, COMMIT, change(3, None)),
        "a ViewChange with an earlier view's block": HiddenCommit(
            0, COMMIT, change(9, prepared(VIEW - 1))
        ),
        "a ViewChange with a block of another height": HiddenCommit(
            0, COMMIT, change(3, prepared(VIEW, HEIGHT + 1))
        ),
    }


def unproven() -> dict[str, Evidence]:
    """Well-formed, and no proof."""
    other = vote(VoteType.COMMIT, DIGESTS[1])
    complaint = replace(COMMIT, type=VoteType.COMPLAINT)
    beyond = (replace(COMMIT, member=4), replace(other, member=4))
    hidden = HiddenCommit(0, COMMIT, change(3, None))
    return {
        "one vote twice": Equivocation(0, COMMIT, COMMIT),
        "two views": Equivocation(0, COMMIT, vote(VoteType.COMMIT, DIGESTS[1], view=3)),
        "two members": Equivocation(0, COMMIT, vote(VoteType.COMMIT, DIGESTS[1], member=2)),
        "a Prepare and a Commit": Equivocation(0, COMMIT, vote(VoteType.PREPARE, DIGESTS[1])),
        "two Complaints": Equivocation(0, complaint, replace(complaint, digest=DIGESTS[1])),
        "no member": Equivocation(0, *beyond),
        "a signature over another vote": Equivocation(
            0, COMMIT, replace(other, signature=COMMIT.signature)
        ),
        "of another epoch": Equivocation(1, COMMIT, other),
        "a ViewChange that shows it": HiddenCommit(0, COMMIT, change(3, prepared(VIEW))),
        "a ViewChange that shows a later view's block": HiddenCommit(
            0, COMMIT, change(9, prepared(5))
        ),
        "a ViewChange after the height was decided": HiddenCommit(
            0, COMMIT, change(3, None, decided=HEIGHT)
        ),
        "a ViewChange of the same view": HiddenCommit(0, COMMIT, change(VIEW, None)),
        "another member's ViewChange": replace(hidden, view_change=change(3, None, member=2)),
        "a Prepare beside a ViewChange": replace(hidden, commit=vote(VoteType.PREPARE, DIGESTS[0])),
        "a ViewChange that nobody signed": replace(
            hidden, view_change=replace(change(3, None), signature=bytes(64))
        ),
    }


def malformed() -> dict[str, bytes]:
    """Bytes that are no evidence."""
    good = encode_evidence(Equivocation(0, COMMIT, vote(VoteType.COMMIT, DIGESTS[1])))
    return {
        "nothing": b"",
        "kind 0": b"\x00" + good[1:],
        "kind 3": b"\x03" + good[1:],
        "the other kind": b"\x02" + good[1:],
        "without its kind": good[1:],
        "a byte too many": good + b"\x00",
        "a byte too few": good[:-1],
    }


def evidence() -> Json:
    """What convicts and what doesn't, against the founders of the vectors' chain."""
    made = genesis()
    committee, name = made.committee(), made.hash()
    for proof in convicting().values():
        assert proves(proof, committee, name, verify)
    for claim in unproven().values():
        assert not proves(claim, committee, name, verify)
    for data in malformed().values():
        assert _is_malformed(data)
    claims = {why: encode_evidence(claim) for why, claim in unproven().items()}
    refused = [
        *((why, data, "EvidenceUnproven") for why, data in claims.items()),
        *((why, data, "EvidenceMalformed") for why, data in malformed().items()),
    ]
    return {
        "genesis_hash": name.hex(),
        "committee": encode(committee).hex(),
        "committee_hash": committee.hash().hex(),
        "convicting": [
            {"name": shape, "bytes": encode_evidence(proof).hex(), "member": culprit(proof)}
            for shape, proof in convicting().items()
        ],
        "refused": [
            {"name": why, "bytes": data.hex(), "refusal": refusal} for why, data, refusal in refused
        ],
    }


def _is_malformed(data: bytes) -> bool:
    try:
        decode_evidence(data)
    except EvidenceMalformed:
        return True
    return False
