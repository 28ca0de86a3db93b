"""Progress of long work on stderr: one line that changes on a terminal, else one now and then."""

import sys
import time
from typing import Final, TextIO

from node.audit.findings import Step

TERMINAL_EVERY_S: Final = 0.1
ELSEWHERE_EVERY_S: Final = 10.0
_BAR: Final = 24


class ProgressLine:
    """Tells of `Step`s, as a context: the line is ended in any case."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._every_s = TERMINAL_EVERY_S if self._terminal else ELSEWHERE_EVERY_S
        self._stage = ""
        self._started = self._told = time.monotonic()
        self._width = 0

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(self, *_: object) -> None:
        self._end_line()

    def __call__(self, step: Step) -> None:
        """Tell, unless something was told a moment ago."""
        now = time.monotonic()
        if step.stage != self._stage:
            self._end_line()
            self._stage, self._started, self._told = step.stage, now, now
            return
        if now - self._told < self._every_s:
            return
        self._told = now
        words = words_of(step, now - self._started)
        if self._terminal:
            self._stream.write("\r" + words.ljust(self._width))
            self._width = len(words)
        else:
            self._stream.write(words + "\n")
        self._stream.flush()

    def _end_line(self) -> None:
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
            self._width = 0


def words_of(step: Step, passed_s: float) -> str:
    """`replay 1200/5000 [#####     ] 24%  830 tx/s, 0:46 left`."""
    share = step.done / step.total if step.total else 1.0
    bar = "#" * int(share * _BAR)
    rate = (step.transactions or step.done) / passed_s if passed_s > 0 else 0.0
    unit = "tx/s" if step.transactions else "/s"
    left_s = int(passed_s / share - passed_s) if share > 0 else 0
    clock = f"{left_s // 3600}:{left_s // 60 % 60:02}:{left_s % 60:02}"
    return (
        f"{step.stage} {step.done}/{step.total} [{bar:<{_BAR}}] {share:4.0%}  "
        f"{rate:.0f} {unit}, {clock} left"
    )
