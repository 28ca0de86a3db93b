"""`hushang explain`: every code that the project can tell has words."""

import re

import pytest

import cli
import commerce.errors
from node.commands.explain import by_name, every_code
from node.commands.root import load_noun
from tests.commands.command_line import inside


def test_a_code_is_explained_with_its_exit_code() -> None:
    ran = inside("explain", "InsufficientFunds", "-o", "json")
    assert ran.json["exit_code"] == 7
    assert "balance" in ran.json["means"]


def test_every_code_has_words_and_a_documented_exit_code() -> None:
    told = inside("explain", "--all", "-o", "json").json
    assert len(told) > 60
    assert all(entry["means"] for entry in told)
    assert {entry["exit_code"] for entry in told} <= set(range(10))
    codes = {entry["code"]: entry["exit_code"] for entry in told}
    assert (codes["NodeUnreachable"], codes["OutcomeUnknown"], codes["ConfigInvalid"]) == (5, 6, 9)


def test_a_mistyped_code_is_told_the_right_one() -> None:
    ran = inside("explain", "InsufficentFunds")
    assert ran.code == 2
    assert "did you mean InsufficientFunds" in ran.err


@pytest.mark.parametrize(
    ("code", "exit_codes"),
    [
        ("AssetUnknown", {"exit_code": 3, "exit_code_in_a_receipt": 7}),
        ("SenderUnknown", {"exit_code": 4, "exit_code_in_a_receipt": 7}),
        ("TransactionNotFound", {"exit_code": 3}),
        ("ParameterInvalid", {"exit_code": 2}),
        ("NodeKeyUnknown", {"exit_code": 9}),
        ("KeyFileTooOpen", {"exit_code": 4, "exit_code_of_node_start": 9}),
        ("InsufficientFunds", {"exit_code": 7}),
    ],
)
def test_every_exit_code_that_a_code_brings_is_told(code: str, exit_codes: dict[str, int]) -> None:
    told = inside("explain", code, "-o", "json").json
    assert {name: told[name] for name in told if name.startswith("exit_code")} == exit_codes


def test_of_two_rules_of_one_name_the_ledgers_is_told_first() -> None:
    told = inside("explain", "NotAMember", "-o", "json").json
    assert told["exit_code"] == 7
    assert told["means"] == " ".join(str(commerce.errors.NotAMember.__doc__).split())
    assert len(told["also"]) == len(by_name()["NotAMember"]) - 1
    for name, classes in by_name().items():
        ledgers = [cls for cls in classes if cls.__module__.startswith(("commerce", "chain"))]
        assert len(ledgers) <= 1, name
        assert not ledgers or classes[0] is ledgers[0]


def test_every_command_that_a_hint_names_exists() -> None:
    named = [
        (cls.__name__, words)
        for cls in every_code().values()
        for words in re.findall(r"hushang ([a-z-]+)(?: ([a-z][a-z-]*))?", cls.hint)
    ]
    assert named
    for code, (noun, word) in named:
        assert noun in cli.NOUNS, code
        verbs = getattr(load_noun(noun), "commands", None)
        assert verbs is None or not word or word in verbs, (code, noun, word)
