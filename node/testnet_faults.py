"""Faults between the nodes of a test network: put into force, shown, lifted.

A healthy network has no relay: its nodes dial one another. The first fault starts the relay
(`node.relay`) and has every node dial its peers through it, by new addresses in their settings that
running nodes read again; when the last fault is lifted, the nodes dial one another again and the
relay ends.
"""

import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any, Final

from chain.errors import HushangError
from node import detached, processes
from node.config import PeerAddress, load_config, with_peers
from node.control_client import ControlBroken, run_job
from node.control_socket import ControlUnreachable
from node.detached import Footprint, Trace
from node.faults import NONE, Faults
from node.relay import PLAN_NAME, Plan, Way, load_plan
from node.testnet_genesis import free_ports
from node.testnet_layout import LOOPBACK, LocalNetwork, NodePlace
from node.words import said

FOLDER: Final = "relay"
# A port for each ordered pair, all held while they are looked for.
NODES_MAX: Final = 20
START_TIMEOUT_S: Final = 20.0
ROOT: Final = Path(__file__).resolve().parent.parent


class TooManyNodes(HushangError):
    """The relay has no ports for so many pairs of nodes."""

    hint = f"faults between nodes are for test networks of up to {NODES_MAX} nodes"


class RelayFailed(HushangError):
    """The relay doesn't run as it should."""

    hint = "hushang testnet heal has the nodes talk to one another without it"


class NodeNotReloaded(HushangError):
    """A node runs, and did not take its peers' new addresses."""

    hint = "hushang testnet status; then say it again"


@dataclass(frozen=True, slots=True)
class Relayed:
    """The relay of a network: what it is to do, and whether it runs."""

    plan: Plan
    process: Trace

    def record(self, network: LocalNetwork) -> dict[str, Any]:
        """For machines."""
        return {
            "relay_pid": self.process.pid,
            "faults": self.plan.faults.model_dump(mode="json", exclude_defaults=True),
            "words": self.words(network),
        }

    def words(self, network: LocalNetwork) -> list[str]:
        """For people: every fault, and a relay that is dead, which is one too."""
        told = self.plan.faults.words([node.name for node in network.nodes])
        if self.process.pid is None:
            told.append(
                said("the relay is dead: nodes can't connect; hushang testnet start, or heal")
            )
        return told


def current(network: LocalNetwork) -> Relayed | None:
    """The relay through which the nodes dial; None where they dial one another."""
    if not (_folder(network) / PLAN_NAME).exists():
        return None
    return Relayed(load_plan(_folder(network)), detached.trace(_footprint(network)))


def in_force(network: LocalNetwork) -> Faults:
    """All faults in force."""
    relayed = current(network)
    return NONE if relayed is None else relayed.plan.faults


def put(network: LocalNetwork, faults: Faults) -> None:
    """From now on these faults are in force, and no others; they hold when this returns."""
    _run_with(network, _plan(network, faults))
    _route(network, {(way.dialler, way.target): way.port for way in _plan_of(network).ways})


def follow(network: LocalNetwork) -> None:
    """Bring the relay up again if it should run; nodes that are new dial through it too."""
    relayed = current(network)
    if relayed is not None:
        put(network, relayed.plan.faults)


def end(network: LocalNetwork) -> bool:
    """No faults: the nodes dial one another again, and the relay ends. Was there one?"""
    if not _folder(network).exists():
        return False
    _route(network, {})
    discard(network)
    return True


def discard(network: LocalNetwork) -> None:
    """The relay ends; the nodes' settings stay as they are."""
    footprint = _footprint(network)
    pid = detached.trace(footprint).pid
    detached.tell(pid, signal.SIGTERM)
    if pid is not None and detached.wait_gone({footprint: pid}, processes.GRACE_S):
        detached.tell(pid, signal.SIGKILL)
        detached.wait_gone({footprint: pid}, processes.KILL_GRACE_S)
    shutil.rmtree(_folder(network), ignore_errors=True)


# The relay.


def _folder(network: LocalNetwork) -> Path:
    return network.directory / FOLDER


def _footprint(network: LocalNetwork) -> Footprint:
    folder = _folder(network)
    return Footprint(folder / "relay.pid", folder)


def _plan_of(network: LocalNetwork) -> Plan:
    return load_plan(_folder(network))


def _plan(network: LocalNetwork, faults: Faults) -> Plan:
    """A port for each pair of nodes, those there are already kept."""
    if len(network.nodes) > NODES_MAX:
        raise TooManyNodes(f"{network.name} has {len(network.nodes)} nodes")
    relayed = current(network)
    known = () if relayed is None else relayed.plan.ways
    pairs = {(way.dialler, way.target) for way in known}
    new = [(a.name, b) for a, b in permutations(network.nodes, 2) if (a.name, b.name) not in pairs]
    ways = [
        Way(dialler=dialler, target=target.name, port=port, target_port=target.p2p_port)
        for (dialler, target), port in zip(new, free_ports(len(new)), strict=True)
    ]
    return Plan(ways=(*known, *ways), faults=faults)


def _run_with(network: LocalNetwork, plan: Plan) -> None:
    """The relay runs, by this plan."""
    folder = _folder(network)
    folder.mkdir(exist_ok=True)
    plan.save(folder)
    footprint = _footprint(network)
    if detached.trace(footprint).pid is None:
        detached.launch(
            footprint,
            [sys.executable, "-m", "node.relay", str(folder)],
            cwd=ROOT,
            log_file=folder / "relay.log",
            environ=processes.plain_environment(),
        )
    if not _ask(folder, "/plan", lambda: detached.trace(footprint).pid is not None, RelayFailed):
        raise RelayFailed(f"it ended; see {folder / 'relay.log'}")


# The nodes.


def _route(network: LocalNetwork, ports: Mapping[tuple[str, str], int]) -> None:
    """Every node dials its peers by these ports, or directly; running nodes do so at once."""
    for node in network.nodes:
        _write_peers(network, node, ports)
    for node in network.nodes:
        _reload(network, node)


def _write_peers(
    network: LocalNetwork, node: NodePlace, ports: Mapping[tuple[str, str], int]
) -> None:
    file = network.config_file(node)
    listening = {other.name: other.p2p_port for other in network.nodes}
    peers = [
        _moved(peer, ports.get((node.name, peer.name)) or listening[peer.name])
        if peer.name in listening
        else peer
        for peer in load_config(file, {}, {}).peers
    ]
    before = file.read_text("utf-8")
    after = with_peers(before, peers)
    if after != before:
        draft = file.with_suffix(".new")
        draft.write_text(after, "utf-8")
        draft.replace(file)


def _moved(peer: PeerAddress, port: int) -> PeerAddress:
    return peer.model_copy(update={"host": LOOPBACK, "port": port})


def _reload(network: LocalNetwork, node: NodePlace) -> None:
    """A running node reads its settings again; a paused one will when it goes on."""
    state = processes.state_of(network, node)
    if state.pid is None:
        return
    if state.paused:
        detached.tell(state.pid, signal.SIGHUP)
        return
    _ask(
        network.data_dir(node),
        "/reload",
        lambda: processes.state_of(network, node).pid is not None,
        NodeNotReloaded,
    )


def _ask(directory: Path, path: str, runs: Callable[[], bool], failure: type[HushangError]) -> bool:
    """Ask a process that may only just begin to listen; False if it has ended."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            run_job(directory, path, {})
        except (ControlUnreachable, ControlBroken) as error:
            if not runs():
                return False
            if time.monotonic() > deadline:
                raise failure(str(error)) from error
        else:
            return True
        time.sleep(detached.POLL_S)
