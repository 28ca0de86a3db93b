"""The command line as a whole: fast help, grammar, and an example at the end of every page."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pytest
import typer

import cli
from node.commands.help_words import summary
from node.commands.root import application, load_noun
from node.words import use
from tests.commands.command_line import ROOT, hushang, inside

HEAVY = ("aiohttp", "pydantic", "cryptography", "nacl", "plyvel", "msgpack", "rich.console")
# What serves a chain, or reads settings and genesis files.
SERVING = ("aiohttp", "asyncio", "plyvel", "node.config", "node.genesis_file", "node.service")


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every verb with its words."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from leaves(child, (*path, name))


COMMANDS = ROOT / "node" / "commands"
NOUNS = [noun for noun in cli.NOUNS if (COMMANDS / f"{noun.replace('-', '_')}.py").exists()]
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


@pytest.mark.parametrize("words", [("keys", "--help"), ("order", "--help"), ("context", "list")])
def test_what_asks_no_node_imports_neither_settings_nor_a_server(words: tuple[str, ...]) -> None:
    script = (
        "import sys, cli\n"
        f"try:\n    cli.main({words!r})\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print([name for name in {SERVING!r} if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_the_version_is_told_without_a_noun() -> None:
    ran = inside("--version")
    assert (ran.code, ran.out.decode().strip()) == (0, version("hushang"))


def test_a_typo_is_told_the_right_noun_and_exits_2() -> None:
    ran = hushang("kyes", "new")
    assert ran.code == 2
    assert "'keys'" in ran.err
    assert ran.out == b""


@pytest.mark.parametrize("words", [["keys", "show"], ["keys", "show", "a", "-o", "xml"], []])
def test_wrong_usage_exits_2_with_nothing_on_stdout(words: list[str]) -> None:
    ran = hushang(*words)
    assert (ran.code, ran.out) == (2, b"")


def test_an_argument_in_another_encoding_is_told_as_one() -> None:
    words = ("product", "register", "--title", b"\xd5\xc5".decode("utf-8", "surrogateescape"))
    ran = inside(*words)
    assert (ran.code, ran.out) == (2, b"")
    assert "UsageWrong: argument 4 is not in UTF-8" in ran.err


def test_an_empty_context_is_no_context() -> None:
    assert inside("--context", "", "status").code == 2
    assert inside("status", "--context", "").code == 2


@pytest.mark.parametrize("verb", ["watch", "listen"])
def test_a_count_below_1_is_refused(verb: str) -> None:
    for count in ("0", "-1"):
        assert inside(verb, "--count", count).code == 2


def test_a_gtin_that_is_none_is_refused_before_a_node_is_asked() -> None:
    for words in (("show", "1"), ("update", "1", "--title", "x")):
        ran = inside("product", *words, "--node", "http://127.0.0.1:9")
        assert (ran.code, "no GTIN" in ran.err) == (2, True)


def test_an_error_of_usage_is_json_where_json_is_asked_for() -> None:
    ran = hushang("keys", "show", "-o", "json")
    assert ran.error["code"] == "UsageWrong"
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


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_of_help_is_cut(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for page in ((), *((noun,) for noun in NOUNS)):
        try:
            shown = inside(*page, "--help", "--lang", language).out.decode()
        finally:
            use("en")
        # Dots in a usage line say that a word may be repeated.
        lines = [line for line in shown.splitlines() if not line.startswith(("Usage: ", "用法："))]
        assert [line for line in lines if line.rstrip().endswith(("...", "…"))] == []


def test_a_command_is_listed_with_its_whole_first_sentence() -> None:
    shown = " ".join(inside("epcis", "--help").out.decode().split())
    assert "hash Print the CBV 2.0 hash of each event" in shown
    assert summary("One 2.0 of\ntwo. Three.\n\nFour.") == "One 2.0 of two."
    assert summary("一句。二句。") == "一句。"
    assert summary("No end\n\nmore.") == "No end"


def test_the_table_of_nouns_is_that_of_the_files() -> None:
    folder = ROOT / "node" / "commands"
    # A noun whose verbs stand in several files has its `app` in one that ends so.
    files = {path for path in folder.glob("*.py") if not path.stem.endswith("_noun")}
    nouns = {path.stem for path in files if "\napp = noun(" in path.read_text("utf-8")}
    assert {name.replace("_", "-") for name in nouns} <= set(cli.NOUNS)


def test_an_empty_variable_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANG", "OUTPUT", "CONTEXT", "NODE", "KEY", "CA", "AS"):
        monkeypatch.setenv(f"HUSHANG_{name}", "")
        ran = inside("explain", "InsufficientFunds")
        assert (ran.code, ran.err) == (0, ""), name


def test_words_that_the_terminals_encoding_lacks_are_written_escaped() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "HUSHANG_LANG": "zh"}
    ran = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "explain", "NodeFailed"],
        capture_output=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert rb"\u8282\u70b9" in ran.stdout
