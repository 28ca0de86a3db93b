"""`hushang demo`: four nodes agree on one real trade, or play a story of orders and disputes."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from node.commands.failures import UsageWrong
from node.commands.options import Output, StoreKind, StoreOption, noun, verb
from node.commands.session import Session
from node.demo.play import NODES_MIN, Wish, has_network, play, play_tale
from node.demo.story import Step, as_json, as_text
from node.demo.tales import TALES

STORIES: Final = ", ".join(TALES)

app = noun("Four nodes agree on one real trade, or play a story, told in plain words.", single=True)


@verb(
    app,
    "demo",
    examples=(
        "hushang demo",
        "hushang demo --list",
        "hushang demo dispute",
        "hushang demo silent-seller --time-scale 100000 -o json",
        "hushang demo partial --dir ./demo --keep",
        "hushang demo recall --dir ./demo",
    ),
)
def demo(
    session: Session,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help=f"A story: {STORIES}.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the stories.")] = False,
    nodes: Annotated[int, typer.Option("-n", "--nodes", help="How many members.")] = 4,
    store: StoreOption = StoreKind.AUTO,
    directory: Annotated[
        Path | None,
        typer.Option(
            "--dir",
            help="Keep the data here; default: removed at the end. A story plays on the network"
            " that runs here, if there is one.",
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the network running at the end.")
    ] = False,
    time_scale: Annotated[
        int | None,
        typer.Option(
            min=1, help="A story's clock runs so many times faster; default: as suits it."
        ),
    ] = None,
) -> None:
    """Raise a network of real processes and play one trade on it, or the story NAME.

    Every height, id and amount that is told is checked on another node's API before it is told;
    with -o json each step carries these checks as claims: path, JSON pointer, value. A story ends
    with the money of each party: what it had, got and gave, and why, to the fen.
    """
    if listed:
        session.printer.records([{"story": key, "about": t.about} for key, t in TALES.items()])
        return
    if nodes < NODES_MIN:
        raise UsageWrong(f"-n: at least {NODES_MIN}, so that one can be killed")
    began = time.monotonic()
    wish = Wish(nodes, store.value, directory, keep)
    record = played(session, name, wish, time_scale)
    if session.printer.output is Output.JSON:
        session.printer.document(record)
    elif session.printer.is_table:
        took_s = time.monotonic() - began
        print(f"Everything told was checked on another node. It took {took_s:.0f} s.")


def played(
    session: Session, name: str | None, wish: Wish, time_scale: int | None
) -> dict[str, Any]:
    """The trade, or the story of this name."""
    if name is None:
        if time_scale is not None:
            raise UsageWrong("--time-scale is for a story: name one of them")
        return play(wish, teller(session), session.say)
    tale = TALES.get(name)
    if tale is None:
        raise UsageWrong(f"no story {name}; there are {STORIES}")
    if wish.directory is not None and has_network(wish.directory) and time_scale is not None:
        raise UsageWrong(f"--time-scale: the network in {wish.directory} has its own clock")
    wanted = replace(wish, time_scale=tale.time_scale if time_scale is None else time_scale)
    return play_tale(wanted, tale, teller(session), session.say)


def teller(session: Session) -> Callable[[Step], None]:
    """What tells a step the moment it is checked."""
    printer = session.printer

    def tell(step: Step) -> None:
        if printer.is_table:
            print(as_text(step), end="\n\n", flush=True)
        elif printer.output is Output.NDJSON:
            print(json.dumps(as_json(step), ensure_ascii=False), flush=True)

    return tell
