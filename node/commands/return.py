"""`hushang return`: goods on their way back after a sale."""  # noqa: N999 - its noun's name

from typing import Annotated

import typer

from commerce.aftersale.returns import ReturnDelivered, ReturnReceive, ReturnShip
from commerce.disputes.filing import ReturnContest
from commerce.registry import operation
from node.commands.options import noun, verb
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

app = noun("Send goods back after a sale, receive or contest them.")

CASE = Annotated[str, typer.Argument(metavar="CASE", help="The request's id, 64 hex digits.")]


@verb(
    app,
    "ship",
    sends=True,
    examples=(
        "hushang return ship $CASE --carrier carrier --as buyer --cosign carrier",
        'hushang return ship $CASE --carrier carrier --freight "CNY 12.00" --tracking SF-123'
        " --as buyer --cosign carrier",
    ),
)
def ship(
    session: Session,
    case: CASE,
    carrier: Annotated[str, typer.Option(help="Who carries it: hs1… or a name; signs too.")],
    freight: Annotated[
        str | None, typer.Option(help="What you pay for the way; the seller may owe it.")
    ] = None,
    tracking: Annotated[str | None, typer.Option(help="The carrier's number.")] = None,
    insured: Annotated[
        str | None, typer.Option(help="What the carrier answers for to the seller.")
    ] = None,
) -> None:
    """Hand the goods to a carrier, as agreed."""
    case_id = read_hash(case, "CASE")
    freight_minor = insured_minor = 0
    if freight is not None or insured is not None:
        symbol = session.client.get(f"/v1/cases/{case_id.hex()}")["symbol"]
        freight_minor = 0 if freight is None else minor_units(session, freight, symbol)
        insured_minor = 0 if insured is None else minor_units(session, insured, symbol)
    sent = ReturnShip(case_id, session.account(carrier), freight_minor, tracking, insured_minor)
    session.send(operation("return.ship", sent))


@verb(app, "delivered", sends=True, examples=("hushang return delivered $CASE --as carrier",))
def delivered(session: Session, case: CASE) -> None:
    """Report, as the carrier, that the goods are back; the seller's silence refunds now."""
    session.send(operation("return.delivered", ReturnDelivered(read_hash(case, "CASE"))))


@verb(app, "receive", sends=True, examples=("hushang return receive $CASE --as merchant",))
def receive(session: Session, case: CASE) -> None:
    """Accept what came back: the money goes back, or other goods are to be sent."""
    session.send(operation("return.receive", ReturnReceive(read_hash(case, "CASE"))))


@verb(
    app,
    "contest",
    sends=True,
    examples=(
        'hushang return contest $CASE --share 0 --bond "CNY 5.00" --file parcel.jpg --as merchant',
    ),
)
def contest(
    session: Session,
    case: CASE,
    share: ShareOption,
    bond: Annotated[str, typer.Option(help="What you lose if the panel disagrees.")],
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Take what came back to a panel of arbiters, instead of refunding it by silence."""
    case_id = read_hash(case, "CASE")
    known = session.client.get(f"/v1/cases/{case_id.hex()}")
    contested = ReturnContest(
        case_id,
        each_line(share, len(known["lines"])),
        minor_units(session, bond, known["symbol"]),
        needed_document(file, content),
    )
    session.send(operation("return.contest", contested))
