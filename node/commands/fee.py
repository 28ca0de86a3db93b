"""`hushang fee`: what operations cost."""

from typing import Annotated, Final

import typer

from commerce.banking.fees import Fee, FeeCollect, FeeSchedule
from commerce.registry import operation
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.listing import duration
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("What operations cost: nothing, unless a quorum has said so.")

MEMBERS: Final = "--as pudong --cosign xuhui --cosign jingan"
AFTER = Annotated[
    str, typer.Option(help='How long from now it takes effect: more than the notice of "7 d".')
]


@verb(app, "show", examples=("hushang fee show", "hushang fee show --type pay.transfer"))
def show(
    session: Session,
    type: Annotated[  # noqa: A002 - the option's name
        list[str] | None, typer.Option(help="An operation of a transaction to be; repeatable.")
    ] = None,
) -> None:
    """Show the fees, and what a transaction of these types would cost its sender now."""
    told = session.client.get("/v1/fees", {"types": ",".join(type)} if type else None)
    session.printer.record(told, session.readable(told))


@verb(
    app,
    "schedule",
    sends=True,
    examples=(
        f'hushang fee schedule "pay.transfer=CNY 0.01" --after "8 d" {MEMBERS}',
        f'hushang fee schedule --after "8 d" {MEMBERS}',
    ),
)
def schedule(
    session: Session,
    fees: Annotated[
        list[str] | None, typer.Argument(metavar="[TYPE=AMOUNT]...", help="All fees from then on.")
    ] = None,
    after: AFTER = "8 d",
) -> None:
    """Announce all fees from a time on, by a quorum; without any, everything becomes free."""
    listed = sorted(
        (_fee(session, text) for text in fees or ()), key=lambda fee: (fee.type, fee.symbol)
    )
    announced = FeeSchedule(tuple(listed), effective_ms(session, after))
    session.send(
        operation("fee.schedule", announced), found={"effective_ms": "fee.scheduled.effective_ms"}
    )


@verb(app, "collect", sends=True, examples=(f"hushang fee collect CNY issuer {MEMBERS}",))
def collect(
    session: Session,
    symbol: Annotated[str, typer.Argument(help="The asset.")],
    to: Annotated[str, typer.Argument(help="Who gets the fees: hs1… or a name.")],
) -> None:
    """Hand out all fees of an asset that wait, by a quorum."""
    session.send(operation("fee.collect", FeeCollect(symbol, session.account(to))))


def effective_ms(session: Session, after: str) -> int:
    """The block time after a commercial duration from now."""
    return now_ms() + session.genesis.scaled_ms(duration(after) or 0)


def _fee(session: Session, text: str) -> Fee:
    name, sign, amount = text.partition("=")
    if not sign:
        raise UsageWrong(f'{text!r} is not TYPE=AMOUNT, such as "pay.transfer=CNY 0.01"')
    symbol, amount_minor = session.money(amount)
    return Fee(name, symbol, amount_minor)
