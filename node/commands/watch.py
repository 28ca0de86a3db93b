"""`hushang watch`: what the nodes decide, as it happens."""

import select
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from chain.errors import HushangError
from node.commands.options import noun, verb
from node.commands.output import text
from node.commands.session import Session
from node.genesis_file import load_genesis
from node.money_text import format_time
from node.plain_text import padded
from node.words import coded, spoken

app = noun("What the nodes decide, as it happens.", single=True)

PAUSE_S: Final = 0.3
# Most types are no longer.
TYPE_SIZE: Final = 20
HEIGHT_DIGITS_MAX: Final = 20


@verb(
    app,
    "watch",
    examples=(
        "hushang watch",
        "hushang watch --from 0.0.0 --count 3 -o ndjson",
        "hushang watch --type order --account merchant",
        "hushang watch --genesis testnet/genesis.json --from 0.0.0 --count 1",
    ),
)
def watch(
    session: Session,
    start: Annotated[
        str, typer.Option("--from", help="A cursor, `latest`, or 0.0.0 for the beginning.")
    ] = "latest",
    count: Annotated[int | None, typer.Option(min=1, help="End after this many events.")] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only these, or all of a beginning.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only what names it: hs1… or a name.")] = None,
    genesis: Annotated[
        Path | None, typer.Option(help="Check every event from this genesis; trust no node.")
    ] = None,
) -> None:
    """Print events as the nodes decide them, one a line, until Ctrl-C.

    Each line's `next` resumes right after it with --from; nothing is lost or told twice, also when
    the node that was asked goes away and another one answers.
    """
    named = None if account is None else encode_account(session.account(account))
    trusted = None if genesis is None else load_genesis(genesis)
    tell_if_ahead(session, start)
    feed = session.client.feed(start, types=types or (), account=named, genesis=trusted)
    left = count
    while left is None or left > 0:
        event = feed.poll()
        if event is not None:
            session.printer.line(event.json(), words(session, event.json()))
            left = None if left is None else left - 1
        elif is_reader_gone():
            return
        else:
            time.sleep(PAUSE_S)


def tell_if_ahead(session: Session, start: str) -> None:
    """Say so where a cursor stands above the chain: until then nothing comes."""
    height = start.partition(".")[0]
    if not (height.isascii() and height.isdigit() and len(height) <= HEIGHT_DIGITS_MAX):
        return
    try:
        now = int(session.client.get("/v1/status")["height"])
    except HushangError:
        # The feed has more patience.
        return
    if int(height) > now + 1:
        session.say(
            "nothing comes before height {height}, and the chain is at {now}: is the cursor of "
            "another chain?",
            height=height,
            now=now,
        )


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


def words(session: Session, event: dict[str, Any]) -> str:
    """An event on one line, for a person."""
    told = text(session.readable(event["data"])).replace("\n", "; ")
    what = padded(spoken(coded(event["type"])), TYPE_SIZE)
    return f"{format_time(event['time_ms'])}  {event['height']:>6}  {what} {told}"
