"""`hushang card`: prepaid cards of one merchant."""

from pathlib import Path
from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.banking.prepaid import PrepaidClose, PrepaidConsume, PrepaidOpen, PrepaidRefund
from commerce.registry import operation
from node.commands.listing import duration
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.commands.telling import ContentOption, needed_document
from node.json_values import read_hash

app = noun("Prepaid cards: pay in advance, and keep the money until it is served.")

CARD = Annotated[str, typer.Argument(metavar="CARD", help="Its id, 64 hex digits.")]
AMOUNT = Annotated[str, typer.Argument(help='How much: "CNY 100.00".')]


@verb(
    app,
    "open",
    sends=True,
    examples=(
        'hushang card open merchant "CNY 100.00" --worth "CNY 120.00" --file terms.pdf --as buyer',
    ),
)
def open_card(
    session: Session,
    merchant: Annotated[str, typer.Argument(help="Whose card: hs1… or a name.")],
    amount: AMOUNT,
    worth: Annotated[
        str | None, typer.Option(help="What it is worth there; default: what is paid.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="The merchant's terms; only its SHA-256 is sent.")
    ] = None,
    content: ContentOption = None,
    within: Annotated[str, typer.Option(help='When it ends, "30 d" to "365 d".')] = "365 d",
) -> None:
    """Pay onto a card; the money stays yours until both of you say that it was used."""
    symbol, principal_minor = session.money(amount)
    face_minor = principal_minor if worth is None else session.money(worth)[1]
    opened = PrepaidOpen(
        session.account(merchant),
        symbol,
        principal_minor,
        face_minor,
        needed_document(file, content),
        duration(within) or 0,
    )
    session.send(operation("prepaid.open", opened), found={"card_id": "prepaid.opened.card_id"})


@verb(
    app,
    "use",
    sends=True,
    examples=('hushang card use $CARD "CNY 60.00" --as merchant --cosign buyer',),
)
def use(session: Session, card: CARD, amount: AMOUNT) -> None:
    """Take goods or a service on a card, at face value; consumer and merchant sign."""
    used = PrepaidConsume(read_hash(card, "CARD"), session.money(amount)[1], None)
    session.send(operation("prepaid.consume", used))


@verb(app, "refund", sends=True, examples=("hushang card refund $CARD --as buyer",))
def refund(session: Session, card: CARD) -> None:
    """End your card: in seven days all comes back, later less what you used at full price."""
    session.send(operation("prepaid.refund", PrepaidRefund(read_hash(card, "CARD"))))


@verb(
    app,
    "close",
    sends=True,
    examples=(
        "hushang card close $CARD --as merchant",
        'hushang card close $CARD --merchant-gets "CNY 20.00" --as merchant --cosign buyer',
    ),
)
def close(
    session: Session,
    card: CARD,
    merchant_gets: Annotated[
        str | None, typer.Option(help="A share for the merchant, if both sign; else nothing.")
    ] = None,
) -> None:
    """End a card as its merchant: all that is on it goes back to the consumer."""
    share_minor = 0 if merchant_gets is None else session.money(merchant_gets)[1]
    session.send(operation("prepaid.close", PrepaidClose(read_hash(card, "CARD"), share_minor)))


@verb(app, "show", examples=("hushang card show $CARD",))
def show(session: Session, card: CARD) -> None:
    """Show a card: what is on it, and what a refund would give now."""
    session.show(f"/v1/cards/{read_hash(card, 'CARD').hex()}")


@verb(app, "list", examples=("hushang card list --as buyer", "hushang card list merchant"))
def list_cards(
    session: Session,
    account: AccountArgument = None,
) -> None:
    """List the cards of a consumer or a merchant, newest first."""
    owner = encode_account(session.own_account(account))
    session.show_list(session.pages(f"/v1/accounts/{owner}/cards", "cards"))
