"""The nodes' processes of a test network: start, find, stop, kill, pause; none is left unsaid.

Each is known by its pid file and by its settings' file (`node.detached`).
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.errors import HushangError
from node import detached
from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable
from node.config import PREFIX
from node.detached import POLL_S, Footprint
from node.testnet_layout import LocalNetwork, NodePlace
from node.vote_words import vote_warning
from node.words import said

GRACE_S: Final = 10.0
KILL_GRACE_S: Final = 5.0
LOG_TAIL_LINES: Final = 5
LOG_TAIL_SIZE: Final = 64 * 1024

# Where in its log the run of a node began that this process started: above are older runs' words.
_log_starts: dict[Path, int] = {}


class NodeDied(HushangError):
    """A node ended that should run."""

    hint = "its node.log says why; hushang testnet start starts it again"


class NotReady(HushangError):
    """The nodes did not become ready in time."""

    hint = "the nodes still run: hushang testnet status, hushang testnet stop"


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node's process: its pid, or None. `stale`: a pid file of a process that is gone."""

    node: NodePlace
    pid: int | None
    stale: bool

    @property
    def paused(self) -> bool:
        """Does it stand still (`pause`)?"""
        return self.pid is not None and detached.is_paused(self.pid)


def state_of(testnet: LocalNetwork, node: NodePlace) -> NodeState:
    """Does the node's process run?"""
    found = detached.trace(_footprint(testnet, node))
    return NodeState(node, found.pid, stale=found.stale)


def _footprint(testnet: LocalNetwork, node: NodePlace) -> Footprint:
    return Footprint(testnet.pid_file(node), testnet.config_file(node))


def running(testnet: LocalNetwork) -> Sequence[NodeState]:
    """The nodes whose process runs."""
    states = [state_of(testnet, node) for node in testnet.nodes]
    return [state for state in states if state.pid is not None]


def start(testnet: LocalNetwork, node: NodePlace) -> int:
    """Start a node's process unless it runs; one that was paused goes on. Its pid."""
    known = state_of(testnet, node).pid
    if known is not None:
        detached.tell(known, signal.SIGCONT)
        return known
    command = [
        *(sys.executable, *(["-O"] * sys.flags.optimize)),
        str(Path(__file__).resolve().parent.parent / "cli.py"),
        *("node", "start", "--config", str(testnet.config_file(node))),
    ]

    def began(at: int) -> None:
        _log_starts[testnet.log_file(node)] = at

    return detached.launch(
        _footprint(testnet, node),
        command,
        cwd=testnet.folder(node),
        log_file=testnet.log_file(node),
        environ=plain_environment(),
        began=began,
    )


def plain_environment() -> dict[str, str]:
    """A node reads its settings from its file alone, not from whoever starts it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def stop(
    testnet: LocalNetwork, nodes: Sequence[NodePlace], grace_s: float = GRACE_S
) -> Sequence[str]:
    """Ask the nodes to end; who doesn't within the grace is killed. The names of those killed."""
    states = [state_of(testnet, node) for node in nodes]
    for state in states:
        # One that stands still hears it when it goes on.
        detached.tell(state.pid, signal.SIGTERM, signal.SIGCONT)
    left = _wait_gone(testnet, states, grace_s)
    for state in left:
        detached.tell(state.pid, signal.SIGKILL)
    stubborn = _wait_gone(testnet, left, KILL_GRACE_S)
    for state in states:
        if state not in stubborn:
            testnet.pid_file(state.node).unlink(missing_ok=True)
    return [state.node.name for state in left]


def kill(testnet: LocalNetwork, node: NodePlace) -> int | None:
    """SIGKILL; returns when the process is gone: its pid, or None if it had none.

    The pid file stays, as after a crash.
    """
    state = state_of(testnet, node)
    detached.tell(state.pid, signal.SIGKILL)
    _wait_gone(testnet, [state], KILL_GRACE_S)
    return state.pid


def pause(testnet: LocalNetwork, node: NodePlace) -> int | None:
    """SIGSTOP: it stands still, and its connections hang; its pid, or None if it had none."""
    pid = state_of(testnet, node).pid
    detached.tell(pid, signal.SIGSTOP)
    return pid


def resume(testnet: LocalNetwork, node: NodePlace) -> int | None:
    """SIGCONT: it goes on; its pid, or None if it had none."""
    pid = state_of(testnet, node).pid
    detached.tell(pid, signal.SIGCONT)
    return pid


def wait_until_ready(
    testnet: LocalNetwork,
    nodes: Sequence[NodePlace],
    timeout_s: float,
    progress: Callable[[str], None] = lambda _: None,
    *,
    voting: bool = False,
) -> None:
    """Wait until every node's API says that it is ready; `NodeDied` or `NotReady` else.

    `voting`: and until it casts votes, so that others can be spared.
    """
    deadline = time.monotonic() + timeout_s
    waiting = list(nodes)
    reasons = "no answer yet"
    while waiting:
        node = waiting[0]
        told = status_of(node)
        warning = vote_warning(told) if told["ready"] else ""
        if told["ready"] and not (voting and warning):
            waiting.pop(0)
            if warning:
                progress(said("{name} {words}", name=node.name, words=warning))
            else:
                progress(said("{name} is ready", name=node.name))
            continue
        reasons = warning or "; ".join(told["not_ready_because"])
        for other in waiting:
            if state_of(testnet, other).pid is None:
                raise NodeDied(f"{other.name} ended: {_last_words(testnet, other)}")
        if time.monotonic() > deadline:
            raise NotReady(f"{node.name} after {timeout_s:g} s: {reasons}")
        time.sleep(POLL_S)


def status_of(node: NodePlace) -> dict[str, Any]:
    """What a node says of itself, or why it says nothing."""
    try:
        told: dict[str, Any] = NodeClient([node.api], timeout_s=2.0).get("/v1/status")
    except (NodeUnreachable, NodeRefused, NodeFailed) as error:
        return {"ready": False, "not_ready_because": [str(error)]}
    return told


def _last_words(testnet: LocalNetwork, node: NodePlace) -> str:
    """Why a node ended, as it says itself; what is no log line is said before there is a log."""
    path = testnet.log_file(node)
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(_log_starts.get(path, 0), size - LOG_TAIL_SIZE))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    logged = [_logged(line) for line in lines]
    reasons = [entry["message"] for entry in logged if entry and entry["level"] == "critical"]
    if reasons:
        return str(reasons[-1])
    plain = [line.strip() for line, entry in zip(lines, logged, strict=True) if entry is None]
    return " | ".join([*filter(None, plain)][-LOG_TAIL_LINES:]) or f"see {path}"


def _logged(line: str) -> dict[str, Any] | None:
    """A line of the node's log (`node.logs`)."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and {"level", "message"} <= entry.keys() else None


def _wait_gone(
    testnet: LocalNetwork, states: Sequence[NodeState], timeout_s: float
) -> Sequence[NodeState]:
    """Wait until these processes are gone; those that are not."""
    footprints = {_footprint(testnet, s.node): s.pid for s in states if s.pid is not None}
    left = detached.wait_gone(footprints, timeout_s)
    return [state for state in states if _footprint(testnet, state.node) in left]
