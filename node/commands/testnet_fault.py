"""`hushang testnet`: what can go wrong between nodes and with them, on purpose, and its end."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from node import processes, testnet_faults
from node.commands.failures import UsageWrong
from node.commands.options import verb
from node.commands.session import Session
from node.commands.testnet_noun import DIRECTORY, app, chosen, report_nodes
from node.faults import NONE, PPM, Delay, Faults, Loss, OneWay, Rate
from node.testnet_layout import LocalNetwork
from node.words import said, series

NODE = Annotated[str, typer.Argument(metavar="NODE", help="Its name or number, from 1.")]
NODES = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NODE]...", help="Only ways that touch these nodes; default: all."),
]
KIB = 1024


@verb(app, "pause", examples=("hushang testnet pause 1", "hushang testnet pause pudong"))
def pause(session: Session, which: NODE, directory: DIRECTORY = None) -> None:
    """Have a node stand still with all its connections open (SIGSTOP)."""
    network = chosen(session, directory)
    node = network.node(which)
    if processes.pause(network, node) is None:
        session.say("{name} was not running", name=node.name)
    report_nodes(session, network)


@verb(app, "resume", examples=("hushang testnet resume 1", "hushang testnet resume pudong"))
def resume(session: Session, which: NODE, directory: DIRECTORY = None) -> None:
    """Let a paused node go on."""
    network = chosen(session, directory)
    node = network.node(which)
    if processes.resume(network, node) is None:
        session.say(
            "{name} was not running: hushang testnet start {number}",
            name=node.name,
            number=node.number,
        )
    report_nodes(session, network)


@verb(
    app,
    "partition",
    examples=(
        "hushang testnet partition 1",
        "hushang testnet partition pudong,xuhui",
        "hushang testnet partition 1,2 3",
        "hushang testnet partition --one-way 1 2",
        "hushang testnet partition 1 --reset",
    ),
)
def partition(
    session: Session,
    groups: Annotated[
        list[str],
        typer.Argument(metavar="GROUP...", help="Nodes as A,B; the rest is one more group."),
    ],
    one_way: Annotated[
        bool, typer.Option("--one-way", help="Two nodes: B no longer hears A, A still hears B.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="End cut connections at once, as firewalls do.")
    ] = False,
    directory: DIRECTORY = None,
) -> None:
    """Cut the network into groups that hear nothing of one another, until testnet heal.

    A new partition takes the place of the one before; one-way cuts add up. Bytes that are on their
    way hang, and no connection comes about, whoever dials.
    """
    network = chosen(session, directory)
    named = [_names(network, group.split(",")) for group in groups]
    faults = testnet_faults.in_force(network)
    changed = {"reset": reset} | (
        {"one_way": (*faults.one_way, _one_way(named))} if one_way else {"groups": _apart(named)}
    )
    _put(session, network, faults.model_copy(update=changed))


@verb(
    app,
    "delay",
    examples=(
        "hushang testnet delay 200",
        "hushang testnet delay 200 --jitter 50",
        "hushang testnet delay 200 1 2",
        "hushang testnet delay 50 --rate 512",
        "hushang testnet delay 0",
    ),
)
def delay(
    session: Session,
    delay_ms: Annotated[int, typer.Argument(metavar="MS", min=0, max=60_000, help="One way.")],
    which: NODES = None,
    jitter_ms: Annotated[
        int, typer.Option("--jitter", min=0, max=60_000, help="Give or take so many ms.")
    ] = 0,
    rate_kib: Annotated[
        int | None, typer.Option("--rate", min=1, max=2**30, help="KiB/s in each direction.")
    ] = None,
    directory: DIRECTORY = None,
) -> None:
    """Delay every byte between nodes, until testnet heal; a round trip takes twice as long.

    It takes the place of the delay before; 0 ends it.
    """
    network = chosen(session, directory)
    nodes = _names(network, which or ())
    late = Delay(delay_ms=delay_ms, jitter_ms=jitter_ms, nodes=nodes)
    rate = None if rate_kib is None else Rate(rate=rate_kib * KIB, nodes=nodes)
    update = {"delay": late if delay_ms or jitter_ms else None, "rate": rate}
    _put(session, network, testnet_faults.in_force(network).model_copy(update=update))


@verb(
    app,
    "loss",
    examples=(
        "hushang testnet loss 5",
        "hushang testnet loss 0.5 xuhui",
        "hushang testnet loss 0",
    ),
)
def loss(
    session: Session,
    percent: Annotated[float, typer.Argument(metavar="PERCENT", min=0.0, max=50.0)],
    which: NODES = None,
    directory: DIRECTORY = None,
) -> None:
    """Lose so many of 100 segments between nodes, until testnet heal.

    What is lost is sent again, as TCP does: it comes a retransmission timeout later (200 ms and a
    round trip, doubled each time it is lost again), and all that follows waits for it. It takes the
    place of the loss before; 0 ends it.
    """
    network = chosen(session, directory)
    loss_ppm = round(percent * PPM / 100)
    lost = Loss(loss_ppm=loss_ppm, nodes=_names(network, which or ())) if loss_ppm else None
    faults = testnet_faults.in_force(network)
    _put(session, network, faults.model_copy(update={"loss": lost}))


@verb(app, "heal", examples=("hushang testnet heal", "hushang testnet heal -o json"))
def heal(session: Session, directory: DIRECTORY = None) -> None:
    """Lift every fault between nodes, and let paused ones go on; killed ones stay dead."""
    network = chosen(session, directory)
    for node in network.nodes:
        if processes.state_of(network, node).paused:
            processes.resume(network, node)
            session.say("{name} goes on", name=node.name)
    if not testnet_faults.end(network):
        session.say("no fault was in force between nodes")
    _report(session, network)


def _names(network: LocalNetwork, which: Sequence[str]) -> tuple[str, ...]:
    return tuple(network.node(one.strip()).name for one in which)


def _one_way(named: Sequence[tuple[str, ...]]) -> OneWay:
    nodes = [name for group in named for name in group]
    if len(nodes) != len(named) or len(set(nodes)) != 2:  # noqa: PLR2004 - two ends
        raise UsageWrong("--one-way takes two nodes: SPEAKER LISTENER")
    return OneWay(speaker=nodes[0], listener=nodes[1])


def _apart(named: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    nodes = [name for group in named for name in group]
    if len(set(nodes)) != len(nodes):
        raise UsageWrong("a node is in two groups")
    return tuple(named)


def _put(session: Session, network: LocalNetwork, faults: Faults) -> None:
    """These faults from now on; without any, no relay either."""
    if faults.model_copy(update={"reset": False}) == NONE:
        testnet_faults.end(network)
    else:
        testnet_faults.put(network, faults)
    _report(session, network)


def _report(session: Session, network: LocalNetwork) -> None:
    """Print the faults in force."""
    relayed = testnet_faults.current(network)
    nothing: dict[str, Any] = {"relay_pid": None, "faults": {}, "words": []}
    record = nothing if relayed is None else relayed.record(network)
    if session.printer.is_table:
        words = series(record["words"]) or said("none")
        session.printer.record({"faults": words})
    else:
        session.printer.document(record)
