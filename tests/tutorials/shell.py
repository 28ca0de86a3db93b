"""One shell in which a tutorial is typed, and nothing that it started outlives it."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.tutorials.pages import ROOT

STEP_TIMEOUT_S: Final = 300.0
END_TIMEOUT_S: Final = 5.0
BIN: Final = ROOT / ".venv" / "bin"
# What the person who runs the tests has set for themselves.
PERSONAL: Final = ("HUSHANG_", "XDG_")
# A command that fails ends the shell, and is named. Nothing waits for somebody to type.
PREPARATION: Final = """\
set -eEuo pipefail
trap 'echo "[failed: $BASH_COMMAND]"' ERR
trap 'echo "ended $?" >&3' EXIT
"""


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of a block: all that it printed, and whether every command of it went well."""

    ok: bool
    printed: str


class Shell:
    """A bash with a home of its own, in an empty directory, with the commands of this tree."""

    def __init__(self, directory: Path, commands: Path, more: Mapping[str, str]) -> None:
        self.directory = directory
        home = directory / "home"
        home.mkdir()
        reports, told = os.pipe()
        kept = {name: v for name, v in os.environ.items() if not name.startswith(PERSONAL)}
        path = f"{commands}:{BIN}:{kept['PATH']}"
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            cwd=home,
            env=kept | {"HOME": str(home), "PATH": path, "NO_COLOR": "1", **more},
            pass_fds=(told,),
            start_new_session=True,
        )
        os.close(told)
        self._reports = reports
        self._count = 0
        self._write(f"exec 3>&{told}\n{PREPARATION}")

    def type(self, commands: str) -> Typed:
        """Type a block and wait until the shell is done with it, or has ended."""
        self._count += 1
        block = self.directory / f"block-{self._count}.sh"
        printed = block.with_suffix(".out")
        block.write_text(f"{commands}\n")
        self._write(f". {block} < /dev/null > {printed} 2>&1\necho done >&3\n")
        ended = self._report()
        words = printed.read_text(errors="replace") if printed.exists() else ""
        return Typed(ended == "done", words if ended else f"{words}\n[it did not end]")

    def left(self) -> list[int]:
        """The processes that still work in its directory, besides itself."""
        return [pid for pid in self._processes() if pid != self._process.pid]

    def close(self) -> None:
        """End the shell and everything that it started; returns when they are gone."""
        for pid in (*self.left(), self._process.pid):
            with suppress(ProcessLookupError):
                _end(pid)
        self._process.communicate()
        os.close(self._reports)

    def _write(self, words: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(words.encode())
        self._process.stdin.flush()

    def _report(self) -> str:
        """`done`, `ended N`, or nothing when the time is over."""
        deadline, told = time.monotonic() + STEP_TIMEOUT_S, b""
        while not told.endswith(b"\n"):
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([self._reports], [], [], left_s)[0]:
                return ""
            told += os.read(self._reports, 1024)
        return told.decode().splitlines()[0]

    def _processes(self) -> Iterator[int]:
        """Those whose working directory or command line is in the directory."""
        own = str(self.directory)
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and _is_of(entry, own):
                yield int(entry.name)


def _end(pid: int) -> None:
    descriptor = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        select.select([descriptor], [], [], END_TIMEOUT_S)
    finally:
        os.close(descriptor)


def _is_of(entry: Path, directory: str) -> bool:
    try:
        cwd, words = str((entry / "cwd").readlink()), (entry / "cmdline").read_bytes()
    except OSError:
        return False
    # A process that has ended and isn't reaped has no words.
    return bool(words) and (cwd.startswith(directory) or directory.encode() in words)


@contextmanager
def shell(directory: Path, commands: Path = BIN, **more: str) -> Iterator[Shell]:
    """A shell, surely closed; `commands`: a folder whose commands come first in its path."""
    opened = Shell(directory, commands, more)
    try:
        yield opened
    finally:
        opened.close()
