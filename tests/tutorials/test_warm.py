"""A command that is asked of the process that has imported it does what the real one does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tutorials.shell import BIN, shell
from tests.tutorials.warm import warm_hushang

# What a command takes from around it: directory, environment, streams; and what it gives: a code.
COMMANDS = """\
mkdir own
cd own
hushang keys new a.key --plain -o ndjson > told 2> words
ls
HUSHANG_LANG=zh hushang explain InsufficientFunds
hushang explain Nothing || echo "exit code $?"
hushang verify /dev/stdin --genesis nowhere < told || echo "exit code $?"
hushang keys show a.key --field nothing || echo "exit code $?"
hushang node start --config nowhere.toml || echo "exit code $?"
"""


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with warm_hushang(tmp_path_factory.mktemp("warm")) as folder:
        yield folder


def test_a_warm_command_does_and_prints_what_the_real_one_does(
    commands: Path, tmp_path: Path
) -> None:
    printed = []
    for place in (BIN, commands):
        directory = tmp_path / place.name / "run"
        directory.mkdir(parents=True)
        with shell(directory, place) as typing:
            typed = typing.type(COMMANDS)
        assert typed.ok, typed.printed
        printed.append(typed.printed.replace(str(directory), "(here)"))
        assert "exit code 2" in typed.printed
        shutil.rmtree(directory)
    assert printed[0] == printed[1]


def test_commands_at_the_same_time_are_answered_each_for_itself(
    commands: Path, tmp_path: Path
) -> None:
    with shell(tmp_path, commands) as typing:
        typed = typing.type(
            "hushang explain InsufficientFunds --field code > first &\n"
            "hushang explain OutExists --field code > second &\n"
            "wait\n"
            "cat first second"
        )
    assert (typed.ok, typed.printed) == (True, "InsufficientFunds\nOutExists\n")
