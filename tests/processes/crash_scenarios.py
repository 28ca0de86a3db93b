"""The programs that are killed: how each begins, and what must hold of what its death leaves.

Each has a directory of its own; what it needs of others (a member's files, a backup of them) is
made once.
"""

import atexit
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from threading import RLock
from typing import Final, TypeVar

from node.backup import BackupSource, write_backup
from tests.processes import crash_program as program
from tests.processes.recovery import (
    Reference,
    check_backed_up,
    check_member,
    check_pruned,
    check_restored,
    check_snapshots,
)

RESTART_HEIGHT: Final = 47
RESTART_GOAL: Final = 49
T = TypeVar("T")
_making = RLock()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A program in a directory of its own: how it begins, and what must hold after its death."""

    prepare: Callable[[Path], None]
    arguments: Callable[[Path], Sequence[str]]
    # Told the heights that the dead program had acknowledged. Raises `NotRecovered`.
    check: Callable[[Path, Sequence[int]], None]


def once(make: Callable[[], T]) -> Callable[[], T]:
    """Made at the first call, also where threads ask at once."""
    made = cache(make)

    def locked() -> T:
        with _making:
            return made()

    return locked


def _kept() -> Path:
    """A directory that goes with this process."""
    folder = Path(mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@once
def reference() -> Reference:
    """The chain as nobody disturbs it."""
    return Reference.made()


def _root() -> bytes:
    return reference().blocks[-1][1]


def _begin(directory: Path) -> None:
    program.prepare(directory / "data")


def _decide(directory: Path) -> Sequence[str]:
    return ("decide", str(directory / "data"), str(program.HEIGHT_MAX))


def _check_member(directory: Path, said: Sequence[int]) -> None:
    check_member(directory / "data", said, reference())


@once
def _crashed() -> Path:
    """A member's files as they are while it runs, most blocks still in LevelDB's log."""
    kept = _kept()
    data = kept / "data"
    program.prepare(data)
    last = 0

    def copy(height: int) -> None:
        nonlocal last
        last = height
        if height == RESTART_HEIGHT:
            shutil.copytree(data, kept / "crashed")

    program.decide(data, RESTART_HEIGHT, copy)
    assert last == RESTART_HEIGHT
    return kept


def _begin_again(directory: Path) -> None:
    shutil.copytree(_crashed() / "crashed", directory / "data")


def _decide_more(directory: Path) -> Sequence[str]:
    return ("decide", str(directory / "data"), str(RESTART_GOAL))


@once
def _whole() -> Path:
    """A member's files at the end, and a backup of them."""
    kept = _kept()
    data = kept / "data"
    program.prepare(data)
    program.decide(data, program.HEIGHT_MAX)
    with program.opened(data) as files:
        write_backup(BackupSource.of(files.ledger, 0), kept / "backup")
    return kept


def _restore(directory: Path) -> Sequence[str]:
    return ("restore", str(_whole() / "backup"), str(directory / "data"))


def _check_restored(directory: Path, _: Sequence[int]) -> None:
    check_restored(directory / "data", _whole() / "backup", _root())


def _begin_backup(directory: Path) -> None:
    _begin_whole(directory)
    shutil.copy(_whole() / "backup", directory / "backup")


def _back_up(directory: Path) -> Sequence[str]:
    return ("backup", str(directory / "data"), str(directory / "backup"))


def _check_backed_up(directory: Path, _: Sequence[int]) -> None:
    check_backed_up(directory / "backup", _root())
    check_member(directory / "data", [], reference())


def _begin_whole(directory: Path) -> None:
    shutil.copytree(_whole() / "data", directory / "data")


def _snapshot(directory: Path) -> Sequence[str]:
    return ("snapshot", str(directory / "data"))


def _check_snapshots(directory: Path, _: Sequence[int]) -> None:
    check_snapshots(directory / "data")
    check_member(directory / "data", [], reference())


def _prune(directory: Path) -> Sequence[str]:
    return ("prune", str(directory / "data"), str(directory / "archive"))


def _check_pruned(directory: Path, _: Sequence[int]) -> None:
    check_pruned(directory / "data", directory / "archive")
    check_member(directory / "data", [], reference())


SCENARIOS: Final = {
    # From the first start: founding, 50 blocks, the journal made shorter, a table written.
    "decide": Scenario(_begin, _decide, _check_member),
    # The start after a kill: LevelDB recovers its log, the journal its end.
    "restart": Scenario(_begin_again, _decide_more, _check_member),
    "restore": Scenario(_begin, _restore, _check_restored),
    "backup": Scenario(_begin_backup, _back_up, _check_backed_up),
    "snapshot": Scenario(_begin_whole, _snapshot, _check_snapshots),
    # Old blocks are filed, then removed.
    "prune": Scenario(_begin_whole, _prune, _check_pruned),
}
