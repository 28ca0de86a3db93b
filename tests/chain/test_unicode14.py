"""The table of assigned code points is that of Unicode 14.0."""

import unicodedata

import pytest

from chain.unicode14 import is_agreed_text, is_assigned


def test_the_table_is_the_one_of_this_python_where_it_has_unicode_14() -> None:
    # On a newer Python every assigned code point of ours must still be assigned, not vice versa.
    newer = unicodedata.unidata_version != "14.0.0"
    for number in range(0x110000):
        character = chr(number)
        known = unicodedata.category(character) not in ("Cn", "Cs")
        assert is_assigned(character) == known or (newer and known), hex(number)


@pytest.mark.parametrize("text", ["", "tea", "龙井茶 250 g", "a\tb\nc", "é", "𠮷", "🍵"])
def test_ordinary_text_is_agreed(text: str) -> None:
    assert is_agreed_text(text)


@pytest.mark.parametrize(
    "text", ["e\u0301", "\u0378", "\x00", "a\rb", "\x7f", "\ud800", "\U0001fae8"]
)
def test_other_text_is_not(text: str) -> None:
    assert not is_agreed_text(text)
