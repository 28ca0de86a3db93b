"""`hushang tx`: transactions: build, sign, submit, look at."""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.account import SignatureEntry
from chain.codec import decode, encode
from chain.crypto import SIGNATURE_SIZE
from chain.errors import LifetimeTooLong
from chain.transaction import SignedTransaction
from node import keystore
from node.clients import files
from node.commands.effects import require_cosigners, show_effects
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.out_file import FORCE, check_out, write_out
from node.commands.session import OK, Session
from node.json_values import FormRefused, read_hash
from node.late_outcome import receipt_of
from node.strict_json import read_json
from node.transaction_file import (
    FILE_SIZE_MAX,
    TransactionFile,
    from_text,
    read_operations,
    to_text,
)

app = noun("Transactions: build, sign, submit in three files; look at one.")

FILE = Annotated[Path, typer.Argument(metavar="FILE", help="The file; - for stdin.")]
OUT = Annotated[Path | None, typer.Option("--out", help="Where to write; default stdout.")]


@verb(app, "show", examples=("hushang tx show $ID", "hushang tx show $ID -o json"))
def show(
    session: Session, transaction: Annotated[str, typer.Argument(metavar="ID", help="Its id.")]
) -> None:
    """Show a transaction and its outcome."""
    told = session.client.get(f"/v1/transactions/{read_hash(transaction, 'ID').hex()}")
    if not session.printer.is_table:
        session.printer.document(told)
        return
    receipt = told["receipt"] or {}
    shown = {"transaction": told["id"], "state": told["state"], "status": receipt.get("status")}
    shown |= {name: receipt.get(name) for name in ("height", "index", "block_hash", "time_ms")}
    shown |= {"sender": told["sender"], "memo": told["memo"]}
    for index, entry in enumerate(told["operations"]):
        shown[f"operation {index}"] = {
            "operation": entry["type"],
            **readable_payload(session, entry),
        }
    for index, entry in enumerate(receipt.get("events", ())):
        shown[f"event {index}"] = {"event": entry["type"], **session.readable(entry["data"])}
    session.printer.record(told, session.readable(shown))


def readable_payload(session: Session, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An operation's fields for people; a recorded document only by its size."""
    payload = dict(entry["payload"])
    if entry["type"] == "epcis.capture":
        payload["document"] = f"{len(payload['document']) // 2} bytes of EPCIS 2.0"
    return session.readable(payload)


@verb(
    app,
    "build",
    examples=(
        "hushang tx build operations.json --key merchant.key --out unsigned.json",
        "hushang tx build operations.json --sender hs1... --genesis genesis.json --valid-for 600",
    ),
)
def build(
    session: Session,
    file: FILE,
    sender: Annotated[
        str | None, typer.Option(help="Whose it is: hs1… or a name; default: the key's account.")
    ] = None,
    genesis: Annotated[
        Path | None, typer.Option(help="The chain's genesis.json: then no node is asked.")
    ] = None,
    valid_for: Annotated[
        int,
        typer.Option(min=1, help="Seconds until it expires; most chains take 600 at most."),
    ] = 300,
    memo: Annotated[str | None, typer.Option(help="A public text, up to 512 characters.")] = None,
    out: OUT = None,
    force: FORCE = False,
) -> None:
    """Build an unsigned transaction of operations; needs no private key.

    FILE: {"operations": [{"type": "pay.transfer", "payload": {"to": "hs1...", ...}}, ...]}, the
    fields as docs/transactions.md names them, or GET /v1/transaction-types.
    """
    check_out(out, force=force)
    wanted = read_json(read_file(file))
    if not isinstance(wanted, dict) or set(wanted) != {"operations"}:
        raise FormRefused("expected an object with operations")
    operations = read_operations(wanted["operations"])
    owner = public_account(session) if sender is None else session.account(sender)
    if genesis is not None:
        session.genesis = import_module("node.genesis_file").load_genesis(genesis)
    limit_s = session.genesis.consensus.transaction_lifetime_max_ms // 1000
    if valid_for > limit_s:
        raise LifetimeTooLong(f"--valid-for {valid_for}: this chain takes at most {limit_s}")
    content = session.transaction(operations, owner, valid_for_s=valid_for, memo=memo)
    write(TransactionFile(encode(content)), out, force=force)


@verb(
    app,
    "sign",
    examples=(
        "hushang tx sign unsigned.json --key merchant.key --out signed.json",
        "hushang tx sign signed.json --as carrier --out signed-by-both.json",
    ),
)
def sign(
    session: Session,
    file: FILE,
    account: Annotated[
        str | None, typer.Option(help="Sign for this account; default: the key's own.")
    ] = None,
    out: OUT = None,
    force: FORCE = False,
) -> None:
    """Add a signature; needs no node. For several parties sign in turn."""
    # What is added to loses nothing.
    force = force or (out is not None and out.exists() and file.exists() and out.samefile(file))
    check_out(out, force=force)
    unsigned = from_text(read_file(file))
    session.require_own_chain(unsigned.transaction.genesis_hash)
    owner = session.signer.account if account is None else session.account(account)
    write(unsigned.signed_by(owner, session.signer.key), out, force=force)


@verb(
    app,
    "submit",
    sends=True,
    examples=(
        "hushang tx submit signed.json",
        "hushang tx submit signed.json --wait accepted",
        "hushang tx submit unsigned.json --dry-run --as merchant --cosign carrier",
    ),
)
def submit(session: Session, file: FILE) -> None:
    """Hand in a signed transaction: a file of `tx sign`, or raw bytes. Harmless to repeat.

    One that a party has still to sign is not sent: it would be decided as failed for good.

    --dry-run also takes an unsigned one: as if its sender signed it, or whoever --key, --as and
    --cosign name.
    """
    given = from_text(read_file(file))
    if session.options.dry_run:
        show_effects(session, given.content, (*given.signatures, *named_signers(session)))
    raw = given.raw()
    kept = None if file == files.STDIN else file
    signed = decode(SignedTransaction, raw)
    earlier = receipt_of(session.client, given.id)
    if earlier is None:
        require_cosigners(session, given.content, given.signatures)
    elif earlier["status"] != OK:
        session.say(
            "it was decided before, at height {height}, and stays as it is: for another try make "
            "a new file",
            height=earlier["height"],
        )
    session.report(session.submit(signed, brings=(), file=kept), {})


def named_signers(session: Session) -> list[SignatureEntry]:
    """Who would sign besides, by the options."""
    options = session.options
    named = [session.signer] if options.key is not None or options.speaker is not None else []
    named += map(session.signer_of, options.cosign or ())
    return [SignatureEntry(e.account, e.public_key, bytes(SIGNATURE_SIZE)) for e in named]


def read_file(file: Path) -> bytes:
    """All of a file or stdin, up to a limit."""
    return files.read_given(file, FILE_SIZE_MAX, UsageWrong)


def write(file: TransactionFile, out: Path | None, *, force: bool = False) -> None:
    """To a file, or to stdout: a transaction is data."""
    if out is None:
        sys.stdout.write(to_text(file))
    else:
        write_out(out, to_text(file).encode(), force=force)


def public_account(session: Session) -> bytes:
    """The account of --key or --as, from the public part of the key's file."""
    options = session.options
    if options.key is not None:
        return keystore.show_key(options.key).account
    if options.speaker is not None:
        return session.account(options.speaker)
    raise UsageWrong("--sender, or --key, or --as: whose transaction is it?")
