"""`hushang explain`: every code that the project can tell has words."""

import re

import pytest

import cli
import commerce.errors
from chain.errors import HushangError
from node.commands.explain import FAMILIES, PACKAGES, by_name, every_code, modules_with
from node.commands.root import load_noun
from node.words import load, use
from tests.commands.command_line import ROOT, inside

# Bases of which one hint is true of all that inherits it; the others say their own.
SHARED = frozenset(("StorageError", "BundleInvalid", "NodeUnreachable"))

COMMANDS = ("hushang ", "pip ", "Client(")


def every_class() -> list[type[HushangError]]:
    """Also those whose name another package uses first."""
    every_code()
    return [cls for classes in by_name().values() for cls in classes]


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


def test_the_code_of_a_wrong_command_line_is_explained_too() -> None:
    told = inside("order", "show", "--nonsense", "-o", "json").error
    assert (told["code"], told["hint"]) == ("UsageWrong", "hushang order show --help")
    assert inside("explain", told["code"]).code == 0


def test_a_wrong_command_line_is_told_its_own_help_in_chinese_too() -> None:
    try:
        assert (
            "提示: hushang order show --help" in inside("--lang", "zh", "order", "show", "-!").err
        )
        hint = load("zh").hint("UsageWrong")
        assert hint in inside("--lang", "zh", "context", "use").err
    finally:
        use("en")


def test_a_list_for_people_is_codes_and_what_they_mean_and_the_data_is_whole() -> None:
    line = inside("explain").out.decode().splitlines()[0]
    assert line.split() == ["code", "means"]
    assert {"hint", "exit_code"} <= set(inside("explain", "-o", "json").json[0])


def test_a_mistyped_code_is_told_the_right_one() -> None:
    ran = inside("explain", "InsufficentFunds")
    assert (ran.code, "CodeUnheard" in ran.err) == (3, True)
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
        for cls in every_class()
        for words in re.findall(r"hushang ([a-z-]+)(?: ([a-z][a-z-]*))?", cls.hint)
    ]
    assert named
    for code, (noun, word) in named:
        assert noun in cli.NOUNS, code
        verbs = getattr(load_noun(noun), "commands", None)
        assert verbs is None or not word or word in verbs, (code, noun, word)


def test_every_code_says_what_helps_by_itself_or_by_a_named_family() -> None:
    without = []
    for cls in every_class():
        bases = (base for base in cls.__mro__ if issubclass(base, HushangError))
        says = next(base for base in bases if "hint" in vars(base))
        if not says.hint.strip() or (says is not cls and says.__name__ not in SHARED):
            without.append(f"{cls.__module__}.{cls.__name__}")
    assert without == []


def test_every_code_says_what_helps_in_chinese() -> None:
    known = load("zh")
    assert [code for code in every_code() if not known.hint(code).strip()] == []
    for code, cls in every_code().items():
        # What is nothing but a command is the same in both languages.
        is_command = known.hint(code) == cls.hint and cls.hint.startswith(COMMANDS)
        assert is_command or re.search("[\u4e00-\u9fff]", known.hint(code)), code


def test_a_hint_is_one_line_that_says_more_than_the_title() -> None:
    for cls in every_class():
        told, title = cls.hint, " ".join(str(cls.__doc__).split()).rstrip(".")
        assert "\n" not in told, cls
        assert not told.endswith("."), cls
        assert len(told) <= 160, cls
        assert told.lower() not in title.lower(), cls


def test_nobody_raises_a_family() -> None:
    raised = re.compile(rf"raise ({'|'.join(sorted(FAMILIES))}|HushangError)\b")
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    assert len(sources) > 500
    assert [path for path in sources if raised.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_code_is_found_in_its_source_without_importing_the_rest(package: str) -> None:
    of_it = {code: cls for code, cls in every_code().items() if cls.__module__.startswith(package)}
    for code in sorted(of_it)[:4]:
        assert of_it[code].__module__ in modules_with(code)
    assert modules_with("Nonsense") == []
