"""`hushang exchange`: other goods for those that came back."""

from typing import Annotated

import typer

from commerce.aftersale.exchanges import ExchangeShip
from commerce.registry import operation
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("Send other goods for those that came back.")


@verb(
    app,
    "ship",
    sends=True,
    examples=("hushang exchange ship $CASE --carrier carrier --as merchant --cosign carrier",),
)
def ship(
    session: Session,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The request's id.")],
    carrier: Annotated[str, typer.Option(help="Who carries it: hs1… or a name; signs too.")],
    epc: Annotated[
        list[str] | None, typer.Option(help="An item in it, EPC URI or Digital Link; repeatable.")
    ] = None,
    sscc: Annotated[str | None, typer.Option(help="The parcel's GS1 number, 18 digits.")] = None,
) -> None:
    """Send the goods again; from then on they go the way of any parcel, whose id is printed."""
    sent = ExchangeShip(
        read_hash(case, "CASE"), session.account(carrier), sscc, tuple(epc or ()), None
    )
    session.send(
        operation("exchange.ship", sent), found={"parcel_id": "shipment.created.parcel_id"}
    )
