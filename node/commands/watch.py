"""`hushang watch`: what the nodes decide, as it happens."""

import select
import sys
import time
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from node.client import NodeUnreachable
from node.commands.options import noun, verb
from node.commands.output import text
from node.commands.session import Session
from node.money_text import format_time

app = noun("What the nodes decide, as it happens.", single=True)

PAUSE_S: Final = 0.3
# How long no node may be reachable before the watch gives up.
PATIENCE_S: Final = 30.0


@verb(
    app,
    "watch",
    examples=(
        "hushang watch",
        "hushang watch --from 0.0.0 --count 3 -o ndjson",
        "hushang watch --type order --account merchant",
    ),
)
def watch(
    session: Session,
    start: Annotated[
        str, typer.Option("--from", help="A cursor, `latest`, or 0.0.0 for the beginning.")
    ] = "latest",
    count: Annotated[int | None, typer.Option(help="End after this many events.")] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only these, or all of a beginning.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only what names it: hs1… or a name.")] = None,
) -> None:
    """Print events as the nodes decide them, one a line, until Ctrl-C.

    Each line's `next` resumes right after it with --from; nothing is lost or told twice, also when
    the node that was asked goes away and another one answers.
    """
    query: dict[str, object] = {"cursor": start, "limit": 100}
    if types:
        query["types"] = ",".join(types)
    if account is not None:
        query["account"] = encode_account(session.account(account))
    left = count
    while left is None or left > 0:
        page = patiently(session, query)
        for event in page["events"][:left]:
            session.printer.line(event, words(session, event))
            left = None if left is None else left - 1
        query["cursor"] = page["next"]
        if page["complete"] and left != 0:
            if is_reader_gone():
                return
            time.sleep(PAUSE_S)


def is_reader_gone() -> bool:
    """Has whoever reads the pipe on stdout left? (`hushang watch | head -1` ends by itself.)"""
    if not hasattr(select, "poll"):
        return False
    poller = select.poll()
    try:
        poller.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError):
        return False
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poller.poll(0))


def patiently(session: Session, query: dict[str, object]) -> Any:
    """A page of events, waiting out a moment without any node."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return session.client.get("/v1/events", query)
        except NodeUnreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)


def words(session: Session, event: dict[str, Any]) -> str:
    """An event on one line, for a person."""
    told = text(session.readable(event["data"])).replace("\n", "; ")
    return f"{format_time(event['time_ms'])}  {event['height']:>6}  {event['type']:<20} {told}"
