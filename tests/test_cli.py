"""The command line as a whole: fast help, grammar, and an example at the end of every page."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

import cli
from node.commands.root import application, load_noun
from tests.commands.command_line import ROOT, hushang, inside

HEAVY = ("aiohttp", "pydantic", "cryptography", "nacl", "plyvel", "msgpack", "rich.console")


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every verb with its words."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from leaves(child, (*path, name))


NOUNS = [noun for noun in cli.NOUNS if (ROOT / "node" / "commands" / f"{noun}.py").exists()]
VERBS = [entry for noun in NOUNS for entry in leaves(load_noun(noun), (noun,))]


def name_of(entry: Any) -> str:
    return " ".join(entry[0]) if isinstance(entry, tuple) and len(entry) == 2 else str(entry)


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys, cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.strip() == "[]"
    assert "keys" in done.stdout


def test_a_typo_is_told_the_right_noun_and_exits_2() -> None:
    ran = hushang("kyes", "new")
    assert ran.code == 2
    assert "'keys'" in ran.err
    assert ran.out == b""


@pytest.mark.parametrize("words", [["keys", "show"], ["keys", "show", "a", "-o", "xml"], []])
def test_wrong_usage_exits_2_with_nothing_on_stdout(words: list[str]) -> None:
    ran = hushang(*words)
    assert (ran.code, ran.out) == (2, b"")


def test_an_error_of_usage_is_json_where_json_is_asked_for() -> None:
    ran = hushang("keys", "show", "-o", "json")
    assert ran.error["code"] == "Usage"
    assert ran.error["exit_code"] == ran.code == 2


@pytest.mark.parametrize("entry", VERBS, ids=name_of)
def test_every_help_page_ends_with_examples_of_itself(entry: Any) -> None:
    path, command = entry
    assert command.help, path
    lines = [line.strip() for line in command.epilog.splitlines()]
    examples = lines[lines.index("Examples:") + 1 :]
    assert examples
    assert any(f"hushang {' '.join(path)}" in line for line in examples), path


def words_of(example: str) -> list[str]:
    """The words after `hushang`, of the part of a shell line that runs it."""
    words = shlex.split(example.partition("|")[2] if "printf" in example else example)
    words = words[words.index("hushang") + 1 :]
    ends = [words.index(sign) for sign in ("<", "|", ">") if sign in words]
    return words[: min(ends, default=None)]


EXAMPLES = [
    line.strip()
    for _, command in VERBS
    for line in command.epilog.split("Examples:")[1].splitlines()
    if line.strip()
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_command_line_that_parses(example: str) -> None:
    words = words_of(example)
    command: Any = typer.main.get_command(application(cli.NOUNS, cli.EXAMPLES))
    context = command.make_context("hushang", words)
    # Parsing only: a verb's context is made, and not invoked.
    while hasattr(command, "resolve_command"):
        _, command, rest = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        context = command.make_context(command.name, rest, parent=context)


@pytest.mark.parametrize("noun", NOUNS)
def test_the_help_of_every_noun_is_printed(noun: str) -> None:
    ran = inside(noun, "--help")
    assert ran.code == 0, ran.err
    assert b"Usage: hushang " + noun.encode() in ran.out
    examples = ran.out.decode().partition("Examples:\n")[2].splitlines()
    assert examples
    assert all("hushang " + noun in line for line in examples)


def test_the_table_of_nouns_is_that_of_the_files() -> None:
    plumbing = {"__init__", "byte_progress", "failures", "options", "output", "quorum"}
    plumbing |= {"root", "session", "telling"}
    # The verbs of `hushang code`.
    plumbing |= {"code_batch", "code_claim", "code_label", "code_noun"}
    files = {path.stem for path in (ROOT / "node" / "commands").glob("*.py")} - plumbing
    assert {name.replace("_", "-") for name in files} <= set(cli.NOUNS)
