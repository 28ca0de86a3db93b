"""`hushang penalty`: what goods that were kept badly cost whom, and how that is contested."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from chain.bech32m import encode_account
from commerce.devices.contest import PenaltyContest
from commerce.errors import NotAParty
from commerce.registry import operation
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.commands.telling import (
    ContentOption,
    FileOption,
    ShareOption,
    each_line,
    minor_units,
    needed_document,
)
from node.json_values import read_hash

app = noun("Penalties for goods that were kept badly: look, contest.")

PENALTY = Annotated[str, typer.Argument(metavar="PENALTY", help="Its id, 64 hex digits.")]


@verb(app, "show", examples=("hushang penalty show $PENALTY",))
def show(session: Session, penalty: PENALTY) -> None:
    """Show a penalty: who pays it, what of, and until when it can be contested."""
    session.show(f"/v1/penalties/{read_hash(penalty, 'PENALTY').hex()}")


@verb(
    app,
    "list",
    examples=(
        "hushang penalty list carrier --part custodian --open",
        "hushang penalty list --as merchant -o ndjson",
    ),
)
def list_penalties(
    session: Session,
    account: AccountArgument = None,
    part: Annotated[
        str | None, typer.Option(help="buyer, seller or custodian: only those.")
    ] = None,
    is_open: Annotated[bool, typer.Option("--open", help="Only those not settled yet.")] = False,
) -> None:
    """List penalties that an account pays, bears or gets, newest first."""
    own = encode_account(session.own_account(account))
    query: dict[str, object] = {"part": part}
    if is_open:
        query["open"] = ""
    found = session.pages(f"/v1/accounts/{own}/penalties", "penalties", query)
    session.printer.records(found, [_row(session, penalty) for penalty in found])


def _row(session: Session, penalty: Mapping[str, Any]) -> Mapping[str, Any]:
    """What fits a line; hushang penalty show tells the rest."""
    names = ("penalty_id", "state", "symbol", "amount_minor", "owed_minor", "due_ms")
    return session.readable({name: penalty[name] for name in names})


@verb(
    app,
    "contest",
    sends=True,
    examples=(
        'hushang penalty contest $PENALTY --share 0 --bond "CNY 10.00" --file service.pdf'
        " --as carrier",
    ),
)
def contest(
    session: Session,
    penalty: PENALTY,
    share: ShareOption,
    bond: Annotated[str, typer.Option(help='What you lose if you are wrong: "CNY 10.00".')],
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Take a penalty that you are charged for to a panel, before it is settled.

    --share is what you leave standing of it, ‰; 0 contests all. The dispute has the penalty's id.
    """
    known_id = read_hash(penalty, "PENALTY")
    known = session.client.get(f"/v1/penalties/{known_id.hex()}")
    require_charged(session, known)
    made = PenaltyContest(
        known_id,
        each_line(share, len(known["lines"])),
        minor_units(session, bond, known["symbol"]),
        needed_document(file, content),
    )
    session.send(operation("penalty.contest", made))


def require_charged(session: Session, penalty: Mapping[str, Any]) -> None:
    """`NotAParty`, which names who may, unless the signer is charged: the custodian that signed for
    the device, or else the seller.
    """
    charged = penalty["custodian"] or penalty["seller"]
    if encode_account(session.signer.account) != charged:
        raise NotAParty(f"{session.name_of(charged)} is charged, and alone contests it")
