"""`hushang sla`: promise how goods are kept on their way, and see what came of it."""

from typing import Annotated

import typer

from commerce.devices.sla import PenaltyStep, SlaAttach, check_promise
from commerce.registry import operation
from node.commands.failures import UsageWrong
from node.commands.listing import duration
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import read_digits, read_hash
from node.readings import read_decimal, read_measure

app = noun("Promise how goods are kept on their way; see what watches a parcel.")

MEASURES = (
    "What is measured, as GS1 calls it: Temperature, RelativeHumidity, …; the unit is one of it."
)
ORDER = Annotated[str, typer.Argument(metavar="ORDER", help="Its id, 64 hex digits.")]
LIMIT = {"help": "The limit, in the unit."}


@verb(
    app,
    "attach",
    sends=True,
    examples=(
        "hushang sla attach $ORDER --min 2 --max 8 --unit CEL --step 0:50 --cap 600 --as merchant",
        "hushang sla attach $ORDER --line 1 --max -18 --unit CEL --tolerate 30min --step 0:50"
        " --step 5:200 --cap 1000 --as merchant",
        "hushang sla attach $ORDER --max 46.4 --unit FAH --step 0:50 --cap 600 --as buyer"
        " --cosign merchant",
    ),
)
def attach(  # one option a field
    session: Session,
    order: ORDER,
    unit: Annotated[str, typer.Option(help="What the limits are in: CEL, FAH, KEL, P1, …")],
    step: Annotated[
        list[str],
        typer.Option(
            help="EXCESS:PERMILLE: what an hour costs, ‰ of the price, with readings that far"
            " beyond a limit (in its unit); the first is 0:…; repeatable."
        ),
    ],
    cap: Annotated[int, typer.Option(min=1, max=1000, help="At most so many ‰ of the price.")],
    low: Annotated[str | None, typer.Option("--min", help="The least reading allowed.")] = None,
    high: Annotated[str | None, typer.Option("--max", help="The largest reading allowed.")] = None,
    line: Annotated[int, typer.Option(min=0, help="The order's line, from 0.")] = 0,
    measures: Annotated[str, typer.Option(help=MEASURES)] = "Temperature",
    tolerate: Annotated[
        str, typer.Option(help="Commercial time outside that costs nothing: 30min, 2h.")
    ] = "0min",
) -> None:
    """Promise within which limits a line's goods are kept on their way; the seller signs.

    The first step's excess is 0; it is also what a gap in the reports costs an hour. A promise is
    made before anything of the line is shipped, and changed only by both.
    """
    made = SlaAttach(
        order_id=read_hash(order, "ORDER"),
        line=line,
        measures=read_measure(measures),
        unit=unit,
        low=None if low is None else _decimal(low, "--min"),
        high=None if high is None else _decimal(high, "--max"),
        tolerated_ms=duration(_spaced(tolerate)) or 0,
        steps=tuple(map(_step, step)),
        cap_permille=cap,
    )
    # The chain would tell which rule it breaks; here the words say which part does.
    check_promise(made)
    session.send(operation("sla.attach", made))


@verb(app, "show", examples=("hushang sla show $ORDER",))
def show(session: Session, order: ORDER) -> None:
    """Show the storage promises of an order."""
    session.show(f"/v1/orders/{read_hash(order, 'ORDER').hex()}/slas")


@verb(app, "watch", examples=("hushang sla watch $PARCEL",))
def watch(
    session: Session,
    parcel: Annotated[str, typer.Argument(metavar="PARCEL", help="Its id, 64 hex digits.")],
) -> None:
    """Show what watches a parcel, who answers for which time, and what it has cost."""
    session.show(f"/v1/parcels/{read_hash(parcel, 'PARCEL').hex()}/watch")


def _decimal(text: str, option: str) -> str:
    try:
        return read_decimal(text)
    except ValueError as error:
        raise UsageWrong(f"{option}: {error}") from error


def _step(text: str) -> PenaltyStep:
    excess, _, digits = text.partition(":")
    permille = read_digits(digits)
    if permille is None:
        raise UsageWrong(f"--step {text}: EXCESS:PERMILLE, like 0:50")
    return PenaltyStep(_decimal(excess, "--step"), permille)


def _spaced(text: str) -> str:
    """`30min` as `30 min`."""
    unit = text.lstrip("0123456789")
    return f"{text.removesuffix(unit)} {unit.strip()}"
