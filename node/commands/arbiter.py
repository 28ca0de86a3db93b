"""`hushang arbiter`: bonds of those who decide disputes, and the regulator's list."""

from pathlib import Path
from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.disputes.arbiters import ArbiterAppoint, ArbiterBond, ArbiterUnbond
from commerce.registry import operation
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.commands.telling import needed_document

app = noun("Post a bond and decide disputes; the regulator's list of arbiters.")


@verb(
    app,
    "bond",
    sends=True,
    examples=('hushang arbiter bond "CNY 1000.00" --as arbiter',),
)
def bond(
    session: Session,
    amount: Annotated[str, typer.Argument(help='How much more: "CNY 1000.00".')],
) -> None:
    """Post a bond, or more of it, and be drawn into panels; votes that you owe cost a part."""
    symbol, amount_minor = session.money(amount)
    session.send(
        operation("arbiter.bond", ArbiterBond(symbol, amount_minor)),
        found={"bond_minor": "arbiter.bonded.bond_minor", "symbol": "arbiter.bonded.symbol"},
    )


@verb(
    app,
    "unbond",
    sends=True,
    examples=('hushang arbiter unbond "CNY 1000.00" --as arbiter',),
)
def unbond(
    session: Session, amount: Annotated[str, typer.Argument(help="How much of it is to leave.")]
) -> None:
    """Ask for a part of the bond; it stays liable until it is paid out."""
    leaving = ArbiterUnbond(session.money(amount)[1])
    session.send(operation("arbiter.unbond", leaving), found={"due_ms": "arbiter.unbonding.due_ms"})


@verb(
    app,
    "appoint",
    sends=True,
    examples=(
        "hushang arbiter appoint arbiter --file appointment.pdf --as regulator",
        "hushang arbiter appoint arbiter --dismiss --as regulator",
    ),
)
def appoint(
    session: Session,
    account: Annotated[str, typer.Argument(help="Who: hs1… or a name.")],
    file: Annotated[
        Path | None, typer.Option(help="The appointment; only its SHA-256 is sent.")
    ] = None,
    content: Annotated[str | None, typer.Option(help="That hash itself.")] = None,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="Strike it off the list.")] = False,
) -> None:
    """Put an arbiter on the regulator's list, or strike it off: drawn where bonds don't suffice."""
    document = None if dismiss else needed_document(file, content)
    session.send(operation("arbiter.appoint", ArbiterAppoint(session.account(account), document)))


@verb(
    app,
    "show",
    examples=("hushang arbiter show arbiter", "hushang arbiter show --as arbiter -o json"),
)
def show(
    session: Session,
    account: AccountArgument = None,
) -> None:
    """Show an arbiter: its bond, what of it leaves and when, its seats."""
    session.show(f"/v1/arbiters/{encode_account(session.own_account(account))}")


@verb(app, "list", examples=("hushang arbiter list", "hushang arbiter list -o ndjson"))
def list_arbiters(session: Session) -> None:
    """List everybody who has a bond or stands on the regulator's list."""
    session.show_list(session.pages("/v1/arbiters", "arbiters"))
