"""What a replica writes down before it speaks: the records of its journal.

The shell appends a record's bytes (`encode_record`) and hands the decoded records, in order, back
to `Replica.restore` after a restart. Records describe promises; nothing in them is ever undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chain.block import Block, Certificate
from chain.codec import (
    ENCODED_SIZE_MAX,
    U8,
    Hash,
    Height,
    Signature,
    View,
    decode,
)
from chain.codec import encode as encode_value
from chain.errors import EncodingInvalid, ProtocolError
from chain.votes import PreparedCertificate, ViewChange
from consensus.messages import BodyHashes, NewView


class RecordInvalid(ProtocolError):
    """A journal record is not the canonical encoding of one: the file is not ours or damaged."""

    hint = (
        "stop the node; hushang repair moves a damaged journal aside and puts the node back to work"
    )


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """Header and raw bodies of a block that a vote or a decision of this replica rests on."""

    block: Block
    body_hashes: BodyHashes


@dataclass(frozen=True, slots=True)
class VoteRecord:
    """An own PrePrepare, Prepare or Commit: `type` is the value of `VoteType`."""

    type: U8
    view: View
    height: Height
    digest: Hash
    signature: Signature


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """The prepared certificate that an own Commit rests on."""

    prepared: PreparedCertificate


@dataclass(frozen=True, slots=True)
class ViewChangeRecord:
    """The newest own ViewChange; the replica never votes below its view again."""

    message: ViewChange


@dataclass(frozen=True, slots=True)
class NewViewRecord:
    """An own NewView: a primary signs one per view."""

    message: NewView


@dataclass(frozen=True, slots=True)
class DecidedRecord:
    """A block is final; its `BlockRecord` stands before it in the journal."""

    certificate: Certificate


@dataclass(frozen=True, slots=True)
class SyncedRecord:
    """A rewritten journal begins with it: the blocks up to `height` are synced in the store, and
    what was promised below is left out.
    """

    height: Height


@dataclass(frozen=True, slots=True)
class SilenceRecord:
    """What was promised before is not known: no vote at heights up to `until` (None: not known yet,
    the members are asked). The newest one counts.
    """

    until: Height | None


Record: TypeAlias = (
    BlockRecord
    | VoteRecord
    | PreparedRecord
    | ViewChangeRecord
    | NewViewRecord
    | DecidedRecord
    | SyncedRecord
    | SilenceRecord
)

_TYPES: dict[int, type[Record]] = {
    1: BlockRecord,
    2: VoteRecord,
    3: PreparedRecord,
    4: ViewChangeRecord,
    5: NewViewRecord,
    6: DecidedRecord,
    7: SyncedRecord,
    8: SilenceRecord,
}
_CODES: dict[type[Record], bytes] = {cls: bytes([code]) for code, cls in _TYPES.items()}


def encode_record(record: Record) -> bytes:
    """Type byte, then the canonical bytes."""
    return _CODES[type(record)] + encode_value(record)


def decode_record(data: bytes) -> Record:
    """Read a record, or raise `RecordInvalid`."""
    cls = _TYPES.get(data[0]) if data else None
    if cls is None:
        msg = f"no record begins with {data[:1].hex() or 'nothing'}"
        raise RecordInvalid(msg)
    try:
        return decode(cls, data[1:], size_max=ENCODED_SIZE_MAX)
    except EncodingInvalid as error:
        msg = f"{cls.__name__}: {error.code}: {error}"
        raise RecordInvalid(msg) from error


def promises_nothing(records: Sequence[Record]) -> bool:
    """Are they only what was decided? Block and certificate prove themselves to everybody, and the
    store writes both; a vote that rests on them syncs them with itself (docs/adr/0082).
    """
    return all(isinstance(record, DecidedRecord | BlockRecord) for record in records)
