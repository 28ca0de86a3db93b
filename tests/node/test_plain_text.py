"""A terminal obeys nothing of what a stranger named."""

import json
from collections.abc import Callable

import pytest

from chain.errors import HushangError
from node.commands.failures import report
from node.commands.options import Output
from node.commands.output import Printer
from node.plain_text import plain

# Colours, a title, a cleared screen, a C1 introducer, a backspace, a turned direction, a bell.
OBEYED = "\x1b[31m \x1b]0;t\x07 \x1b[2J \x9b2J \x08 \u202e \u2066 \r \x00 \x7f \u2028 \ud800"
ROW = {OBEYED: OBEYED, "list": [OBEYED, {"in": OBEYED}], "dict": {"k": OBEYED}}


class Obeyed(HushangError):
    """A refusal whose words came from a stranger."""

    hint = OBEYED


def obeyed_in(shown: str) -> list[str]:
    return [c for c in shown if c != "\n" and (not c.isprintable() or "\ud800" <= c <= "\udfff")]


def test_controls_are_spelled_out_and_words_stay_as_they_are() -> None:
    assert plain("a\x1b[31mb\u202ec") == "a\\u001b[31mb\\u202ec"
    for words in ("沪商 250 g – “x”", "two\nlines\tand a tab", "\\u001b", "👩‍👩‍👧"):
        assert plain(words) == words
    assert obeyed_in(plain(OBEYED)) == []


PRINTED: list[Callable[[Printer], None]] = [
    lambda printer: printer.record(ROW),
    lambda printer: printer.records([ROW, ROW]),
    lambda printer: printer.document(ROW),
    lambda printer: printer.words(ROW, [OBEYED]),
    lambda printer: printer.line(ROW, OBEYED),
    lambda printer: printer.say(OBEYED),
]


@pytest.mark.parametrize("output", Output)
@pytest.mark.parametrize("show", PRINTED)
def test_nothing_that_a_terminal_obeys_is_ever_printed(
    show: Callable[[Printer], None], output: Output, capsys: pytest.CaptureFixture[str]
) -> None:
    show(Printer(output))
    told = capsys.readouterr()
    assert told.out + told.err
    assert obeyed_in(told.out + told.err) == []


def test_what_json_spells_out_reads_back_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Output.NDJSON).record(ROW)
    assert json.loads(capsys.readouterr().out) == ROW


@pytest.mark.parametrize("arguments", [(), ("-o", "json")])
def test_nor_does_the_report_of_an_error_say_it(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    report(Obeyed(OBEYED), arguments)
    told = capsys.readouterr().err
    assert "Obeyed" in told
    assert obeyed_in(told) == []
