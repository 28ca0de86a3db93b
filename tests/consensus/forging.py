"""What a faulty member can make with its own key: messages, headers, certificates."""

from dataclasses import replace
from typing import TypeVar

from chain.block import (
    Block,
    Certificate,
    CommitSignature,
    Header,
    VoteType,
    transactions_root,
    vote_bytes,
)
from chain.transaction import body_hash
from chain.votes import PreparedCertificate, ViewChange
from consensus.messages import (
    Commit,
    Complaint,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from consensus.signing import signing_bytes
from consensus.state import State
from tests.consensus.cluster import Cluster
from tests.consensus.stub_chain import GENESIS_HASH, sign_as

M = TypeVar(
    "M",
    PrePrepare,
    Prepare,
    Commit,
    ViewChange,
    NewView,
    Complaint,
    Status,
    RecoveryQuery,
    RecoveryReply,
)
UNSIGNED = bytes(64)


def sign(message: M) -> M:
    """The message under its member's stub signature."""
    signature = sign_as(message.member, signing_bytes(message, GENESIS_HASH, 0))
    return replace(message, signature=signature)


def block_on(state: State, member: int, view: int, body: bytes, time_ms: int) -> Block:
    """A block on what somebody has decided, proposed by `member` in `view`."""
    tip = state.tip
    header = Header(
        version=1,
        genesis_hash=GENESIS_HASH,
        height=tip.height + 1,
        parent_hash=tip.digest,
        view=view,
        parent_view=tip.certificate.view,
        time_ms=max(time_ms, tip.header.time_ms + 1),
        proposer=member,
        epoch=0,
        transactions_root=transactions_root([body_hash(body)]),
        transactions_count=1,
        state_root=tip.results.state_root,
        receipts_root=tip.results.receipts_root,
        next_committee_hash=bytes(32),
    )
    return Block(header, (body,))


def pre_prepare(
    cluster: Cluster, block: Block, member: int, view: int, certificate: Certificate
) -> PrePrepare:
    """A signed proposal of the block, whose bodies anybody may fetch."""
    hashes = tuple(body_hash(body) for body in block.bodies)
    cluster.bodies |= dict(zip(hashes, block.bodies, strict=True))
    return sign(PrePrepare(view, member, block.header, hashes, certificate, UNSIGNED))


def vote_signatures(
    kind: VoteType, members: list[int], view: int, height: int, digest: bytes
) -> tuple[CommitSignature, ...]:
    """Votes of these members on a digest, as certificates carry them."""
    message = vote_bytes(GENESIS_HASH, 0, kind, view, height, digest)
    return tuple(CommitSignature(member, sign_as(member, message)) for member in sorted(members))


def certificate(members: list[int], view: int, header: Header) -> Certificate:
    """Commits of these members on a header."""
    digest = header.digest()
    signatures = vote_signatures(VoteType.COMMIT, members, view, header.height, digest)
    return Certificate(header.height, view, digest, signatures)


def prepared(members: list[int], primary: int, view: int, header: Header) -> PreparedCertificate:
    """A proposal of `primary` and Prepares of these members on a header."""
    digest = header.digest()
    proposed = vote_bytes(GENESIS_HASH, 0, VoteType.PRE_PREPARE, view, header.height, digest)
    votes = vote_signatures(VoteType.PREPARE, members, view, header.height, digest)
    return PreparedCertificate(view, header, primary, sign_as(primary, proposed), votes)
