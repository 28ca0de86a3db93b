"""`hushang peers`: who is connected to whom, and how well."""

from dataclasses import asdict
from typing import Final

from node.client import NodeUnreachable
from node.commands.options import noun, verb
from node.commands.own_node import ASKED, asked_clients, asked_settings
from node.commands.session import Session
from node.peer_words import matrix, one_way, peer_row, warnings
from node.survey import ask_all

app = noun("Who is connected to whom, and how well.", single=True)

FIELDS: Final = ("height", "time_ms", "peers", "refused_connections")


@verb(
    app,
    "peers",
    examples=(
        "hushang peers",
        "hushang peers --node xuhui",
        "hushang peers --config /srv/hushang/hushang.toml",
        "hushang peers --node http://127.0.0.1:26780 -o json",
    ),
)
def peers(session: Session, config: ASKED = None) -> None:
    """Show a node's peers; without --node or --config, what all nodes see of one another.

    In the matrix `out` is a connection that the row's node dialled, `in` one that it accepted. A
    link that only one end sees is told as one-way. Heights are those last heard; `heard` is the
    time since the last byte.
    """
    heard = ask_all(asked_clients(session, asked_settings(session, config)), "/v1/status")
    if all(entry.told is None for entry in heard):
        raise NodeUnreachable("; ".join(entry.silence for entry in heard))
    printer = session.printer
    if not printer.is_table:
        printer.document(
            {
                "nodes": [
                    {"url": entry.url, "name": entry.name, "silence": entry.silence or None}
                    | {field: (entry.told or {}).get(field) for field in FIELDS}
                    for entry in heard
                ],
                "one_way": [asdict(link) for link in one_way(heard)],
            }
        )
        return
    if len(heard) == 1:
        told = heard[0].told
        printer.records([peer_row(peer, told["time_ms"]) for peer in told["peers"]])
    else:
        printer.records(matrix(heard))
    for words in warnings(heard):
        session.say(words)
