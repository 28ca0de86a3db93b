"""`hushang licence`: who may sell a brand's goods."""

from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.catalogue.licences import LicenceGrant, LicenceRevoke
from commerce.registry import operation
from node.clock import now_ms
from node.commands.code_noun import read_gtin
from node.commands.listing import duration
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("License merchants to sell your goods.")

MERCHANT = Annotated[str, typer.Argument(metavar="MERCHANT", help="hs1… or a name.")]
GTINS = Annotated[list[str], typer.Argument(metavar="GTIN...", help="Products, 14 digits each.")]


@verb(
    app,
    "grant",
    sends=True,
    examples=(
        'hushang licence grant shop 06901234000016 --valid "365 d" --as merchant',
        'hushang licence grant shop 06901234000016 --valid "90 d" --territory 310000'
        " --territory 320500 --as merchant",
    ),
)
def grant(
    session: Session,
    merchant: MERCHANT,
    gtins: GTINS,
    valid: Annotated[str, typer.Option(help='How long from now, in real time: "365 d".')],
    territory: Annotated[
        list[str] | None, typer.Option(help="Code of GB/T 2260; repeatable. Default: everywhere.")
    ] = None,
    contract: Annotated[
        str | None, typer.Option(help="Hash of the contract, 32 bytes in hex.")
    ] = None,
) -> None:
    """Let a merchant sell products of your company prefix, or renew that."""
    licence = LicenceGrant(
        merchant=session.account(merchant),
        gtins=tuple(sorted(gtins)),
        territories=tuple(sorted(territory or ())),
        expires_ms=now_ms() + (duration(valid) or 0),
        document=None if contract is None else read_hash(contract, "--contract"),
    )
    session.send(operation("licence.grant", licence))


@verb(
    app,
    "revoke",
    sends=True,
    examples=('hushang licence revoke shop 06901234000016 --reason "sold copies" --as merchant',),
)
def revoke(
    session: Session,
    merchant: MERCHANT,
    gtins: GTINS,
    reason: Annotated[str, typer.Option(help="Why; everybody can read it.")] = "",
) -> None:
    """End licences; orders that exist go on."""
    ended = LicenceRevoke(session.account(merchant), tuple(sorted(gtins)), reason)
    session.send(operation("licence.revoke", ended))


@verb(app, "sellers", examples=("hushang licence sellers 06901234000016",))
def sellers(
    session: Session, gtin: Annotated[str, typer.Argument(help="A product, 14 digits.")]
) -> None:
    """List the merchants that are licensed for a product."""
    session.show_list(session.pages(f"/v1/products/{read_gtin(gtin)}/sellers", "licences"))


@verb(
    app,
    "list",
    examples=("hushang licence list --as shop", "hushang licence list shop -o ndjson"),
)
def list_licences(
    session: Session,
    merchant: AccountArgument = None,
) -> None:
    """List a merchant's licences."""
    account = encode_account(session.own_account(merchant))
    session.show_list(session.pages("/v1/licences", "licences", {"merchant": account}))
