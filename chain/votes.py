"""Promises of members that outlive their moment: they stand in messages, journals and evidence.

A vote reduced to what its signature covers, the prepared certificate, and the ViewChange that shows
it. All else that members say to one another is `consensus.messages`.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Certificate, CommitSignature, Header, VoteType, vote_bytes
from chain.codec import U8, U16, Hash, Height, Signature, Size, View, encode
from chain.committee import COMMITTEE_SIZE_MAX
from chain.crypto import tagged_hash


@dataclass(frozen=True, slots=True)
class SignedVote:
    """A PrePrepare, Prepare or Commit, reduced to what its signature covers."""

    type: U8
    view: View
    height: Height
    digest: Hash
    member: U16
    signature: Signature


def slot_kind(vote_type: int) -> VoteType:
    """Which of a member's two slots of a view a vote takes: a PrePrepare is its primary's Prepare
    (PBFT §4.2).
    """
    return VoteType.COMMIT if vote_type == VoteType.COMMIT else VoteType.PREPARE


@dataclass(frozen=True, slots=True)
class PreparedCertificate:
    """A quorum on one (view, height, digest): the primary's PrePrepare and others' Prepares.

    `prepares` is sorted by member and without the primary.
    """

    view: View
    header: Header
    primary: U16
    signature: Signature
    prepares: Annotated[tuple[CommitSignature, ...], Size(max=COMMITTEE_SIZE_MAX)]

    @property
    def height(self) -> int:
        """The prepared block's height."""
        return self.header.height


@dataclass(frozen=True, slots=True)
class ViewChange:
    """The promise never again to vote below `view`, with all that the new primary must respect.

    `certificate` is the highest one; `prepared` the highest-view one for the height above it, if
    any, of a view below `view` (PBFT §4.4).
    """

    view: View
    member: U16
    certificate: Certificate
    prepared: PreparedCertificate | None
    signature: Signature

    @property
    def height(self) -> int:
        """The height that the signer would vote at next."""
        return self.certificate.height + 1


@dataclass(frozen=True, slots=True)
class _ViewChangeContent:
    certificate: Certificate
    prepared: PreparedCertificate | None


def view_change_body(certificate: Certificate, prepared: PreparedCertificate | None) -> bytes:
    """The body of a ViewChange."""
    return tagged_hash("view-change", encode(_ViewChangeContent(certificate, prepared)))


def view_change_bytes(genesis_hash: bytes, epoch: int, message: ViewChange) -> bytes:
    """What a ViewChange's signature covers."""
    body = view_change_body(message.certificate, message.prepared)
    return vote_bytes(genesis_hash, epoch, VoteType.VIEW_CHANGE, message.view, message.height, body)
