"""Hidden codes as people type them."""

import pytest

from node.code_text import ALPHABET, CODE_SIZE, ClaimCodeMalformed, code_text, in_letters, read_code


def test_a_code_is_read_as_it_was_printed_however_it_is_typed() -> None:
    code = bytes(range(0xF0, 0xF0 + CODE_SIZE))
    text = code_text(code)
    assert len(text.split("-")) == 6
    for typed in (text, text.lower(), text.replace("-", ""), f"  {text.replace('-', ' ')}\n"):
        assert read_code(typed) == code


def test_letters_that_look_like_digits_are_read_as_those() -> None:
    zeros, ones = code_text(bytes(CODE_SIZE)), "1" * 24
    assert read_code(zeros.replace("0", "O")) == bytes(CODE_SIZE)
    assert read_code("IL" * 12) == read_code(ones)
    assert not set("ILOU") & set(ALPHABET)


@pytest.mark.parametrize("text", ["", "A" * 23, "A" * 25, "U" * 24, "é" * 24])
def test_what_is_no_code_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ClaimCodeMalformed) as refused:
        read_code(text)
    assert not text or text not in str(refused.value)


def test_numbers_have_as_many_letters_as_they_are_given() -> None:
    assert in_letters(0, 3) == "000"
    assert in_letters(2**65 - 1, 13) == "Z" * 13
