"""`hushang trace`: where goods came from and where they went."""

from typing import Annotated, Any

import typer

from node.commands.options import noun, verb
from node.commands.session import Session
from node.money_text import format_time

app = noun("Where goods came from and where they went.", single=True)


@verb(
    app,
    "trace",
    examples=(
        "hushang trace urn:epc:id:sgtin:6901234.000001.1",
        "hushang trace 06901234000023 --lot SPRING-1 --forward",
        "hushang trace https://id.gs1.org/01/06901234000016/21/1 -o json",
    ),
)
def trace(
    session: Session,
    what: Annotated[str, typer.Argument(help="An EPC URI, a GS1 Digital Link, or a GTIN.")],
    lot: Annotated[str | None, typer.Option(help="A lot of the GTIN.")] = None,
    forward: Annotated[
        bool, typer.Option("--forward", help="Where it went, instead of where it came from.")
    ] = False,
) -> None:
    """Follow recorded events back to the origin, or forward to everything made of it."""
    is_gtin = what.isascii() and what.isdigit()
    query = {
        "gtin" if is_gtin else "epc": what,
        "lot": lot,
        "direction": "forward" if forward else "back",
    }
    found = session.client.get("/v1/trace", query)
    if not session.printer.is_table:
        session.printer.document(found)
        return
    session.printer.records(found["steps"], [step_row(step) for step in found["steps"]])
    heading = "went into" if forward else "came from"
    others = [thing for thing in found["things"] if thing not in found["roots"]]
    session.say(f"{heading}: {', '.join(others) or 'nothing else'}")
    if not found["complete"]:
        session.say("the trace is longer: this is its beginning")


def step_row(step: dict[str, Any]) -> dict[str, Any]:
    """An event on one line."""
    return {
        "time": format_time(step["time_ms"]),
        "event": step["type"],
        "step": step["biz_step"],
        "place": step["read_point"] or step["biz_location"],
        "as": ", ".join(step["roles"]),
        "key": step["key"][:16],
    }
