"""`hushang status`: what a node says of itself."""

from collections.abc import Mapping
from typing import Any

from node.commands.options import noun, verb
from node.commands.output import with_times
from node.commands.session import Session
from node.heard_words import heard, heard_all
from node.money_text import format_time
from node.peer_words import ROLES
from node.sync_progress import describe, view_in
from node.vote_words import vote_warning
from node.words import listed, said

app = noun("What a node says of itself.", single=True)


@verb(
    app,
    "status",
    examples=(
        "hushang status",
        "hushang status --node xuhui",
        "hushang status --node http://127.0.0.1:26780 -o json",
        "hushang status --field height",
    ),
)
def status(session: Session) -> None:
    """Show a node's height, view, primary, peers, and why it isn't ready or doesn't vote."""
    told = session.client.get("/v1/status")
    peers = listed(map(peer_words, told["peers"]))
    for peer in told["peers"]:
        if peer["on_two_hosts"]:
            name = peer["name"]
            session.say(
                "{name} runs on two hosts? Two processes use its node key: stop one now", name=name
            )
    if warning := vote_warning(told):
        session.say(warning)
    parts = {
        "peers": peers,
        "sync": heard(describe(view_in(told))),
        "certificates": [
            said(
                "for {names} until {time}",
                names="/".join((held["use"], *held["names"])),
                time=format_time(held["end_ms"]),
            )
            for held in told["certificates"]
        ],
        "snapshots": [said("{height} ({size} bytes)", **kept) for kept in told["snapshots"]],
        "withheld": heard(told["withheld"]),
        "role": ROLES.get(told["role"], told["role"]),
    }
    shown = with_times({**told, **parts})
    shown["not_ready_because"] = heard_all(told["not_ready_because"])
    session.printer.record(told, shown)


def peer_words(peer: Mapping[str, Any]) -> str:
    """A peer in a few words."""
    name = peer["name"]
    if peer["connected"]:
        words = said("{name} at {height}", name=name, height=peer["height"])
    else:
        words = said("{name} away", name=name)
    return said("{words} (on two hosts?)", words=words) if peer["on_two_hosts"] else words
