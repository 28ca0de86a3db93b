"""The shell that tutorials are typed into: what fails is seen, what was started ends."""

import os
from pathlib import Path

import pytest

from tests.commands.command_line import is_running
from tests.tutorials.shell import shell


def test_what_one_box_sets_the_next_one_has(tmp_path: Path) -> None:
    with shell(tmp_path) as typing:
        assert typing.type("NAME=tea\ncd /").ok
        typed = typing.type('echo "$NAME in $PWD"')
    assert (typed.ok, typed.printed) == (True, "tea in /\n")


@pytest.mark.parametrize(
    "commands",
    ["false", "false\ntrue", "false | true", "NAME=$(false)", 'echo "$NOBODY"', "exit 3", "if"],
)
def test_a_command_that_fails_is_seen_wherever_it_stands(commands: str, tmp_path: Path) -> None:
    with shell(tmp_path) as typing:
        assert not typing.type(commands).ok


def test_a_failure_that_the_page_expects_is_shown_and_is_none(tmp_path: Path) -> None:
    with shell(tmp_path) as typing:
        typed = typing.type('(exit 7) || echo "exit code $?"')
    assert (typed.ok, typed.printed) == (True, "exit code 7\n")


def test_both_streams_are_what_a_reader_sees(tmp_path: Path) -> None:
    with shell(tmp_path) as typing:
        assert typing.type("echo one\necho two >&2\necho three").printed == "one\ntwo\nthree\n"


def test_nobody_is_asked_and_nothing_personal_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUSHANG_AS", "buyer")
    with shell(tmp_path) as typing:
        typed = typing.type('wc -c\necho "${HUSHANG_AS-nobody} ${XDG_CONFIG_HOME-nowhere} $HOME"')
    assert typed.printed == f"0\nnobody nowhere {tmp_path / 'home'}\n"


def test_what_was_started_ends_with_the_shell(tmp_path: Path) -> None:
    with shell(tmp_path) as typing:
        typed = typing.type("sleep 600 &\necho $!")
        pid = int(typed.printed)
        assert typing.left() == [pid]
    assert not is_running(pid)
    assert pid != os.getpid()
