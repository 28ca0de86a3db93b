"""What this machine's system tells of a process and a directory."""

import mmap
import os
import sys
from pathlib import Path

from node.bench.probes import read_metrics, rss_anon, size_on_disk, verify_us


def test_metrics_are_read_without_labels() -> None:
    text = '# HELP a words\na 3.0\nb{peer="x"} 4.0\nprocess_cpu_seconds_total 1.25\n'
    assert read_metrics(text) == {"a": 3.0, "process_cpu_seconds_total": 1.25}


def test_anonymous_memory_is_that_of_the_process_where_the_system_tells() -> None:
    before = rss_anon(os.getpid())
    if sys.platform != "linux":
        assert before is None
        return
    # A mapping of its own: the allocator might use again what others have given back.
    with mmap.mmap(-1, 1 << 24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        held.write(os.urandom(len(held)))
        after = rss_anon(os.getpid())
        size = len(held)
    assert before is not None
    assert after is not None
    assert after - before > size // 2


def test_a_process_that_is_gone_has_no_memory() -> None:
    assert rss_anon(2**22 + 1) is None


def test_a_directory_is_as_large_as_its_files(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "1.ldb").write_bytes(bytes(1_000))
    (tmp_path / "journal").write_bytes(bytes(23))
    assert size_on_disk(tmp_path) == 1_023
    assert size_on_disk(tmp_path / "none") == 0


def test_one_signature_takes_microseconds() -> None:
    assert 1.0 < verify_us() < 10_000.0
