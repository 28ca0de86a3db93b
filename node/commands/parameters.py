"""`hushang parameters`: timers and holidays of the chain, and how a quorum changes them."""

from pathlib import Path
from typing import Annotated, Final

import typer

from commerce.banking.parameter_change import ParameterChange
from commerce.parameters import TimerValue
from commerce.registry import operation
from node.commands.failures import UsageWrong
from node.commands.fee import AFTER, effective_ms
from node.commands.listing import duration
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.tx import read_file
from node.days import read_day

app = noun("Timers and holidays, and how a quorum changes them.")

MEMBERS: Final = "--as pudong --cosign xuhui --cosign jingan"


@verb(app, "show", examples=("hushang parameters show", "hushang parameters show -o json"))
def show(session: Session) -> None:
    """Show the timers and holidays in force, and a change that waits."""
    session.show("/v1/parameters")


@verb(
    app,
    "change",
    sends=True,
    examples=(
        f'hushang parameters change --timer "pay_ms=30 min" --after "8 d" {MEMBERS}',
        f'hushang parameters change --holidays 2027.txt --after "8 d" {MEMBERS}',
        f"hushang parameters change {MEMBERS}",
    ),
)
def change(
    session: Session,
    timer: Annotated[
        list[str] | None, typer.Option(help='A timer and its new value: "pay_ms=30 min".')
    ] = None,
    holidays: Annotated[
        Path | None,
        typer.Option(help="All days on which no term ends, YYYY-MM-DD, one a line; - is stdin."),
    ] = None,
    after: AFTER = "8 d",
) -> None:
    """Announce other timers or holidays, by a quorum; with neither, what waits is withdrawn."""
    timers = sorted((_timer(text) for text in timer or ()), key=lambda entry: entry.name)
    days = None if holidays is None else _days(read_file(holidays))
    announced = ParameterChange(tuple(timers), days, effective_ms(session, after))
    session.send(operation("parameter.change", announced))


def _timer(text: str) -> TimerValue:
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageWrong(f'{text!r} is not NAME=DURATION, such as "pay_ms=30 min"')
    return TimerValue(name, duration(value) or 0)


def _days(data: bytes) -> tuple[int, ...]:
    try:
        lines = [line.strip() for line in data.decode().splitlines()]
        return tuple(sorted({read_day(line) for line in lines if line}))
    except ValueError as error:
        raise UsageWrong(f"holidays: {error}") from error
