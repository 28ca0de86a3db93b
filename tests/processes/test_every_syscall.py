"""kill -9 anywhere in a run of 50 blocks leaves what recovers to one height: a spread sample.

All points: `python -m tests.processes.every_syscall`.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from node import driver
from node.worker import Worker
from tests.processes import crash_images, every_syscall
from tests.processes import crash_program as program
from tests.processes.crash_scenarios import SCENARIOS, reference
from tests.processes.every_syscall import Point, can_trace, points_of
from tests.processes.recovery import NotRecovered, check_member

# So many of an undisturbed run's, from the first to the last.
SPREAD = {"decide": 5, "restore": 3}
# Where the files are our own, their names tell the places that matter.
NAMED = {
    "restart": ("rename:data/db/LOG:1", "fdatasync:data/journal/journal:3"),
    "backup": ("write:backup.partial:2", "rename:backup.partial:1"),
    "snapshot": ("fsync:data/snapshots/50.making/ids-00000:1", "rename:data/snapshots/50.making:1"),
    "prune": (
        "rename:archive/blocks-000000000001-000000000020.hsa.partial:1",
        "write:archive/blocks-000000000021-000000000040.hsa.partial:2",
    ),
}
IMAGES_EVERY = 40
# Where nothing can be traced the copies stand in for all scenarios.
IMAGES_EVERY_ALONE = 10
JOBS = 2


def spread(points: list[Point], count: int) -> list[Point]:
    """So many points from the first to the last."""
    return [points[(len(points) - 1) * n // (count - 1)] for n in range(count)]


def test_every_scenario_has_its_sample() -> None:
    assert {*SPREAD, *NAMED} == set(SCENARIOS)


@pytest.mark.parametrize("name", SPREAD)
def test_a_process_killed_anywhere_leaves_what_recovers(
    name: str, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    if not can_trace():
        recover_images(tmp_path, IMAGES_EVERY_ALONE)
        return
    points = points_of(SCENARIOS[name], tmp_path)
    result = every_syscall.run(name, spread(points, SPREAD[name]), tmp_path, JOBS, lambda _: None)
    tell(f"kill -9 ({name}): {result.points} of {len(points)} points, all recovered")
    assert result.failed == []
    # LevelDB's own thread may number a table differently in another run.
    assert len(result.missed) < result.points


@pytest.mark.parametrize("name", NAMED)
def test_a_process_killed_where_it_matters_leaves_what_recovers(name: str, tmp_path: Path) -> None:
    if not can_trace():
        recover_images(tmp_path, IMAGES_EVERY_ALONE)
        return
    points = [Point.parsed(text) for text in NAMED[name]]
    result = every_syscall.run(name, points, tmp_path, JOBS, lambda _: None)
    assert result.failed == []
    assert result.missed == []
    assert vars(driver)["Worker"] is Worker, "what was patched is put back"


def test_copies_made_in_the_middle_of_writes_recover(tmp_path: Path) -> None:
    recover_images(tmp_path, IMAGES_EVERY)


def recover_images(folder: Path, every: int) -> None:
    """Each copy recovers; together they are of most heights."""
    images = crash_images.images_of(folder, every)
    heights = [crash_images.check(image, reference()) for image in images]
    assert heights == sorted(heights)
    assert heights[-1] >= program.HEIGHT_MAX - 5


def test_a_block_that_was_acknowledged_and_is_gone_is_noticed(tmp_path: Path) -> None:
    program.prepare(tmp_path / "data")
    said: list[int] = []
    program.decide(tmp_path / "data", 4, said.append)
    shutil.copytree(tmp_path / "data", tmp_path / "older")
    with pytest.raises(NotRecovered, match="acknowledged"):
        check_member(tmp_path / "data", [*said, 5], reference())
    # The member's own journal brings blocks back; who had seen them meanwhile had not.
    log = max((tmp_path / "older" / "db").glob("*.log"), key=lambda path: path.stat().st_size)
    os.truncate(log, log.stat().st_size // 2)
    with pytest.raises(NotRecovered, match="acknowledged"):
        check_member(tmp_path / "older", said, reference())


def test_a_call_is_named_by_its_path_and_its_number_there() -> None:
    trace = """\
7 write(6</tmp/x/db/LOG>, "2026..."..., 60) = 60
7 write(9</tmp/other>, "a", 1) = 1
8 write(6</tmp/x/db/LOG>,  <unfinished ...>
8 <... write resumed>"b", 1) = 1
7 rename("/tmp/x/db/000001.dbtmp", "/tmp/x/db/CURRENT") = 0
7 unlinkat(AT_FDCWD</tmp/x>, "/tmp/x/db.restoring/LOCK", 0) = 0
"""
    found = [str(point) for point in every_syscall._points(trace, Path("/tmp/x"))]
    assert found == [
        "write:db/LOG:1",
        "write:db/LOG:2",
        "rename:db/000001.dbtmp:1",
        "unlinkat:db.restoring/LOCK:1",
    ]
    assert [str(Point.parsed(text)) for text in found] == found
