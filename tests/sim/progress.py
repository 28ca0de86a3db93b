"""How far a long run is, on stderr: for people, never part of a result."""

import sys
from time import monotonic
from typing import TextIO

# A terminal is told more often than a log.
TERMINAL_PAUSE_S = 0.5
LOG_PAUSE_S = 30.0


class Progress:
    """Tells now and then how many seeds are done, how fast, and how long the rest takes."""

    def __init__(self, seeds: int, out: TextIO = sys.stderr) -> None:
        self._seeds = seeds
        self._out = out
        self._terminal = out.isatty()
        self._pause_s = TERMINAL_PAUSE_S if self._terminal else LOG_PAUSE_S
        self._begun_s = self._told_s = monotonic()

    def tell(self, done: int, failed: int) -> None:
        """So many seeds are done; says so if the last time is long ago."""
        now_s = monotonic()
        if now_s - self._told_s < self._pause_s:
            return
        self._told_s = now_s
        line = progress_line(done, self._seeds, failed, now_s - self._begun_s)
        end = "\r" if self._terminal else "\n"
        print(f"{line:<76}", end=end, file=self._out, flush=True)

    def end(self) -> None:
        """Leave the line to what follows."""
        if self._terminal:
            print(" " * 76, end="\r", file=self._out, flush=True)


def progress_line(done: int, seeds: int, failed: int, passed_s: float) -> str:
    """One line, as `120 of 2000 seeds, 8.1/s, 3 min 52 s to go, 0 failed`."""
    rate = done / max(passed_s, 0.001)
    rest_s = round((seeds - done) / max(rate, 0.001))
    minutes, seconds = divmod(rest_s, 60)
    return (
        f"{done} of {seeds} seeds, {rate:.1f}/s, {minutes} min {seconds} s to go, {failed} failed"
    )
