"""`hushang delegate`: scoped keys for other systems."""

from typing import Annotated

import typer

from commerce.delegations import Delegate, DelegateRevoke
from commerce.registry import operation
from node.clock import now_ms
from node.commands.listing import duration
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("Scoped keys for other systems: an ERP, a capture gateway.")

KEY = Annotated[str, typer.Argument(metavar="PUBHEX", help="The other key, 32 bytes in hex.")]
YEAR = "365 d"


@verb(
    app,
    "add",
    sends=True,
    examples=(
        "hushang delegate add $PUBLIC_KEY_HEX --type epcis.capture --as merchant",
        'hushang delegate add $PUBLIC_KEY_HEX --type pay.transfer --amount-max "CNY 500.00"'
        ' --valid "30 d" --as merchant',
    ),
)
def add(
    session: Session,
    public_key: KEY,
    types: Annotated[list[str], typer.Option("--type", help="What it may sign; repeatable.")],
    amount_max: Annotated[
        str | None, typer.Option(help="What may leave the account by it in all; default nothing.")
    ] = None,
    valid: Annotated[str, typer.Option(help="How long, in real time.")] = YEAR,
) -> None:
    """Let another key speak for the account, within transaction types, an amount and a time."""
    amount_max_minor = 0 if amount_max is None else session.money(amount_max)[1]
    expires_ms = now_ms() + (duration(valid) or 0)
    scope = Delegate(
        read_hash(public_key, "PUBHEX"), tuple(sorted(types)), amount_max_minor, expires_ms
    )
    session.send(operation("delegate", scope))


@verb(
    app, "revoke", sends=True, examples=("hushang delegate revoke $PUBLIC_KEY_HEX --as merchant",)
)
def revoke(session: Session, public_key: KEY) -> None:
    """End a delegation at once."""
    session.send(operation("delegate.revoke", DelegateRevoke(read_hash(public_key, "PUBHEX"))))
