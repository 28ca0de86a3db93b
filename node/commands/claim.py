"""`hushang claim`: what a merchant owes beyond the price."""

from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.deposits.claim import Kind
from commerce.deposits.claims import ClaimFile
from commerce.registry import operation
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.commands.telling import (
    ContentOption,
    FileOption,
    document_hash,
    minor_units,
    show_columns,
)
from node.json_values import read_hash

app = noun("Claim what was pledged, or what the law gives beyond the price.")


@verb(
    app,
    "file",
    sends=True,
    examples=(
        "hushang claim file $ORDER late --as buyer",
        "hushang claim file $ORDER fraud --line 0 --file report.pdf --as buyer",
        'hushang claim file $ORDER food --loss "CNY 300.00" --file doctor.pdf --as buyer',
    ),
)
def file_claim(
    session: Session,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Its id, 64 hex digits.")],
    kind: Annotated[str, typer.Argument(help=f"{', '.join(Kind)}.")],
    line: Annotated[
        list[int] | None, typer.Option(min=0, help="Which line, from 0; repeatable; default all.")
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="What unsafe food did to you, besides its price.")
    ] = None,
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Claim for lines of an order that was paid; prints the claim's id.

    late and lost are computed from the records and paid at once, as the offer pledged; a panel of
    arbiters judges the others.
    """
    order_id = read_hash(order, "ORDER")
    known = session.client.get(f"/v1/orders/{order_id.hex()}")
    lines = tuple(line or range(len(known["lines"])))
    loss_minor = 0 if loss is None else minor_units(session, loss, known["symbol"])
    claimed = ClaimFile(order_id, kind, lines, loss_minor, document_hash(file, content))
    session.send(operation("claim.file", claimed), found={"claim_id": "claim.filed.claim_id"})


@verb(app, "show", examples=("hushang claim show $CLAIM",))
def show(
    session: Session,
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="Its id, 64 hex digits.")],
) -> None:
    """Show a claim: what is asked, awarded, paid and owed. hushang dispute show tells the panel."""
    session.show(f"/v1/claims/{read_hash(claim, 'CLAIM').hex()}")


@verb(
    app,
    "list",
    examples=(
        "hushang claim list --as buyer",
        "hushang claim list merchant --part seller --open -o ndjson",
    ),
)
def list_claims(
    session: Session,
    account: AccountArgument = None,
    part: Annotated[str | None, typer.Option(help="Only as buyer, or as seller.")] = None,
    is_open: Annotated[
        bool, typer.Option("--open", help="Only what a panel has to decide.")
    ] = False,
) -> None:
    """List an account's claims, newest first."""
    owner = encode_account(session.own_account(account))
    query = {"part": part, "open": "true" if is_open else None}
    claims = session.pages(f"/v1/accounts/{owner}/claims", "claims", query)
    fields = ("claim_id", "kind", "state", "asked_minor", "paid_minor", "owed_minor", "order_id")
    show_columns(session, claims, fields)
