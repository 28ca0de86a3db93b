"""A process is recognised by its command line, from its first moment until it is gone."""

import subprocess
import sys
from pathlib import Path

from node.detached import Footprint, is_it, trace


def waiting(mark: Path) -> "subprocess.Popen[bytes]":
    """A process that names the mark and ends with its input."""
    command = [sys.executable, "-S", "-c", "input()", str(mark)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)


def test_a_process_that_has_only_just_begun_is_known_all_the_same(tmp_path: Path) -> None:
    footprint = Footprint(tmp_path / "pid", tmp_path / "mark")
    # In the midst of exec Linux shows no command line yet: nearly each of these is met there.
    for _ in range(12):
        with waiting(footprint.mark) as process:
            assert is_it(process.pid, footprint)
            process.kill()


def test_neither_a_zombie_nor_somebody_else_is_the_process(tmp_path: Path) -> None:
    footprint = Footprint(tmp_path / "pid", tmp_path / "mark")
    with waiting(tmp_path / "another") as process:
        assert not is_it(process.pid, footprint)
    with waiting(footprint.mark) as process:
        assert is_it(process.pid, footprint)
        footprint.pid_file.write_text(f"{process.pid}\n")
        process.kill()
        # Its output ends when it is a zombie; it is reaped at the end of the block.
        assert process.stdin is not None
        while is_it(process.pid, footprint):
            pass
        assert trace(footprint).stale
