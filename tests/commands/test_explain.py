"""`hushang explain`: every code that the project can tell has words."""

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
