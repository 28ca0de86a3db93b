"""`hushang top`: the nodes at a glance, as they run."""

import os
import select
import sys
import termios
import time
import tty
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from node.client import NodeClient
from node.clock import now_ms
from node.commands.options import noun, verb
from node.commands.session import Session
from node.money_text import format_time
from node.survey import ask_all, ask_texts
from node.top_figures import Figures, Look, figures, happenings, read_look
from node.top_table import plain, renderable
from node.words import listed, said

app = noun("The nodes at a glance, as they run.", single=True)

TIMEOUT_S: Final = 3.0
HAPPENED_MAX: Final = 64


class Watched:
    """The nodes that are looked at, what they said last, and what happened since."""

    def __init__(self, clients: Sequence[tuple[str, NodeClient]]) -> None:
        self._clients = clients
        self._names = {url: url for url, _ in clients}
        self._looks: dict[str, Look] = {}
        self.rows: list[Figures] = []
        self.happened: deque[str] = deque(maxlen=HAPPENED_MAX)

    def look(self) -> None:
        """Ask all nodes once more."""
        heard = ask_all(self._clients, "/v1/status")
        there = [
            (url, client)
            for (url, client), h in zip(self._clients, heard, strict=True)
            if h.told is not None
        ]
        texts = dict(zip((url for url, _ in there), ask_texts(there, "/metrics"), strict=True))
        at_s, before = time.monotonic(), self.rows
        self.rows = []
        for entry in heard:
            if entry.told is None or entry.told.get("joining") is not None:
                self.rows.append(Figures(self._names[entry.url], there=False, words=entry.silence))
                continue
            look = read_look(at_s, entry.told, texts[entry.url] or "")
            self.rows.append(figures(self._looks.get(entry.url), look))
            self._looks[entry.url] = look
            self._names[entry.url] = look.status["name"]
        clock = format_time(now_ms())
        happened = happenings(before, self.rows)
        self.happened += [said("{clock} {words}", clock=clock, words=words) for words in happened]

    @property
    def title(self) -> str:
        """The first line."""
        there = sum(row.there for row in self.rows)
        leads = sorted({row.primary for row in self.rows if row.primary})
        values = {"time": format_time(now_ms()), "there": there, "count": len(self.rows)}
        if not leads:
            return said(
                "hushang top  {time}  {there} of {count} nodes answer; nobody leads", **values
            )
        return said(
            "hushang top  {time}  {there} of {count} nodes answer; {names} leads",
            names=listed(leads),
            **values,
        )

    def record(self) -> dict[str, Any]:
        """The look as data."""
        rows = [asdict(row) for row in self.rows]
        return {"time_ms": now_ms(), "nodes": rows, "happened": list(self.happened)}


@verb(
    app,
    "top",
    examples=(
        "hushang top",
        "hushang top --every 5",
        "hushang top --once",
        "hushang top --node http://127.0.0.1:26780 -o ndjson",
    ),
)
def top(
    session: Session,
    every_s: Annotated[float, typer.Option("--every", min=0.2, help="Seconds of a period.")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="One period, then end.")] = False,
) -> None:
    """Show each node's height, view, pace, latency, pool, peers, loop lag, memory and disk.

    Rates and latencies (ms, of clients that wait for the decision) are those of the last period. On
    a terminal it is redrawn until q or Ctrl-C; elsewhere each period prints one snapshot.
    """
    watched = Watched(session.each_client(TIMEOUT_S))
    watched.look()
    if sys.stdout.isatty() and session.printer.is_table and not once:
        _live(watched, every_s)
        return
    while True:
        time.sleep(every_s)
        watched.look()
        text = plain(watched.rows, watched.happened, watched.title)
        session.printer.line(watched.record(), text)
        if once:
            return


def _live(watched: Watched, every_s: float) -> None:
    console = import_module("rich.console").Console(markup=False, emoji=False, highlight=False)
    live = import_module("rich.live").Live(console=console, screen=True, auto_refresh=False)
    with _single_keys(), live:
        while True:
            shown = renderable(
                watched.rows, watched.happened, said("{title}  q ends", title=watched.title)
            )
            live.update(shown, refresh=True)
            if _quits(every_s):
                return
            watched.look()


@contextmanager
def _single_keys() -> Iterator[None]:
    """Keys come one by one and unechoed; whatever happens, the terminal is as before."""
    if not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _quits(period_s: float) -> bool:
    """Wait for a period; was q pressed meanwhile?"""
    ends = time.monotonic() + period_s
    if not sys.stdin.isatty():
        time.sleep(period_s)
        return False
    while (left_s := ends - time.monotonic()) > 0:
        ready, _, _ = select.select([sys.stdin], [], [], left_s)
        if ready and os.read(sys.stdin.fileno(), 1) in {b"q", b"Q", b""}:
            return True
    return False
