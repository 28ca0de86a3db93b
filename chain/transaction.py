"""Transactions: up to 100 operations under one signature or an m-of-n policy, all or nothing.

Two hashes. `id` covers what is signed and not the signatures: replay protection and receipts.
`body_hash` covers the raw bytes with the signatures: blocks and gossip. (If the id covered them, a
2-of-3 payment sent again with another pair would pay twice.) Raw bytes are read once, at the door.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from chain.account import SignatureEntry, check_sorted
from chain.codec import U8, U64, Hash, Name, Size, Text, TimeMs, decode, encode
from chain.crypto import PrivateKey, domain, tagged_hash
from chain.errors import LifetimeTooLong, TransactionExpired, VersionUnknown, WrongChain

TRANSACTION_VERSION = 1
TRANSACTION_SIZE_MAX = 1024 * 1024
OPERATIONS_MAX = 100
# Enough for a quorum of the largest committee, and the accounts that it speaks for.
SIGNATURES_MAX = 128

_SIGNING_DOMAIN = domain("transaction")


@dataclass(frozen=True, slots=True)
class Operation:
    """A native transaction type's name and its payload: the fields of the type's dataclass."""

    type: Name
    payload: Any


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is signed. `nonce` is random; `valid_until_ms` is block time, inclusive."""

    version: U8
    genesis_hash: Hash
    sender: Hash
    nonce: U64
    valid_until_ms: TimeMs
    operations: Annotated[tuple[Operation, ...], Size(min=1, max=OPERATIONS_MAX)]
    memo: Text | None


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """What travels: the transaction's canonical bytes, carried as they were signed."""

    content: Annotated[bytes, Size(max=TRANSACTION_SIZE_MAX)]
    signatures: Annotated[tuple[SignatureEntry, ...], Size(min=1, max=SIGNATURES_MAX)]


class OperationDecoder(Protocol):
    """The part of the rules that reading a transaction needs."""

    def decode(self, operation: Operation) -> object:
        """The payload as its dataclass; `OperationUnknown` or `OperationMalformed`."""
        ...


@dataclass(frozen=True, slots=True)
class ReceivedTransaction:
    """A transaction that was read from raw bytes: well-formed, its signatures not yet checked.

    `types[i]` and `payloads[i]` are the name and the decoded payload of
    `transaction.operations[i]`; `signing` is the message that every signature covers.
    """

    raw: bytes
    id: bytes
    body_hash: bytes
    signing: bytes
    transaction: Transaction
    types: tuple[str, ...]
    payloads: tuple[object, ...]
    signatures: tuple[SignatureEntry, ...]


def signing_bytes(content: bytes) -> bytes:
    """The message that signatures of a transaction cover: domain tag, then its canonical bytes."""
    return _SIGNING_DOMAIN + content


def transaction_id(content: bytes) -> bytes:
    """Hash of the transaction without its signatures, 32 bytes."""
    return tagged_hash("transaction-id", content)


def body_hash(raw: bytes) -> bytes:
    """Hash of the signed transaction's raw bytes, 32 bytes."""
    return tagged_hash("transaction-body", raw)


def read_transaction(
    raw: bytes, decoder: OperationDecoder, body: bytes | None = None
) -> ReceivedTransaction:
    """Read raw bytes once and wholly, or raise the `LedgerError` that names what is wrong.

    `body` is their hash, where the caller has it already. Signatures are only checked for form and
    order. Whoever takes a transaction in verifies every entry over `signing`, needed or not
    (docs/adr/0020).
    """
    signed = decode(SignedTransaction, raw, size_max=TRANSACTION_SIZE_MAX)
    transaction = decode(Transaction, signed.content, size_max=TRANSACTION_SIZE_MAX)
    if transaction.version != TRANSACTION_VERSION:
        msg = f"transaction version {transaction.version}; this node speaks {TRANSACTION_VERSION}"
        raise VersionUnknown(msg)
    check_sorted(signed.signatures)
    return ReceivedTransaction(
        raw=raw,
        id=transaction_id(signed.content),
        body_hash=body_hash(raw) if body is None else body,
        signing=signing_bytes(signed.content),
        transaction=transaction,
        types=tuple([operation.type for operation in transaction.operations]),
        payloads=tuple([decoder.decode(operation) for operation in transaction.operations]),
        signatures=signed.signatures,
    )


def check_window(
    transaction: Transaction, genesis_hash: bytes, time_ms: int, lifetime_max_ms: int
) -> None:
    """Refuse a transaction of another chain or outside its time window at `time_ms`."""
    if transaction.genesis_hash != genesis_hash:
        msg = f"signed for the chain {transaction.genesis_hash.hex()}"
        raise WrongChain(msg)
    if time_ms > transaction.valid_until_ms:
        msg = f"valid until {transaction.valid_until_ms}, the time is {time_ms}"
        raise TransactionExpired(msg)
    if transaction.valid_until_ms > time_ms + lifetime_max_ms:
        msg = f"valid_until_ms may be at most {lifetime_max_ms} ms ahead"
        raise LifetimeTooLong(msg)


def sign_transaction(
    transaction: Transaction, signers: Sequence[tuple[bytes, PrivateKey]]
) -> SignedTransaction:
    """Sign for each (account id, key); entries come out sorted."""
    content = encode(transaction)
    message = signing_bytes(content)
    entries = [
        SignatureEntry(account, key.public_key, key.sign(message)) for account, key in signers
    ]
    ordered = sorted(entries, key=lambda entry: (entry.account, entry.public_key))
    return SignedTransaction(content, tuple(ordered))
