"""What the signature of each message covers, and how a message is verified.

Every signature covers `chain.block.vote_bytes`: domain tag, genesis hash, epoch, type, view, height
and a body. The body is the header's digest for PrePrepare, Prepare and Commit; nothing for a
Complaint; a tagged hash of the remaining content for ViewChange, NewView and Status.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from chain.block import Certificate, SignatureVerifier, VoteType, commit_bytes, vote_bytes
from chain.codec import encode
from chain.committee import Committee
from chain.crypto import tagged_hash
from chain.votes import PreparedCertificate, ViewChange, view_change_bytes
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    MessageSignatureInvalid,
    NewView,
    NotAMember,
    Prepare,
    PrePrepare,
    Status,
)

SignedPart = tuple[bytes, bytes, bytes]


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


def signing_bytes(message: Message, genesis_hash: bytes, epoch: int) -> bytes:
    """What the message's own signature covers."""
    match message:
        case PrePrepare():
            kind, body = VoteType.PRE_PREPARE, message.header.digest()
        case Prepare():
            kind, body = VoteType.PREPARE, message.digest
        case Commit():
            kind, body = VoteType.COMMIT, message.digest
        case ViewChange():
            return view_change_bytes(genesis_hash, epoch, message)
        case NewView():
            kind, body = VoteType.NEW_VIEW, new_view_body(message.view_changes)
        case Complaint():
            kind, body = VoteType.COMPLAINT, b""
        case Status():
            kind = VoteType.STATUS
            body = status_body(started=message.started, certificate=message.certificate)
        case _:
            assert_never(message)
    return vote_bytes(genesis_hash, epoch, kind, message.view, message.height, body)


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


def signed_parts(message: Message, committee: Committee, genesis_hash: bytes) -> list[SignedPart]:
    """Every (public key, message, signature) that judging the message may ask `verify` about.

    For the node's verification off the event loop; parts of no member are left out, since the
    replica refuses them without asking.
    """
    return [
        (committee.members[member].node_key, signed, signature)
        for member, signed, signature in _parts(message, genesis_hash, committee.epoch)
        if member < committee.n
    ]


def _parts(message: Message, genesis_hash: bytes, epoch: int) -> Iterator[tuple[int, bytes, bytes]]:
    yield message.member, signing_bytes(message, genesis_hash, epoch), message.signature
    match message:
        case PrePrepare() | Status():
            yield from _certificate_parts(message.certificate, genesis_hash, epoch)
        case ViewChange():
            yield from _certificate_parts(message.certificate, genesis_hash, epoch)
            if message.prepared is not None:
                yield from prepared_parts(message.prepared, genesis_hash, epoch)
        case NewView():
            for entry in message.view_changes:
                yield from _parts(entry, genesis_hash, epoch)
        case Prepare() | Commit() | Complaint():
            return


def _certificate_parts(
    certificate: Certificate, genesis_hash: bytes, epoch: int
) -> Iterator[tuple[int, bytes, bytes]]:
    signed = commit_bytes(genesis_hash, epoch, certificate)
    for entry in certificate.signatures:
        yield entry.member, signed, entry.signature


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
