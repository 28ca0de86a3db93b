"""Finding, starting and ending the processes of a network; stand-ins take the place of nodes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node import detached, processes
from node.processes import NodeDied, NotReady, kill, running, start, state_of, stop
from node.testnet_genesis import Plan, create
from node.testnet_layout import LocalNetwork
from tests.processes.net import until

DEAF = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
WAITS = "print(1, flush=True)"


@pytest.fixture
def network(tmp_path: Path) -> Iterator[LocalNetwork]:
    made = create(Plan(tmp_path / "net", "x", 2))
    yield made
    stop(made, made.nodes, grace_s=5)
    assert not running(made)


def stand_in(network: LocalNetwork, number: int, script: str = WAITS) -> int:
    """A process that looks like a node, told by its command line."""
    node = network.nodes[number]
    command = [sys.executable, "-c", f"{script}\nimport time\ntime.sleep(600)"]
    process = subprocess.Popen([*command, str(network.config_file(node))], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    process.stdout.close()
    detached._children[process.pid] = process
    network.pid_file(node).write_text(f"{process.pid}\n")
    return process.pid


def test_a_node_runs_while_its_process_does(network: LocalNetwork) -> None:
    first = network.nodes[0]
    assert state_of(network, first).pid is None
    pid = stand_in(network, 0)
    assert state_of(network, first).pid == pid
    assert [state.pid for state in running(network)] == [pid]


def test_a_pid_that_belongs_to_somebody_else_is_stale_and_left_alone(
    network: LocalNetwork,
) -> None:
    first = network.nodes[0]
    network.pid_file(first).write_text(f"{os.getpid()}\n")
    state = state_of(network, first)
    assert (state.pid, state.stale) == (None, True)
    assert kill(network, first) is None
    assert stop(network, [first]) == []


@pytest.mark.parametrize("text", ["", "x", "-1", "99999999"])
def test_a_pid_file_with_nonsense_is_nobodys_node(network: LocalNetwork, text: str) -> None:
    network.pid_file(network.nodes[0]).write_text(text)
    assert state_of(network, network.nodes[0]).pid is None


def test_stop_asks_kindly_and_removes_the_pid_file(network: LocalNetwork) -> None:
    pid = stand_in(network, 0)
    other = stand_in(network, 1)
    assert stop(network, [network.nodes[0]]) == []
    assert [state.pid for state in running(network)] == [other]
    assert not network.pid_file(network.nodes[0]).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_who_does_not_listen_is_killed_after_the_grace(network: LocalNetwork) -> None:
    stand_in(network, 0, DEAF)
    assert stop(network, network.nodes, grace_s=0.2) == [network.nodes[0].name]
    assert not running(network)


def test_a_killed_node_is_gone_when_kill_returns_and_told_as_crashed(
    network: LocalNetwork,
) -> None:
    pid = stand_in(network, 0, DEAF)
    assert kill(network, network.nodes[0]) == pid
    state = state_of(network, network.nodes[0])
    assert (state.pid, state.stale) == (None, True)


def test_a_running_node_is_not_started_twice(network: LocalNetwork) -> None:
    pid = stand_in(network, 0)
    assert start(network, network.nodes[0]) == pid


def test_a_paused_node_is_told_as_such_and_goes_on(network: LocalNetwork) -> None:
    first = network.nodes[0]
    assert processes.pause(network, first) is None, "it doesn't run"
    pid = stand_in(network, 0)
    for go_on in (processes.resume, start):
        assert not state_of(network, first).paused
        assert processes.pause(network, first) == pid
        until(lambda: state_of(network, first).paused, "it stands still")
        assert go_on(network, first) == pid
        until(lambda: not state_of(network, first).paused, "it goes on")


def test_a_paused_node_is_stopped_without_waiting_for_the_grace(network: LocalNetwork) -> None:
    stand_in(network, 0)
    processes.pause(network, network.nodes[0])
    assert stop(network, network.nodes, grace_s=60) == []
    assert not running(network)


def test_a_node_that_ends_at_once_is_told_with_its_last_words(network: LocalNetwork) -> None:
    first = network.nodes[0]
    network.config_file(first).write_text("nonsense = 1\n")
    start(network, first)
    with pytest.raises(NodeDied, match="unknown key"):
        processes.wait_until_ready(network, [first], 30)
    assert state_of(network, first).pid is None


def test_of_a_node_that_ended_the_reason_of_this_run_is_told_and_no_more(
    network: LocalNetwork,
) -> None:
    first = network.nodes[0]
    older = {
        "time_ms": 1,
        "level": "critical",
        "logger": "x",
        "message": "stopped: of an older run",
    }
    network.log_file(first).write_text(json.dumps(older) + "\n")
    key_file = network.folder(first) / "node.key"
    key_file.unlink()
    start(network, first)
    with pytest.raises(NodeDied) as caught:
        processes.wait_until_ready(network, [first], 30)
    assert str(caught.value).startswith(f"{first.name} ended: stopped: KeyFileMissing: ")
    assert "older" not in str(caught.value)
    assert " | " not in str(caught.value)


def test_a_node_that_was_killed_left_no_words(network: LocalNetwork) -> None:
    first = network.nodes[0]
    line = {"time_ms": 1, "level": "info", "logger": "x", "message": "at height 3"}
    network.log_file(first).write_text(json.dumps(line) + "\n")
    with pytest.raises(NodeDied, match=r"ended: see .*log"):
        processes.wait_until_ready(network, [first], 30)


def test_a_node_that_says_nothing_is_not_ready_in_time(network: LocalNetwork) -> None:
    stand_in(network, 0)
    began = time.monotonic()
    with pytest.raises(NotReady, match=network.nodes[0].name):
        processes.wait_until_ready(network, [network.nodes[0]], 0.2)
    assert time.monotonic() - began < 10


def test_a_node_outlives_the_signal_to_its_starters_group(network: LocalNetwork) -> None:
    first = network.nodes[0]
    pid = start(network, first)
    assert os.getsid(pid) == pid
    assert os.getpgid(pid) != os.getpgrp()
    os.kill(pid, signal.SIGKILL)


def test_settings_of_whoever_starts_a_node_do_not_reach_it(
    network: LocalNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUSHANG_API_PORT", "nonsense")
    start(network, network.nodes[0])
    start(network, network.nodes[1])
    processes.wait_until_ready(network, network.nodes, 60)


class Interrupting(subprocess.Popen[bytes]):
    """Ctrl-C comes as soon as the process runs."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        os.kill(os.getpid(), signal.SIGINT)


def test_a_ctrl_c_while_a_node_is_started_comes_once_it_is_recorded(
    network: LocalNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = network.nodes[0]
    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(subprocess, "Popen", Interrupting)
    with pytest.raises(KeyboardInterrupt):
        start(network, first)
    assert signal.getsignal(signal.SIGINT) is handler
    pid = int(network.pid_file(first).read_text())
    assert state_of(network, first).pid == pid
    assert stop(network, [first]) == []


def test_a_start_that_fails_leaves_ctrl_c_as_it_was(
    network: LocalNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError):
        start(network, network.nodes[0])
    assert signal.getsignal(signal.SIGINT) is handler
    assert not network.pid_file(network.nodes[0]).exists()


def test_a_node_is_started_from_any_thread(network: LocalNetwork) -> None:
    pids: list[int] = []
    starting = threading.Thread(target=lambda: pids.append(start(network, network.nodes[0])))
    starting.start()
    starting.join()
    assert pids == [state_of(network, network.nodes[0]).pid]
