"""`hushang court`: freezes of money that a court has ordered, by a regulator and the issuer."""

from pathlib import Path
from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.banking.freezes import AssetClawback, AssetFreeze, AssetUnfreeze
from commerce.registry import operation
from node.commands.listing import duration
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.telling import ContentOption, needed_document
from node.json_values import read_hash

app = noun("Freeze money by order of a court, lift it, hand it over.")

ACCOUNT = Annotated[str, typer.Argument(metavar="ACCOUNT", help="hs1… or a name.")]
AMOUNT = Annotated[str, typer.Argument(help='How much: "CNY 500.00".')]
FILE = Annotated[
    Path | None, typer.Option(help="The court's document; only its SHA-256 is sent. - is stdin.")
]
FREEZE = Annotated[str, typer.Option("--freeze", help="Hash of the document that froze it.")]


@verb(
    app,
    "freeze",
    sends=True,
    examples=(
        'hushang court freeze buyer "CNY 900.00" --file ruling.pdf --within "180 d"'
        " --as regulator --cosign issuer",
        'hushang court freeze buyer "CNY 900.00" --file longer.pdf --renews $DOCUMENT'
        " --as regulator --cosign issuer",
    ),
)
def freeze(
    session: Session,
    account: ACCOUNT,
    amount: AMOUNT,
    file: FILE = None,
    content: ContentOption = None,
    within: Annotated[str, typer.Option(help='When it ends, "1 h" to "365 d".')] = "365 d",
    renews: Annotated[
        str | None, typer.Option(help="Hash of the document of a freeze that goes on by this one.")
    ] = None,
) -> None:
    """Freeze an amount: what is there, and what comes in until it is reached."""
    symbol, amount_minor = session.money(amount)
    document = needed_document(file, content)
    within_ms = duration(within) or 0
    known = None if renews is None else read_hash(renews, "--renews")
    whose = session.account(account)
    frozen = AssetFreeze(whose, symbol, amount_minor, document, within_ms, known)
    session.send(
        operation("asset.freeze", frozen), found={"freeze_document": "asset.frozen.document"}
    )


@verb(
    app,
    "unfreeze",
    sends=True,
    examples=(
        'hushang court unfreeze buyer "CNY 900.00" --freeze $DOCUMENT --file lifted.pdf'
        " --as regulator --cosign issuer",
    ),
)
def unfreeze(
    session: Session,
    account: ACCOUNT,
    amount: AMOUNT,
    frozen_by: FREEZE,
    file: FILE = None,
    content: ContentOption = None,
) -> None:
    """Lift a freeze, whole or in part."""
    symbol, amount_minor = session.money(amount)
    lifted = AssetUnfreeze(
        session.account(account),
        symbol,
        amount_minor,
        read_hash(frozen_by, "--freeze"),
        needed_document(file, content),
    )
    session.send(operation("asset.unfreeze", lifted))


@verb(
    app,
    "clawback",
    sends=True,
    examples=(
        'hushang court clawback buyer merchant "CNY 100.00" --freeze $DOCUMENT --file order.pdf'
        " --as regulator --cosign issuer",
    ),
)
def clawback(
    session: Session,
    account: ACCOUNT,
    to: Annotated[str, typer.Argument(help="Who gets it: hs1… or a name.")],
    amount: AMOUNT,
    frozen_by: FREEZE,
    file: FILE = None,
    content: ContentOption = None,
) -> None:
    """Hand frozen money to whom the court names."""
    symbol, amount_minor = session.money(amount)
    taken = AssetClawback(
        session.account(account),
        symbol,
        amount_minor,
        read_hash(frozen_by, "--freeze"),
        session.account(to),
        needed_document(file, content),
    )
    session.send(operation("asset.clawback", taken))


@verb(app, "list", examples=("hushang court list buyer",))
def list_freezes(session: Session, account: ACCOUNT) -> None:
    """List what courts have frozen of an account, and how much of it is there."""
    owner = encode_account(session.account(account))
    session.show_list(session.client.get(f"/v1/accounts/{owner}/freezes")["freezes"])
