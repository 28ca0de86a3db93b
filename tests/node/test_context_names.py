"""What a user may call a context, or an account in one."""

import pytest

from node.context_names import composed, is_name


@pytest.mark.parametrize(
    "name", ["a", "7", "SF", "顺丰", "浦东 3号店", "a.b_c-d", "हिन्दी", "x" * 64]
)
def test_letters_and_digits_of_any_script_make_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-a",
        " a",
        "a ",
        "a  b",
        "a/b",
        "x" * 65,
        "\U00020000" * 64,
        "a\nb",
        "\u0301a",
        "e\u0301",
    ],
)
def test_what_could_not_be_typed_or_filed_is_none(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    "sign", ["\u202e", "\u200b", "\u3164", "\ufe0f", "\u034f", "\x1b", "\ud800"]
)
def test_what_shows_nothing_or_turns_the_writing_is_none(sign: str) -> None:
    assert not is_name(f"a{sign}b")


def test_a_name_has_one_form_and_what_is_none_is_left_alone() -> None:
    assert composed("e\u0301") == "\u00e9"
    assert composed("e\u0301" * 65) == "e\u0301" * 65
