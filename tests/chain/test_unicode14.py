"""The table of assigned code points is that of Unicode 14.0."""

import time
import unicodedata

import pytest

from chain.unicode14 import _agreed, _assigned, is_agreed_text


def test_the_table_is_the_one_of_this_python_where_it_has_unicode_14() -> None:
    # On a newer Python every assigned code point of ours must still be assigned, not vice versa.
    newer = unicodedata.unidata_version != "14.0.0"
    ours = {number for start, end in _assigned() for number in range(start, end)}
    for number in range(0x110000):
        known = unicodedata.category(chr(number)) not in ("Cn", "Cs")
        assert (number in ours) == known or (newer and known), hex(number)


def test_agreed_characters_are_the_assigned_ones_without_controls() -> None:
    agreed = {number for start, end in _agreed() for number in range(start, end)}
    ours = {number for start, end in _assigned() for number in range(start, end)}
    controls = {number for number in ours if unicodedata.category(chr(number)) == "Cc"}
    assert agreed == ours - controls | {0x09, 0x0A}


def test_a_megabyte_that_is_costly_to_normalise_is_refused_quickly() -> None:
    # Sorting these marks into canonical order takes the square of their number: minutes.
    for hostile in ("a" + "\u0315\u0300" * 250_000, "a" + "\u0315" * 250_000 + "\u0300" * 250_000):
        started = time.thread_time()
        assert not is_agreed_text(hostile)
        assert time.thread_time() - started < 1


@pytest.mark.parametrize("text", ["", "tea", "龙井茶 250 g", "a\tb\nc", "é", "𠮷", "🍵"])
def test_ordinary_text_is_agreed(text: str) -> None:
    assert is_agreed_text(text)


@pytest.mark.parametrize(
    "text", ["e\u0301", "\u0378", "\x00", "a\rb", "\x7f", "\ud800", "\U0001fae8"]
)
def test_other_text_is_not(text: str) -> None:
    assert not is_agreed_text(text)
