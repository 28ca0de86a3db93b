"""`hushang trace`: where goods came from and where they went."""

import re
from typing import Annotated, Any, Final

import typer

from chain.errors import HushangError
from commerce.epcis.identifiers import is_key, is_well_formed, of_query
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.money_text import format_time

GTIN_SIZES: Final = (8, 12, 13, 14)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.", re.ASCII)


class NothingRecorded(HushangError):
    """No event of these goods was recorded by anybody who had the right to."""

    hint = "events are recorded with hushang capture"


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
    require_identifier(what, lot)
    found = session.client.get("/v1/trace", query)
    if not found["steps"]:
        raise NothingRecorded(f"no event of {what}" + (f" lot {lot}" if lot is not None else ""))
    if not session.printer.is_table:
        session.printer.document(found)
        return
    session.printer.records(found["steps"], [step_row(step) for step in found["steps"]])
    heading = "went into" if forward else "came from"
    others = [thing for thing in found["things"] if thing not in found["roots"]]
    session.say(f"{heading}: {', '.join(others) or 'nothing else'}")
    if not found["complete"]:
        session.say("the trace is longer: this is its beginning")


def require_identifier(what: str, lot: str | None) -> None:
    """`UsageWrong` unless goods can be called so; what isn't GS1's is taken if it is a URI."""
    if what.isascii() and what.isdigit():
        if len(what) not in GTIN_SIZES or not is_key(what.zfill(max(GTIN_SIZES))):
            raise UsageWrong(f"{what} is no GTIN: 8, 12, 13 or 14 digits, the last one checks")
        return
    if lot is not None:
        raise UsageWrong("--lot goes with a GTIN")
    link = of_query(what)
    if _URI.match(link) is None or not is_well_formed(link):
        raise UsageWrong(f"{what!r} is no EPC URI, GS1 Digital Link or GTIN")


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
