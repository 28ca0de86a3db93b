"""What went wrong is told once, with the exit code that scripts rely on."""

import json
from pathlib import Path

import pytest

from commerce.errors import InsufficientFunds
from node.client import NodeRefused, OutcomeUnknown
from node.commands.explain import every_code
from node.commands.failures import EXIT_CODES, ExitCode, failure_of, report, wants_json

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


def test_every_name_in_the_table_is_a_class_of_ours() -> None:
    assert set(EXIT_CODES) <= set(every_code())
