"""The machine: limits of what is taken for enough, and a probe that leaves nothing."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from node.doctor import machine
from node.doctor.report import State

GIB = 1024**3


@pytest.mark.parametrize(
    ("free", "total", "state"),
    [
        (100 * GIB, 200 * GIB, State.OK),
        (15 * GIB, 200 * GIB, State.WARNING),
        (GIB, 5 * GIB, State.WARNING),
        (GIB // 8, 5 * GIB, State.FAILED),
    ],
)
def test_little_room_is_a_warning_and_none_a_failure(
    free: int, total: int, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = SimpleNamespace(free=free, total=total)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert next(machine.check_disk(tmp_path)).state is state


def test_few_inodes_are_a_warning_and_none_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for left, state in ((50, State.OK), (4, State.WARNING), (0, State.FAILED)):
        found = SimpleNamespace(
            f_files=100, f_favail=left, f_bavail=9, f_blocks=9, f_bfree=9, f_frsize=GIB
        )
        monkeypatch.setattr(os, "statvfs", lambda _, found=found: found)
        assert list(machine.check_disk(tmp_path))[1].state is state


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        ("ext4", State.OK),
        ("tmpfs", State.WARNING),
        ("nfs4", State.WARNING),
        ("", State.NOT_CHECKED),
    ],
)
def test_memory_and_other_machines_disks_are_no_place_for_a_chain(
    kind: str, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "file_system_of", lambda _: kind)
    assert list(machine.check_disk(tmp_path))[2].state is state


def test_the_kind_of_a_file_system_is_that_of_the_longest_mount() -> None:
    if Path("/proc/self/mountinfo").exists():
        assert machine.file_system_of(Path("/proc/self")) == "proc"
        assert machine.file_system_of(Path("/"))


@pytest.mark.parametrize(
    ("took_ms", "state"), [(2.0, State.OK), (50.0, State.WARNING), (900.0, State.FAILED)]
)
def test_a_slow_disk_is_measured(
    took_ms: float, state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_probe", lambda _: [took_ms, took_ms, 10_000.0])
    assert list(machine.check_disk(tmp_path))[3].state is state


def test_the_probe_writes_syncs_and_leaves_nothing(tmp_path: Path) -> None:
    assert list(machine.check_disk(tmp_path))[3].state in {State.OK, State.WARNING, State.FAILED}
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_and_a_missing_directory_are_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(machine.check_disk(tmp_path / "new"))[3].state is State.NOT_CHECKED

    def full(_: Path) -> Iterator[float]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(machine, "_probe", full)
    found = list(machine.check_disk(tmp_path))[3]
    assert (found.state, found.do) == (State.FAILED, "make room")


def test_memory_open_files_clock_and_software_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.check_memory().means
    assert machine.check_clock_source().means
    assert [check.name for check in machine.check_software()] == [
        *("software", "store engine", "event loop"),
    ]
    assert "node's" in machine.check_open_files(os.getpid()).means or not Path("/proc").exists()
    monkeypatch.setattr(machine, "_available_memory", lambda: 100 * 1024**2)
    assert machine.check_memory().state is State.FAILED
    monkeypatch.setattr(machine, "_limit_of", lambda _: 1024)
    assert machine.check_open_files(1).state is State.WARNING
