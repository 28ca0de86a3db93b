"""The bench's end of its load process (`node.bench.load`): start it, let it go, hear from it."""

import os
import selectors
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from node.bench.load import OfferTask
from node.client import NodeFailed

ROOT: Final = Path(__file__).resolve().parent.parent.parent
READ_SIZE: Final = 256 * 1024
END_S: Final = 10.0


class LoadProcess:
    """One load process; its lines can be waited for."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        self._process = process
        self._output = process.stdout.fileno()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._data = bytearray()

    def say(self, line: str) -> None:
        """One line to it."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise NodeFailed("the load process ended; its error is above") from None

    def hear(self, timeout_s: float | None = None) -> str | None:
        """Its next line; None if it said nothing in time."""
        while b"\n" not in self._data:
            if not self._selector.select(timeout_s):
                return None
            data = os.read(self._output, READ_SIZE)
            if not data:
                raise NodeFailed("the load process ended; its error is above")
            self._data += data
        line, _, rest = self._data.partition(b"\n")
        self._data = rest
        return line.decode()

    def close(self) -> None:
        """Wait for nothing more."""
        self._selector.close()


@contextmanager
def load_process(task: OfferTask) -> Iterator[LoadProcess]:
    """A load process that is ready to go; killed if it doesn't end by itself."""
    command = [sys.executable, *(["-O"] * sys.flags.optimize), "-m", "node.bench.load"]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        load = LoadProcess(process)
        try:
            load.say(task.text())
            load.hear()
            yield load
            process.wait(END_S)
        finally:
            load.close()
            process.kill()
