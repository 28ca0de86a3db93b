"""`hushang evidence`: what convicts a member; looked at, verified offline, put on the chain."""

import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from chain.committee import Committee
from chain.crypto import verify as verify_signature
from chain.errors import HushangError, LedgerError
from chain.evidence import (
    Equivocation,
    Evidence,
    convicted_vote,
    culprit,
    decode_evidence,
    encode_evidence,
    proves,
)
from chain.genesis import Genesis
from commerce.evidence import EvidenceSubmit
from commerce.registry import operation
from node.client import NotFound
from node.commands.failures import UsageWrong, VerificationFailed
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.tx import read_file
from node.following import CommitteeFileInvalid, follow, follow_node, read_step
from node.genesis_file import load_genesis
from node.strict_json import JsonRefused, read_json

app = noun("What convicts a member of signing two things: look, verify offline, put on the chain.")

FILE = Annotated[
    Path, typer.Argument(metavar="FILE", help="JSON of evidence show, hex, or raw bytes; - stdin.")
]
_HEX: Final = re.compile(rb"(?:[0-9a-f]{2})+\s*")


class EvidenceAbsent(HushangError):
    """The asked node's book has no evidence of this number."""

    hint = "hushang evidence list shows what it has, numbered from 0; other nodes have other"


@verb(
    app,
    "list",
    examples=("hushang evidence list", "hushang evidence list --node xuhui -o json"),
)
def list_evidence(session: Session) -> None:
    """List what the asked node found against members, oldest first; other nodes may have other."""
    found: list[dict[str, Any]] = []
    complete = False
    while not complete:
        page = session.client.get("/v1/evidence", {"cursor": len(found), "limit": 100})
        found += page["evidence"]
        complete = page["complete"]
    columns = ("number", "name", "kind", "epoch", "height", "view", "found_ms")
    rows = [session.readable({name: entry[name] for name in columns}) for entry in found]
    session.printer.records(found, rows)


@verb(
    app,
    "show",
    examples=("hushang evidence show 0", "hushang evidence show 0 -o json > evidence.json"),
)
def show(
    session: Session,
    number: Annotated[int, typer.Argument(min=0, help="Its number in the asked node's book.")],
) -> None:
    """Show one piece with both signed votes; as JSON it is a file for verify and submit."""
    page = session.client.get("/v1/evidence", {"cursor": number, "limit": 1})
    if not page["evidence"]:
        raise EvidenceAbsent(f"no evidence {number}; the node has {page['count']} pieces")
    (piece,) = page["evidence"]
    session.printer.record(piece, session.readable(piece))


@verb(
    app,
    "verify",
    examples=(
        "hushang evidence verify evidence.json --genesis genesis.json",
        "hushang evidence verify evidence.json --genesis genesis.json --committee committee-1.json",
        "hushang evidence verify evidence.json",
    ),
)
def verify(
    session: Session,
    file: FILE,
    genesis: Annotated[
        Path | None, typer.Option(help="The chain's genesis.json: then no node is asked.")
    ] = None,
    committee: Annotated[
        list[Path] | None,
        typer.Option(help="For evidence of a later epoch: committee show's JSON of each so far."),
    ] = None,
) -> None:
    """Check that evidence convicts its member; exit 8 if it doesn't.

    Trusts the genesis alone: the committees of later epochs are followed by certified headers, from
    the files of --committee, or without --genesis from what a node tells.
    """
    evidence = read_evidence(file)
    chain = session.genesis if genesis is None else load_genesis(genesis)
    if genesis is None and not committee:
        governing = told_committee(session, chain, evidence.epoch)
    else:
        governing = shown_committee(chain, committee or [], evidence.epoch)
    require_proof(evidence, governing, chain, file)
    session.printer.record(verdict(evidence, governing))


def require_proof(evidence: Evidence, committee: Committee, genesis: Genesis, file: Path) -> None:
    """`VerificationFailed` unless the evidence convicts a member of this committee."""
    if not proves(evidence, committee, genesis.hash(), verify_signature):
        words = f"{file} convicts no member of the committee of epoch {evidence.epoch}"
        raise VerificationFailed(words)


def told_committee(session: Session, genesis: Genesis, epoch: int) -> Committee:
    """The committee of an epoch, followed by what the asked node tells."""
    try:
        return follow_node(session.client, genesis, epoch).committee
    except (LedgerError, CommitteeFileInvalid, NotFound) as error:
        words = f"the node proves no committee of epoch {epoch}: {error.code}: {error}"
        raise VerificationFailed(words) from error


def shown_committee(genesis: Genesis, files: list[Path], epoch: int) -> Committee:
    """The committee of an epoch, followed by files."""
    steps = []
    for file in files:
        try:
            steps.append(read_step(read_json(read_file(file)), str(file)))
        except JsonRefused as error:
            raise CommitteeFileInvalid(f"{file}: {error}") from error
    wanted = [step for step in steps if step.committee.epoch <= epoch]
    try:
        found = follow(genesis, wanted).committee
    except LedgerError as error:
        raise VerificationFailed(f"--committee: {error.code}: {error}") from error
    if found.epoch != epoch:
        missing = found.epoch + 1
        raise UsageWrong(
            f"the evidence is of epoch {epoch}, and --committee leads to epoch {found.epoch}: "
            f"hushang committee show {missing} -o json > committee-{missing}.json, and so on"
        )
    return found


def verdict(evidence: Evidence, committee: Committee) -> dict[str, Any]:
    """Whom it convicts, of what."""
    member, vote = committee.members[culprit(evidence)], convicted_vote(evidence)
    return {
        "convicts": member.name,
        "kind": "equivocation" if isinstance(evidence, Equivocation) else "hidden-commit",
        "epoch": evidence.epoch,
        "height": vote.height,
        "view": vote.view,
        "account": encode_account(member.account),
        "node_key": member.node_key.hex(),
    }


@verb(
    app,
    "submit",
    sends=True,
    examples=(
        "hushang evidence submit evidence.json --as buyer",
        "hushang evidence submit evidence.json --key anybody.key",
    ),
)
def submit(session: Session, file: FILE) -> None:
    """Put evidence on the chain, as any account; the member it convicts leads no more."""
    evidence = read_evidence(file)
    governing = told_committee(session, session.genesis, evidence.epoch)
    require_proof(evidence, governing, session.genesis, file)
    session.send(operation("evidence.submit", EvidenceSubmit(encode_evidence(evidence))))


def read_evidence(file: Path) -> Evidence:
    """The evidence of a file in any of its forms; what is none exits 8."""
    try:
        return decode_evidence(raw_evidence(file))
    except LedgerError as error:
        raise VerificationFailed(f"{file}: {error.code}: {error}") from error


def raw_evidence(file: Path) -> bytes:
    """The canonical bytes in a file: under `raw` in JSON, as hex, or as they are."""
    data = read_file(file)
    if _HEX.fullmatch(data):
        return bytes.fromhex(data.decode("ascii").strip())
    if data[:1] != b"{":
        return data
    try:
        raw = read_json(data).get("raw")
        return bytes.fromhex(raw) if isinstance(raw, str) else b""
    except (JsonRefused, ValueError) as error:
        raise VerificationFailed(f"{file}: {error}") from error
