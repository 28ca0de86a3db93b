"""The messages that replicas exchange, one frozen type each, and their canonical bytes.

A message travels as one type byte (the value of `VoteType`) and the canonical bytes of its
dataclass. What its signature covers is said in `consensus.signing`. Every list has a cap. `member`
is the signer's index in the committee; `height` is always the one that the signature names.
"""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from chain.block import BLOCK_TRANSACTIONS_MAX, Certificate, Header, VoteType
from chain.codec import (
    ENCODED_SIZE_MAX,
    U16,
    U64,
    Hash,
    Height,
    PublicKey,
    Signature,
    Size,
    View,
    decode,
    encode,
)
from chain.committee import COMMITTEE_SIZE_MAX
from chain.errors import EncodingInvalid, ProtocolError
from chain.votes import SignedVote, ViewChange

# Votes of one member that an answer carries, newest first.
RECOVERY_VOTES_MAX = 64

BodyHashes = Annotated[tuple[Hash, ...], Size(max=BLOCK_TRANSACTIONS_MAX)]


class MessageUnknown(ProtocolError):
    """The first byte names no message of this protocol."""

    hint = (
        "the message was dropped; compare releases with the peer that sent it: it may run a "
        "newer one"
    )


class MessageMalformed(ProtocolError):
    """The bytes after the type byte are not the canonical encoding of that message."""

    hint = "the message was dropped; compare releases with the peer that sent it"


class NotAMember(ProtocolError):
    """The signer's index is not in the committee."""

    hint = (
        "the message was dropped; is that node, or this one, behind a change of the "
        "committee? hushang committee show"
    )


class MessageSignatureInvalid(ProtocolError):
    """A message's signature does not verify for the member it names."""

    hint = (
        "the message was dropped; if it goes on, ask that member whether its node key is the "
        "registered one"
    )


class MessageInvalid(ProtocolError):
    """A signed message that no correct member would send, whatever it has seen."""

    hint = (
        "the message was dropped; see hushang evidence list, and ask that member what its node does"
    )


@dataclass(frozen=True, slots=True)
class PrePrepare:
    """The primary's proposal, which is also its Prepare (PBFT §4.2); bodies travel apart.

    `view` is the one it is proposed in, not below `header.view`; `certificate` is the parent's.
    """

    view: View
    member: U16
    header: Header
    body_hashes: BodyHashes
    certificate: Certificate
    signature: Signature

    @property
    def height(self) -> int:
        """The proposed block's height."""
        return self.header.height


@dataclass(frozen=True, slots=True)
class Prepare:
    """A backup has checked the block of this digest and votes for it in this view (PBFT §4.2)."""

    view: View
    height: Height
    digest: Hash
    member: U16
    signature: Signature


@dataclass(frozen=True, slots=True)
class Commit:
    """A member holds a prepared certificate for this digest on disk (PBFT §4.2).

    A quorum of these signatures is the block's certificate.
    """

    view: View
    height: Height
    digest: Hash
    member: U16
    signature: Signature


@dataclass(frozen=True, slots=True)
class NewView:
    """The primary's proof that `view` may begin: ViewChanges of a quorum, sorted by member.

    What must be re-proposed at `height` is not said but recomputed by everyone (PBFT §4.4).
    """

    view: View
    height: Height
    member: U16
    view_changes: Annotated[tuple[ViewChange, ...], Size(max=COMMITTEE_SIZE_MAX)]
    signature: Signature


@dataclass(frozen=True, slots=True)
class Complaint:
    """The signer's timer ran out in `view`: it wants another primary. `height`: where it was."""

    view: View
    height: Height
    member: U16
    signature: Signature


@dataclass(frozen=True, slots=True)
class Status:
    """Where the signer stands: its view, its newest certificate as proof of its height.

    `started`: the view is 0, or it holds what may start it (a NewView, or a certificate of the
    decided block in this view). Without it peers send the NewView again.
    """

    view: View
    member: U16
    started: bool
    certificate: Certificate
    signature: Signature

    @property
    def height(self) -> int:
        """The signer's decided height."""
        return self.certificate.height


@dataclass(frozen=True, slots=True)
class RecoveryQuery:
    """Asked after a start, before any vote: which votes of mine do you know? (Compare query-stable
    of PBFT-PR, TOCS '02 §4.3.2.)

    `height` is what the asker had decided when it started; `nonce` was drawn then. `view` is its
    own and says nothing more.
    """

    view: View
    height: Height
    nonce: U64
    member: U16
    signature: Signature


@dataclass(frozen=True, slots=True)
class RecoveryReply:
    """The signer's highest certificate, and what it knows of the asker's promises above the height
    that was asked for: votes and the newest ViewChange of this epoch.

    `asker` is the node key; `view` the signer's.
    """

    view: View
    asker: PublicKey
    nonce: U64
    member: U16
    certificate: Certificate
    votes: Annotated[tuple[SignedVote, ...], Size(max=RECOVERY_VOTES_MAX)]
    view_change: ViewChange | None
    signature: Signature

    @property
    def height(self) -> int:
        """The signer's decided height."""
        return self.certificate.height


Message: TypeAlias = (
    PrePrepare
    | Prepare
    | Commit
    | ViewChange
    | NewView
    | Complaint
    | Status
    | RecoveryQuery
    | RecoveryReply
)

TYPES: dict[VoteType, type[Message]] = {
    VoteType.PRE_PREPARE: PrePrepare,
    VoteType.PREPARE: Prepare,
    VoteType.COMMIT: Commit,
    VoteType.VIEW_CHANGE: ViewChange,
    VoteType.NEW_VIEW: NewView,
    VoteType.COMPLAINT: Complaint,
    VoteType.STATUS: Status,
    VoteType.RECOVERY_QUERY: RecoveryQuery,
    VoteType.RECOVERY_REPLY: RecoveryReply,
}
_CODES: dict[type[Message], bytes] = {cls: bytes([code]) for code, cls in TYPES.items()}
_BY_CODE: dict[int, type[Message]] = {int(code): cls for code, cls in TYPES.items()}


def encode_message(message: Message) -> bytes:
    """Type byte, then the canonical bytes."""
    return _CODES[type(message)] + encode(message)


def decode_message(data: bytes) -> Message:
    """Read a message, or raise a `ProtocolError`; nothing is verified yet."""
    cls = _BY_CODE.get(data[0]) if data else None
    if cls is None:
        msg = f"no message begins with {data[:1].hex() or 'nothing'}"
        raise MessageUnknown(msg)
    try:
        return decode(cls, data[1:], size_max=ENCODED_SIZE_MAX)
    except EncodingInvalid as error:
        msg = f"{cls.__name__}: {error.code}: {error}"
        raise MessageMalformed(msg) from error
