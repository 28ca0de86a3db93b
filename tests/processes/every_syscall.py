"""kill -9 at every write, fsync, rename, ... that a program makes in its data directory.

    python -m tests.processes.every_syscall [--scenario NAME] [--only POINT] [--every N] [--jobs N]

strace kills `crash_program` as it enters one such call, once for each; then what it left must
recover (`tests.processes.recovery`). Exits 1 if anything does not, and prints what replays it.

Some calls of LevelDB's own thread are not reached, and told: strace counts each thread's calls for
itself, so that on a file that the main thread wrote before its counts come first; and a compaction
that a start begins may or may not get far before the program ends. Our own calls are all reached.
"""

import argparse
import fcntl
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import Final

from typing_extensions import override

from tests.processes import crash_program as program
from tests.processes.crash_scenarios import SCENARIOS, Scenario, reference
from tests.processes.recovery import NotRecovered

ROOT: Final = Path(__file__).parent.parent.parent
CALLS: Final = (
    *("write", "pwrite64", "pwritev", "pwritev2", "fsync", "fdatasync", "sync_file_range"),
    *("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir"),
    *("ftruncate", "truncate", "fallocate", "mkdir", "mkdirat"),
)
# A process that another thread starts holds, until it is the other program, whatever files are open
# here: also the lock of a store that is closed meanwhile.
_no_fork: Final = RLock()
# What is traced: `?` lets strace pass over what this machine's kernel does not have.
TRACED: Final = ",".join(f"?{call}" for call in CALLS)
TIMEOUT_S: Final = 120.0
# `1234 write(6</dir/db/LOG>, ...`, `1234 rename("/dir/a", "/dir/b") = 0`,
# `1234 unlinkat(AT_FDCWD</dir>, "/dir/a", 0)`.
_LINE: Final = re.compile(r'\d+ +(\w+)\((?:\d+<([^>]+)>|(?:AT_FDCWD[^,]*, )?"([^"]+)")')


@dataclass(frozen=True, slots=True)
class Point:
    """The `number`-th time that a `call` is made on a `path` below the scenario's directory."""

    call: str
    path: str
    number: int

    @override
    def __str__(self) -> str:
        return f"{self.call}:{self.path}:{self.number}"

    @classmethod
    def parsed(cls, text: str) -> "Point":
        """The opposite of `str`."""
        call, path, number = text.split(":")
        return cls(call, path, int(number))


def can_trace() -> bool:
    """Is there a strace that may trace here?"""
    command = ["strace", "-qq", "-e", "trace=none", sys.executable, "-c", ""]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def points_of(scenario: Scenario, folder: Path) -> list[Point]:
    """Every call of an undisturbed run, in order."""
    with _place(scenario, folder) as directory:
        trace = directory / "trace"
        options = ["-y", "-o", str(trace), "-e", f"trace={TRACED}"]
        done = _strace(options, scenario.arguments(directory))
        if done.returncode != 0:
            raise NotRecovered(f"exit code {done.returncode}: {done.stderr.decode()}")
        return _points(trace.read_text("utf-8", "replace"), directory)


def _points(trace: str, directory: Path) -> list[Point]:
    counts: Counter[tuple[str, str]] = Counter()
    points = []
    for line in trace.splitlines():
        found = _LINE.match(line)
        path = Path(found[2] or found[3]) if found else None
        if found is None or path is None or not path.is_relative_to(directory):
            continue
        place = found[1], str(path.relative_to(directory))
        if place[1] == "trace":
            continue
        counts[place] += 1
        points.append(Point(*place, counts[place]))
    return points


def kill_at(scenario: Scenario, point: Point, folder: Path) -> bool:
    """Kill the program at the point and check what is left; False if it never came there."""
    with _place(scenario, folder) as directory:
        path = directory / point.path
        inject = f"inject={point.call}:signal=KILL:when={point.number}"
        options = ["-P", str(path), "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject]
        done = _strace(options, scenario.arguments(directory))
        _await_released(directory)
        said = [int(line) for line in done.stdout.split()]
        try:
            with _no_fork:
                scenario.check(directory, said)
        except Exception as error:
            raise NotRecovered(f"{point}: {type(error).__name__}: {error}") from error
        return done.returncode != 0


def _await_released(directory: Path) -> None:
    """Until the dead process's threads have let go of its locks; strace may end before them."""
    for path in directory.rglob("store.lock"):
        with path.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
    for path in directory.rglob("LOCK"):
        with path.open("r+b") as held:
            fcntl.lockf(held, fcntl.LOCK_EX)


def _strace(
    options: Sequence[str], arguments: Sequence[str]
) -> "subprocess.CompletedProcess[bytes]":
    command = ["strace", "-f", "-qq", *options, sys.executable, "-B", "-m", program.__name__]
    pipe = subprocess.PIPE
    with _no_fork:
        process = subprocess.Popen([*command, *arguments], stdout=pipe, stderr=pipe, cwd=ROOT)
    with process:
        try:
            out, errors = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


@contextmanager
def _place(scenario: Scenario, folder: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=folder) as name:
        directory = Path(name).resolve()
        with _no_fork:
            scenario.prepare(directory)
        yield directory


@dataclass(slots=True)
class Result:
    """What came of the points of one scenario."""

    points: int
    missed: list[Point]
    failed: list[str]


def run(
    name: str, points: Sequence[Point], folder: Path, jobs: int, told: Callable[[int], None]
) -> Result:
    """Kill at each of the points, some at once."""
    scenario, result = SCENARIOS[name], Result(len(points), [], [])
    reference()

    def one(point: Point) -> None:
        try:
            if not kill_at(scenario, point, folder):
                result.missed.append(point)
        except NotRecovered as error:
            result.failed.append(f"{error}\n  replay: --scenario {name} --only {point}")

    # Around all threads, for what each patches inside is put back as it was found.
    with program.eager(), ThreadPoolExecutor(jobs) as pool:
        for done, _ in enumerate(pool.map(one, points), 1):
            told(done)
    return result


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", choices=SCENARIOS, action="append")
    parser.add_argument("--only", type=Point.parsed, help="one point of the scenario")
    parser.add_argument("--every", type=int, default=1, help="take every N-th point")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    if not can_trace():
        sys.stderr.write("strace can't trace here: python -m tests.processes.crash_images\n")
        return 1
    failed = 0
    with TemporaryDirectory() as folder:
        for name in given.scenario or SCENARIOS:
            began = time.monotonic()
            points = points_of(SCENARIOS[name], Path(folder))[:: given.every]
            if given.only is not None:
                points = [given.only]

            def told(done: int, name: str = name, count: int = len(points)) -> None:
                sys.stderr.write(f"\r{name}: {done} of {count} points ")
                sys.stderr.flush()

            result = run(name, points, Path(folder), given.jobs, told)
            seconds = time.monotonic() - began
            counted = f"{result.points} points, {len(result.missed)} not reached"
            sys.stdout.write(f"\r{name}: {counted}, {len(result.failed)} failed, {seconds:.0f} s\n")
            for words in (*result.failed, *(f"not reached: {point}" for point in result.missed)):
                sys.stdout.write(f"  {words}\n")
            failed += len(result.failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
