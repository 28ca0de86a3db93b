"""`hushang deposit`: what a merchant puts up for those who buy from it."""

from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.deposits.deposits import (
    DepositAdd,
    DepositWithdrawExecute,
    DepositWithdrawRequest,
)
from commerce.registry import operation
from node.commands.failures import UsageWrong
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session

app = noun("Put up money for those who buy from you, and ask for it back.")

AMOUNT = Annotated[str, typer.Argument(help='How much: "CNY 500.00".')]


@verb(app, "add", sends=True, examples=('hushang deposit add "CNY 500.00" --as merchant',))
def add(session: Session, amount: AMOUNT) -> None:
    """Put up more."""
    symbol, amount_minor = session.money(amount)
    session.send(
        operation("deposit.add", DepositAdd(symbol, amount_minor)),
        found={"held_minor": "deposit.added.held_minor", "symbol": "deposit.added.symbol"},
    )


@verb(
    app,
    "withdraw",
    sends=True,
    examples=(
        'hushang deposit withdraw request "CNY 500.00" --as merchant',
        'hushang deposit withdraw request "CNY 0" --as merchant',
        "hushang deposit withdraw execute CNY --as merchant",
    ),
)
def withdraw(
    session: Session,
    step: Annotated[str, typer.Argument(metavar="request|execute", help="Ask, or be paid out.")],
    what: Annotated[
        str, typer.Argument(metavar="AMOUNT|SYMBOL", help="How much; executing, of which asset.")
    ],
) -> None:
    """Ask for what isn't reserved, or be paid out what you asked for once its time is over.

    What is asked for covers no new orders, and pays claims until it has left. Asking again begins
    anew; asking for 0 takes it back.
    """
    if step == "request":
        symbol, amount_minor = session.money(what)
        asked = DepositWithdrawRequest(symbol, amount_minor)
        session.send(
            operation("deposit.withdraw.request", asked),
            found={"not_before_ms": "deposit.withdrawal.requested.not_before_ms"},
        )
    elif step == "execute":
        session.send(
            operation("deposit.withdraw.execute", DepositWithdrawExecute(what)),
            found={
                "amount_minor": "deposit.withdrawn.amount_minor",
                "symbol": "deposit.withdrawn.symbol",
            },
        )
    else:
        raise UsageWrong(f"{step!r} is neither request nor execute")


@verb(
    app,
    "show",
    examples=("hushang deposit show merchant", "hushang deposit show --as merchant -o json"),
)
def show(
    session: Session,
    account: AccountArgument = None,
) -> None:
    """Show what stands behind a merchant: deposits, what is reserved, leaves and is owed."""
    session.show(f"/v1/accounts/{encode_account(session.own_account(account))}/deposits")
