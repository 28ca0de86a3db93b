"""`hushang pay`: pay another account directly."""

from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("Pay another account directly.")


@verb(
    app,
    "transfer",
    sends=True,
    examples=(
        'hushang pay transfer merchant "CNY 129.00" --as buyer',
        'hushang pay transfer merchant "CNY 1.00" --key buyer.key --wait accepted',
    ),
)
def transfer(
    session: Session,
    to: Annotated[str, typer.Argument(help="Who gets it: hs1… or a name.")],
    amount: Annotated[str, typer.Argument(help='How much: "CNY 129.00".')],
    memo_commitment: Annotated[
        str | None, typer.Option(help="Salted hash of a private memo, 32 bytes in hex.")
    ] = None,
) -> None:
    """Transfer money at once, without commission or escrow."""
    symbol, amount_minor = session.money(amount)
    memo = None if memo_commitment is None else read_hash(memo_commitment, "--memo-commitment")
    payee = session.account(to)
    payment = PayTransfer(payee, symbol, amount_minor, memo)
    paid = {"to": encode_account(payee), "amount_minor": str(amount_minor), "symbol": symbol}
    signed = session.signed(operation("pay.transfer", payment))
    session.report(session.submit(signed, brings=paid), paid)
