"""`hushang` without its start: a process that has imported it forks itself for each command.

Most of the time of a tutorial went into imports, the same for each of its hundreds of commands. A
command still has a process, a directory, an environment and streams of its own; only a node, which
is killed and told to end by its number, is started as everywhere.
"""

import importlib
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

import cli
from tests.tutorials import ask
from tests.tutorials.pages import ROOT

REAL: Final = ROOT / ".venv" / "bin" / "hushang"
PACKAGES: Final = ("chain", "commerce", "node")
READY: Final = b"ready\n"
FAILED: Final = 70


@contextmanager
def warm_hushang(directory: Path) -> Iterator[Path]:
    """The process, and a folder for the shell's path whose `hushang` asks it."""
    folder, place = directory / "bin", directory / "socket"
    folder.mkdir()
    command = folder / "hushang"
    source = Path(ask.__file__).read_text("utf-8")
    called = f"ask({str(place)!r}, {str(REAL)!r})\n"
    command.write_text(f"#!{sys.executable} -IS\n{source}\n\n{called}", "utf-8")
    command.chmod(0o755)
    # The words of a command are UTF-8 in any locale, as in any terminal of today.
    with subprocess.Popen(
        [sys.executable, "-X", "utf8", "-m", __spec__.name, str(place)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == READY
            yield folder
        finally:
            process.terminate()


def serve(place: str) -> NoReturn:
    """Answer until it is ended."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    assert threading.active_count() == 1
    # Nobody waits for those who answer.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(place)
        listener.listen()
        os.write(sys.stdout.fileno(), READY)
        while True:
            asked, _ = listener.accept()
            if not os.fork():
                listener.close()
                _answer(asked)
            asked.close()


def _answer(asked: socket.socket) -> NoReturn:
    """Be the command that is asked for."""
    code = FAILED
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        told, streams, _, _ = socket.recv_fds(asked, ask.SIZE_MAX, 3)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        words, cwd, environ = ask.read(told)
        os.chdir(cwd)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["hushang", *words]
        code = _code_of(words)
    finally:
        asked.send(bytes((code,)))
        # What the server itself would do at its end is not done by each who answers.
        os._exit(code)


def _code_of(words: list[str]) -> int:
    ended: Any = 0
    try:
        cli.main(words)
    except SystemExit as end:
        ended = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    return ended if isinstance(ended, int) else FAILED


if __name__ == "__main__":
    serve(sys.argv[1])
