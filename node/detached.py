"""Processes that outlive the command that started them: started, found again, signalled.

A process is found by its pid file and recognised by its command line, which names a file of its
own: the pid of a dead one that the system gave to somebody else is nobody's.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

POLL_S: Final = 0.05
# How long after its start a process may have no command line yet; some milliseconds are usual.
BEGINNING_S: Final = 0.5
BEGINNING_POLL_S: Final = 0.001

# Started by this process; kept so that they are reaped, whoever stops them.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class Footprint:
    """Where a process leaves its pid, and the file that its command line names."""

    pid_file: Path
    mark: Path


@dataclass(frozen=True, slots=True)
class Trace:
    """What a footprint shows: the pid that runs, or None. `stale`: of a process that is gone."""

    pid: int | None
    stale: bool


def trace(footprint: Footprint) -> Trace:
    """Does the process run?"""
    recorded = _recorded_pid(footprint.pid_file)
    if recorded is None:
        return Trace(None, stale=False)
    if is_it(recorded, footprint):
        return Trace(recorded, stale=False)
    return Trace(None, stale=True)


def launch(
    footprint: Footprint,
    command: Sequence[str],
    *,
    cwd: Path,
    log_file: Path,
    environ: Mapping[str, str],
    began: Callable[[int], None] = lambda _: None,
) -> int:
    """Start it; its pid. `began` is told where in the log its words begin."""
    with _uninterrupted(), log_file.open("ab") as log:
        began(log.tell())
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cwd,
            env=environ,
            start_new_session=True,
        )
        _children[process.pid] = process
        footprint.pid_file.write_text(f"{process.pid}\n")
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


def tell(pid: int | None, *numbers: signal.Signals) -> None:
    """Send these signals; nothing to whoever is gone."""
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            for number in numbers:
                os.kill(pid, number)


def wait_gone(footprints: Mapping[Footprint, int], timeout_s: float) -> Mapping[Footprint, int]:
    """Wait until these processes are gone; those that are not."""
    deadline = time.monotonic() + timeout_s
    left = dict(footprints)
    while left and time.monotonic() < deadline:
        left = {footprint: pid for footprint, pid in left.items() if is_it(pid, footprint)}
        if left:
            time.sleep(POLL_S)
    return left


def is_it(pid: int, footprint: Footprint) -> bool:
    """Is this pid the process of the footprint? Reaps it if it was ours and has ended."""
    child = _children.get(pid)
    if child is not None:
        # The system never gives the pid of an unreaped child to another process.
        if child.poll() is None:
            return True
        del _children[pid]
        return False
    return str(footprint.mark) in _command_line(pid)


def is_paused(pid: int) -> bool:
    """Was it stopped by SIGSTOP, and not resumed?"""
    return _state(pid) == "T"


def _command_line(pid: int) -> str:
    """Empty if it is gone. Linux shows an empty one in the midst of exec, too: waited for."""
    deadline = time.monotonic() + BEGINNING_S
    while not (shown := _shown(pid, "cmdline", "command=")):
        if _state(pid) in {"", "Z", "X"} or time.monotonic() > deadline:
            break
        time.sleep(BEGINNING_POLL_S)
    return shown


def _state(pid: int) -> str:
    """The letter that the system shows for it; empty if it is gone."""
    shown = _shown(pid, "stat", "state=")
    # In /proc the state follows the name, which may hold anything but ends with the last bracket.
    return shown.rpartition(")")[2].lstrip()[:1]


def _recorded_pid(path: Path) -> int | None:
    try:
        text = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() else None


def _shown(pid: int, file_name: str, column: str) -> str:
    """What the system tells of a process; empty if it is gone (or a zombie)."""
    proc = Path("/proc")
    if (proc / "self" / "cmdline").exists():
        try:
            return (proc / str(pid) / file_name).read_bytes().decode(errors="replace")
        except OSError:
            return ""
    ps = shutil.which("ps")
    if ps is None:
        return ""
    asked = [ps, "-ww", "-o", column, "-p", str(pid)]
    # Only a number of ours is in it.
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout
