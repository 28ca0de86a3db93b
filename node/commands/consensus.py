"""`hushang consensus`: what stands between the nodes and the next block."""

import time
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from node.client import NodeUnreachable
from node.commands.options import noun, verb
from node.commands.own_node import ASKED, asked_clients, asked_settings
from node.commands.session import Session
from node.consensus_together import compare
from node.consensus_words import WELL, Why, explain
from node.survey import Heard, ask_all
from node.words import said, spoken

app = noun("What stands between the nodes and the next block.")

PATH: Final = "/v1/consensus"


@verb(
    app,
    "why",
    examples=(
        "hushang consensus why",
        "hushang consensus why --node xuhui",
        "hushang consensus why --config /srv/hushang/hushang.toml",
        "hushang consensus why --node http://127.0.0.1:26780 -o json",
        "hushang consensus why --follow --every 0.5",
    ),
)
def why(
    session: Session,
    config: ASKED = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on, and tell whatever changes.")
    ] = False,
    every_s: Annotated[
        float, typer.Option("--every", min=0.1, help="Seconds between two looks of --follow.")
    ] = 1.0,
) -> None:
    """Tell why the next block isn't decided: who is away, whose vote is missing, what comes next.

    Without --node or --config all nodes are asked: a node alone can't tell a network that stands
    still from one that goes on without it.
    """
    clients = asked_clients(session, asked_settings(session, config))
    before: Sequence[str] = ()
    while True:
        heard = ask_all(clients, PATH)
        if not follow and all(entry.told is None for entry in heard):
            raise NodeUnreachable("; ".join(entry.silence for entry in heard))
        record, lines = told(heard)
        if lines != before:
            show(session, record, lines, stamped=follow)
        before = lines
        if not follow:
            return
        time.sleep(every_s)


def told(heard: Sequence[Heard]) -> tuple[Mapping[str, Any], Sequence[str]]:
    """What the nodes say: as data, and in lines for people."""
    whys = [None if entry.told is None else explain(entry.told) for entry in heard]
    pairs = {
        entry.name: None if found is None else (entry.told, found)
        for entry, found in zip(heard, whys, strict=True)
    }
    together = compare(pairs) if len(heard) > 1 else ""
    record = {
        "together": together,
        "nodes": [_as_data(entry, found) for entry, found in zip(heard, whys, strict=True)],
    }
    lines: list[str] = [said("all: {words}", words=together)] if together else []
    most = _most_telling(whys)
    for number, (entry, found) in enumerate(zip(heard, whys, strict=True)):
        headline = entry.silence if found is None else found.headline
        lines.append(said("{name}: {words}", name=entry.name, words=headline))
        if found is not None and number == most:
            lines += [said("  {words}", words=words) for words in found.more]
    return record, lines


def _as_data(entry: Heard, found: Why | None) -> Mapping[str, Any]:
    shown: dict[str, Any] = {"url": entry.url, "name": entry.name}
    if found is None:
        return shown | {"verdict": None, "headline": entry.silence, "more": [], "place": None}
    words = {"verdict": found.verdict, "headline": found.headline, "more": list(found.more)}
    return shown | words | {"place": entry.told}


def _most_telling(whys: Sequence[Why | None]) -> int:
    """The node to hear out: the first with a trouble, else the first that answers."""
    ill = [number for number, why in enumerate(whys) if why and why.verdict not in WELL]
    there = [number for number, why in enumerate(whys) if why]
    return (ill or there or [0])[0]


def show(
    session: Session, record: Mapping[str, Any], lines: Sequence[str], *, stamped: bool
) -> None:
    """Print a look; `stamped`: one of several, so an empty line goes before it for people."""
    if stamped:
        session.printer.line(record, "\n".join([*map(spoken, lines), ""]))
    else:
        session.printer.words(record, lines)
