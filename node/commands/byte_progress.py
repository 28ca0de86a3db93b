"""Progress of a long job over bytes on stderr: a line that changes on a terminal, else a few."""

import sys
import time
from typing import Final, TextIO

from node.backup import Progress

TERMINAL_EVERY_S: Final = 0.1
ELSEWHERE_EVERY_S: Final = 10.0
MEGA: Final = 1_000_000


class ByteProgress:
    """Tells of a job's `Progress`, as a context: the line is wiped in any case."""

    def __init__(self, job: str, stream: TextIO | None = None) -> None:
        self._job = job
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._every_s = TERMINAL_EVERY_S if self._terminal else ELSEWHERE_EVERY_S
        self._started = self._told = time.monotonic()
        self._width = 0

    def __enter__(self) -> "ByteProgress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()

    def __call__(self, progress: Progress, _: float = 0.0) -> None:
        """Tell, unless something was told a moment ago."""
        now = time.monotonic()
        if now - self._told < self._every_s:
            return
        self._told = now
        words = words_of(self._job, progress, now - self._started)
        if self._terminal:
            self._stream.write("\r" + words.ljust(self._width))
            self._width = max(self._width, len(words))
        else:
            self._stream.write(words + "\n")
        self._stream.flush()


def words_of(job: str, progress: Progress, passed_s: float) -> str:
    """`restore 12 of 48 MB, 25%, 310000 rows, 41 MB/s, 0:36 left`."""
    size = progress.size / MEGA
    rate = progress.size / passed_s if passed_s > 0 else 0.0
    told = f"{progress.rows} rows, {rate / MEGA:.0f} MB/s"
    if not progress.size_max:
        return f"{job} {size:.0f} MB, {told}"
    left_s = int((progress.size_max - progress.size) / rate) if rate else 0
    share = progress.size / progress.size_max
    return (
        f"{job} {size:.0f} of {progress.size_max / MEGA:.0f} MB, {share:.0%}, {told}, "
        f"{left_s // 60}:{left_s % 60:02} left"
    )
