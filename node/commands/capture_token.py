"""`hushang capture-token`: who may capture by REST through a node, and with which key.

With `--for submit` it is about who may submit transactions to a node that asks for tokens.

Run where the node's files are, as the user that the node runs as: the tokens file and the keys have
mode 0600. A running node takes changes at the next request.
"""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from chain.crypto import PrivateKey
from chain.transaction import Operation
from commerce.delegations import Delegate, DelegateRevoke
from commerce.registry import operation
from node import keystore
from node.client import NodeRefused, NodeUnreachable, OutcomeUnknown
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.listing import duration
from node.commands.options import noun, verb
from node.commands.session import RuleBroken, Session
from node.commands.signers import KeyMissing
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


class Purpose(StrEnum):
    """What a token is for."""

    CAPTURE = "capture"
    SUBMIT = "submit"


FOR = Annotated[
    Purpose, typer.Option("--for", help="What it lets its holder do; submit: no key, no account.")
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
        "hushang capture-token create till-1 --for submit --config hushang.toml",
    ),
)
def create(  # each is an option that people type
    session: Session,
    name: NAMED,
    tokens: TOKENS = None,
    config: CONFIG = None,
    purpose: FOR = Purpose.CAPTURE,
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
    A token for submitting has no key: its holder may hand in what others signed.
    """
    if NAME.fullmatch(name) is None:
        raise UsageWrong("a name has 1 to 64 letters, digits, dots, dashes or underscores")
    file = tokens_file(session, tokens, config, purpose)
    require_free(file, name)
    if purpose is Purpose.SUBMIT:
        if session.options.dry_run:
            raise UsageWrong("a token for submitting sends nothing that could be tried")
        _create_for_submitting(session, file, name, rate)
        return
    owner = session.own_account(account)
    seed, key_file = keystore.new_seed(), file.parent / f"capture-{name}.key"
    if session.options.dry_run:
        if not delegate:
            raise UsageWrong("with --no-delegate nothing is sent that could be tried")
        session.send(_scope(PrivateKey(seed).public_key, valid))
    token = new_token()
    entry = TokenEntry(name, digest_of(token), owner, key_file.name, now_ms(), rate)
    made = Made(file, entry, PrivateKey(seed).public_key, token)
    session.before_sending(made.record())
    keystore.write_key(key_file, seed, account=owner)
    if delegate:
        _delegate(session, made, valid)
        return
    add_token(file, entry)
    words = f"hushang delegate add {made.public_key.hex()} --type {CAPTURE} --valid {valid!r}"
    session.printer.record({**made.record(), "delegate with": words})


def _create_for_submitting(session: Session, file: Path, name: str, rate: int) -> None:
    token = new_token()
    entry = TokenEntry(name, digest_of(token), None, None, now_ms(), rate)
    record = {**shown(entry, None), "token": token, "tokens": str(file)}
    session.printer.before(record)
    add_token(file, entry)
    session.say("the token is shown this once; whoever has it may submit through this node")
    session.printer.record(record)


def _delegate(session: Session, made: Made, valid: str) -> None:
    """Delegate captures to the new key; where that is refused, nothing is left of it."""
    try:
        signed = session.signed(_scope(made.public_key, valid))
        outcome = session.submit(signed, brings=made.record())
    except OutcomeUnknown:
        # It may have been granted: the key and the token are good as soon as it is.
        add_token(made.file, made.entry)
        session.printer.record(made.record())
        raise
    except (RuleBroken, NodeRefused, NodeUnreachable, KeyMissing):
        _forget(made.file, made.entry)
        raise
    add_token(made.file, made.entry)
    session.say("the token is shown this once; whoever has it may capture for the account")
    session.report(outcome, made.record())


def _scope(public_key: bytes, valid: str) -> Operation:
    expires_ms = now_ms() + (duration(valid) or 0)
    return operation("delegate", Delegate(public_key, (CAPTURE,), 0, expires_ms))


@verb(
    app,
    "list",
    examples=(
        "hushang capture-token list",
        "hushang capture-token list --config hushang.toml -o json",
    ),
)
def list_tokens(
    session: Session,
    tokens: TOKENS = None,
    config: CONFIG = None,
    purpose: FOR = Purpose.CAPTURE,
) -> None:
    """List the tokens of a node; the tokens themselves are nowhere, only their hashes."""
    file = tokens_file(session, tokens, config, purpose)
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
    purpose: FOR = Purpose.CAPTURE,
    delegate: Annotated[
        bool,
        typer.Option(
            "--delegate/--no-delegate", help="Also end the key's delegation, as its owner."
        ),
    ] = True,
) -> None:
    """End a token at once, and what was delegated to its key; the key file is removed."""
    file = tokens_file(session, tokens, config, purpose)
    if session.options.dry_run:
        _try_to_revoke(session, file, name)
    session.before_sending(("revoked", *shown(TokenEntry(name, "", None, None, 0, 0), None)))
    entry = remove_token(file, name)
    public_key = public_key_of(file, entry)
    record = {"revoked": name, **shown(entry, public_key)}
    if not delegate or public_key is None:
        _forget(file, entry)
        session.printer.record(record)
        return
    session.say("the token {name} has ended; ending the delegation of its key", name=name)
    signed = session.signed(operation("delegate.revoke", DelegateRevoke(public_key)))
    outcome = session.submit(signed, brings=record)
    _forget(file, entry)
    session.report(outcome, record)


def _try_to_revoke(session: Session, file: Path, name: str) -> None:
    """End a dry run with what ending the delegation would do; the token stays."""
    for entry in read_tokens(file):
        public_key = public_key_of(file, entry)
        if entry.name == name and public_key is not None:
            session.send(operation("delegate.revoke", DelegateRevoke(public_key)))
    raise UsageWrong(f"no delegation of a token {name} could be tried: hushang capture-token list")


def tokens_file(
    session: Session, tokens: Path | None, config: Path | None, purpose: Purpose
) -> Path:
    """The tokens file that is named, or that of a node's settings, or of a node of the test net."""
    if tokens is not None:
        return tokens
    if config is None:
        network = session.require_testnet()
        named = session.options.node
        node = network.nodes[0] if named is None else network.node(named)
        config = network.config_file(node)
    settings = load_config(config, {}, {})
    if purpose is Purpose.CAPTURE:
        return settings.tokens_file
    if settings.submit_tokens is None:
        raise UsageWrong(f"{config} has no submit_tokens: its node takes transactions from all")
    return settings.submit_tokens


def shown(entry: TokenEntry, public_key: bytes | None) -> dict[str, Any]:
    """What is printed of a token."""
    return {
        "name": entry.name,
        "account": None if entry.account is None else encode_account(entry.account),
        "public_key": None if public_key is None else public_key.hex(),
        "key_file": entry.key_file,
        "rate": entry.rate,
        "created_ms": entry.created_ms,
    }


def public_key_of(file: Path, entry: TokenEntry) -> bytes | None:
    """The key that a token chooses; None if it has none, or its file is gone or unreadable."""
    if entry.key_file is None:
        return None
    with suppress(*keystore.UNUSABLE):
        return keystore.show_key(file.parent / entry.key_file).public_key
    return None


def _forget(file: Path, entry: TokenEntry) -> None:
    """Remove the key file: without its delegation the key is worth nothing."""
    if entry.key_file is not None:
        (file.parent / entry.key_file).unlink(missing_ok=True)
