"""`hushang capture-token`: who may capture by REST through a node, and with which key.

Run where the node's files are, as the user that the node runs as: the tokens file and the keys have
mode 0600. A running node takes changes at the next request.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from chain.crypto import PrivateKey
from commerce.delegations import Delegate, DelegateRevoke
from commerce.registry import operation
from node import keystore
from node.client import NodeRefused, NodeUnreachable, OutcomeUnknown
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.listing import duration
from node.commands.options import noun, verb
from node.commands.session import KeyMissing, RuleBroken, Session
from node.config import load_config
from node.gateway.tokens import (
    NAME,
    RATE_DEFAULT,
    RATE_MAX,
    TokenEntry,
    add_token,
    digest_of,
    new_token,
    read_tokens,
    remove_token,
    require_free,
)

app = noun("Bearer tokens for captures by REST: each signs with a key that may only capture.")

NAMED = Annotated[str, typer.Argument(metavar="NAME", help="Its name, for people.")]
TOKENS = Annotated[
    Path | None, typer.Option("--tokens", help="The tokens file, instead of the node's settings.")
]
CONFIG = Annotated[
    Path | None, typer.Option("--config", help="The node's hushang.toml; default: the test node's.")
]
YEAR: Final = "365 d"
CAPTURE: Final = "epcis.capture"


@dataclass(frozen=True, slots=True)
class Made:
    """A new token, the file it belongs into, and the key that it chooses."""

    file: Path
    entry: TokenEntry
    public_key: bytes
    token: str

    def record(self) -> dict[str, Any]:
        """What is printed of it, this once."""
        told = shown(self.entry, self.public_key)
        return {**told, "token": self.token, "tokens": str(self.file)}


@verb(
    app,
    "create",
    sends=True,
    examples=(
        "hushang capture-token create erp-1 --as merchant",
        "hushang capture-token create erp-1 --config hushang.toml --key merchant.key",
        "hushang capture-token create erp-1 --config hushang.toml --no-delegate --account hs1…",
    ),
)
def create(  # each is an option that people type
    session: Session,
    name: NAMED,
    tokens: TOKENS = None,
    config: CONFIG = None,
    account: Annotated[
        str | None, typer.Option(help="Whose captures they are; default: the signer's.")
    ] = None,
    valid: Annotated[str, typer.Option(help="How long the key may capture.")] = YEAR,
    rate: Annotated[
        int,
        typer.Option(min=1, max=RATE_MAX, help="Requests a second for long; 4 s of it at once."),
    ] = RATE_DEFAULT,
    delegate: Annotated[
        bool, typer.Option("--delegate/--no-delegate", help="Send the delegation now.")
    ] = True,
) -> None:
    """Make a key, delegate captures to it, and show the token that chooses it: once.

    With --no-delegate nothing is signed; the command that the account's owner has to run is told.
    """
    if NAME.fullmatch(name) is None:
        raise UsageWrong("a name has 1 to 64 letters, digits, dots, dashes or underscores")
    file = tokens_file(session, tokens, config)
    require_free(file, name)
    owner = session.own_account(account)
    seed, key_file = keystore.new_seed(), file.parent / f"capture-{name}.key"
    keystore.write_key(key_file, seed, account=owner)
    token = new_token()
    entry = TokenEntry(name, digest_of(token), owner, key_file.name, now_ms(), rate)
    made = Made(file, entry, PrivateKey(seed).public_key, token)
    if delegate:
        _delegate(session, made, valid)
        return
    add_token(file, entry)
    words = f"hushang delegate add {made.public_key.hex()} --type {CAPTURE} --valid {valid!r}"
    session.printer.record({**made.record(), "delegate with": words})


def _delegate(session: Session, made: Made, valid: str) -> None:
    """Delegate captures to the new key; where that is refused, nothing is left of it."""
    expires_ms = now_ms() + (duration(valid) or 0)
    scope = operation("delegate", Delegate(made.public_key, (CAPTURE,), 0, expires_ms))
    try:
        outcome = session.submit(session.signed(scope))
    except OutcomeUnknown:
        # It may have been granted: the key and the token are good as soon as it is.
        add_token(made.file, made.entry)
        session.printer.record(made.record())
        raise
    except (RuleBroken, NodeRefused, NodeUnreachable, KeyMissing):
        (made.file.parent / made.entry.key_file).unlink()
        raise
    add_token(made.file, made.entry)
    session.say("the token is shown this once; whoever has it may capture for the account")
    session.report(outcome, made.record())


@verb(
    app,
    "list",
    examples=(
        "hushang capture-token list",
        "hushang capture-token list --config hushang.toml -o json",
    ),
)
def list_tokens(session: Session, tokens: TOKENS = None, config: CONFIG = None) -> None:
    """List the tokens of a node; the tokens themselves are nowhere, only their hashes."""
    file = tokens_file(session, tokens, config)
    session.show_list([shown(entry, public_key_of(file, entry)) for entry in read_tokens(file)])


@verb(
    app,
    "revoke",
    sends=True,
    examples=(
        "hushang capture-token revoke erp-1 --as merchant",
        "hushang capture-token revoke erp-1 --config hushang.toml --no-delegate",
    ),
)
def revoke(
    session: Session,
    name: NAMED,
    tokens: TOKENS = None,
    config: CONFIG = None,
    delegate: Annotated[
        bool,
        typer.Option(
            "--delegate/--no-delegate", help="Also end the key's delegation, as its owner."
        ),
    ] = True,
) -> None:
    """End a token at once, and what was delegated to its key; the key file is removed."""
    file = tokens_file(session, tokens, config)
    entry = remove_token(file, name)
    public_key = public_key_of(file, entry)
    record = {"revoked": name, **shown(entry, public_key)}
    if not delegate or public_key is None:
        _forget(file, entry)
        session.printer.record(record)
        return
    session.say(f"the token {name} has ended; ending the delegation of its key")
    outcome = session.submit(
        session.signed(operation("delegate.revoke", DelegateRevoke(public_key)))
    )
    _forget(file, entry)
    session.report(outcome, record)


def tokens_file(session: Session, tokens: Path | None, config: Path | None) -> Path:
    """The tokens file that is named, or that of a node's settings, or of a node of the test net."""
    if tokens is not None:
        return tokens
    if config is None:
        network = session.require_testnet()
        named = session.options.node
        node = network.nodes[0] if named is None else network.node(named)
        config = network.config_file(node)
    return load_config(config, {}, {}).tokens_file


def shown(entry: TokenEntry, public_key: bytes | None) -> dict[str, Any]:
    """What is printed of a token."""
    return {
        "name": entry.name,
        "account": encode_account(entry.account),
        "public_key": None if public_key is None else public_key.hex(),
        "key_file": entry.key_file,
        "rate": entry.rate,
        "created_ms": entry.created_ms,
    }


def public_key_of(file: Path, entry: TokenEntry) -> bytes | None:
    """The key that a token chooses; None if its file is gone or unreadable."""
    with suppress(keystore.KeyFileMissing, keystore.KeyFileMalformed, keystore.KeyFileTooOpen):
        return keystore.show_key(file.parent / entry.key_file).public_key
    return None


def _forget(file: Path, entry: TokenEntry) -> None:
    """Remove the key file: without its delegation the key is worth nothing."""
    (file.parent / entry.key_file).unlink(missing_ok=True)
