"""`hushang dispute`: let a panel of arbiters decide; vote as one of them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from chain.bech32m import encode_account
from commerce.disputes.filing import DisputeOpen
from commerce.disputes.hearing import DisputeEvidence, DisputeSettle
from commerce.disputes.limits import least_bond_minor
from commerce.disputes.opening import DisputeAppeal
from commerce.disputes.panel import DisputeChallenge, DisputeRecuse
from commerce.disputes.votes import DisputeCommit, DisputeReveal
from commerce.registry import operation
from node.client import NotFound
from node.commands.failures import UsageWrong
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.commands.telling import (
    ContentOption,
    FileOption,
    ShareOption,
    each_line,
    minor_units,
    needed_document,
    show_columns,
    show_told,
)
from node.dispute_words import dispute_words
from node.json_values import read_hash
from node.sealed_votes import SealedVoteMissing, find_vote, keep_vote, seal, votes_beside

app = noun("Let a panel of arbiters decide, or vote as one of them.")

DISPUTE = Annotated[
    str, typer.Argument(metavar="DISPUTE", help="Its id: that of its case, claim or penalty.")
]
VOTES = Annotated[
    Path | None,
    typer.Option("--votes", help="Where sealed votes are kept; default beside the key's file."),
]


@verb(
    app,
    "open",
    sends=True,
    examples=(
        "hushang dispute open $CASE --share 1000 --file photo.jpg --as buyer",
        'hushang dispute open $CASE --share 200 --bond "CNY 5.00" --file photo.jpg --as merchant',
        'hushang dispute open $PARCEL --share 0 --bond "CNY 5.00" --file proof.pdf --as merchant',
    ),
)
def open_dispute(
    session: Session,
    subject: Annotated[
        str, typer.Argument(metavar="CASE|PARCEL", help="A refused case; a parcel on its way.")
    ],
    share: ShareOption,
    bond: Annotated[
        str | None, typer.Option(help="What you lose if the panel disagrees; a buyer may skip it.")
    ] = None,
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Take a refused request to a panel; or, as a seller, a parcel whose delivery you can prove."""
    subject_id = read_hash(subject, "CASE")
    known = _subject(session, subject_id)
    symbol = known["symbol"]
    opening = DisputeOpen(
        subject_id,
        each_line(share, len(known["lines"])),
        0 if bond is None else minor_units(session, bond, symbol),
        needed_document(file, content),
    )
    session.send(
        operation("dispute.open", opening), found={"dispute_id": "dispute.opened.dispute_id"}
    )


@verb(
    app,
    "evidence",
    sends=True,
    examples=("hushang dispute evidence $DISPUTE --kind photo --file cup.jpg --as buyer",),
)
def evidence(
    session: Session,
    dispute: DISPUTE,
    kind: Annotated[str, typer.Option(help="What it is: photo, weighing, sensor log.")],
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Bring a piece of evidence, as a party or a witness; give the file itself to the panel."""
    brought = DisputeEvidence(read_hash(dispute, "DISPUTE"), kind, needed_document(file, content))
    session.send(operation("dispute.evidence", brought))


@verb(
    app,
    "commit",
    sends=True,
    examples=(
        "hushang dispute commit $DISPUTE --share 700 --as arbiter",
        "hushang dispute commit $DISPUTE --share 700 --share 0 --as arbiter",
    ),
)
def commit_vote(
    session: Session, dispute: DISPUTE, share: ShareOption, votes: VOTES = None
) -> None:
    """Commit to a vote that nobody can read yet.

    Vote and salt are kept in a file for you alone before anything is sent; dispute reveal finds it.
    A second commitment replaces the first.
    """
    dispute_id = read_hash(dispute, "DISPUTE")
    known = session.client.get(f"/v1/disputes/{dispute_id.hex()}")
    shares = each_line(share, len(known["claim"]))
    vote = seal(dispute_id, known["round"], session.signer.account, shares)
    if session.options.dry_run:
        session.send(operation("dispute.commit", DisputeCommit(dispute_id, vote.commitment)))
    try:
        path = keep_vote(vote, _directory(session, votes))
    except OSError as error:
        raise UsageWrong(
            f"the vote can't be kept, so it isn't sent: {error.filename}: {error.strerror};"
            " --votes DIRECTORY names another place"
        ) from error
    session.say("vote kept in {path}", path=path)
    private = {"vote_file": str(path)}
    signed = session.signed(operation("dispute.commit", DisputeCommit(dispute_id, vote.commitment)))
    session.report(session.submit(signed, brings=private, private=private), private)


@verb(app, "reveal", sends=True, examples=("hushang dispute reveal $DISPUTE --as arbiter",))
def reveal(session: Session, dispute: DISPUTE, votes: VOTES = None) -> None:
    """Reveal the vote that the chain has your commitment to."""
    dispute_id = read_hash(dispute, "DISPUTE")
    known = session.client.get(f"/v1/disputes/{dispute_id.hex()}")
    own = encode_account(session.signer.account)
    committed = [seat["commitment"] for seat in known["seats"] if seat["arbiter"] == own]
    if not committed or committed[0] is None:
        raise SealedVoteMissing("the chain has no commitment of this arbiter in this round")
    vote = find_vote(_directory(session, votes), dispute_id, bytes.fromhex(committed[0]))
    shown = DisputeReveal(dispute_id, vote.shares, vote.salt)
    session.send(operation("dispute.reveal", shown))


@verb(
    app,
    "appeal",
    sends=True,
    examples=(
        "hushang dispute appeal $DISPUTE --as merchant",
        'hushang dispute appeal $DISPUTE --bond "CNY 20.00" --as buyer',
    ),
)
def appeal(
    session: Session,
    dispute: DISPUTE,
    bond: Annotated[
        str | None, typer.Option(help="What you lose if it changes nothing; default: the least.")
    ] = None,
) -> None:
    """Have a larger panel of other arbiters decide anew, if you didn't get everything."""
    dispute_id = read_hash(dispute, "DISPUTE")
    known = session.client.get(f"/v1/disputes/{dispute_id.hex()}")
    symbol = known["subject"]["symbol"]
    if bond is not None:
        bond_minor = minor_units(session, bond, symbol)
    else:
        stake_minor = sum(int(entry) for entry in known["subject"]["worth_minor"])
        bond_minor = least_bond_minor(session.genesis, stake_minor, known["round"] + 1)
        session.say("bond {bond}", bond=session.amount_text(bond_minor, symbol))
    session.send(operation("dispute.appeal", DisputeAppeal(dispute_id, bond_minor)))


@verb(
    app,
    "settle",
    sends=True,
    examples=("hushang dispute settle $DISPUTE --share 500 --as buyer --cosign merchant",),
)
def settle(session: Session, dispute: DISPUTE, share: ShareOption) -> None:
    """Agree, buyer and seller together, at any moment before the end."""
    dispute_id = read_hash(dispute, "DISPUTE")
    known = session.client.get(f"/v1/disputes/{dispute_id.hex()}")
    agreed = DisputeSettle(dispute_id, each_line(share, len(known["claim"])))
    session.send(operation("dispute.settle", agreed))


@verb(
    app,
    "recuse",
    sends=True,
    examples=('hushang dispute recuse $DISPUTE --reason "a cousin" --as arbiter',),
)
def recuse(
    session: Session,
    dispute: DISPUTE,
    reason: Annotated[str, typer.Option(help="Why; everybody can read it.")],
) -> None:
    """Give up your seat, because you are partial; the next of the reserves takes it."""
    left = DisputeRecuse(read_hash(dispute, "DISPUTE"), reason)
    session.send(operation("dispute.recuse", left))


@verb(
    app,
    "challenge",
    sends=True,
    examples=("hushang dispute challenge $DISPUTE arbiter3 --as buyer",),
)
def challenge(
    session: Session,
    dispute: DISPUTE,
    arbiter: Annotated[str, typer.Argument(help="Who is refused: hs1… or a name.")],
) -> None:
    """Refuse one arbiter without giving a reason, once in a dispute."""
    refused = DisputeChallenge(read_hash(dispute, "DISPUTE"), session.account(arbiter))
    session.send(operation("dispute.challenge", refused))


@verb(
    app,
    "show",
    examples=("hushang dispute show $DISPUTE", "hushang dispute show $DISPUTE -o json"),
)
def show(session: Session, dispute: DISPUTE) -> None:
    """Tell what is at stake, who decides, the votes and rulings, and what can happen next."""
    path = f"/v1/disputes/{read_hash(dispute, 'DISPUTE').hex()}"
    show_told(session, path, dispute_words)


@verb(
    app,
    "list",
    examples=(
        "hushang dispute list --as buyer",
        "hushang dispute list --arbiter --waiting --as arbiter",
        "hushang dispute list merchant --waiting -o ndjson",
    ),
)
def list_disputes(
    session: Session,
    account: AccountArgument = None,
    arbiter: Annotated[
        bool, typer.Option("--arbiter", help="Those in whose panel the account sits.")
    ] = False,
    waiting: Annotated[
        bool,
        typer.Option("--waiting", help="Only running ones; of an arbiter, those wanting its vote."),
    ] = False,
) -> None:
    """List an account's disputes, newest first, or those that it is to decide."""
    owner = encode_account(session.own_account(account))
    query = {
        "arbiter" if arbiter else "account": owner,
        "waiting": "true" if waiting else None,
    }
    disputes = session.pages("/v1/disputes", "disputes", query)
    fields = ("dispute_id", "kind", "phase", "worth_minor", "clock_ms", "waits_for")
    show_columns(session, disputes, fields)


def _subject(session: Session, subject_id: bytes) -> dict[str, Any]:
    """What is taken to a panel: a case, or the goods of a parcel, as lines of an asset."""
    try:
        case: dict[str, Any] = session.client.get(f"/v1/cases/{subject_id.hex()}")
    except NotFound:
        parcel = session.client.get(f"/v1/parcels/{subject_id.hex()}")
        order = session.client.get(f"/v1/orders/{parcel['order_id']}")
        return {"symbol": order["symbol"], "lines": parcel["lines"]}
    return case


def _directory(session: Session, votes: Path | None) -> Path:
    if votes is not None:
        return votes
    assert session.signer.file is not None, "a signer of a command line came from a file"
    return votes_beside(session.signer.file)
