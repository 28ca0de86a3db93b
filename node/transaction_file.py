"""A transaction on its way from build to sign to submit: a JSON file that any machine can carry.

`content` are the canonical bytes that are signed; `readable` is for people, who decide by it
whether to sign. A file is refused if its content is no transaction, if `readable` says anything
else than the content, or if a signature in it doesn't verify.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.account import SignatureEntry
from chain.bech32m import encode_account
from chain.codec import decode, encode
from chain.crypto import PrivateKey, require_valid
from chain.errors import HushangError, LedgerError
from chain.transaction import (
    TRANSACTION_SIZE_MAX,
    SignedTransaction,
    Transaction,
    read_transaction,
    signing_bytes,
    transaction_id,
)
from commerce.registry import TYPES, Registry
from commerce.registry import operation as make_operation
from node.api.render import render, render_fields
from node.clients.files import replace
from node.json_values import FormRefused, from_json
from node.strict_json import JsonRefused, read_json
from node.validation import did_you_mean, require_head

FORMAT: Final = "hushang-transaction"
FORMAT_VERSION: Final = 1
# Of its id, in the name of a kept file.
ID_DIGITS: Final = 16
FILE_SIZE_MAX: Final = 4 * 1024 * 1024
FIELDS: Final = {"format", "version", "id", "content", "signatures", "readable"}


class TransactionFileInvalid(HushangError):
    """The file holds no transaction of this software."""

    hint = "hushang tx build makes one of a file of operations, and hushang tx sign signs it"


@dataclass(frozen=True, slots=True)
class TransactionFile:
    """A transaction's canonical bytes and the signatures so far, sorted."""

    content: bytes
    signatures: tuple[SignatureEntry, ...] = ()

    @property
    def id(self) -> str:
        """Its id, which no signature changes."""
        return transaction_id(self.content).hex()

    @property
    def transaction(self) -> Transaction:
        """What it says."""
        return decode(Transaction, self.content, size_max=TRANSACTION_SIZE_MAX)

    def signed_by(self, account: bytes, key: PrivateKey) -> "TransactionFile":
        """With one more signature; signing twice changes nothing."""
        entry = SignatureEntry(account, key.public_key, key.sign(signing_bytes(self.content)))
        kept = {(e.account, e.public_key): e for e in (*self.signatures, entry)}
        return TransactionFile(self.content, tuple(kept[place] for place in sorted(kept)))

    def raw(self) -> bytes:
        """The bytes that a node takes; raises what the door would refuse about their form."""
        if not self.signatures:
            raise TransactionFileInvalid("nobody has signed it yet: hushang tx sign")
        raw = encode(SignedTransaction(self.content, self.signatures))
        read_transaction(raw, Registry())
        return raw


def to_text(file: TransactionFile) -> str:
    """The file's text."""
    signatures = [
        {
            "account": encode_account(entry.account),
            "public_key": entry.public_key.hex(),
            "signature": entry.signature.hex(),
        }
        for entry in file.signatures
    ]
    record = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "id": file.id,
        "content": file.content.hex(),
        "signatures": signatures,
        "readable": readable(file.transaction),
    }
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def keep(file: TransactionFile, directory: Path) -> Path:
    """Write a transaction whose outcome isn't known where its owner finds it; nobody else reads it.

    The same transaction is kept under the same name: only its own earlier copy is replaced. It is
    on disk on return.
    """
    path = directory / f"hushang-unsent-{file.id[:ID_DIGITS]}.json"
    replace(path, to_text(file).encode())
    return path


def from_text(data: bytes) -> TransactionFile:
    """The transaction of a file, or `TransactionFileInvalid`; also takes the raw signed bytes."""
    try:
        if data[:1].isspace() or data[:1] == b"{":
            return _from_json(data)
        signed = decode(SignedTransaction, data, size_max=TRANSACTION_SIZE_MAX)
        return _checked(TransactionFile(signed.content, signed.signatures))
    except (JsonRefused, FormRefused, LedgerError) as error:
        raise TransactionFileInvalid(f"{error.code}: {error}") from error


def _from_json(data: bytes) -> TransactionFile:
    record = read_json(data, size_max=FILE_SIZE_MAX)
    missing = "no transaction file: hushang tx build makes one of a file of operations"
    require_head(record, (FORMAT, FORMAT_VERSION), FIELDS, missing)
    content = from_json(bytes, record.get("content"), "content")
    entries = record.get("signatures")
    if not isinstance(entries, list):
        raise FormRefused("signatures: expected a list")
    signatures = tuple(
        from_json(SignatureEntry, entry, f"signatures[{index}]")
        for index, entry in enumerate(entries)
    )
    file = _checked(TransactionFile(content, signatures))
    if record.get("id") != file.id:
        raise FormRefused("id: not that of the content: the file was changed after it was built")
    # What somebody reads before signing must be what is signed.
    if record.get("readable") != json.loads(json.dumps(readable(file.transaction))):
        raise FormRefused(
            "readable: not what the content says: the file was changed after it was built"
        )
    return file


def _checked(file: TransactionFile) -> TransactionFile:
    _ = file.transaction
    for entry in file.signatures:
        require_valid(entry.public_key, signing_bytes(file.content), entry.signature)
    return file


def readable(transaction: Transaction) -> dict[str, Any]:
    """What a transaction says, payloads by field names."""
    registry = Registry()
    operations = [
        {"type": entry.type, "payload": render(registry.decode(entry))}
        for entry in transaction.operations
    ]
    return render_fields(transaction) | {"operations": operations}


def read_operations(value: Any) -> Sequence[Any]:
    """Operations of `[{"type": NAME, "payload": {...}}, ...]`, or `FormRefused`."""
    if not isinstance(value, list) or not value:
        raise FormRefused("operations: expected a list of objects")
    return [_read_operation(entry, f"operations[{index}]") for index, entry in enumerate(value)]


def _read_operation(entry: Any, where: str) -> Any:
    if not isinstance(entry, dict) or set(entry) != {"type", "payload"}:
        raise FormRefused(f"{where}: expected an object of type and payload")
    types = {known.name: known.payload for known in TYPES}
    name = entry["type"]
    # A list can't even be looked up.
    if not isinstance(name, str) or name not in types:
        hint = did_you_mean(str(name), types)
        raise FormRefused(f"{where}.type: no transaction type {name!r}{hint}")
    return make_operation(name, from_json(types[name], entry["payload"], f"{where}.payload"))
