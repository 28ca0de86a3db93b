"""`hushang fund`: the mutual fund that pays what panels rule and merchants can't."""

from typing import Annotated

import typer

from commerce.deposits.fund import FundContribute
from commerce.registry import operation
from node.client import segment
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("The mutual fund: it pays losses that panels ruled and merchants can't pay.")


@verb(
    app,
    "contribute",
    sends=True,
    examples=('hushang fund contribute "CNY 1000.00" --as merchant',),
)
def contribute(
    session: Session, amount: Annotated[str, typer.Argument(help='How much: "CNY 1000.00".')]
) -> None:
    """Give to the fund, for good; it gives no right to anything."""
    symbol, amount_minor = session.money(amount)
    session.send(
        operation("fund.contribute", FundContribute(symbol, amount_minor)),
        found={"held_minor": "fund.contributed.held_minor", "symbol": "fund.contributed.symbol"},
    )


@verb(app, "show", examples=("hushang fund show", "hushang fund show CNY"))
def show(
    session: Session,
    symbol: Annotated[str | None, typer.Argument(help="The asset; default: all.")] = None,
) -> None:
    """Show what the fund has."""
    if symbol is None:
        session.show_list(session.client.get("/v1/fund")["funds"])
    else:
        session.show(f"/v1/fund/{segment(symbol)}")
