"""`hushang testnet`: a network of real node processes on this machine."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from node import processes, testnet, testnet_faults, testnet_growth, testnet_layout
from node.commands.failures import UsageWrong
from node.commands.options import StoreKind, StoreOption, verb
from node.commands.session import Session
from node.commands.testnet_noun import DIRECTORY, WHICH, app, chosen, picked, report_nodes
from node.heard_words import heard
from node.peer_words import ROLES
from node.testnet_genesis import NODES_MAX, Plan
from node.testnet_layout import NAME_DEFAULT, LocalNetwork
from node.vote_words import vote_warning
from node.words import listed, said, series


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
    """Show each node's process and what it says of itself, and the faults in force."""
    network = chosen(session, directory)
    record = testnet.describe(network)
    for entry, node in zip(record["nodes"], network.nodes, strict=True):
        entry["status"] = (
            processes.status_of(node) if entry["pid"] and not entry["paused"] else None
        )
    relayed = testnet_faults.current(network)
    record["faults"] = None if relayed is None else relayed.record(network)
    shown = [node_row(entry) for entry in record["nodes"]]
    if session.printer.is_table:
        session.printer.records(shown)
        session.say(headline(record["nodes"]))
        session.printer.records(account_rows(record["accounts"]), stacked=True)
        for words in () if relayed is None else relayed.words(network):
            session.say(words)
    else:
        session.printer.document(record)


@verb(app, "stop", examples=("hushang testnet stop", "hushang testnet stop xuhui"))
def stop(session: Session, which: WHICH = None, directory: DIRECTORY = None) -> None:
    """Stop a node, or all; the data stays. With the last node the faults between them end."""
    network = chosen(session, directory)
    killed = processes.stop(network, picked(network, which))
    for name in killed:
        session.say("{name} did not end in time and was killed", name=name)
    if not processes.running(network) and testnet_faults.end(network):
        session.say("no faults are in force any more")
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
        session.say("{name} was not running", name=node.name)
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
    testnet_faults.follow(network)
    if wait:
        testnet.start(network, nodes, session.say)
        testnet.finish(network, session.say)
    else:
        for node in nodes:
            processes.start(network, node)
    report_nodes(session, network)


@verb(
    app,
    "restart",
    examples=(
        "hushang testnet restart --rolling",
        "hushang testnet restart xuhui",
        "hushang testnet restart",
    ),
)
def restart(
    session: Session,
    which: WHICH = None,
    rolling: Annotated[
        bool, typer.Option("--rolling", help="One after the other, so that the chain goes on.")
    ] = False,
    directory: DIRECTORY = None,
) -> None:
    """Stop a node, or all, and start again; returns when they are ready.

    In a rolling restart each node votes again before the next one is stopped.
    """
    network = chosen(session, directory)
    nodes = picked(network, which)
    testnet_faults.follow(network)
    if rolling:
        testnet.restart(network, nodes, session.say)
    else:
        processes.stop(network, nodes)
        testnet.start(network, nodes, session.say)
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
    session.confirm(said("Remove {path} and every key in it?", path=network.directory))
    kept = testnet.reset(network)
    if kept:
        session.say("left alone, as no part of the network: {paths}", paths=listed(map(str, kept)))
    removed = {"removed": str(network.directory)}
    session.printer.record(removed | {"kept": [str(path) for path in kept]}, removed)


def show(session: Session, network: LocalNetwork) -> None:
    """Print the network: nodes and accounts."""
    record = testnet.describe(network)
    if not session.printer.is_table:
        session.printer.document(record)
        return
    columns = ("name", "pid", "api", "p2p")
    nodes = [
        {**{name: entry[name] for name in columns}, "data_dir": near(entry["data_dir"])}
        for entry in record["nodes"]
    ]
    session.printer.records(nodes, stacked=True)
    session.printer.records(account_rows(record["accounts"]), stacked=True)


def near(path: str) -> str:
    """A path as it is typed here: from the current directory on, where it lies inside it."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def account_rows(accounts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line for each role that an account has; of many with one role, such as arbiters, one."""
    numbered = [entry for entry in accounts if entry["name"] != entry["role"]]
    rows = [
        {"role": e["role"], "account": e["account"], "key_file": near(e["key_file"])}
        for e in accounts
        if e["role"] != "member" and e not in numbered
    ]
    many = [entry for entry in numbered if entry["role"] != "member"]
    if many:
        names = f"{many[0]['name']}…{many[-1]['name'].removeprefix(many[-1]['role'])}"
        files = near(str(Path(many[0]["key_file"]).with_name("NAME.key")))
        count = said("{count} accounts", count=len(many))
        rows.append({"role": names, "account": count, "key_file": files})
    return rows


def say_next(session: Session, network: LocalNetwork) -> None:
    """Three commands to paste."""
    place = context_of(network)
    session.say("Next:")
    session.say("  hushang testnet status{place}", place=place)
    session.say('  hushang pay transfer merchant "CNY 129.00" --as buyer{place}', place=place)
    session.say("  hushang watch{place}", place=place)


def context_of(network: LocalNetwork) -> str:
    """What every command line on this network needs: nothing, where it is found without."""
    for name, option in ((None, ""), (network.directory.name, network.directory.name)):
        if testnet_layout.directory_of(name).resolve() == network.directory:
            return f" --context {shlex.quote(option)}" if option else ""
    return f" --context {shlex.quote(str(network.directory))}"


def headline(nodes: Sequence[dict[str, Any]]) -> str:
    """How the network is, in a line: `3 of 4 nodes ready, height 127, primary xuhui`."""
    answers = [node["status"] for node in nodes if node["status"]]
    ready = sum(bool(told["ready"]) for told in answers)
    if not answers:
        return said("{ready} of {count} nodes ready", ready=ready, count=len(nodes))
    newest = max(answers, key=lambda told: (told["epoch"], int(told["height"])))
    return said(
        "{ready} of {count} nodes ready, height {height}, primary {primary}",
        ready=ready,
        count=len(nodes),
        height=newest["height"],
        primary=newest["primary"],
    )


def node_row(entry: dict[str, Any]) -> dict[str, Any]:
    """One line of `testnet status`."""
    told = entry["status"] or {}
    row = {"": entry["number"], "name": entry["name"], "pid": entry["pid"], "api": entry["api"]}
    row |= {name: told.get(name) for name in ("role", "height", "view")}
    row["role"] = ROLES.get(str(row["role"]), row["role"])
    if entry.get("paused"):
        return row | {"state": said("paused")}
    if entry["pid"] is None:
        return row | {"state": said("crashed") if entry["stale_pid_file"] else said("stopped")}
    withheld = told.get("withheld")
    reasons = [words for words in told.get("not_ready_because", ()) if words != withheld]
    words = [words for words in (*map(heard, reasons), vote_warning(told)) if words]
    return row | {"state": series(words) or said("running")}


# Its verbs stand in the help after those that a newcomer needs first.
from node.commands import testnet_fault  # noqa: E402

__all__ = ["app", "testnet_fault"]
