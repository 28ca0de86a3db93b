"""Tables on a terminal and in a pipe: nothing that the next command needs is ever cut."""

import io

import pytest
from typing_extensions import override

from node import words
from node.commands.tables import print_thing, print_things

ORDER = "ab" * 32
ACCOUNT = "hs1" + "q" * 58
TEXT = "said at length " * 6


class Terminal(io.StringIO):
    """A stdout that people look at."""

    @override
    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What stands on it."""
        return [line.rstrip() for line in self.getvalue().splitlines() if line.strip()]


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal of 80 columns without colours."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")
    return terminal


def test_things_too_wide_for_a_terminal_come_one_after_another_with_their_ids_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = on_a_terminal(monkeypatch)
    row = {"order": ORDER, "account": ACCOUNT, "words": TEXT}
    print_things([row, row])
    assert max(map(len, screen.lines)) <= 80
    assert screen.lines[:2] == [f"order    {ORDER}", f"account  {ACCOUNT}"]
    assert screen.getvalue().count("\n\n") == 1, "a blank line between two things"
    assert screen.getvalue().count("length") == 12


def test_a_table_that_fits_folds_texts_between_words_and_leaves_the_rest_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = on_a_terminal(monkeypatch)
    print_things([{"id": "abc", "state": "REFUND_PENDING", "words": TEXT, "n": "7"}])
    assert max(map(len, screen.lines)) <= 80
    assert screen.lines[0].split() == ["id", "state", "words", "n"]
    assert any("REFUND_PENDING" in line and "abc" in line for line in screen.lines)
    assert screen.getvalue().count("length") == 6


def test_stacked_columns_go_below_one_another_and_only_where_they_must(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = on_a_terminal(monkeypatch)
    print_things(
        [{"role": "buyer", "account": ACCOUNT, "key_file": "keys/buyer.key"}], stacked=True
    )
    head, _, first, second = (line.split() for line in screen.lines[1:])
    assert screen.lines[0].split() == ["account"]
    assert (head, first, second) == (["role", "key_file"], ["buyer", ACCOUNT], ["keys/buyer.key"])
    screen.truncate(0)
    print_things([{"role": "buyer", "key_file": "keys/buyer.key"}], stacked=True)
    assert screen.lines[-1].split() == ["buyer", "keys/buyer.key"]


def test_the_names_of_one_thing_are_whole_however_narrow_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = on_a_terminal(monkeypatch)
    url = "https://node.example/" + "x" * 90
    print_thing([("url", url), ("words", TEXT * 2), ("n", "1")])
    assert f"url    {url}" in screen.lines
    assert screen.getvalue().count("length") == 12
    assert all(len(line) <= 80 for line in screen.lines if url not in line)


def test_two_columns_of_one_chinese_name_stay_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = on_a_terminal(monkeypatch)
    one_name = words.Words("zh", {}, {"first": "账户", "second": "账户"}, {})
    monkeypatch.setattr("node.commands.tables.words", lambda: one_name)
    print_things([{"first": "a", "second": "b"}])
    assert screen.lines[-1].split() == ["a", "b"]
    assert screen.lines[0].split() == ["账户", "账户"]


def test_chinese_takes_two_cells_a_sign(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = on_a_terminal(monkeypatch)
    print_things([{"name": "字" * 30, "id": "x" * 25}])
    assert screen.lines == [f"name  {'字' * 30}", f"id    {'x' * 25}"]


def test_in_a_pipe_a_thing_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"order": ORDER, "account": ACCOUNT, "words": TEXT}
    print_things([row, row], stacked=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert all(ORDER in line and ACCOUNT in line and TEXT.strip() in line for line in lines[2:])
