"""`hushang listing`: offer goods for sale."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import typer

from commerce.catalogue.pledges import Pledge
from commerce.listings import ListingPublish, ListingUpdate, ListingWithdraw, Terms
from commerce.registry import operation
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.durations import parse_duration
from node.json_values import read_digits, read_hash

app = noun("Offer goods for sale. Each version of a listing is an offer that never changes.")

LISTING = Annotated[str, typer.Argument(metavar="LISTING", help="Its id, 64 hex digits.")]
FREIGHT = Annotated[str | None, typer.Option(help="Once per order line.")]
SHIP_WITHIN = Annotated[
    str | None, typer.Option(help='Promise to ship, from payment: "48 h". Default: the chain\'s.')
]
CONDITIONS = Annotated[
    str | None, typer.Option(help="Hash of all other conditions, 32 bytes in hex.")
]
PLEDGES = Annotated[
    list[str] | None,
    typer.Option(
        "--pledge",
        help="KIND=PERMILLE of the price to the buyer: late, lost or authentic. Repeatable.",
    ),
]
EXEMPT = Annotated[
    bool | None,
    typer.Option(
        "--exempt/--returnable",
        help="Without the return in 7 days; only for a product of an exempt class.",
    ),
]


@verb(
    app,
    "publish",
    sends=True,
    examples=(
        'hushang listing publish 06901234000016 --price "CNY 129.00" --stock 100 --as merchant',
        'hushang listing publish 06901234000016 --price "CNY 129.00" --stock 100'
        ' --freight "CNY 8.00" --ship-within "48 h" --pledge late=50 --key merchant.key',
    ),
)
def publish(
    session: Session,
    gtin: Annotated[str, typer.Argument(help="A registered product, 14 digits.")],
    price: Annotated[str, typer.Option(help='Per unit: "CNY 129.00".')],
    stock: Annotated[int, typer.Option(help="How many units there are.")],
    freight: FREIGHT = None,
    ship_within: SHIP_WITHIN = None,
    conditions: CONDITIONS = None,
    pledge: PLEDGES = None,
    exempt: EXEMPT = None,
) -> None:
    """Publish an offer; prints the listing's id."""
    symbol, price_minor = session.money(price)
    terms = Terms(
        price_minor=price_minor,
        freight_minor=freight_of(session, freight, symbol),
        ship_within_ms=duration(ship_within),
        document=None if conditions is None else read_hash(conditions, "--conditions"),
        pledges=read_pledges(pledge or ()),
        exempt=bool(exempt),
    )
    session.send(
        operation("listing.publish", ListingPublish(gtin, symbol, stock, terms)),
        found={"listing_id": "listing.published.listing_id"},
    )


@verb(app, "show", examples=("hushang listing show $LISTING",))
def show(session: Session, listing: LISTING) -> None:
    """Show a listing and the terms of its newest version."""
    session.show(f"/v1/listings/{read_hash(listing, 'LISTING').hex()}")


@verb(
    app,
    "update",
    sends=True,
    examples=(
        "hushang listing update $LISTING --stock-delta 20 --as merchant",
        'hushang listing update $LISTING --price "CNY 119.00" --as merchant',
    ),
)
def update(
    session: Session,
    listing: LISTING,
    stock_delta: Annotated[int, typer.Option(help="Units more, or less where negative.")] = 0,
    price: Annotated[str | None, typer.Option(help="Makes a new version.")] = None,
    freight: FREIGHT = None,
    ship_within: SHIP_WITHIN = None,
    conditions: CONDITIONS = None,
    pledge: PLEDGES = None,
    exempt: EXEMPT = None,
) -> None:
    """Change the stock by a delta, or the terms by a new version.

    Terms that are not given stay as they are; pledges that are given replace all of the old.
    """
    listing_id = read_hash(listing, "LISTING")
    known = session.client.get(f"/v1/listings/{listing_id.hex()}")
    given = (price, freight, ship_within, conditions, pledge, exempt)
    terms = None
    if any(entry is not None for entry in given):
        terms = changed_terms(
            session,
            known["symbol"],
            known_terms(known),
            (price, freight, ship_within, conditions),
        )
        terms = replace(
            terms,
            pledges=terms.pledges if pledge is None else read_pledges(pledge),
            exempt=terms.exempt if exempt is None else exempt,
        )
    changed = ListingUpdate(listing_id, known["version"], stock_delta, terms)
    session.send(operation("listing.update", changed), found={"version": "listing.updated.version"})


@verb(app, "withdraw", sends=True, examples=("hushang listing withdraw $LISTING --as merchant",))
def withdraw(session: Session, listing: LISTING) -> None:
    """End an offer; orders that exist go on."""
    session.send(operation("listing.withdraw", ListingWithdraw(read_hash(listing, "LISTING"))))


def known_terms(known: Mapping[str, Any]) -> Terms:
    """The terms that the API shows of a listing."""
    return Terms(
        price_minor=int(known["price_minor"]),
        freight_minor=int(known["freight_minor"]),
        ship_within_ms=known["ship_within_ms"],
        document=known["document"] and bytes.fromhex(known["document"]),
        pledges=tuple(Pledge(entry["kind"], entry["permille"]) for entry in known["pledges"]),
        exempt=known["exempt"],
    )


def changed_terms(
    session: Session, symbol: str, terms: Terms, given: tuple[str | None, ...]
) -> Terms:
    """The terms with the price, freight, promise and conditions that were given for the old."""
    price, freight, ship_within, conditions = given
    if price is not None:
        terms = replace(terms, price_minor=own_money(session, price, symbol))
    if freight is not None:
        terms = replace(terms, freight_minor=own_money(session, freight, symbol))
    if ship_within is not None:
        terms = replace(terms, ship_within_ms=duration(ship_within))
    if conditions is not None:
        terms = replace(terms, document=read_hash(conditions, "--conditions"))
    return terms


def read_pledges(texts: Sequence[str]) -> tuple[Pledge, ...]:
    """Pledges of `late=50`, sorted by kind as an offer holds them."""
    pledges = []
    for text in texts:
        kind, _, digits = text.partition("=")
        permille = read_digits(digits)
        if permille is None:
            raise UsageWrong(f"--pledge {text!r} is not KIND=PERMILLE")
        pledges.append(Pledge(kind, permille))
    return tuple(sorted(pledges, key=lambda pledge: pledge.kind))


def freight_of(session: Session, freight: str | None, symbol: str) -> int:
    """The freight in the price's asset; none if not given."""
    return 0 if freight is None else own_money(session, freight, symbol)


def own_money(session: Session, text: str, symbol: str) -> int:
    """Minor units of an amount that must be of this asset."""
    found, amount_minor = session.money(text)
    if found != symbol:
        raise UsageWrong(f"{text}: this listing sells for {symbol}")
    return amount_minor


def duration(text: str | None) -> int | None:
    """Milliseconds of `48 h`."""
    try:
        found = parse_duration(text)
    except ValueError as error:
        raise UsageWrong(str(error)) from error
    return found if isinstance(found, int) else None
