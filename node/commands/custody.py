"""`hushang custody`: hand goods over and take them; who has them, who owns them."""

import re
from typing import Annotated, Final

import typer

from chain.bech32m import encode_account
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import is_key, is_well_formed, of_query
from commerce.goods.offer import KINDS, POSSESSING
from commerce.goods.offers import CustodyAccept, CustodyOffer, CustodyReject, CustodyWithdraw
from commerce.registry import operation
from node.client import segment
from node.commands.failures import UsageWrong
from node.commands.listing import duration
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("Hand goods over, and take them: who has them, who owns them.")

SSCC_DIGITS: Final = 18
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")

OFFER = Annotated[str, typer.Argument(metavar="OFFER", help="Its id, 64 hex digits.")]
DEVICE = Annotated[
    str | None, typer.Option(help="The device that watches the goods: its id, 64 hex digits.")
]


@verb(
    app,
    "offer",
    sends=True,
    examples=(
        "hushang custody offer 169012340000000013 --to carrier --as merchant",
        "hushang custody offer urn:epc:id:sgtin:6901234.000001.7 --to buyer --what both"
        " --as merchant",
        'hushang custody offer 06901234000016/10/SPRING-1 --to plant --within "2 h" --as merchant',
    ),
)
def offer(  # one option a field
    session: Session,
    things: Annotated[
        list[str],
        typer.Argument(
            metavar="THING...", help="EPC URIs, GS1 Digital Links, an SSCC, GTIN/10/LOT."
        ),
    ],
    to: Annotated[str, typer.Option(help="Who takes them: hs1… or a name.")],
    what: Annotated[str, typer.Option(help="possessing, owning or both.")] = POSSESSING,
    order: Annotated[str | None, typer.Option(help="The order that they are carried for.")] = None,
    device: DEVICE = None,
    within: Annotated[str, typer.Option(help='When it expires, "5 min" to "30 d".')] = "1 d",
) -> None:
    """Offer goods that you have or own; what lies in a container goes along.

    Nothing moves until the other side accepts. Prints the offer's id.
    """
    if what not in KINDS:
        raise UsageWrong(f"--what is one of {', '.join(KINDS)}")
    made = CustodyOffer(
        things=tuple(map(read_thing, things)),
        what=what,
        taker=session.account(to),
        order_id=None if order is None else read_hash(order, "--order"),
        device_id=None if device is None else read_hash(device, "--device"),
        within_ms=duration(within) or 0,
    )
    session.send(operation("custody.offer", made), found={"offer_id": "custody.offered.offer_id"})


@verb(
    app,
    "accept",
    sends=True,
    examples=(
        "hushang custody accept $OFFER --as carrier",
        "hushang custody accept $OFFER --device $DEVICE --as carrier",
    ),
)
def accept(session: Session, offer: OFFER, device: DEVICE = None) -> None:
    """Take over what was offered to you, all of it.

    With --device you answer for what it reports from now on, with your deposit.
    """
    device_id = None if device is None else read_hash(device, "--device")
    accepted = CustodyAccept(read_hash(offer, "OFFER"), device_id)
    session.send(operation("custody.accept", accepted))


@verb(
    app,
    "reject",
    sends=True,
    examples=('hushang custody reject $OFFER --reason "two cartons are wet" --as carrier',),
)
def reject(
    session: Session,
    offer: OFFER,
    reason: Annotated[str, typer.Option(help="Why; everybody can read it.")] = "",
) -> None:
    """Refuse what was offered to you; it stays where it is."""
    session.send(operation("custody.reject", CustodyReject(read_hash(offer, "OFFER"), reason)))


@verb(app, "withdraw", sends=True, examples=("hushang custody withdraw $OFFER --as merchant",))
def withdraw(session: Session, offer: OFFER) -> None:
    """Take your open offer back."""
    session.send(operation("custody.withdraw", CustodyWithdraw(read_hash(offer, "OFFER"))))


@verb(
    app,
    "show",
    examples=(
        "hushang custody show $OFFER",
        "hushang custody show urn:epc:id:sgtin:6901234.000001.7",
        "hushang custody show 06901234000016/10/SPRING-1 -o json",
    ),
)
def show(
    session: Session,
    what: Annotated[
        str, typer.Argument(metavar="OFFER|THING", help="An offer's id, or goods by their name.")
    ],
) -> None:
    """Show an offer; or who has a thing and who owns it, its open offers, certificates, history."""
    if _HASH.fullmatch(what):
        session.show(f"/v1/custody/{what.lower()}")
        return
    told = session.client.get("/v1/things", {"epc": read_thing(what)})
    session.printer.record(told, session.readable(told))


@verb(
    app,
    "list",
    examples=(
        "hushang custody list --state OPEN --as carrier",
        "hushang custody list merchant --part giver -o ndjson",
    ),
)
def list_offers(
    session: Session,
    account: AccountArgument = None,
    part: Annotated[str | None, typer.Option(help="giver or taker: only those.")] = None,
    state: Annotated[
        str | None, typer.Option(help="OPEN, ACCEPTED, REJECTED, WITHDRAWN or EXPIRED.")
    ] = None,
) -> None:
    """List offers by and to an account, newest first."""
    own = segment(encode_account(session.own_account(account)))
    query = {"part": part, "state": None if state is None else state.upper()}
    session.show_list(session.pages(f"/v1/accounts/{own}/custody", "offers", query))


def read_thing(text: str) -> str:
    """A thing as people name it: a URI, an SSCC, GTIN/21/SERIAL or GTIN/10/LOT; `UsageWrong`."""
    if text.isascii() and text.isdigit() and len(text) == SSCC_DIGITS:
        text = f"{DOMAIN}00/{text}"
    link = of_query(text)
    digits_only = text.isascii() and text.isdigit() and not is_key(text.zfill(SSCC_DIGITS))
    if digits_only or _URI.match(link) is None or not is_well_formed(link):
        raise UsageWrong(f"{text!r} is no EPC URI, GS1 Digital Link, SSCC or GTIN/10/LOT")
    return link
