"""`hushang testnet`: a network of real node processes on this machine."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from node import processes, testnet, testnet_growth, testnet_layout
from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable
from node.commands.failures import UsageWrong
from node.commands.options import StoreKind, StoreOption, noun, verb
from node.commands.session import Session
from node.testnet_genesis import NODES_MAX, Plan
from node.testnet_layout import NAME_DEFAULT, LocalNetwork, NodePlace
from node.vote_words import vote_warning

app = noun("A network of real node processes on this machine, its data under ./.hushang/NAME.")

WHICH = Annotated[
    str | None, typer.Argument(metavar="[NODE]", help="A node's name or its number, from 1.")
]
DIRECTORY = Annotated[
    Path | None, typer.Option("--dir", help="Where the network lies; default ./.hushang/NAME.")
]


@verb(
    app,
    "up",
    examples=(
        "hushang testnet up -n 4",
        "hushang testnet up -n 4 --name fast --time-scale 10000 -o json",
        "hushang testnet up --dir /tmp/network --store sqlite",
    ),
)
def up(
    session: Session,
    nodes: Annotated[int, typer.Option("-n", "--nodes", help="How many members.")] = 4,
    directory: DIRECTORY = None,
    name: Annotated[str, typer.Option(help="Its name; the chain's is test-NAME.")] = NAME_DEFAULT,
    time_scale: Annotated[
        int, typer.Option(help="Commercial timers run this many times faster.")
    ] = 1,
    store: StoreOption = StoreKind.AUTO,
) -> None:
    """Make a network with fresh keys, start its nodes, wait until they agree, fund its accounts.

    Whatever interrupts it leaves no process running.
    """
    if not 1 <= nodes <= NODES_MAX:
        raise UsageWrong(f"-n: 1 to {NODES_MAX} nodes")
    place = directory or testnet_layout.directory_of(session.options.context or name)
    made = testnet.up(Plan(place, name, nodes, time_scale, store.value), session.say)
    show(session, made)
    if session.printer.is_table:
        say_next(session, made)


@verb(app, "status", examples=("hushang testnet status", "hushang testnet status -o json"))
def status(session: Session, directory: DIRECTORY = None) -> None:
    """Show each node's process and what it says of itself."""
    network = chosen(session, directory)
    record = testnet.describe(network)
    for entry, node in zip(record["nodes"], network.nodes, strict=True):
        entry["status"] = status_of(node) if entry["pid"] else None
    shown = [node_row(entry) for entry in record["nodes"]]
    if session.printer.is_table:
        session.printer.records(shown)
        session.printer.records(account_rows(record["accounts"]))
    else:
        session.printer.document(record)


@verb(app, "stop", examples=("hushang testnet stop", "hushang testnet stop xuhui"))
def stop(session: Session, which: WHICH = None, directory: DIRECTORY = None) -> None:
    """Stop a node, or all; the data stays."""
    network = chosen(session, directory)
    killed = processes.stop(network, picked(network, which))
    for name in killed:
        session.say(f"{name} did not end in time and was killed")
    report_nodes(session, network)


@verb(app, "kill", examples=("hushang testnet kill 1", "hushang testnet kill pudong"))
def kill(
    session: Session,
    which: Annotated[str, typer.Argument(metavar="NODE", help="Its name or number, from 1.")],
    directory: DIRECTORY = None,
) -> None:
    """Kill a node with SIGKILL, as a power cut would."""
    network = chosen(session, directory)
    node = network.node(which)
    if processes.kill(network, node) is None:
        session.say(f"{node.name} was not running")
    report_nodes(session, network)


@verb(app, "start", examples=("hushang testnet start", "hushang testnet start 1"))
def start(
    session: Session,
    which: WHICH = None,
    directory: DIRECTORY = None,
    wait: Annotated[bool, typer.Option(help="Wait until they are ready.")] = True,
) -> None:
    """Start a stopped or killed node again, or all of them; ends what an interrupted up began."""
    network = chosen(session, directory)
    nodes = picked(network, which)
    if wait:
        testnet.start(network, nodes, session.say)
        testnet.finish(network, session.say)
    else:
        for node in nodes:
            processes.start(network, node)
    report_nodes(session, network)


@verb(
    app,
    "add",
    examples=("hushang testnet add huangpu", "hushang testnet add huangpu --store sqlite"),
)
def add(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new member's name.")],
    directory: DIRECTORY = None,
    store: StoreOption = StoreKind.AUTO,
) -> None:
    """Grow the running network by a member: register it, start its node, give it a seat.

    Returns once the new member votes. What was interrupted goes on when it is repeated; a member
    that was removed gets its seat back.
    """
    network = chosen(session, directory)
    report_nodes(session, testnet_growth.add(network, name, session.say, store.value))


@verb(app, "remove", examples=("hushang testnet remove huangpu", "hushang testnet remove 4"))
def remove(
    session: Session,
    which: Annotated[str, typer.Argument(metavar="NODE", help="Its name or number, from 1.")],
    directory: DIRECTORY = None,
) -> None:
    """Take a member's seat in the committee; its node goes on as an observer.

    `testnet stop` ends the node; `testnet add` gives it its seat again.
    """
    network = chosen(session, directory)
    testnet_growth.remove(network, which, session.say)
    report_nodes(session, network)


@verb(app, "reset", examples=("hushang testnet reset", "hushang testnet reset --yes"))
def reset(session: Session, directory: DIRECTORY = None) -> None:
    """Stop every node and remove the network with all its data and keys, and nothing else."""
    network = chosen(session, directory)
    if not session.options.yes:
        typer.confirm(f"Remove {network.directory} and every key in it?", abort=True, err=True)
    kept = testnet.reset(network)
    if kept:
        session.say(f"left alone, as no part of the network: {', '.join(map(str, kept))}")
    session.printer.record({"removed": str(network.directory), "kept": [str(p) for p in kept]})


def chosen(session: Session, directory: Path | None) -> LocalNetwork:
    """The network in --dir, or the one that the command means."""
    return testnet_layout.load(directory) if directory else session.require_testnet()


def picked(network: LocalNetwork, which: str | None) -> tuple[NodePlace, ...]:
    """The node named, or all."""
    return network.nodes if which is None else (network.node(which),)


def show(session: Session, network: LocalNetwork) -> None:
    """Print the network: nodes and accounts."""
    record = testnet.describe(network)
    if not session.printer.is_table:
        session.printer.document(record)
        return
    session.printer.records(
        [
            {k: entry[k] for k in ("name", "api", "p2p", "pid", "data_dir")}
            for entry in record["nodes"]
        ]
    )
    session.printer.records(account_rows(record["accounts"]))


def account_rows(accounts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line for each role that an account has; of many with one role, such as arbiters, one."""
    numbered = [entry for entry in accounts if entry["name"] != entry["role"]]
    rows = [
        {"role": e["role"], "account": e["account"], "key_file": e["key_file"]}
        for e in accounts
        if e["role"] != "member" and e not in numbered
    ]
    many = [entry for entry in numbered if entry["role"] != "member"]
    if many:
        names = f"{many[0]['name']} … {many[-1]['name']}"
        files = str(Path(many[0]["key_file"]).with_name("NAME.key"))
        rows.append({"role": names, "account": f"{len(many)} accounts", "key_file": files})
    return rows


def say_next(session: Session, network: LocalNetwork) -> None:
    """Three commands to paste."""
    place = context_of(network)
    session.say("Next:")
    session.say(f"  hushang testnet status{place}")
    session.say(f'  hushang pay transfer merchant "CNY 129.00" --as buyer{place}')
    session.say(f"  hushang watch{place}")


def context_of(network: LocalNetwork) -> str:
    """What every command line on this network needs: nothing, where it is found without."""
    for name, option in ((None, ""), (network.directory.name, network.directory.name)):
        if testnet_layout.directory_of(name).resolve() == network.directory:
            return f" --context {shlex.quote(option)}" if option else ""
    return f" --context {shlex.quote(str(network.directory))}"


def report_nodes(session: Session, network: LocalNetwork) -> None:
    """Print what runs now."""
    records = [testnet.describe_node(network, node) for node in network.nodes]
    columns = ("number", "name", "pid", "api", "log")
    session.printer.records(records, [{name: r[name] for name in columns} for r in records])


def status_of(node: NodePlace) -> dict[str, Any]:
    """What a node says of itself, or why it says nothing."""
    try:
        told: dict[str, Any] = NodeClient([node.api], timeout_s=3.0).get("/v1/status")
    except (NodeUnreachable, NodeRefused, NodeFailed) as error:
        return {"ready": False, "not_ready_because": [str(error)]}
    return told


def node_row(entry: dict[str, Any]) -> dict[str, Any]:
    """One line of `testnet status`."""
    told = entry["status"] or {}
    row = {"": entry["number"], "name": entry["name"], "pid": entry["pid"], "api": entry["api"]}
    names = ("role", "epoch", "ready", "height", "view", "primary")
    row |= {name: told.get(name) for name in names}
    row |= {"block": str(told.get("block_hash", ""))[:12]}
    if entry["pid"] is None:
        return row | {"state": "crashed" if entry["stale_pid_file"] else "stopped"}
    withheld = told.get("withheld")
    reasons = [words for words in told.get("not_ready_because", ()) if words != withheld]
    words = [words for words in (*reasons, vote_warning(told)) if words]
    return row | {"state": "; ".join(words) or "running"}
