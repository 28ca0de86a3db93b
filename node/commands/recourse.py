"""`hushang recourse`: what carriers owe a seller, and debts to buyers and the fund."""

from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.deposits.liabilities import RecourseClaim
from commerce.deposits.recourse import RecourseRepay
from commerce.registry import operation
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("Debts to buyers and to the mutual fund: pay them, look at them.")


@verb(app, "repay", sends=True, examples=('hushang recourse repay "CNY 50.00" --as merchant',))
def repay(
    session: Session, amount: Annotated[str, typer.Argument(help='How much: "CNY 50.00".')]
) -> None:
    """Pay own debts from the balance, the oldest first; without debts you may sell again."""
    symbol, amount_minor = session.money(amount)
    session.send(
        operation("recourse.repay", RecourseRepay(symbol, amount_minor)),
        found={"owed_minor": "recourse.repaid.owed_minor", "symbol": "recourse.repaid.symbol"},
    )


@verb(app, "claim", sends=True, examples=("hushang recourse claim $PARCEL --as merchant",))
def claim(
    session: Session,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="A lost parcel, or a case whose goods were lost on their way back."
        ),
    ],
) -> None:
    """Collect from a carrier what it signed to answer for of goods that it lost.

    Once for each; what isn't there stays a debt to you.
    """
    subject_id = read_hash(subject, "ID")
    session.send(
        operation("recourse.claim", RecourseClaim(subject_id)),
        found={
            "paid_minor": "recourse.claimed.paid_minor",
            "owed_minor": "recourse.claimed.owed_minor",
            "symbol": "recourse.claimed.symbol",
        },
    )


@verb(
    app,
    "list",
    examples=("hushang recourse list --as merchant", "hushang recourse list buyer --owed-to"),
)
def list_debts(
    session: Session,
    account: AccountArgument = None,
    owed_to: Annotated[
        bool, typer.Option("--owed-to", help="What others owe to it, instead.")
    ] = False,
) -> None:
    """List what an account owes, the oldest first, or what is owed to it."""
    owner = encode_account(session.own_account(account))
    if owed_to:
        session.show_list(session.pages(f"/v1/accounts/{owner}/receivables", "debts"))
    else:
        session.show_list(session.client.get(f"/v1/accounts/{owner}/deposits")["debts"])
