"""Progress of long work: one line that changes on a terminal, few elsewhere, none when quick."""

import io

import pytest
from typing_extensions import override

from node.audit import progress
from node.audit.findings import Step
from node.audit.progress import ProgressLine, words_of


class Terminal(io.StringIO):
    """A stream that says it is one."""

    @override
    def isatty(self) -> bool:
        return True


class Clock:
    """Ten seconds pass between any two looks at it."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        self.now_s += 10
        return self.now_s


def told(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(progress, "time", Clock())
    with ProgressLine(stream) as tell:
        for done in (1, 250, 500):
            tell(Step("replay", done, 1_000, transactions=done * 40))
        tell(Step("compare", 0, 6))
    return stream.getvalue()


def test_elsewhere_each_report_is_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = told(io.StringIO(), monkeypatch).splitlines()
    assert lines == [
        "replay 250/1000 [######                  ]  25%  1000 tx/s, 0:00:30 left",
        "replay 500/1000 [############            ]  50%  1000 tx/s, 0:00:20 left",
    ]


def test_a_terminals_line_is_rewritten_and_wiped_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = told(Terminal(), monkeypatch)
    assert "\n" not in text
    assert text.startswith("\rreplay 250/1000")
    assert text.endswith(" \r")


def test_what_is_quick_says_nothing() -> None:
    stream = io.StringIO()
    with ProgressLine(stream) as tell:
        for done in range(100):
            tell(Step("replay", done, 100))
    assert stream.getvalue() == ""


def test_a_stage_of_nothing_has_words_too() -> None:
    assert words_of(Step("headers", 0, 0), 0.0).startswith("headers 0/0")
    assert words_of(Step("blocks", 0, 5), 1.0).endswith("0 /s, 0:00:00 left")
