"""Run `hushang` as a user does: another process, its exit code and both its streams."""

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import cli

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Ran:
    """What came of one command line."""

    code: int
    out: bytes
    err: str

    @property
    def json(self) -> Any:
        """stdout as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error on stderr, of a command line with `-o json`."""
        return json.loads(self.err.splitlines()[-1])["error"]


def hushang(*arguments: str, stdin: bytes = b"", cwd: Path | None = None, **env: str) -> Ran:
    """Run one command line to its end."""
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUSHANG_")}
    done = subprocess.run(
        command, input=stdin, capture_output=True, cwd=cwd, env=kept | env, timeout=120, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr.decode())


def is_running(pid: int) -> bool:
    """Does a process run? One that has ended and waits to be reaped by whoever does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def inside(*arguments: str, stdin: bytes | None = None) -> Ran:
    """As `hushang`, in this process: quick. HUSHANG_* variables are the caller's to set."""
    typed = sys.stdin if stdin is None else io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "stdin", typed),
    ):
        try:
            cli.main(arguments)
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Ran(code, out.getvalue().encode(), err.getvalue())
