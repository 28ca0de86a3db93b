"""The noun `hushang testnet`, and what its verbs have in common."""

from pathlib import Path
from typing import Annotated

import typer

from node import testnet, testnet_layout
from node.commands.options import noun
from node.commands.session import Session
from node.testnet_layout import LocalNetwork, NodePlace

app = noun("A network of real node processes on this machine, its data under ./.hushang/NAME.")

WHICH = Annotated[
    str | None, typer.Argument(metavar="[NODE]", help="A node's name or its number, from 1.")
]
DIRECTORY = Annotated[
    Path | None, typer.Option("--dir", help="Where the network lies; default ./.hushang/NAME.")
]


def chosen(session: Session, directory: Path | None) -> LocalNetwork:
    """The network in --dir, or the one that the command means."""
    return testnet_layout.load(directory) if directory else session.require_testnet()


def picked(network: LocalNetwork, which: str | None) -> tuple[NodePlace, ...]:
    """The node named, or all."""
    return network.nodes if which is None else (network.node(which),)


def report_nodes(session: Session, network: LocalNetwork) -> None:
    """Print what runs now."""
    records = [testnet.describe_node(network, node) for node in network.nodes]
    columns = ("number", "name", "pid", "api", "log")
    session.printer.records(records, [{name: r[name] for name in columns} for r in records])
