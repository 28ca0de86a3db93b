"""The noun `hushang node`, and what its verbs have in common."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from node import keystore
from node.commands.failures import UsageWrong
from node.commands.options import noun
from node.genesis_file import PolicyForm
from node.json_values import read_digits
from node.keystore import KeyFile

app = noun("Run a member's node.")

KEY_NAME: Final = "node.key"
ACCOUNT_KEY_NAME: Final = "account.key"
GENESIS_NAME: Final = "genesis.json"
PORT_MAX: Final = 65_535
NAME_SIZE_MAX: Final = 64
# Of any script; a path has no way into it.
NAME: Final = re.compile(rf"[^\W_][\w.-]{{0,{NAME_SIZE_MAX - 1}}}")

ACCOUNT_KEYS = Annotated[
    list[Path] | None,
    typer.Option(
        "--account-key",
        help="A key of the organisation's account, as a key file; repeatable.",
    ),
]
THRESHOLD = Annotated[
    int, typer.Option(min=1, help="How many of the --account-key must sign for the account.")
]
ADDRESS = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Where the other members' nodes reach this one."),
]

# A name or an address, as in the settings.
HOST: Final = re.compile(r"[^\s/*?#@]{1,253}")
# What a node listens on, and nobody dials.
EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - refused


def read_name(text: str) -> str:
    """The name that a node tells: files and addresses are named after it; `UsageWrong`."""
    if NAME.fullmatch(text) is None:
        raise UsageWrong(
            f"--name {text!r}: up to {NAME_SIZE_MAX} letters, digits, and . _ - inside it"
        )
    return text


def read_address(text: str) -> tuple[str, int]:
    """`HOST:PORT`, `[::1]:26700`; `UsageWrong`."""
    host, _, digits = text.rpartition(":")
    port = read_digits(digits)
    host = host.strip("[]")
    if HOST.fullmatch(host) is None or port is None or not 1 <= port <= PORT_MAX:
        raise UsageWrong(f"{text!r} is not HOST:PORT")
    if host in EVERYWHERE:
        raise UsageWrong(f"{text!r}: others can't dial {host}; name where they reach this machine")
    return host, port


def make_key(file: Path, *, plain: bool) -> KeyFile:
    """A fresh key file; sealed unless `plain`."""
    passphrase = None if plain else keystore.find_passphrase(file, os.environ)
    return keystore.write_key(file, keystore.new_seed(), passphrase=passphrase)


def policy_of(files: Sequence[Path], threshold: int) -> PolicyForm:
    """The policy of an account that these keys speak for, one as much as another."""
    keys = {keystore.show_key(file).public_key.hex(): 1 for file in files}
    if threshold > len(keys):
        raise UsageWrong(f"--threshold {threshold}, and only {len(keys)} keys")
    return PolicyForm(threshold=threshold, keys=keys)
