"""`hushang order`: buy: order, pay into escrow, confirm."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from commerce.amendments import NewPrice, OrderReaddress, OrderReprice
from commerce.cancellation import OrderCancel
from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.extensions import OrderExtend
from commerce.recalls.keeping import OrderKeep
from commerce.registry import operation
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.listing import duration
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.commands.telling import show_told
from node.json_values import read_hash
from node.order_words import order_words
from node.private_data import code_commitment, commit, new_recipient_code
from node.trade_words import clock_words, until

app = noun("Buy: order, pay into escrow, confirm.")

ORDER = Annotated[str, typer.Argument(metavar="ORDER", help="Its id, 64 hex digits.")]
PARCEL = Annotated[str, typer.Argument(metavar="PARCEL", help="The parcel's id.")]
_LINE: Final = re.compile(r"([0-9a-f]{64})(?:@([0-9]{1,9}))?(?::([0-9]{1,7}))?", re.ASCII)
# What is printed of a new order, of the event that tells of it.
_CREATED: Final = ("order_id", "total_minor", "payable_minor", "symbol")
_UNITS: Final = re.compile(r"([0-9]{1,2}):([0-9]{1,7})", re.ASCII)


@verb(
    app,
    "create",
    sends=True,
    examples=(
        'hushang order create $LISTING:2 --ship-to "1 Century Avenue, Pudong" --as buyer',
        'hushang order create $LISTING@1:2 --ship-to "Century Ave 1" --reference erp-7 --as buyer',
        'hushang order create $LISTING --ship-to "Century Ave 1" --coupon $COUPON --as buyer',
    ),
)
def create(
    session: Session,
    lines: Annotated[
        list[str],
        typer.Argument(metavar="LISTING[@VERSION][:UNITS]...", help="What to buy; 1 unit each."),
    ],
    ship_to: Annotated[str, typer.Option(help="The address; only its salted hash is sent.")],
    reference: Annotated[
        str | None, typer.Option(help="Your own number; an order with it is made only once.")
    ] = None,
    confirm_exempt: Annotated[
        bool,
        typer.Option("--confirm-exempt", help="Give up the return in 7 days for exempt goods."),
    ] = False,
    code: Annotated[
        bool, typer.Option(help="Make a code that the recipient tells the carrier.")
    ] = True,
    coupon: Annotated[
        list[str] | None,
        typer.Option(help="Id of a coupon; each counts on what those before it left. Repeatable."),
    ] = None,
) -> None:
    """Accept offers of one seller; the stock is reserved and the time to pay runs.

    Without @VERSION it is the newest that the node knows. Keep what is printed: the salt proves the
    address, the recipient tells the code to the carrier at the door.
    """
    wanted = tuple(read_line(session, text, exempt=confirm_exempt) for text in lines)
    address = commit("ship-to", ship_to)
    recipient_code = new_recipient_code() if code else None
    made = OrderCreate(
        lines=wanted,
        ship_to_commitment=address.commitment,
        code_commitment=None if recipient_code is None else code_commitment(recipient_code),
        client_reference=reference,
        coupons=tuple(read_hash(text, "--coupon") for text in coupon or ()),
    )
    private = {"ship_to_salt": address.salt.hex()}
    if recipient_code is not None:
        private["recipient_code"] = recipient_code
    signed = session.signed(operation("order.create", made))
    outcome = session.submit(signed, brings=(*private, *_CREATED), private=private)
    ids: dict[str, Any] = dict(private)
    if outcome.is_decided:
        created = outcome.event("order.created")
        ids |= {name: created[name] for name in _CREATED}
    session.report(outcome, ids)


@verb(
    app,
    "pay",
    sends=True,
    examples=(
        "hushang order pay $ORDER --as buyer",
        'hushang order pay $ORDER "CNY 258.00" --as buyer',
    ),
)
def pay(
    session: Session,
    order: ORDER,
    amount: Annotated[
        str | None, typer.Argument(help="What you agree to pay; default: what the node says.")
    ] = None,
) -> None:
    """Pay an order into escrow: the seller gets the money when the goods have arrived.

    The funders of its coupons pay their parts at the same moment.
    """
    order_id = read_hash(order, "ORDER")
    if amount is not None:
        amount_minor = session.money(amount)[1]
    else:
        known = session.client.get(f"/v1/orders/{order_id.hex()}")
        amount_minor = int(known["payable_minor"])
        session.say("paying {amount}", amount=session.amount_text(amount_minor, known["symbol"]))
    session.send(operation("order.pay", OrderPay(order_id, amount_minor)))


@verb(app, "show", examples=("hushang order show $ORDER", "hushang order show $ORDER -o json"))
def show(session: Session, order: ORDER) -> None:
    """Tell its state and money, what can happen next, who can do it, and when the clock acts."""
    show_told(session, f"/v1/orders/{read_hash(order, 'ORDER').hex()}", order_words)


@verb(
    app,
    "list",
    examples=(
        "hushang order list --as buyer",
        "hushang order list merchant --part seller --state HELD",
        'hushang order list merchant --due-within "2 d" -o ndjson',
    ),
)
def list_orders(
    session: Session,
    account: AccountArgument = None,
    part: Annotated[str | None, typer.Option(help="Only as buyer, seller or payer.")] = None,
    state: Annotated[str | None, typer.Option(help="Only in this state: HELD.")] = None,
    due_within: Annotated[
        str | None, typer.Option(help='Instead: what is due within "2 d", earliest first.')
    ] = None,
) -> None:
    """List an account's orders, newest first, or those of which something is due soon."""
    owner = encode_account(session.own_account(account))
    due_before_ms = None if due_within is None else now_ms() + (duration(due_within) or 0)
    query = {"part": part, "state": state, "due_before_ms": due_before_ms}
    orders = session.pages(f"/v1/accounts/{owner}/orders", "orders", query)
    session.printer.records(orders, [listed_order(session, entry) for entry in orders])


@verb(
    app,
    "extend",
    sends=True,
    examples=(
        "hushang order extend $PARCEL 5 --as merchant",
        "hushang order extend $PARCEL 3 --as buyer",
    ),
)
def extend(
    session: Session,
    parcel: PARCEL,
    days: Annotated[int, typer.Argument(help="A seller's 3, 5, 7 or 10; a buyer's 1 to 3.")],
) -> None:
    """Give a parcel more time before it counts as lost, or is released to the seller."""
    extended = OrderExtend(read_hash(parcel, "PARCEL"), days)
    session.send(operation("order.extend", extended), found={"until_ms": "order.extended.until_ms"})


@verb(
    app,
    "keep",
    sends=True,
    examples=(
        "hushang order keep $CASE --as buyer",
        "hushang order keep $CASE --refund --as buyer",
    ),
)
def keep(
    session: Session,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The recall's case of your goods.")],
    refund: Annotated[
        bool, typer.Option("--refund", help="Don't: take the money back at once.")
    ] = False,
) -> None:
    """Keep recalled goods that you have, so that the seller is paid; or take the refund at once."""
    session.send(operation("order.keep", OrderKeep(read_hash(case, "CASE"), not refund)))


@verb(
    app,
    "reprice",
    sends=True,
    examples=('hushang order reprice $ORDER --line 0 --total "CNY 99.00" --as merchant',),
)
def reprice(
    session: Session,
    order: ORDER,
    total: Annotated[str, typer.Option(help="What the whole line costs from now on.")],
    line: Annotated[int, typer.Option(min=0, help="Which line, from 0.")] = 0,
) -> None:
    """Lower the price of a line before the order is paid, as its seller."""
    price = NewPrice(line, session.money(total)[1])
    session.send(
        operation("order.reprice", OrderReprice(read_hash(order, "ORDER"), (price,))),
        found={"payable_minor": "order.repriced.payable_minor", "symbol": "order.repriced.symbol"},
    )


@verb(
    app,
    "readdress",
    sends=True,
    examples=('hushang order readdress $ORDER --ship-to "2 Century Avenue, Pudong" --as buyer',),
)
def readdress(
    session: Session,
    order: ORDER,
    ship_to: Annotated[str, typer.Option(help="The address; only its salted hash is sent.")],
    code: Annotated[
        bool, typer.Option(help="Make a code that the recipient tells the carrier.")
    ] = True,
) -> None:
    """Send an order elsewhere before there is a parcel.

    Keep what is printed; the code of the old address is void.
    """
    address = commit("ship-to", ship_to)
    recipient_code = new_recipient_code() if code else None
    changed = OrderReaddress(
        order_id=read_hash(order, "ORDER"),
        ship_to_commitment=address.commitment,
        code_commitment=None if recipient_code is None else code_commitment(recipient_code),
    )
    private = {"ship_to_salt": address.salt.hex()}
    if recipient_code is not None:
        private["recipient_code"] = recipient_code
    signed = session.signed(operation("order.readdress", changed))
    session.report(session.submit(signed, brings=private, private=private), private)


@verb(
    app,
    "cancel",
    sends=True,
    examples=(
        'hushang order cancel $ORDER --reason "changed my mind" --as buyer',
        'hushang order cancel $ORDER --reason "out of stock" --as merchant --cosign buyer',
    ),
)
def cancel(
    session: Session,
    order: ORDER,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    line: Annotated[
        list[int] | None, typer.Option(help="Only this line, from 0; repeatable.")
    ] = None,
) -> None:
    """End what isn't shipped: the money goes back, the stock too.

    Before payment buyer or seller alone; paid, both together; late, the buyer alone.
    """
    ended = OrderCancel(read_hash(order, "ORDER"), tuple(line or ()), reason)
    session.send(operation("order.cancel", ended))


@verb(
    app,
    "confirm",
    sends=True,
    examples=(
        "hushang order confirm $PARCEL --as buyer",
        "hushang order confirm $PARCEL --units 0:1 --as buyer",
    ),
)
def confirm(
    session: Session,
    parcel: PARCEL,
    units: Annotated[
        list[str] | None, typer.Option(help="LINE:UNITS, from 0; default everything in it.")
    ] = None,
) -> None:
    """Confirm what arrived: the seller is paid in this very block. Waives no right to return."""
    lines = tuple(ConfirmedLine(*read_units(text)) for text in units or ())
    confirmed = OrderConfirm(read_hash(parcel, "PARCEL"), lines)
    session.send(
        operation("order.confirm", confirmed),
        found={
            "released_minor": "order.released.amount_minor",
            "symbol": "order.released.symbol",
        },
    )


def listed_order(session: Session, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An order in a table: what fits beside its id."""
    fields = ("order_id", "part", "state", "total_minor", "held_minor", "symbol")
    shown = session.readable({name: entry[name] for name in fields})
    del shown["symbol"]
    deadline = entry["next_deadline"]
    due = "" if deadline is None else until(deadline["time_ms"], now_ms())
    then = "" if deadline is None else clock_words(deadline["kind"])
    return shown | {"due": due, "then": then}


def read_line(session: Session, text: str, *, exempt: bool) -> WantedLine:
    """`LISTING[@VERSION][:UNITS]`."""
    match = _LINE.fullmatch(text)
    if match is None:
        raise UsageWrong(f"{text!r} is not LISTING[@VERSION][:UNITS]")
    listing_id = bytes.fromhex(match[1])
    version = int(match[2]) if match[2] else None
    if version is None:
        version = int(session.client.get(f"/v1/listings/{match[1]}")["version"])
    return WantedLine(listing_id, version, int(match[3] or 1), exempt)


def read_units(text: str) -> tuple[int, int]:
    """`LINE:UNITS`."""
    match = _UNITS.fullmatch(text)
    if match is None:
        raise UsageWrong(f"{text!r} is not LINE:UNITS")
    return int(match[1]), int(match[2])
