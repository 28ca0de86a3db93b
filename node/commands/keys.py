"""`hushang keys`: make a key file, look at one."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.bech32m import decode_account, encode_account
from node import keystore
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("Key files: make one, look at one. A key file has mode 0600 and never leaves its owner.")

FILE = Annotated[Path, typer.Argument(metavar="FILE", help="The key file.")]


@verb(
    app,
    "new",
    examples=(
        "hushang keys new merchant.key",
        "hushang keys new node.key --plain",
        "HUSHANG_PASSPHRASE_FILE=secret.txt hushang keys new merchant.key -o json",
    ),
)
def new(
    session: Session,
    file: FILE,
    plain: Annotated[
        bool, typer.Option("--plain", help="Don't seal it with a passphrase: for tests.")
    ] = False,
    account: Annotated[
        str | None,
        typer.Option(help="The account it will speak for, if not one of this key alone."),
    ] = None,
    passphrase_fd: Annotated[
        int | None, typer.Option("--passphrase-fd", help="Read the passphrase from here.")
    ] = None,
) -> None:
    """Make a key file with a fresh Ed25519 key, sealed with a passphrase.

    The passphrase comes from --passphrase-fd, from the file that HUSHANG_PASSPHRASE_FILE names, or
    from the terminal; never from an argument.
    """
    passphrase = None if plain else keystore.find_passphrase(file, os.environ, passphrase_fd)
    owner = decode_account(account) if account is not None else None
    made = keystore.write_key(file, keystore.new_seed(), passphrase=passphrase, account=owner)
    session.printer.record(key_record(made))


@verb(app, "show", examples=("hushang keys show merchant.key",))
def show(session: Session, file: FILE) -> None:
    """Show a key file's public part; needs no passphrase."""
    session.printer.record(key_record(keystore.show_key(file)))


def key_record(key: keystore.KeyFile) -> dict[str, Any]:
    """What is printed of a key file."""
    return {
        "file": str(key.path),
        "public_key": key.public_key.hex(),
        "account": encode_account(key.account),
        "sealed": key.sealed,
    }
