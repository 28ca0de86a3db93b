"""What the signature of each message covers, and how a message is verified.

Every signature covers `chain.block.vote_bytes`: domain tag, genesis hash, epoch, type, view, height
and a body. The body is the header's digest for PrePrepare, Prepare and Commit; nothing for a
Complaint; the nonce for a RecoveryQuery; a tagged hash of the remaining content for the others. The
epoch is that of the height where the signer would vote next (`voting_height`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, assert_never

from chain.block import Certificate, SignatureVerifier, VoteType, vote_bytes
from chain.codec import U64, PublicKey, Size, encode
from chain.committee import Committee
from chain.crypto import tagged_hash
from chain.state import u64
from chain.votes import PreparedCertificate, SignedVote, ViewChange, view_change_body
from consensus.messages import (
    RECOVERY_VOTES_MAX,
    Commit,
    Complaint,
    Message,
    MessageSignatureInvalid,
    NewView,
    NotAMember,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)


@dataclass(frozen=True, slots=True)
class _ReplyContent:
    asker: PublicKey
    nonce: U64
    certificate: Certificate
    votes: Annotated[tuple[SignedVote, ...], Size(max=RECOVERY_VOTES_MAX)]
    view_change: ViewChange | None


@dataclass(frozen=True, slots=True)
class _StatusContent:
    started: bool
    certificate: Certificate


def new_view_body(view_changes: tuple[ViewChange, ...]) -> bytes:
    """The body of a NewView: the hash of its ViewChanges' canonical bytes, one after another."""
    return tagged_hash("new-view", b"".join([encode(entry) for entry in view_changes]))


def status_body(*, started: bool, certificate: Certificate) -> bytes:
    """The body of a Status."""
    return tagged_hash("status", encode(_StatusContent(started, certificate)))


def reply_body(message: RecoveryReply) -> bytes:
    """The body of a RecoveryReply."""
    content = _ReplyContent(
        message.asker, message.nonce, message.certificate, message.votes, message.view_change
    )
    return tagged_hash("recovery-reply", encode(content))


def signing_bytes(message: Message, genesis_hash: bytes, epoch: int) -> bytes:
    """What the message's own signature covers."""
    kind, body = _signed_content(message)
    return vote_bytes(genesis_hash, epoch, kind, message.view, message.height, body)


def _signed_content(message: Message) -> tuple[VoteType, bytes]:  # noqa: C901, PLR0911 - per kind
    match message:
        case PrePrepare():
            return VoteType.PRE_PREPARE, message.header.digest()
        case Prepare():
            return VoteType.PREPARE, message.digest
        case Commit():
            return VoteType.COMMIT, message.digest
        case ViewChange():
            body = view_change_body(message.certificate, message.prepared)
            return VoteType.VIEW_CHANGE, body
        case NewView():
            return VoteType.NEW_VIEW, new_view_body(message.view_changes)
        case Complaint():
            return VoteType.COMPLAINT, b""
        case Status():
            body = status_body(started=message.started, certificate=message.certificate)
            return VoteType.STATUS, body
        case RecoveryQuery():
            return VoteType.RECOVERY_QUERY, u64(message.nonce)
        case RecoveryReply():
            return VoteType.RECOVERY_REPLY, reply_body(message)
        case _:
            assert_never(message)


def voting_height(message: Message) -> int:
    """The height whose epoch the message is signed under: where its signer would vote next."""
    if isinstance(message, Status | RecoveryQuery | RecoveryReply):
        return message.height + 1
    return message.height


def verify_message(
    message: Message, committee: Committee, genesis_hash: bytes, verify: SignatureVerifier
) -> None:
    """Raise unless the message's own signature is the named member's (not what it carries)."""
    if message.member >= committee.n:
        msg = f"no member {message.member} in a committee of {committee.n}"
        raise NotAMember(msg)
    key = committee.members[message.member].node_key
    signed = signing_bytes(message, genesis_hash, committee.epoch)
    if not verify(key, signed, message.signature):
        msg = f"{type(message).__name__} of member {message.member} does not verify"
        raise MessageSignatureInvalid(msg)


def prepared_parts(
    prepared: PreparedCertificate, genesis_hash: bytes, epoch: int
) -> Iterator[tuple[int, bytes, bytes]]:
    """(member, message, signature) of the PrePrepare and of each Prepare."""
    view, height, digest = prepared.view, prepared.height, prepared.header.digest()
    proposed = vote_bytes(genesis_hash, epoch, VoteType.PRE_PREPARE, view, height, digest)
    yield prepared.primary, proposed, prepared.signature
    voted = vote_bytes(genesis_hash, epoch, VoteType.PREPARE, view, height, digest)
    for entry in prepared.prepares:
        yield entry.member, voted, entry.signature
