"""`hushang asset`: kinds of money."""

from typing import Annotated

import typer

from commerce.assets import AssetCreate, AssetIssue
from commerce.registry import operation
from node.client import segment
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("Money: create, issue, look at.")


@verb(app, "list", examples=("hushang asset list", "hushang asset list -o ndjson"))
def list_assets(session: Session) -> None:
    """List the assets of the chain."""
    session.show_list(session.client.get("/v1/assets")["assets"])


@verb(app, "show", examples=("hushang asset show CNY",))
def show(session: Session, symbol: Annotated[str, typer.Argument(help="The asset.")]) -> None:
    """Show an asset: its issuer, how much was issued and redeemed."""
    session.show(f"/v1/assets/{segment(symbol)}")


@verb(
    app,
    "issue",
    sends=True,
    examples=('hushang asset issue buyer "CNY 500.00" --reference bank-0001 --as issuer',),
)
def issue(
    session: Session,
    to: Annotated[str, typer.Argument(help="Who gets it: hs1… or a name.")],
    amount: Annotated[str, typer.Argument(help='How much: "CNY 500.00".')],
    reference: Annotated[
        str, typer.Option(help="The deposit outside the chain (a bank's number); works once.")
    ],
) -> None:
    """Create money; only the asset's issuer may."""
    symbol, amount_minor = session.money(amount)
    session.send(
        operation("asset.issue", AssetIssue(symbol, session.account(to), amount_minor, reference))
    )


@verb(
    app,
    "create",
    sends=True,
    examples=(
        "hushang asset create POINT --decimals 0 --issuer issuer --as pudong"
        " --cosign xuhui --cosign jingan --cosign issuer",
    ),
)
def create(
    session: Session,
    symbol: Annotated[str, typer.Argument(help="1 to 12 of A-Z and 0-9.")],
    issuer: Annotated[str, typer.Option(help="Who will issue it: hs1… or a name.")],
    decimals: Annotated[int, typer.Option(help="How many minor units make one, as a power of 10.")],
) -> None:
    """Add a kind of money: signed by a quorum of the members and by the issuer."""
    made = AssetCreate(symbol, decimals, session.account(issuer))
    session.send(operation("asset.create", made))
