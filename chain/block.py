"""Blocks: header, bodies, receipts, certificate, and what a vote signs.

A header commits to its transactions and to the *results of its parent*: state root and receipts
root after height-1. So an outcome at h is certified by the certificate of h+1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, Protocol

from chain import merkle
from chain.codec import (
    U8,
    U16,
    U32,
    U64,
    Hash,
    Height,
    Name,
    Signature,
    Size,
    TimeMs,
    View,
    encode,
)
from chain.committee import COMMITTEE_SIZE_MAX, Committee
from chain.crypto import domain, tagged_hash
from chain.errors import CertificateInvalid
from chain.state import u64
from chain.transaction import TRANSACTION_SIZE_MAX

BLOCK_VERSION = 1
BLOCK_TRANSACTIONS_MAX = 10_000
BLOCK_SIZE_MAX = 2 * 1024 * 1024
EVENTS_MAX = 4096
NO_HASH = bytes(32)

_VOTE_DOMAIN = domain("vote")


class VoteType(IntEnum):
    """The type byte inside everything a member signs (PBFT §4; from COMPLAINT on they are ours)."""

    PRE_PREPARE = 1
    PREPARE = 2
    COMMIT = 3
    VIEW_CHANGE = 4
    NEW_VIEW = 5
    COMPLAINT = 6
    STATUS = 7
    RECOVERY_QUERY = 8
    RECOVERY_REPLY = 9


@dataclass(frozen=True, slots=True)
class Header:
    """`view` is that of the first proposal, unchanged in a re-proposal; `parent_view` that of the
    parent's certificate as the PrePrepare carried it; `proposer` a member's index; the two result
    roots are those after the parent; `next_committee_hash` is `NO_HASH` unless it changes.
    """

    version: U8
    genesis_hash: Hash
    height: Height
    parent_hash: Hash
    view: View
    parent_view: View
    time_ms: TimeMs
    proposer: U16
    epoch: U64
    transactions_root: Hash
    transactions_count: U32
    state_root: Hash
    receipts_root: Hash
    next_committee_hash: Hash

    def digest(self) -> bytes:
        """What votes name: the hash of the canonical header, 32 bytes."""
        return tagged_hash("header", encode(self))


@dataclass(frozen=True, slots=True)
class Block:
    """A header and the raw signed transactions in the order of execution."""

    header: Header
    bodies: Annotated[
        tuple[Annotated[bytes, Size(max=TRANSACTION_SIZE_MAX)], ...],
        Size(max=BLOCK_TRANSACTIONS_MAX),
    ]


@dataclass(frozen=True, slots=True)
class CommitSignature:
    """A member's Commit: its index in the committee and its signature."""

    member: U16
    signature: Signature


@dataclass(frozen=True, slots=True)
class Certificate:
    """A quorum of Commits of one view on one digest, sorted by member. Height 0 needs none."""

    height: Height
    view: View
    digest: Hash
    signatures: Annotated[tuple[CommitSignature, ...], Size(max=COMMITTEE_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a dotted name and plain data (ints, strings, bytes, tuples)."""

    type: Name
    data: Annotated[dict[str, Any], Size(max=64)]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of one transaction or system transition.

    `status` is "ok" or the broken rule's name; `failed_operation` is then the index of the
    operation that broke it (0 where it was the signatures, or a system transition).
    """

    id: Hash
    status: Name
    failed_operation: U16 | None
    events: Annotated[tuple[Event, ...], Size(max=EVENTS_MAX)]


OK = "ok"


class SignatureVerifier(Protocol):
    """Decides a signature; the node's remembers facts, the simulator's may be a stub."""

    def __call__(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Does the signature hold for key and message?"""
        ...


def transactions_root(body_hashes: Sequence[bytes]) -> bytes:
    """RFC 6962 root over the body hashes in block order."""
    return merkle.root(body_hashes)


def receipts_root(receipts: Sequence[Receipt]) -> bytes:
    """RFC 6962 root over the canonical receipts in order of execution."""
    return merkle.root([encode(receipt) for receipt in receipts])


def system_receipt_id(tag: str, height: int, index: int) -> bytes:
    """The id of the `index`-th system transition of a block."""
    return tagged_hash("system-receipt", tag.encode() + b"\x00" + u64(height) + u64(index))


def vote_bytes(
    genesis_hash: bytes, epoch: int, vote: VoteType, view: int, height: int, body: bytes
) -> bytes:
    """What a member signs: a vote of one type, chain, epoch, view or height is never another's."""
    fixed = genesis_hash + u64(epoch) + bytes([vote]) + u64(view) + u64(height)
    return _VOTE_DOMAIN + fixed + body


def commit_bytes(genesis_hash: bytes, epoch: int, certificate: Certificate) -> bytes:
    """What every signature of a certificate covers."""
    view, height = certificate.view, certificate.height
    return vote_bytes(genesis_hash, epoch, VoteType.COMMIT, view, height, certificate.digest)


def check_certificate(
    certificate: Certificate, committee: Committee, genesis_hash: bytes, verify: SignatureVerifier
) -> None:
    """Raise `CertificateInvalid` unless a quorum of the committee signed Commit on this digest.

    All that a light client needs besides the committee. A non-member, a repeated member or one
    invalid signature voids the certificate.
    """
    members = [entry.member for entry in certificate.signatures]
    if sorted(set(members)) != members:
        msg = "signatures are sorted by member, each member once"
        raise CertificateInvalid(msg)
    if len(members) < committee.quorum:
        msg = f"{len(members)} Commits, {committee.quorum} make a quorum"
        raise CertificateInvalid(msg)
    if members[-1] >= committee.n:
        msg = f"no member {members[-1]} in a committee of {committee.n}"
        raise CertificateInvalid(msg)
    message = commit_bytes(genesis_hash, committee.epoch, certificate)
    for entry in certificate.signatures:
        if not verify(committee.members[entry.member].node_key, message, entry.signature):
            msg = f"the Commit of member {entry.member} does not verify"
            raise CertificateInvalid(msg)
