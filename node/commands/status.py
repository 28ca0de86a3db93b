"""`hushang status`: what a node says of itself."""

from node.commands.options import noun, verb
from node.commands.output import with_times
from node.commands.session import Session
from node.service import SyncView
from node.sync_progress import describe
from node.vote_words import vote_warning

app = noun("What a node says of itself.", single=True)


@verb(
    app,
    "status",
    examples=(
        "hushang status",
        "hushang status --node xuhui",
        "hushang status --node http://127.0.0.1:26780 -o json",
    ),
)
def status(session: Session) -> None:
    """Show a node's height, view, primary, peers, and why it isn't ready or doesn't vote."""
    told = session.client.get("/v1/status")
    peers = ", ".join(
        f"{peer['name']} {'at ' + str(peer['height']) if peer['connected'] else 'away'}"
        f"{' (on two hosts?)' if peer['on_two_hosts'] else ''}"
        for peer in told["peers"]
    )
    for peer in told["peers"]:
        if peer["on_two_hosts"]:
            name = peer["name"]
            session.say(f"{name} runs on two hosts? Two processes use its node key: stop one now")
    if warning := vote_warning(told):
        session.say(warning)
    sync = describe(SyncView(**told["sync"]))
    shown = with_times({**told, "peers": peers, "sync": sync})
    shown["not_ready_because"] = "; ".join(told["not_ready_because"])
    session.printer.record(told, shown)
