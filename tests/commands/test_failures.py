"""What went wrong is told once, with the exit code that scripts rely on."""

import json
from pathlib import Path

import pytest

from chain.errors import HushangError, LedgerError
from cli import EXAMPLES
from commerce.errors import InsufficientFunds
from node.api.problems import ApiProblem, status_of
from node.client import NodeRefused, OutcomeUnknown
from node.clients.wire import Answer, refusal
from node.commands.explain import FAMILIES, every_code, subclasses
from node.commands.failures import (
    EXIT_CODES,
    ExitCode,
    exit_code_of,
    failure_of,
    report,
    wants_json,
)
from node.words import use
from tests.commands.command_line import inside

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    "words",
    [
        ["status", "-o", "json"],
        ["-o", "ndjson", "status"],
        ["status", "-ojson"],
        ["status", "--output=json"],
        ["status", "--output", "json"],
    ],
)
def test_json_is_told_where_json_is_asked_for(words: list[str]) -> None:
    assert wants_json(words)


@pytest.mark.parametrize("words", [["status", "-o", "table"], ["json"], ["status", "-o"], []])
def test_json_is_told_nowhere_else(words: list[str]) -> None:
    assert not wants_json(words)


def test_an_error_is_told_with_code_words_hint_and_details(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = OutcomeUnknown("not decided yet", "ab")
    assert report(error, ["-o", "json"]) == 6
    told = json.loads(capsys.readouterr().err)["error"]
    assert (told["code"], told["exit_code"], told["id"]) == ("OutcomeUnknown", 6, "ab")
    assert "safe to submit again" in told["hint"]
    assert report(error, []) == 6
    assert "hint: hushang tx show ID" in capsys.readouterr().err


def test_in_another_language_the_reason_stands_for_the_english_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = OutcomeUnknown("the rule in English", "ab")
    error.details["reason"] = "1 available, 2 needed"
    use("zh")
    try:
        report(error, [])
    finally:
        use("en")
    told = capsys.readouterr().err
    assert "the rule in English" not in told
    assert told.count("1 available, 2 needed") == 1


def test_a_nodes_refusal_keeps_the_rules_own_name_and_hint() -> None:
    failure = failure_of(NodeRefused(422, {"code": "WrongChain", "hint": "h", "detail": "d"}))
    assert (failure.code, failure.hint, failure.message) == ("WrongChain", "h", "d")
    assert failure.exit_code == ExitCode.REFUSED


def test_a_rule_of_the_ledger_exits_7_and_the_unforeseen_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failure_of(InsufficientFunds("x")).exit_code == 7
    assert failure_of(ZeroDivisionError("x")).exit_code == 1
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setenv("HUSHANG_DEBUG", "1")
    failure_of(ZeroDivisionError("x"))
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["a-file", "a-file/below", "x" * 300])
def test_a_place_that_cant_be_used_is_told_as_the_systems_words_and_exits_2(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "a-file").touch()
    ran = inside("node", "manifests", "compose", "--dir", str(tmp_path / place), "-o", "json")
    assert (ran.code, ran.error["code"]) == (2, "UsageWrong")
    assert ran.error["message"].startswith(str(tmp_path / place))


def test_every_name_in_the_table_is_a_class_of_ours() -> None:
    assert set(EXIT_CODES) <= {"HushangError", *FAMILIES, *every_code()}


def refusable() -> list[type[HushangError]]:
    """Every error that the API can answer with."""
    every_code()
    return [cls for cls in subclasses(HushangError) if issubclass(cls, ApiProblem | LedgerError)]


def test_the_table_agrees_with_the_status_of_each_refusal_of_a_node() -> None:
    verified_here = {"ProofInvalid", "CertificateInvalid", "BundleInvalid", "SnapshotPartWrong"}
    for cls in refusable():
        if cls.__module__.startswith(("chain", "commerce", "node.api")) and (
            verified_here.isdisjoint(base.__name__ for base in cls.__mro__)
        ):
            refused = refusal(Answer(status_of(cls), 0.0, {"code": cls.__name__}))
            assert exit_code_of(type(refused)) == exit_code_of(cls), cls


def test_the_help_and_the_readme_list_every_exit_code() -> None:
    for text in (EXAMPLES, (ROOT / "README.md").read_text()):
        words = " ".join(text.split())
        for code in ExitCode:
            name = code.name.lower().replace("_", " ")
            assert f"{code.value} {name.replace('bad config', 'bad configuration')}" in words
