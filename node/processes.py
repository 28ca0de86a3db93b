"""The processes of a test network: start, find, stop, kill; nothing is left behind unsaid.

A process is found by its pid file and recognised by its command line, which names its settings'
file: the pid of a dead node that the system gave to somebody else is nobody's node.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.errors import HushangError
from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable
from node.config import PREFIX
from node.testnet_layout import LocalNetwork, NodePlace
from node.vote_words import vote_warning

POLL_S: Final = 0.05
GRACE_S: Final = 10.0
KILL_GRACE_S: Final = 5.0
LOG_TAIL_LINES: Final = 5
LOG_TAIL_SIZE: Final = 64 * 1024

# Started by this process; kept so that they are reaped, whoever stops them.
_children: dict[int, subprocess.Popen[bytes]] = {}
# Where in its log the run of a node began that this process started: above are older runs' words.
_log_starts: dict[Path, int] = {}


class NodeDied(HushangError):
    """A node ended that should run."""


class NotReady(HushangError):
    """The nodes did not become ready in time."""

    hint = "the nodes still run: hushang testnet status, hushang testnet stop"


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node's process: its pid, or None. `stale`: a pid file of a process that is gone."""

    node: NodePlace
    pid: int | None
    stale: bool


def state_of(testnet: LocalNetwork, node: NodePlace) -> NodeState:
    """Does the node's process run?"""
    recorded = _recorded_pid(testnet.pid_file(node))
    if recorded is None:
        return NodeState(node, None, stale=False)
    if _is_node(recorded, testnet.config_file(node)):
        return NodeState(node, recorded, stale=False)
    return NodeState(node, None, stale=True)


def running(testnet: LocalNetwork) -> Sequence[NodeState]:
    """The nodes whose process runs."""
    states = [state_of(testnet, node) for node in testnet.nodes]
    return [state for state in states if state.pid is not None]


def start(testnet: LocalNetwork, node: NodePlace) -> int:
    """Start a node's process unless it runs; its pid."""
    known = state_of(testnet, node).pid
    if known is not None:
        return known
    command = [
        *(sys.executable, *(["-O"] * sys.flags.optimize)),
        str(Path(__file__).resolve().parent.parent / "cli.py"),
        *("node", "start", "--config", str(testnet.config_file(node))),
    ]
    # A node reads its settings from its file alone, not from whoever starts it.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with _uninterrupted(), testnet.log_file(node).open("ab") as log:
        _log_starts[testnet.log_file(node)] = log.tell()
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=testnet.folder(node),
            env=environ,
            start_new_session=True,
        )
        _children[process.pid] = process
        testnet.pid_file(node).write_text(f"{process.pid}\n")
    return process.pid


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """A Ctrl-C comes after the block: a process that runs and isn't recorded would be nobody's."""
    if threading.current_thread() is not threading.main_thread():
        # Signals are the main thread's.
        yield
        return
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
    if noted:
        raise KeyboardInterrupt


def stop(
    testnet: LocalNetwork, nodes: Sequence[NodePlace], grace_s: float = GRACE_S
) -> Sequence[str]:
    """Ask the nodes to end; who doesn't within the grace is killed. The names of those killed."""
    states = [state_of(testnet, node) for node in nodes]
    for state in states:
        _signal(state, signal.SIGTERM)
    left = _wait_gone(testnet, states, grace_s)
    for state in left:
        _signal(state, signal.SIGKILL)
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
    _signal(state, signal.SIGKILL)
    _wait_gone(testnet, [state], KILL_GRACE_S)
    return state.pid


def wait_until_ready(
    testnet: LocalNetwork,
    nodes: Sequence[NodePlace],
    timeout_s: float,
    progress: Callable[[str], None] = lambda _: None,
) -> None:
    """Wait until every node's API says that it is ready; `NodeDied` or `NotReady` else."""
    deadline = time.monotonic() + timeout_s
    waiting = list(nodes)
    reasons = "no answer yet"
    while waiting:
        node = waiting[0]
        told = _status_of(node)
        if told["ready"]:
            waiting.pop(0)
            progress(f"{node.name} {vote_warning(told) or 'is ready'}")
            continue
        reasons = "; ".join(told["not_ready_because"])
        for other in waiting:
            if state_of(testnet, other).pid is None:
                raise NodeDied(f"{other.name} ended: {_last_words(testnet, other)}")
        if time.monotonic() > deadline:
            raise NotReady(f"{node.name} after {timeout_s:g} s: {reasons}")
        time.sleep(POLL_S)


def _status_of(node: NodePlace) -> dict[str, Any]:
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


def _recorded_pid(path: Path) -> int | None:
    try:
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() else None


def _is_node(pid: int, config_file: Path) -> bool:
    """Does this pid run the node of these settings? Reaps it if it was ours and has ended."""
    child = _children.get(pid)
    if child is not None:
        # The system never gives the pid of an unreaped child to another process.
        if child.poll() is None:
            return True
        del _children[pid]
        return False
    return str(config_file) in _command_line(pid)


def _command_line(pid: int) -> str:
    """What a process was started with; empty if it is gone (or a zombie)."""
    proc = Path("/proc")
    if (proc / "self" / "cmdline").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return ""
    ps = shutil.which("ps")
    if ps is None:
        return ""
    asked = [ps, "-ww", "-o", "command=", "-p", str(pid)]
    # Only a number of ours is in it.
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout


def _signal(state: NodeState, number: signal.Signals) -> None:
    if state.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, number)


def _wait_gone(
    testnet: LocalNetwork, states: Sequence[NodeState], timeout_s: float
) -> Sequence[NodeState]:
    """Wait until these processes are gone; those that are not."""
    deadline = time.monotonic() + timeout_s
    left = [state for state in states if state.pid is not None]
    while left and time.monotonic() < deadline:
        left = [s for s in left if s.pid and _is_node(s.pid, testnet.config_file(s.node))]
        if left:
            time.sleep(POLL_S)
    return left
