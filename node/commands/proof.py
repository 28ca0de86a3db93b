"""`hushang proof`: get a proof of what the chain says, check it at once, and keep it as a file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from chain.block import Header
from chain.bundle import FILE_SUFFIX
from chain.bundle_check import verify_bundle
from chain.bundle_facts import TrustedHeader, Verified
from chain.codec import decode
from chain.errors import LedgerError
from chain.genesis import Genesis
from commerce.epcis.capture import EVENTS
from node.clock import now_ms
from node.commands.failures import UsageWrong, VerificationFailed
from node.commands.options import noun, verb
from node.commands.out_file import FORCE, check_out, write_out
from node.commands.session import Session
from node.durations import read_age
from node.genesis_file import load_genesis
from node.json_values import read_hash
from node.plain_text import plain
from node.proof_file import read_trusted
from node.proof_words import Telling
from node.proven_events import captured_event
from node.state_names import key_of, key_of_hex, proof_name, state_proof_name
from node.testnet_layout import GENESIS
from node.words import spoken

app = noun("Get a proof that anyone can check: state, transactions, receipts, events.")

OutOption = Annotated[
    Path | None, typer.Option("--out", help="Where to write; default: a name of its own, here.")
]
GenesisOption = Annotated[
    Path | None,
    typer.Option(help="Check with this genesis.json; default: the test network's, or the node's."),
]
TrustedOption = Annotated[
    str | None,
    typer.Option(
        metavar="HEIGHT[:DIGEST]", help="Begin at a header that you trust, not at the genesis."
    ),
]
HeadsOption = Annotated[
    bool, typer.Option("--heads", help="With what the members sign about their newest header now.")
]
MaxAgeOption = Annotated[
    str | None,
    typer.Option("--max-age", metavar="AGE", help="Refuse what is older: 30s, 10min; --heads too."),
]
IdArgument = Annotated[str, typer.Argument(metavar="ID")]

# Is it about what was asked for?
Fits = Callable[[Verified], bool]
# The file's name, without its ending, by the height of its newest header.
Name = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a proof is asked for, as the command line has it."""

    out: Path | None
    genesis: Path | None
    trusted: str | None
    heads: bool = False
    max_age: str | None = None
    force: bool = False

    @property
    def max_age_ms(self) -> int | None:
        """The age in ms; `UsageWrong` for what is none."""
        try:
            return None if self.max_age is None else read_age(self.max_age)
        except ValueError as error:
            raise UsageWrong(f"--max-age {self.max_age!r}: {error}") from error


@verb(
    app,
    "state",
    examples=(
        "hushang proof state order/$ORDER",
        "hushang proof state account/hs1... --heads --out account.hsproof",
        "hushang proof state balance/buyer/CNY --max-age 30s",
        "hushang proof state --state-key 6f726465722f00 -o json",
    ),
)
def state(
    session: Session,
    name: Annotated[
        str | None, typer.Argument(metavar="TABLE/ID", help="order/HEX, account/hs1..., ...")
    ] = None,
    state_key: Annotated[
        str | None, typer.Option("--state-key", help="Any state key, as hex.")
    ] = None,
    out: OutOption = None,
    force: FORCE = False,
    genesis: GenesisOption = None,
    trusted: TrustedOption = None,
    heads: HeadsOption = False,
    max_age: MaxAgeOption = None,
) -> None:
    """Prove what the state holds under a key, or that it holds nothing there.

    docs/protocol-state.md lists the tables. On a resting chain add --heads: whoever reads the proof
    can see then that nothing was newer when you asked.
    """
    wanted_key = asked_key(session, name, state_key)

    def fits(told: Verified) -> bool:
        return [fact.key for fact in told.states] == [wanted_key]

    def file_name(height: int) -> str:
        return state_proof_name(wanted_key, height)

    wanted = Wanted(out, genesis, trusted, heads, max_age, force=force)
    fetch(session, f"state/{wanted_key.hex()}", wanted, fits, file_name)


@verb(app, "transaction", examples=("hushang proof transaction $ID",))
def transaction(
    session: Session,
    wanted_id: IdArgument,
    out: OutOption = None,
    force: FORCE = False,
    genesis: GenesisOption = None,
    trusted: TrustedOption = None,
) -> None:
    """Prove that a block has a transaction, with its bytes; whether it worked, its receipt says."""
    expected = read_hash(wanted_id, "ID")

    def fits(told: Verified) -> bool:
        return [fact.id for fact in told.transactions] == [expected]

    wanted = Wanted(out, genesis, trusted, force=force)
    fetch(session, f"transaction/{expected.hex()}", wanted, fits, named("transaction", expected))


@verb(app, "receipt", examples=("hushang proof receipt $ID --out paid.hsproof",))
def receipt(
    session: Session,
    wanted_id: IdArgument,
    out: OutOption = None,
    force: FORCE = False,
    genesis: GenesisOption = None,
    trusted: TrustedOption = None,
) -> None:
    """Prove an outcome: the receipt of a transaction or system transition, with its events.

    The block above certifies it: right after the decision this waits a moment.
    """
    expected = read_hash(wanted_id, "ID")

    def fits(told: Verified) -> bool:
        return [fact.receipt.id for fact in told.receipts] == [expected]

    wanted = Wanted(out, genesis, trusted, force=force)
    fetch(session, f"receipt/{expected.hex()}", wanted, fits, named("receipt", expected))


@verb(
    app,
    "event",
    examples=(
        "hushang proof event $EVENT_KEY",
        "hushang proof event $EVENT_KEY --max-age 1min --genesis genesis.json",
    ),
)
def event(
    session: Session,
    event_key: Annotated[str, typer.Argument(metavar="KEY", help="Of an EPCIS event.")],
    out: OutOption = None,
    force: FORCE = False,
    genesis: GenesisOption = None,
    trusted: TrustedOption = None,
    heads: HeadsOption = False,
    max_age: MaxAgeOption = None,
) -> None:
    """Prove an EPCIS event: its row, the transaction that captured it, its receipt.

    Or that nobody has captured it, as of the proof's height.
    """
    expected = read_hash(event_key, "KEY")

    def fits(told: Verified) -> bool:
        return event_fits(told, expected)

    wanted = Wanted(out, genesis, trusted, heads, max_age, force=force)
    fetch(session, f"event/{expected.hex()}", wanted, fits, named("event", expected))


def asked_key(session: Session, name: str | None, state_key: str | None) -> bytes:
    """The state key of a name or of hex, of which one was given."""
    if name is not None and state_key is None:
        return key_of(name, session.account)
    if name is None and state_key is not None:
        return key_of_hex(state_key)
    raise UsageWrong("TABLE/ID, or --state-key HEX")


def event_fits(told: Verified, event_key: bytes) -> bool:
    """Is it the event's row, and where there is one what it names, and whether that is void?"""
    states = {fact.key: fact for fact in told.states}
    row = states.pop(EVENTS.key(event_key), None)
    if row is None:
        return False
    stated = captured_event(row, told)
    if list(states) != ([] if stated is None else [stated.declared]):
        return False
    value = row.value
    ids = [] if value is None else [EVENTS.read(value).transaction_id]
    transactions = [fact.id for fact in told.transactions]
    receipts = [fact.receipt.id for fact in told.receipts]
    return transactions == ids and receipts == ids


def named(kind: str, wanted_id: bytes) -> Name:
    """How the file of a thing is named."""
    return lambda height: proof_name(kind, wanted_id, height)


def fetch(session: Session, path: str, wanted: Wanted, fits: Fits, name: Name) -> None:
    """Get a bundle, check it, write it, print it. What doesn't hold or fit is not kept; exit 8."""
    check_out(wanted.out, force=wanted.force)
    max_age_ms, trusted = wanted.max_age_ms, trusted_header(session, wanted.trusted)
    query = {
        "trusted": None if trusted is None else trusted.height,
        "heads": "true" if wanted.heads or max_age_ms is not None else None,
    }
    genesis, file = known_genesis(session, wanted.genesis)
    data = session.client.file(f"/v1/proof/{path}", query)
    now = now_ms()
    try:
        verified = verify_bundle(data, genesis, trusted=trusted, now_ms=now, max_age_ms=max_age_ms)
    except LedgerError as error:
        words = f"what the node answered proves nothing: {error.code}: {error}"
        raise VerificationFailed(words) from error
    if not fits(verified):
        raise VerificationFailed("the node answered with a proof of something else")
    out = wanted.out or Path(name(verified.newest.height) + FILE_SUFFIX)
    # A name of its own says what is proven and at which height: nothing else is lost there.
    write_out(out, data, force=wanted.force or wanted.out is None)
    telling = Telling(verified, genesis, now, max_age_ms)
    if session.printer.is_table:
        print(plain("\n".join(map(spoken, telling.lines()))), flush=True)
    else:
        session.printer.document({"file": str(out), "size": len(data), **telling.as_json()})
    session.say("{out}: {count} bytes", out=out, count=len(data))
    session.say(
        "anybody checks it alone: hushang verify {out} --genesis {file}",
        out=out,
        file=file or GENESIS,
    )


def known_genesis(session: Session, file: Path | None) -> tuple[Genesis, Path | None]:
    """The genesis to check with, and its file if it has one; says which it is."""
    if file is None and session.named is not None:
        file = session.named.genesis
    if file is None and session.testnet is not None and "://" not in (session.options.node or ""):
        file = session.testnet.directory / GENESIS
    if file is not None:
        session.say("checked with the genesis in {file}", file=file)
        return load_genesis(file), file
    genesis = session.genesis
    told = genesis.hash().hex()
    session.say("checked with the genesis that the node tells: compare its hash, {told}", told=told)
    return genesis, None


def trusted_header(session: Session, text: str | None) -> TrustedHeader | None:
    """A header from `HEIGHT:DIGEST`; without a digest, what the node says it is."""
    if text is None:
        return None
    if ":" in text:
        return read_trusted(text)
    if not (text.isascii() and text.isdigit()):
        raise UsageWrong(f"--trusted: {text!r} is not HEIGHT or HEIGHT:DIGEST")
    told = session.client.get(f"/v1/headers/{text}")
    header = decode(Header, bytes.fromhex(told["raw_header"]))
    session.say(
        "trusted as the node tells it: {height}:{header}",
        height=header.height,
        header=header.digest().hex(),
    )
    return TrustedHeader(header.height, header.digest())
