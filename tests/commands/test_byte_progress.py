"""A long job tells how far it is, and leaves no line behind on a terminal."""

import io

import pytest
from typing_extensions import override

from node.backup import Progress
from node.commands import byte_progress
from node.commands.byte_progress import ByteProgress, words_of


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    @override
    def isatty(self) -> bool:
        return True


def test_words_say_how_much_how_fast_and_how_long_yet() -> None:
    progress = Progress(300, 25_000_000, 100_000_000)
    assert words_of("restore", progress, 5.0) == (
        "restore 25 of 100 MB, 25%, 300 rows, 5 MB/s, 0:15 left"
    )
    assert words_of("backup", Progress(300, 25_000_000), 5.0) == "backup 25 MB, 300 rows, 5 MB/s"
    assert words_of("backup", Progress(0, 0, 10), 0.0).endswith("0:00 left")


def test_a_terminals_line_is_wiped_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(byte_progress, "TERMINAL_EVERY_S", 0.0)
    stream = Terminal()
    with ByteProgress("backup", stream) as told:
        told(Progress(1, 2_000_000))
    first, *_, last = stream.getvalue().split("\r")[1:]
    assert first.startswith("backup 2 MB, 1 rows")
    assert last == ""


def test_elsewhere_a_line_comes_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    with ByteProgress("backup", stream) as told:
        told(Progress(1, 2_000_000))
    assert stream.getvalue() == "", "not every step"
    monkeypatch.setattr(byte_progress, "ELSEWHERE_EVERY_S", 0.0)
    with ByteProgress("backup", stream) as told:
        told(Progress(1, 2_000_000))
    assert stream.getvalue().startswith("backup 2 MB, 1 rows")
    assert stream.getvalue().endswith("\n")
