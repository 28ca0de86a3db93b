"""`hushang review`: say something of what was bought, answer it, see what reviews are worth."""

from pathlib import Path
from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.registry import operation
from commerce.reviews.hiding import ReviewHide
from commerce.reviews.posting import ReviewAppend, ReviewPost, ReviewReply
from commerce.reviews.records import Scores
from node.commands.failures import UsageWrong
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.commands.telling import ContentOption, document_hash, needed_document
from node.json_values import read_hash

app = noun("Review what was bought, reply, see what reviews are worth.")

ORDER = Annotated[str, typer.Argument(metavar="ORDER", help="Its id, 64 hex digits.")]
LINE = Annotated[int, typer.Option(min=0, help="The order's line, from 0.")]
STARS = {"min": 1, "max": 5}
FILE = Annotated[
    Path | None,
    typer.Option(help="Words and pictures; only the SHA-256 of the file is sent. - is stdin."),
]


@verb(
    app,
    "post",
    sends=True,
    examples=(
        "hushang review post $ORDER --goods 5 --service 4 --logistics 3 --as buyer",
        "hushang review post $ORDER --line 1 --goods 1 --service 2 --logistics 5 --as buyer",
    ),
)
def post(
    session: Session,
    order: ORDER,
    goods: Annotated[int, typer.Option(**STARS, help="Stars for the goods, 1 to 5.")],
    service: Annotated[int, typer.Option(**STARS, help="Stars for the service, 1 to 5.")],
    logistics: Annotated[int, typer.Option(**STARS, help="Stars for the delivery, 1 to 5.")],
    line: LINE = 0,
    file: FILE = None,
    content: ContentOption = None,
) -> None:
    """Review a line that has settled, once; what its words say stays where you put them."""
    said = document_hash(file, content)
    scores = Scores(goods, service, logistics)
    session.send(
        operation("review.post", ReviewPost(read_hash(order, "ORDER"), line, scores, said))
    )


@verb(
    app,
    "append",
    sends=True,
    examples=("hushang review append $ORDER --file after-a-month.txt --as buyer",),
)
def append(
    session: Session, order: ORDER, line: LINE = 0, file: FILE = None, content: ContentOption = None
) -> None:
    """Add to your review within 180 days, three times at most."""
    said = needed_document(file, content)
    session.send(operation("review.append", ReviewAppend(read_hash(order, "ORDER"), line, said)))


@verb(
    app,
    "reply",
    sends=True,
    examples=("hushang review reply $ORDER --file answer.txt --as merchant",),
)
def reply(
    session: Session, order: ORDER, line: LINE = 0, file: FILE = None, content: ContentOption = None
) -> None:
    """Answer a review of your goods, three times at most."""
    said = needed_document(file, content)
    session.send(operation("review.reply", ReviewReply(read_hash(order, "ORDER"), line, said)))


@verb(
    app,
    "hide",
    sends=True,
    examples=(
        'hushang review hide $ORDER --file ruling.pdf --reason "insults a person" --as regulator',
    ),
)
def hide(
    session: Session,
    order: ORDER,
    reason: Annotated[str, typer.Option(help="Why; everybody can read it.")],
    line: LINE = 0,
    file: Annotated[
        Path | None, typer.Option(help="The legal order; only its SHA-256 is sent. - is stdin.")
    ] = None,
    content: ContentOption = None,
) -> None:
    """Hide a review by a legal order, as a regulator; a tombstone says who, when and why."""
    legal_order = needed_document(file, content)
    hidden = ReviewHide(read_hash(order, "ORDER"), line, legal_order, reason)
    session.send(operation("review.hide", hidden))


@verb(
    app,
    "list",
    examples=(
        "hushang review list --merchant merchant",
        "hushang review list --gtin 06901234000016 -o ndjson",
    ),
)
def list_reviews(
    session: Session,
    merchant: Annotated[str | None, typer.Option(help="hs1… or a name: of this seller.")] = None,
    listing: Annotated[str | None, typer.Option(help="Of what this listing sold.")] = None,
    gtin: Annotated[str | None, typer.Option(help="Of this product, 14 digits.")] = None,
    buyer: Annotated[str | None, typer.Option(help="hs1… or a name: by this buyer.")] = None,
) -> None:
    """List reviews, newest first, by one of the options."""
    asked = {
        "merchant": None if merchant is None else encode_account(session.account(merchant)),
        "listing": None if listing is None else read_hash(listing, "--listing").hex(),
        "gtin": gtin,
        "buyer": None if buyer is None else encode_account(session.account(buyer)),
    }
    given = {name: value for name, value in asked.items() if value is not None}
    if len(given) != 1:
        raise UsageWrong("give one of --merchant, --listing, --gtin and --buyer")
    session.show_list(session.pages("/v1/reviews", "reviews", given))


@verb(
    app,
    "show",
    examples=("hushang review show $ORDER", "hushang review show $ORDER --line 1 -o json"),
)
def show(session: Session, order: ORDER, line: LINE = 0) -> None:
    """Show the review of a line."""
    session.show(f"/v1/reviews/{read_hash(order, 'ORDER').hex()}/{line}")


@verb(app, "reputation", examples=("hushang review reputation merchant",))
def reputation(
    session: Session,
    merchant: AccountArgument = None,
) -> None:
    """Show what a merchant's reviews are worth, and what keeps some from their weight."""
    account = encode_account(session.own_account(merchant))
    session.show(f"/v1/accounts/{account}/reputation")
