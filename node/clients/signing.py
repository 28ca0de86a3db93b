"""Making transactions: operations from plain data, signed once, their bytes kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from chain.account import single_key_policy
from chain.bech32m import encode_account
from chain.codec import decode, encode
from chain.crypto import PrivateKey
from chain.errors import OperationUnknown
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    SignedTransaction,
    Transaction,
    sign_transaction,
    transaction_id,
)
from node.json_values import from_json

VALID_FOR_S: Final = 120


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and the account that it speaks for."""

    account: bytes
    key: PrivateKey

    @classmethod
    def of(cls, key: PrivateKey, account: bytes | None = None) -> "Signer":
        """Of a key: without an account, that of a policy of this key alone."""
        own = single_key_policy(key.public_key).account_id()
        return cls(own if account is None else account, key)

    @classmethod
    def load(cls, file: Path) -> "Signer":
        """Of a key file; a sealed one's passphrase comes from HUSHANG_PASSPHRASE_FILE."""
        # Late: it brings OpenSSL, which whoever holds a key already doesn't need.
        keystore = import_module("node.keystore")
        described = keystore.show_key(file)
        return cls(described.account, keystore.load_key(file, keystore.find_passphrase))

    @property
    def address(self) -> str:
        """The account as it is written: hs1…"""
        return encode_account(self.account)


@dataclass(frozen=True, slots=True)
class Made:
    """A signed transaction: the bytes that are sent, and what they say."""

    raw: bytes
    id: str
    valid_until_ms: int

    @classmethod
    def read(cls, raw: bytes) -> "Made":
        """What signed bytes say; `EncodingInvalid`."""
        content = decode(SignedTransaction, raw).content
        transaction = decode(Transaction, content)
        return cls(raw, transaction_id(content).hex(), transaction.valid_until_ms)


def operation(name: str, payload: Any) -> Operation:
    """An operation of its type and payload: the type's dataclass, or a mapping of its fields.

    In a mapping ids are hex, accounts hs1…, and fields that may be nothing may be left out, as in
    `GET /v1/transaction-types/{name}`. Raises `OperationUnknown` or `FormRefused`.
    """
    registry = import_module("commerce.registry")
    kind = next((entry.payload for entry in registry.TYPES if entry.name == name), None)
    if kind is None:
        raise OperationUnknown(f"no transaction type {name}")
    if isinstance(payload, Mapping):
        payload = from_json(kind, _listed(dict(payload)), name)
    made: Operation = registry.operation(name, payload)
    return made


def _listed(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, tuple | list):
        return [_listed(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: _listed(entry) for key, entry in value.items()}
    return value.hex() if isinstance(value, bytes) else value


def sign(
    operations: Sequence[Operation],
    genesis_hash: bytes,
    signers: Sequence[Signer],
    nonce: int,
    valid_until_ms: int,
) -> Made:
    """A transaction of the first signer's account, signed by all."""
    content = Transaction(
        version=TRANSACTION_VERSION,
        genesis_hash=genesis_hash,
        sender=signers[0].account,
        nonce=nonce,
        valid_until_ms=valid_until_ms,
        operations=tuple(operations),
        memo=None,
    )
    signed = sign_transaction(content, [(entry.account, entry.key) for entry in signers])
    return Made(encode(signed), transaction_id(signed.content).hex(), valid_until_ms)
