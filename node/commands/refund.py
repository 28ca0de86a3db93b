"""`hushang refund`: ask for money or other goods after the sale, and answer that."""

from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.aftersale.answers import (
    RefundAcceptCounter,
    RefundAgree,
    RefundCounter,
    RefundReject,
)
from commerce.aftersale.kinds import KINDS
from commerce.aftersale.requests import RefundRequest, RefundWithdraw, RequestedLine
from commerce.registry import operation
from node.commands.failures import UsageWrong
from node.commands.options import AccountArgument, noun, verb
from node.commands.order import read_units
from node.commands.session import Session
from node.commands.telling import (
    ContentOption,
    FileOption,
    document_hash,
    minor_units,
    show_columns,
    show_told,
)
from node.json_values import read_hash
from node.order_words import case_words
from node.private_data import commit

app = noun("Ask for a refund, a return or an exchange, and answer that.")

CASE = Annotated[str, typer.Argument(metavar="CASE", help="The request's id, 64 hex digits.")]
REASON = Annotated[str, typer.Option(help="Why; everybody can read it.")]
ADDRESS = Annotated[
    str | None,
    typer.Option(help="Where goods are sent back to; only its salted hash is sent."),
]


@verb(
    app,
    "request",
    sends=True,
    examples=(
        'hushang refund request $ORDER --reason "changed my mind" --as buyer',
        "hushang refund request $ORDER --parcel $PARCEL --kind quality --units 0:1"
        ' --reason "a cup is broken" --file cup.jpg --as buyer',
        "hushang refund request $ORDER --parcel $PARCEL --kind allowance"
        ' --units "0:1=CNY 20.00" --reason "a scratch" --as buyer',
    ),
)
def request(
    session: Session,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="Its id, 64 hex digits.")],
    parcel: Annotated[
        str | None, typer.Option(help="The goods' parcel; without: what isn't shipped.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help=f"{', '.join(k.name for k in KINDS)}; default unshipped."),
    ] = None,
    units: Annotated[
        list[str] | None,
        typer.Option(help='LINE:UNITS, or "LINE:UNITS=AMOUNT" for a part; default everything.'),
    ] = None,
    reason: REASON = "",
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Ask for money back, a return or an exchange; prints the case's id.

    The goods' clock stops and the seller's time to answer begins; its silence agrees.
    """
    if parcel is not None and kind is None:
        raise UsageWrong(f"--kind says what you want: {', '.join(k.name for k in KINDS[1:])}")
    order_id = read_hash(order, "ORDER")
    parcel_id = None if parcel is None else read_hash(parcel, "--parcel")
    known = session.client.get(f"/v1/orders/{order_id.hex()}")
    if units:
        lines = tuple(read_requested(session, text, known["symbol"]) for text in units)
    else:
        lines = requestable(known, parcel_id)
    evidence = document_hash(file, content)
    asked = RefundRequest(order_id, parcel_id, kind or "unshipped", lines, reason, evidence)
    session.send(operation("refund.request", asked), found={"case_id": "refund.requested.case_id"})


@verb(
    app,
    "agree",
    sends=True,
    examples=(
        "hushang refund agree $CASE --as merchant",
        'hushang refund agree $CASE --address "Returns, 5 Dock Road" --as merchant',
    ),
)
def agree(session: Session, case: CASE, address: ADDRESS = None) -> None:
    """Give what was asked: the money now, or once the goods are back.

    Keep what is printed: the salt proves the address.
    """
    commitment, private = _address(address)
    agreed = RefundAgree(read_hash(case, "CASE"), commitment)
    signed = session.signed(operation("refund.agree", agreed))
    session.report(session.submit(signed, brings=private, private=private), private)


@verb(
    app,
    "reject",
    sends=True,
    examples=(
        'hushang refund reject $CASE --reason "it was whole" --file packing.jpg --as merchant',
    ),
)
def reject(
    session: Session,
    case: CASE,
    reason: REASON,
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Refuse; the buyer may take it to a panel, or lets the request close by itself."""
    refused = RefundReject(read_hash(case, "CASE"), reason, document_hash(file, content))
    session.send(operation("refund.reject", refused))


@verb(
    app,
    "counter",
    sends=True,
    examples=(
        'hushang refund counter $CASE --offer "CNY 20.00" --reason "a scratch" --as merchant',
        'hushang refund counter $CASE --offer "CNY 129.00" --returns --address "5 Dock Road"'
        ' --reason "send it back" --as merchant',
    ),
)
def counter(
    session: Session,
    case: CASE,
    offer: Annotated[
        list[str], typer.Option(help='"CNY 20.00": once a line of the case, in its order.')
    ],
    reason: REASON = "",
    returns: Annotated[bool, typer.Option("--returns", help="If the goods are sent back.")] = False,
    address: ADDRESS = None,
) -> None:
    """Offer something else; the buyer accepts, goes to a panel, or lets it close."""
    case_id = read_hash(case, "CASE")
    symbol = session.client.get(f"/v1/cases/{case_id.hex()}")["symbol"]
    amounts = tuple(minor_units(session, text, symbol) for text in offer)
    commitment, private = _address(address)
    offered = RefundCounter(case_id, amounts, returns, commitment, reason)
    signed = session.signed(operation("refund.counter", offered))
    session.report(session.submit(signed, brings=private, private=private), private)


@verb(app, "accept", sends=True, examples=("hushang refund accept $CASE --as buyer",))
def accept(session: Session, case: CASE) -> None:
    """Take what the seller offers instead."""
    taken = RefundAcceptCounter(read_hash(case, "CASE"))
    session.send(operation("refund.accept_counter", taken))


@verb(app, "withdraw", sends=True, examples=("hushang refund withdraw $CASE --as buyer",))
def withdraw(session: Session, case: CASE) -> None:
    """Take the request back; the goods' clock goes on with the time that was left."""
    session.send(operation("refund.withdraw", RefundWithdraw(read_hash(case, "CASE"))))


@verb(app, "show", examples=("hushang refund show $CASE", "hushang refund show $CASE -o json"))
def show(session: Session, case: CASE) -> None:
    """Tell what is asked, what can happen next, who can do it, and when the clock acts."""
    show_told(session, f"/v1/cases/{read_hash(case, 'CASE').hex()}", case_words)


@verb(
    app,
    "list",
    examples=(
        "hushang refund list --as buyer",
        "hushang refund list merchant --part seller --open",
        "hushang refund list merchant --state REFUND_PENDING -o ndjson",
    ),
)
def list_cases(
    session: Session,
    account: AccountArgument = None,
    part: Annotated[str | None, typer.Option(help="Only as buyer, or as seller.")] = None,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    is_open: Annotated[bool, typer.Option("--open", help="Only what hasn't ended.")] = False,
) -> None:
    """List an account's cases, newest first."""
    owner = encode_account(session.own_account(account))
    query = {"part": part, "state": state, "open": "true" if is_open else None}
    cases = session.pages(f"/v1/accounts/{owner}/cases", "cases", query)
    fields = ("case_id", "kind", "state", "asked_minor", "opened_ms", "order_id")
    show_columns(session, cases, fields)


def read_requested(session: Session, text: str, symbol: str) -> RequestedLine:
    """`LINE:UNITS` or `LINE:UNITS=AMOUNT`."""
    units, equals, amount = text.partition("=")
    line, count = read_units(units)
    return RequestedLine(line, count, minor_units(session, amount, symbol) if equals else None)


def requestable(order: dict[str, object], parcel_id: bytes | None) -> tuple[RequestedLine, ...]:
    """Everything of an order that isn't shipped, or all of a parcel that is in no case."""
    counts: list[tuple[int, int]] = []
    lines: object = order["lines"]
    assert isinstance(lines, list)
    if parcel_id is None:
        counts = [(line["index"], line["unshipped"]) for line in lines]
    else:
        parcels: object = order["parcels"]
        assert isinstance(parcels, list)
        for parcel in parcels:
            if parcel["parcel_id"] == parcel_id.hex():
                counts = [
                    (line["line"], line["quantity"] - line["settled"] - line["in_cases"])
                    if parcel["state"] != "RELEASED"
                    else (line["line"], line["released"])
                    for line in parcel["lines"]
                ]
    found = tuple(RequestedLine(line, count, None) for line, count in counts if count)
    if not found:
        raise UsageWrong("nothing of that can be asked for; hushang order show tells what is where")
    return found


def _address(text: str | None) -> tuple[bytes | None, dict[str, str]]:
    """The commitment to an address of a return, and what its owner keeps."""
    if text is None:
        return None, {}
    address = commit("ship-to", text)
    return address.commitment, {"address_salt": address.salt.hex()}
