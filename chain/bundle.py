"""Proof bundles: all that it takes to check state, transactions and receipts from the genesis.

A file is the canonical array [format, version, then the fields of `Bundle`] and behind it 32 bytes,
H("proof", that array). These make every byte count: without them a changed letter in the key of an
absence could leave a true proof about another key. They prove nothing; what a bundle proves,
`chain.bundle_check` says (docs/protocol-proofs.md has every byte).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Final

from chain import merkle
from chain.block import Certificate, Header, Receipt
from chain.codec import U32, Hash, Size, encode, from_value, pack, to_value, unpack
from chain.committee import Committee
from chain.committees import CommitteeRecord
from chain.crypto import HASH_SIZE, tagged_hash
from chain.errors import BundleDamaged, BundleMalformed, TooLarge, VersionUnknown
from chain.head import HeadStatement
from chain.state import STATE_KEY_MAX
from chain.transaction import TRANSACTION_SIZE_MAX, body_hash
from chain.tree_proof import PROOF_SIZE_MAX

__all__ = [
    "Anchor",
    "Bundle",
    "CommitteeStep",
    "HeadStatement",
    "Proven",
    "ReceiptClaim",
    "StateClaim",
    "TransactionClaim",
    "encode_bundle",
    "read_bundle",
    "receipt_claim",
    "transaction_claim",
]

BUNDLE_FORMAT: Final = "hushang-proof"
BUNDLE_VERSION: Final = 1
MEDIA_TYPE: Final = "application/vnd.hushang.proof"
FILE_SUFFIX: Final = ".hsproof"
BUNDLE_SIZE_MAX: Final = 1024 * 1024 + TRANSACTION_SIZE_MAX
STEPS_MAX: Final = 1024
PROVEN_MAX: Final = 4
STATES_MAX: Final = 16
TRANSACTIONS_MAX: Final = 4
RECEIPTS_MAX: Final = 4
HEADS_MAX: Final = 128
# On which side of a receipt's path the sibling stands.
LEFT: Final = b"\x00"
RIGHT: Final = b"\x01"
# A tree of more than 2^32 leaves is in no header.
PATH_MAX: Final = 32

Side = Annotated[bytes, Size(min=1 + HASH_SIZE, max=1 + HASH_SIZE)]
TreeProof = Annotated[bytes, Size(min=1, max=PROOF_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class CommitteeStep:
    """A certified header of the epoch before, which names this committee as the next."""

    header: Header
    certificate: Certificate
    committee: Committee


@dataclass(frozen=True, slots=True)
class Anchor:
    """A header that the verifier trusts by height and digest, and the committee of its epoch.

    The epoch is at least 1 (a bundle without an anchor starts at the genesis); `proof` is a state
    proof of the record's row under the header's state root.
    """

    header: Header
    committee: CommitteeRecord
    proof: TreeProof


@dataclass(frozen=True, slots=True)
class StateClaim:
    """After the block below the header the state holds this value under the key; None: nothing."""

    key: Annotated[bytes, Size(min=1, max=STATE_KEY_MAX)]
    value: Annotated[bytes, Size(max=BUNDLE_SIZE_MAX)] | None
    proof: TreeProof


@dataclass(frozen=True, slots=True)
class TransactionClaim:
    """The header's block has this signed transaction at this index; `path` as in RFC 6962."""

    index: U32
    raw: Annotated[bytes, Size(max=TRANSACTION_SIZE_MAX)]
    path: Annotated[tuple[Hash, ...], Size(max=PATH_MAX)]


@dataclass(frozen=True, slots=True)
class ReceiptClaim:
    """The block below the header left this receipt.

    How many it left stands in no header, so each entry of the path begins with the side on which
    the sibling stands: 0x00 left, 0x01 right; nearest sibling first.
    """

    receipt: Receipt
    path: Annotated[tuple[Side, ...], Size(max=PATH_MAX)]


@dataclass(frozen=True, slots=True)
class Proven:
    """A certified header and what is proven under its roots: at least one claim.

    States ascend by key, transactions by index, receipts by id; none stands twice.
    """

    header: Header
    certificate: Certificate
    states: Annotated[tuple[StateClaim, ...], Size(max=STATES_MAX)]
    transactions: Annotated[tuple[TransactionClaim, ...], Size(max=TRANSACTIONS_MAX)]
    receipts: Annotated[tuple[ReceiptClaim, ...], Size(max=RECEIPTS_MAX)]


@dataclass(frozen=True, slots=True)
class Bundle:
    """`steps` lead from the anchor's epoch (or 0) to that of the last of `proven`, which ascend by
    height; `heads` are about that last header and ascend by member.
    """

    genesis_hash: Hash
    anchor: Anchor | None
    steps: Annotated[tuple[CommitteeStep, ...], Size(max=STEPS_MAX)]
    proven: Annotated[tuple[Proven, ...], Size(min=1, max=PROVEN_MAX)]
    heads: Annotated[tuple[HeadStatement, ...], Size(max=HEADS_MAX)]


def encode_bundle(bundle: Bundle) -> bytes:
    """The file of a bundle; claims may come in any order, they are put in theirs."""
    ordered = replace(bundle, proven=tuple(_ordered(entry) for entry in bundle.proven))
    content = pack((BUNDLE_FORMAT, BUNDLE_VERSION, *to_value(ordered)))
    return content + bundle_check_sum(content)


def bundle_check_sum(content: bytes) -> bytes:
    """The last 32 bytes of a file, over all before."""
    return tagged_hash("proof", content)


def _ordered(proven: Proven) -> Proven:
    return replace(
        proven,
        states=tuple(sorted(proven.states, key=_state_key)),
        transactions=tuple(sorted(proven.transactions, key=_index)),
        receipts=tuple(sorted(proven.receipts, key=_receipt_id)),
    )


def transaction_claim(bodies: Sequence[bytes], index: int) -> TransactionClaim:
    """That a block of these raw transactions has the one at `index`."""
    leaves = [body_hash(raw) for raw in bodies]
    return TransactionClaim(index, bodies[index], merkle.inclusion_proof(leaves, index))


def receipt_claim(receipts: Sequence[Receipt], index: int) -> ReceiptClaim:
    """That a block which left these receipts left the one at `index`."""
    path = merkle.inclusion_proof([encode(receipt) for receipt in receipts], index)
    sides = _sides(index, len(receipts))
    return ReceiptClaim(receipts[index], tuple(map(bytes.__add__, sides, path)))


def _sides(index: int, size: int) -> Iterator[bytes]:
    """On which side each sibling of `merkle.inclusion_proof` stands."""
    while size > 1:
        if index ^ 1 < size:
            yield LEFT if index % 2 else RIGHT
        index, size = index // 2, (size + 1) // 2


def read_bundle(data: bytes) -> Bundle:
    """Read a file strictly; it proves nothing yet (`chain.bundle_check.verify_bundle`).

    Raises `TooLarge`, `BundleDamaged`, `EncodingInvalid`, `BundleMalformed` or `VersionUnknown`.
    """
    if len(data) > BUNDLE_SIZE_MAX:
        msg = f"{len(data)} bytes, at most {BUNDLE_SIZE_MAX}"
        raise TooLarge(msg)
    if not data:
        msg = "the file is empty"
        raise BundleDamaged(msg)
    content, check_sum = data[:-HASH_SIZE], data[-HASH_SIZE:]
    if bundle_check_sum(content) != check_sum:
        msg = "the last 32 bytes are not the hash of those before"
        raise BundleDamaged(msg)
    value = unpack(content, size_max=BUNDLE_SIZE_MAX)
    if type(value) is not tuple or value[:1] != (BUNDLE_FORMAT,):
        msg = "no proof bundle begins like this"
        raise BundleMalformed(msg)
    # True equals 1 here and is another byte.
    if value[1:2] != (BUNDLE_VERSION,) or type(value[1]) is not int:
        msg = f"another version of the format; this software speaks {BUNDLE_VERSION}"
        raise VersionUnknown(msg)
    bundle = from_value(Bundle, value[2:])
    _check_order(bundle)
    return bundle


def _check_order(bundle: Bundle) -> None:
    """One form for one set of claims: nothing stands twice, nothing is empty."""
    _ascend("headers", [entry.header.height for entry in bundle.proven])
    for entry in bundle.proven:
        if not (entry.states or entry.transactions or entry.receipts):
            msg = f"nothing is claimed under the header at height {entry.header.height}"
            raise BundleMalformed(msg)
        _ascend("state keys", [_state_key(claim) for claim in entry.states])
        _ascend("transaction indexes", [_index(claim) for claim in entry.transactions])
        _ascend("receipt ids", [_receipt_id(claim) for claim in entry.receipts])


def _ascend(what: str, values: Sequence[int] | Sequence[bytes]) -> None:
    if any(a >= b for a, b in pairwise(values)):  # type: ignore[operator]
        msg = f"{what} ascend, each stands once"
        raise BundleMalformed(msg)


def _state_key(claim: StateClaim) -> bytes:
    return claim.key


def _index(claim: TransactionClaim) -> int:
    return claim.index


def _receipt_id(claim: ReceiptClaim) -> bytes:
    return claim.receipt.id
