"""`hushang trace`: where goods came from and where they went, and what bad ones have in common."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from chain.errors import HushangError
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.doubts import IN_ITSELF, MADE_TWICE, TWO_CONTAINERS, USED_BEFORE
from commerce.epcis.identifiers import is_key, is_well_formed, of_query
from commerce.epcis.root_cause import ITEMS_MAX
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.money_text import format_time
from node.words import listed, said

GTIN_SIZES: Final = (8, 12, 13, 14)
SSCC_DIGITS: Final = 18
CAUSE: Final = "cause"
# Names on one line; all of them are in the JSON.
NAMES_SHOWN_MAX: Final = 12
PAGE: Final = 5_000
PAGED: Final = ("steps", "edges", "things")
DOUBTS: Final = {
    MADE_TWICE: said("was made more than once"),
    USED_BEFORE: said("is told of after it was used up"),
    TWO_CONTAINERS: said("lies in two containers at a time"),
    IN_ITSELF: said("lies in itself"),
}
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.", re.ASCII)


class NothingRecorded(HushangError):
    """No event of these goods counts: none was recorded by anybody who had the right to, or each
    was declared an error.
    """

    hint = (
        "hushang epcis link ID shows how an identifier is read; what was only claimed or "
        "declared an error has GET /v1/epcis/epcs/{epc}/events"
    )


app = noun("Where goods came from and where they went.", single=True)


@verb(
    app,
    "trace",
    examples=(
        "hushang trace urn:epc:id:sgtin:6901234.000001.1",
        "hushang trace 06901234000023 --lot SPRING-1 --forward",
        "hushang trace 06901234000023 --lot SPRING-1 --forward --all -o json",
        "hushang trace https://id.gs1.org/01/06901234000016/21/1 --at 1200",
        "hushang trace cause urn:epc:id:sgtin:6901234.000001.1 urn:epc:id:sgtin:6901234.000001.2",
    ),
)
def trace(
    session: Session,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="[cause] WHAT...",
            help="An EPC URI, a GS1 Digital Link, a GTIN or an SSCC; after `cause` two or more.",
        ),
    ],
    lot: Annotated[str | None, typer.Option(help="A lot of the GTIN.")] = None,
    forward: Annotated[
        bool, typer.Option("--forward", help="Where it went, instead of where it came from.")
    ] = False,
    at: Annotated[
        int | None,
        typer.Option("--at", min=0, metavar="HEIGHT", help="As it was known at this height."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All of a long trace, not its first page.")
    ] = False,
) -> None:
    """Follow recorded events back to the origin, or forward to everything made of it.

    With `cause` first: what several bad things have in common, the nearest first.
    """
    goods = [unit_link(word) for word in what]
    if goods[0] == CAUSE:
        if lot is not None or forward or everything:
            raise UsageWrong("cause takes things and --at, nothing else")
        show_causes(session, goods[1:], at)
        return
    if len(goods) != 1:
        raise UsageWrong("trace one thing; for what several have in common: hushang trace cause")
    require_identifier(goods[0], lot)
    query = {
        "gtin" if is_number(goods[0]) else "epc": goods[0],
        "lot": lot,
        "direction": "forward" if forward else "back",
        "height": None if at is None else str(at),
        "limit": str(PAGE) if everything else None,
    }
    found = whole(session, query) if everything else session.client.get("/v1/trace", query)
    if not found["steps"]:
        named = f"{what[0]} lot {lot}" if lot is not None else what[0]
        raise NothingRecorded(f"no event of {named} counts")
    if not session.printer.is_table:
        session.printer.document(found)
        return
    tell(session, found)


def whole(session: Session, query: dict[str, str | None]) -> dict[str, Any]:
    """All pages of a trace as one; they are of one height."""
    found = page = session.client.get("/v1/trace", query)
    told = 0
    while page["next"] is not None:
        page = session.client.get("/v1/trace", query | {"cursor": page["next"], "height": None})
        for part in PAGED:
            found[part] += page[part]
        told += 1
        if told % 20 == 0:
            session.say(
                "read {steps} steps, {things} things",
                steps=len(found["steps"]),
                things=len(found["things"]),
            )
    return {**found, "next": None}


def tell(session: Session, found: dict[str, Any]) -> None:
    """A trace as a story: the steps, what it came from or went into, who has it."""
    steps, counts = found["steps"], found["counts"]
    session.printer.records(steps, [step_row(step) for step in steps])
    forward = found["direction"] == "forward"
    roots = set(found["roots"])
    others = [thing for thing in found["things"] if thing not in roots]
    more = counts["things"] - counts["roots"] - len(others)
    if forward:
        session.say("went into: {things}", things=names(others, more))
    else:
        session.say("came from: {things}", things=names(others, more))
    if found["possessor"] is not None:
        session.say("now with {name}", name=session.name_of(found["possessor"]))
    if found["owner"] is not None:
        session.say("now owned by {name}", name=session.name_of(found["owner"]))
    session.say(
        "{steps} events, {things} things as known at height {height}; any of them is proven by:"
        " hushang proof event KEY",
        steps=counts["steps"],
        things=counts["things"],
        height=found["height"],
    )
    for recall_id in found["recalls"]:
        session.say(
            "RECALLED: hushang recall marks {recall_id} shows what was reached", recall_id=recall_id
        )
    for doubt in found["doubts"][:NAMES_SHOWN_MAX]:
        session.say(
            "doubt: {thing} {doubt}: {keys}",
            thing=doubt["thing"],
            doubt=DOUBTS[doubt["kind"]],
            keys=listed(doubt["keys"]),
        )
    if found["next"] is not None:
        session.say("this is the first page: --all shows all of it")
    if not found["complete"]:
        session.say("the trace is longer than a node walks: this is its beginning")


def names(things: Sequence[str], more: int) -> str:
    """Some names on a line, and how many others there are."""
    shown, rest = things[:NAMES_SHOWN_MAX], max(len(things) - NAMES_SHOWN_MAX, 0) + more
    if not shown:
        return said("{count} things", count=rest) if rest else said("nothing else")
    told = listed(shown)
    return said("{names} and {count} more", names=told, count=rest) if rest else told


def show_causes(session: Session, things: Sequence[str], at: int | None) -> None:
    """What several bad things have in common."""
    if not 1 < len(set(things)) <= ITEMS_MAX:
        raise UsageWrong(f"cause needs 2 to {ITEMS_MAX} different things")
    for thing in things:
        require_identifier(thing, None)
    query = [("epc", thing) for thing in things]
    if at is not None:
        query.append(("height", str(at)))
    found = session.client.get(f"/v1/trace/cause?{urlencode(query)}")
    if not found["causes"]:
        raise NothingRecorded("these things have nothing in common that was recorded")
    if not session.printer.is_table:
        session.printer.document(found)
        return
    session.printer.records(found["causes"], list(cause_rows(found["causes"])))
    if not found["complete"]:
        session.say("there is more than this: a limit cut it short")


def cause_rows(causes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """A cause on one line."""
    for cause in causes:
        yield {
            "shared by": cause["of"],
            "edges away": cause["distance"],
            "kind": cause["kind"],
            "what": cause["name"],
            "step": cause["biz_step"],
            "time": None if cause["time_ms"] is None else format_time(cause["time_ms"]),
        }


def unit_link(what: str) -> str:
    """The link of a logistic unit that is given by its SSCC; all else as it is."""
    return f"{DOMAIN}00/{what}" if is_number(what) and len(what) == SSCC_DIGITS else what


def is_number(what: str) -> bool:
    """Is it written as a GTIN?"""
    return what.isascii() and what.isdigit()


def require_identifier(what: str, lot: str | None) -> None:
    """`UsageWrong` unless goods can be called so; what isn't GS1's is taken if it is a URI."""
    if is_number(what):
        if len(what) not in GTIN_SIZES or not is_key(what.zfill(max(GTIN_SIZES))):
            raise UsageWrong(f"{what} is no GTIN: 8, 12, 13 or 14 digits, the last one checks")
        return
    if lot is not None:
        raise UsageWrong("--lot goes with a GTIN")
    link = of_query(what)
    if _URI.match(link) is None or not is_well_formed(link):
        raise UsageWrong(f"{what!r} is no EPC URI, GS1 Digital Link, GTIN or SSCC")


def step_row(step: dict[str, Any]) -> dict[str, Any]:
    """An event on one line."""
    return {
        "time": format_time(step["time_ms"]),
        "event": step["type"],
        "step": step["biz_step"],
        "place": step["read_point"] or step["biz_location"],
        "as": ", ".join(step["roles"]),
        "key": step["key"],
    }
