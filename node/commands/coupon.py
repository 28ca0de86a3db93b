"""`hushang coupon`: discounts that somebody funds."""

from typing import Annotated

import typer

from chain.bech32m import encode_account
from commerce.catalogue.coupons import CouponTerms
from commerce.catalogue.issuing import CouponIssue, CouponWithdraw
from commerce.registry import operation
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.listing import duration, own_money
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("Issue discounts that you fund.")

COUPON = Annotated[str, typer.Argument(metavar="COUPON", help="Its id, 64 hex digits.")]


@verb(
    app,
    "issue",
    sends=True,
    examples=(
        'hushang coupon issue --budget "CNY 5000.00" --amount "CNY 10.00" --minimum "CNY 100.00"'
        ' --valid "30 d" --as merchant',
        'hushang coupon issue --budget "CNY 5000.00" --permille 125 --amount "CNY 50.00"'
        ' --gtin 06901234000016 --uses 3 --valid "7 d" --as merchant',
    ),
)
def issue(
    session: Session,
    budget: Annotated[str, typer.Option(help="What all uses may cost you together.")],
    valid: Annotated[str, typer.Option(help='How long from now, in real time: "30 d".')],
    amount: Annotated[
        str | None, typer.Option(help="What it takes off; with --permille at most so much.")
    ] = None,
    permille: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Which share it takes off.")
    ] = None,
    minimum: Annotated[
        str | None, typer.Option(help="Only where at least so much is left to pay.")
    ] = None,
    uses: Annotated[int, typer.Option(min=1, help="How many orders of a buyer may take it.")] = 1,
    seller: Annotated[str | None, typer.Option(help="hs1… or a name: only there.")] = None,
    buyer: Annotated[str | None, typer.Option(help="hs1… or a name: only for this one.")] = None,
    listing: Annotated[
        list[str] | None, typer.Option(help="Only for this listing; repeatable.")
    ] = None,
    gtin: Annotated[
        list[str] | None, typer.Option(help="Only for this product; repeatable.")
    ] = None,
) -> None:
    """Issue a coupon; you pay its part whenever an order that took it is paid."""
    symbol, budget_minor = session.money(budget)
    issued_ms = now_ms()
    terms = CouponTerms(
        symbol=symbol,
        amount_minor=None if amount is None else own_money(session, amount, symbol),
        permille=permille,
        minimum_minor=0 if minimum is None else own_money(session, minimum, symbol),
        seller=None if seller is None else session.account(seller),
        buyer=None if buyer is None else session.account(buyer),
        listings=tuple(sorted(read_hash(text, "--listing") for text in listing or ())),
        gtins=tuple(sorted(gtin or ())),
        valid_from_ms=0,
        valid_until_ms=issued_ms + (duration(valid) or 0),
        budget_minor=budget_minor,
        uses_per_buyer=uses,
    )
    if terms.amount_minor is None and terms.permille is None:
        raise UsageWrong("give --amount, --permille or both")
    session.send(
        operation("coupon.issue", CouponIssue(terms)),
        found={"coupon_id": "coupon.issued.coupon_id"},
    )


@verb(app, "withdraw", sends=True, examples=("hushang coupon withdraw $COUPON --as merchant",))
def withdraw(session: Session, coupon: COUPON) -> None:
    """End a coupon for new orders; those that took it can still be paid."""
    session.send(operation("coupon.withdraw", CouponWithdraw(read_hash(coupon, "COUPON"))))


@verb(app, "show", examples=("hushang coupon show $COUPON",))
def show(session: Session, coupon: COUPON) -> None:
    """Show a coupon and what was drawn from it."""
    session.show(f"/v1/coupons/{read_hash(coupon, 'COUPON').hex()}")


@verb(
    app,
    "list",
    examples=("hushang coupon list --as merchant", "hushang coupon list merchant -o ndjson"),
)
def list_coupons(
    session: Session,
    funder: AccountArgument = None,
) -> None:
    """List a funder's coupons, newest first."""
    account = encode_account(session.own_account(funder))
    session.show_list(session.pages("/v1/coupons", "coupons", {"funder": account}))
