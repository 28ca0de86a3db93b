"""The messages between peers that are no votes: greeting, transactions, bodies, blocks.

A payload is one byte (the kind) and the canonical bytes of the message. A kind belongs to one
channel and is refused on another. The consensus channel carries the replica's own messages, which
this file doesn't know. Senders see to the frame cap: `Blocks` and `Bodies` carry what fits into
`REPLY_SIZE_MAX`, the rest is asked for again.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from chain.codec import U8, U16, U32, U64, Hash, Name, Range, Size, TimeMs, decode, encode
from chain.errors import EncodingInvalid, ProtocolError
from p2p.frames import FRAME_SIZE_MAX, Channel

PROTOCOL_VERSION: Final = 1
TRANSACTION_SIZE_MAX: Final = 1024 * 1024
TRANSACTIONS_MAX: Final = 512
BODIES_MAX: Final = 4096
BLOCKS_MAX: Final = 256
# Replies stop adding at this size; small enough that a vote never waits long behind one.
REPLY_SIZE_MAX: Final = 1024 * 1024
OFFERS_MAX: Final = 4

RawTransaction = Annotated[bytes, Size(min=1, max=TRANSACTION_SIZE_MAX)]
RawBlock = Annotated[bytes, Size(min=1, max=FRAME_SIZE_MAX)]


class UnknownMessage(ProtocolError):
    """A payload's kind is unknown, or not one of the channel it came on."""

    hint = "the connection was ended; compare releases with that peer: it may run a newer one"


class MessageMalformed(ProtocolError):
    """A payload is not the canonical encoding of its kind, or breaks one of its caps."""

    hint = "the connection was ended; compare releases with that peer"


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame of either side, and its only one until it has the other's.

    The dialler's comes first; the answer says that the connection is kept.

    `instance` is drawn at process start: another one under the same key means that the peer
    restarted and its old connection is dead. `height` is a claim, worth a question, never a vote.
    """

    version: U16
    genesis_hash: Hash
    instance: U64
    name: Name
    height: U64
    agent: Annotated[str, Size(max=64)]


@dataclass(frozen=True, slots=True)
class Ping:
    """Sent when there was nothing else to send for a while; never answered."""


@dataclass(frozen=True, slots=True)
class Transactions:
    """Gossip: transactions as their signers' raw bytes, to be checked like any others."""

    raws: Annotated[tuple[RawTransaction, ...], Size(min=1, max=TRANSACTIONS_MAX)]


@dataclass(frozen=True, slots=True)
class BodiesRequest:
    """Asks for transactions that a proposal names and the asker lacks."""

    body_hashes: Annotated[tuple[Hash, ...], Size(min=1, max=BODIES_MAX)]


@dataclass(frozen=True, slots=True)
class Bodies:
    """The raw transactions among those asked for that the sender has, in the order asked."""

    raws: Annotated[tuple[RawTransaction, ...], Size(max=BODIES_MAX)]


@dataclass(frozen=True, slots=True)
class BlocksRequest:
    """Asks for the decided blocks of heights start_height to start_height + count - 1."""

    start_height: U64
    count: Annotated[int, Range(1, BLOCKS_MAX)]


@dataclass(frozen=True, slots=True)
class CertifiedBlock:
    """Canonical bytes of a block with its transactions, and of the certificate on its digest."""

    block: RawBlock
    certificate: RawBlock


@dataclass(frozen=True, slots=True)
class Blocks:
    """Consecutive decided blocks from `start_height`; fewer than asked when they grow too large.

    Empty: the sender has none from there on.
    """

    start_height: U64
    blocks: Annotated[tuple[CertifiedBlock, ...], Size(max=BLOCKS_MAX)]


@dataclass(frozen=True, slots=True)
class ProposedRequest:
    """Asks for the block of this digest, which the peer's votes say it holds, decided or not."""

    height: U64
    digest: Hash


@dataclass(frozen=True, slots=True)
class Proposed:
    """A block with its transactions that is not decided here; whoever asked checks the digest."""

    block: RawBlock


@dataclass(frozen=True, slots=True)
class BlocksGone:
    """The answer to a request that begins below the lowest height whose block is still here."""

    start_height: U64
    first_height: U64


@dataclass(frozen=True, slots=True)
class HeadRequest:
    """Asks for a signed statement of the newest decided header, for proofs of freshness."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest decided header of the sender at its clock's `time_ms`, signed (chain/head.py)."""

    height: U64
    digest: Hash
    time_ms: TimeMs
    epoch: U64
    signature: Annotated[bytes, Size(min=64, max=64)]


@dataclass(frozen=True, slots=True)
class SnapshotsRequest:
    """Asks which snapshots there are."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A snapshot after the block of this height and digest; `index_digest` names what no root
    covers, so that who asks several members can compare (chain/snapshot.py).
    """

    height: U64
    digest: Hash
    index_digest: Hash


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots that the sender holds, newest first; none is an answer too."""

    offers: Annotated[tuple[Offer, ...], Size(max=OFFERS_MAX)]


@dataclass(frozen=True, slots=True)
class PartRequest:
    """Asks for bytes of one part of a snapshot, from `offset` on."""

    height: U64
    kind: U8
    number: U32
    offset: U64


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a part; `size` is the whole part's. Empty with size 0: the sender has it not."""

    height: U64
    kind: U8
    number: U32
    offset: U64
    size: U64
    data: Annotated[bytes, Size(max=REPLY_SIZE_MAX)]


Message = (
    Hello
    | Ping
    | Transactions
    | BodiesRequest
    | Bodies
    | BlocksRequest
    | Blocks
    | ProposedRequest
    | Proposed
    | BlocksGone
    | HeadRequest
    | Head
    | SnapshotsRequest
    | Snapshots
    | PartRequest
    | Part
)

# Frozen: a kind byte is never given another meaning.
_KINDS: Final[dict[int, tuple[Channel, type[Message]]]] = {
    0x01: (Channel.CONTROL, Hello),
    0x02: (Channel.CONTROL, Ping),
    0x10: (Channel.TRANSACTIONS, Transactions),
    0x20: (Channel.SYNC, BodiesRequest),
    0x21: (Channel.SYNC, Bodies),
    0x22: (Channel.SYNC, BlocksRequest),
    0x23: (Channel.SYNC, Blocks),
    0x24: (Channel.SYNC, ProposedRequest),
    0x25: (Channel.SYNC, Proposed),
    0x26: (Channel.SYNC, BlocksGone),
    0x27: (Channel.SYNC, HeadRequest),
    0x28: (Channel.SYNC, Head),
    0x29: (Channel.SYNC, SnapshotsRequest),
    0x2A: (Channel.SYNC, Snapshots),
    0x2B: (Channel.SYNC, PartRequest),
    0x2C: (Channel.SYNC, Part),
}
_PLACES: Final = {cls: (channel, bytes([kind])) for kind, (channel, cls) in _KINDS.items()}


def write_message(message: Message) -> tuple[Channel, bytes]:
    """The channel that a message goes on and its payload. Requires that it keeps its caps."""
    channel, kind = _PLACES[type(message)]
    return channel, kind + encode(message)


def read_message(channel: Channel, payload: bytes) -> Message:
    """The message of a payload, or `UnknownMessage` or `MessageMalformed`."""
    place = _KINDS.get(payload[0]) if payload else None
    if place is None or place[0] is not channel:
        msg = f"kind {payload[:1].hex()} on channel {channel.name}"
        raise UnknownMessage(msg)
    try:
        return decode(place[1], payload[1:], size_max=FRAME_SIZE_MAX)
    except EncodingInvalid as error:
        msg = f"{place[1].__name__}: {error}"
        raise MessageMalformed(msg) from error
