"""Run `hushang` as a user does: another process, its exit code and both its streams."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
