"""`hushang debug`: decode and check raw bytes from stdin, without a node.

Exit 0 accepted, 8 whatever is wrong with what is to be checked, also with its form; hex is lower
case. The JSON of `debug merkle` is documented in the help of its two verbs.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final, NoReturn

import typer

from chain import merkle
from chain.block import Block, Certificate
from chain.codec import decode as decode_canonical
from chain.crypto import require_valid, verify
from chain.errors import HushangError, LedgerError, ProtocolError
from chain.transaction import read_transaction
from commerce.registry import Registry
from consensus.messages import decode_message
from node.api.render import render, render_fields
from node.clients import files
from node.commands.failures import VerificationFailed
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import FormRefused, read_hash, read_hashes
from node.strict_json import JsonRefused, read_json

app = noun("Decode and check raw bytes, without a node.")
merkle_app = noun("Check proofs of RFC 6962; JSON on stdin.")
app.add_typer(merkle_app, name="merkle")

STDIN_SIZE_MAX = 8 * 1024 * 1024
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*", re.ASCII)


class Kind(StrEnum):
    """What raw bytes claim to be."""

    TRANSACTION = "transaction"
    BLOCK = "block"
    VOTE = "vote"
    CERTIFICATE = "certificate"


@verb(
    app,
    "decode",
    examples=(
        "hushang debug decode transaction < pay.tx",
        "hushang debug decode certificate < certificate.bin | jq .height",
    ),
)
def decode(
    session: Session, kind: Annotated[Kind, typer.Argument(help="What the bytes are.")]
) -> None:
    """Decode canonical bytes from stdin and print them as JSON; exit 8 if they are refused.

    transaction: a signed transaction. block: a header with its bodies. certificate: a quorum of
    Commits. vote: any signed message of the replicas (PrePrepare, Prepare, Commit, ViewChange,
    NewView, Complaint, Status), its type byte first.
    """
    data = read_stdin()
    readers: dict[Kind, Callable[[bytes], Any]] = {
        Kind.TRANSACTION: transaction_json,
        Kind.BLOCK: block_json,
        Kind.VOTE: vote_json,
        Kind.CERTIFICATE: lambda raw: render_fields(decode_canonical(Certificate, raw)),
    }
    try:
        decoded = readers[kind](data)
    except (LedgerError, ProtocolError) as error:
        refuse(error)
    session.printer.document(decoded)


@verb(
    app,
    "verify-sig",
    examples=("printf abc | hushang debug verify-sig $PUBLIC_KEY_HEX $SIGNATURE_HEX",),
)
def verify_signature(
    session: Session,
    public_key: Annotated[str, typer.Argument(metavar="PUBHEX", help="32 bytes in hex.")],
    signature: Annotated[str, typer.Argument(metavar="SIGHEX", help="64 bytes in hex.")],
) -> None:
    """Check an Ed25519 signature of the message on stdin, by the judge of the ledger."""
    message = read_stdin()
    try:
        require_valid(hex_bytes(public_key), message, hex_bytes(signature))
    except (LedgerError, FormRefused) as error:
        refuse(error)
    session.printer.document({"accepted": True})


@verb(
    merkle_app,
    "inclusion",
    examples=("hushang debug merkle inclusion < proof.json",),
)
def inclusion(session: Session) -> None:
    """Check that a leaf is in a tree.

    stdin: {"leaf_hash": HEX or "leaf": HEX, "index": INT, "size": INT, "path": [HEX, ...],
    "root": HEX}. "leaf" is the leaf's bytes, hashed as RFC 6962 section 2.1 says; "leaf_hash" is
    that hash. The path has the nearest sibling first.
    """
    try:
        proof = read_proof({"index", "size", "path", "root"}, {"leaf", "leaf_hash"})
        leaf = leaf_hash(proof)
        root = read_hash(text(proof, "root"), "root")
        path = hashes(proof, "path")
        merkle.verify_inclusion(leaf, number(proof, "index"), number(proof, "size"), path, root)
    except (LedgerError, FormRefused, JsonRefused) as error:
        refuse(error)
    session.printer.document({"accepted": True})


@verb(
    merkle_app,
    "consistency",
    examples=("hushang debug merkle consistency < proof.json",),
)
def consistency(session: Session) -> None:
    """Check that an old tree is a prefix of a new one.

    stdin: {"old_size": INT, "new_size": INT, "old_root": HEX, "new_root": HEX, "path": [HEX, ...]},
    the path as RFC 6962 section 2.1.2 orders it.
    """
    try:
        proof = read_proof({"old_size", "new_size", "old_root", "new_root", "path"}, set())
        merkle.verify_consistency(
            number(proof, "old_size"),
            number(proof, "new_size"),
            read_hash(text(proof, "old_root"), "old_root"),
            read_hash(text(proof, "new_root"), "new_root"),
            hashes(proof, "path"),
        )
    except (LedgerError, FormRefused, JsonRefused) as error:
        refuse(error)
    session.printer.document({"accepted": True})


def read_stdin() -> bytes:
    """All of stdin, up to a limit."""
    return files.read_given(files.STDIN, STDIN_SIZE_MAX, VerificationFailed)


def refuse(error: HushangError) -> NoReturn:
    """Exit 8, naming the rule."""
    raise VerificationFailed(f"{error.code}: {error}") from error


def transaction_json(raw: bytes) -> dict[str, Any]:
    """A signed transaction with its two hashes; each signature says whether it verifies."""
    received = read_transaction(raw, Registry())
    operations = [
        {"type": name, "payload": render(payload)}
        for name, payload in zip(received.types, received.payloads, strict=True)
    ]
    signatures = [
        render_fields(entry)
        | {"verifies": verify(entry.public_key, received.signing, entry.signature)}
        for entry in received.signatures
    ]
    return {
        "id": received.id.hex(),
        "body_hash": received.body_hash.hex(),
        "size": len(raw),
        **render_fields(received.transaction),
        "operations": operations,
        "signatures": signatures,
    }


def block_json(raw: bytes) -> dict[str, Any]:
    """A block with its digest and its transactions."""
    block = decode_canonical(Block, raw)
    return {
        "digest": block.header.digest().hex(),
        "header": render_fields(block.header),
        "transactions": [transaction_json(body) for body in block.bodies],
    }


def vote_json(raw: bytes) -> dict[str, Any]:
    """A signed message of a replica."""
    message = decode_message(raw)
    return {"type": type(message).__name__, **render_fields(message)}


def hex_bytes(given: str) -> bytes:
    """Bytes from lower-case hex, as everywhere in this project, or `FormRefused`."""
    if _HEX.fullmatch(given) is None:
        raise FormRefused(f"{given[:20]!r} is no lower-case hex")
    return bytes.fromhex(given)


def read_proof(required: set[str], optional: set[str]) -> dict[str, Any]:
    """The JSON object on stdin, with these keys and no others."""
    proof = read_json(read_stdin())
    if not isinstance(proof, dict):
        raise FormRefused("stdin: expected an object")
    wrong = sorted((required - proof.keys()) | (proof.keys() - required - optional))
    if wrong:
        raise FormRefused(f"stdin: {wrong[0]} is missing or unknown")
    return proof


def leaf_hash(proof: dict[str, Any]) -> bytes:
    """The hash of the leaf that the proof is of."""
    if ("leaf" in proof) == ("leaf_hash" in proof):
        raise FormRefused("stdin: give either leaf or leaf_hash")
    if "leaf" in proof:
        return merkle.leaf_hash(hex_bytes(text(proof, "leaf")))
    return read_hash(text(proof, "leaf_hash"), "leaf_hash")


def text(proof: dict[str, Any], name: str) -> str:
    """A string of the proof."""
    value = proof[name]
    if not isinstance(value, str):
        raise FormRefused(f"stdin.{name}: expected hex")
    return value


def number(proof: dict[str, Any], name: str) -> int:
    """An integer of the proof."""
    value = proof[name]
    if type(value) is not int:
        raise FormRefused(f"stdin.{name}: expected an integer")
    return value


def hashes(proof: dict[str, Any], name: str) -> tuple[bytes, ...]:
    """A list of hashes of the proof."""
    value = proof[name]
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise FormRefused(f"stdin.{name}: expected a list of hex")
    return read_hashes(value, name)
