"""Parsers of parameters: one spelling for each value, every other one refused."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from chain.bech32m import encode_account
from node.api.cursors import LATEST, Cursor, parse_cursor
from node.api.parameters import (
    account_bytes,
    choice,
    flag,
    hash_bytes,
    matching,
    number,
    whole,
)

ACCOUNT = bytes(range(32))

TAKEN: tuple[tuple[Callable[[str], object], str, object], ...] = (
    (whole(0, 10), "0", 0),
    (whole(0, 10), "10", 10),
    (hash_bytes, "ab" * 32, b"\xab" * 32),
    (account_bytes, encode_account(ACCOUNT), ACCOUNT),
    (matching("[0-9]{14}", "a GTIN"), "0" * 14, "0" * 14),
    (flag("full", "…").parse, "", True),
    (flag("full", "…").parse, "true", True),
    (flag("full", "…").parse, "false", False),
    (choice("wait", ("decided", "accepted"), "…").parse, "accepted", "accepted"),
    (number("limit", 1, 5, 2, "…").parse, "5", 5),
    (parse_cursor, "12.0.3", Cursor(12, 0, 3)),
    (parse_cursor, "latest", LATEST),
)

WRONG: tuple[tuple[Callable[[str], object], tuple[str, ...]], ...] = (
    (whole(1, 10), ("", "0", "11", "01", "+1", " 1", "1\n", "１", "1_0", "1.0", "1e0", "9" * 40)),  # noqa: RUF001
    (hash_bytes, ("", "ab" * 31, "AB" * 32, "ab" * 32 + "\n", " " + "ab" * 32, "0x" + "ab" * 31)),
    (account_bytes, ("", "hs1", encode_account(ACCOUNT).upper(), encode_account(ACCOUNT) + "q")),
    (matching("[0-9]{14}", "a GTIN"), ("", "0" * 13, "0" * 14 + "\n", "\u0660" * 14)),
    (flag("full", "…").parse, ("1", "yes", "True", " ")),
    (choice("wait", ("decided",), "…").parse, ("", "Decided", "decided ")),
    (parse_cursor, ("", "1.2", "1.2.3.4", "1.02.3", "-1.0.0", "1.2.3\n", "Latest", "1.0.99999")),
)


@pytest.mark.parametrize(("parse", "text", "value"), TAKEN)
def test_a_value_is_read_from_its_one_spelling(
    parse: Callable[[str], object], text: str, value: object
) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(("parse", "texts"), WRONG)
def test_every_other_spelling_is_refused_in_words(
    parse: Callable[[str], object], texts: tuple[str, ...]
) -> None:
    for text in texts:
        with pytest.raises(ValueError, match=r"\w"):
            parse(text)


def test_cursors_are_ordered_as_the_chain_is_and_written_as_they_are_read() -> None:
    places = [Cursor(0, 0, 0), Cursor(0, 0, 1), Cursor(0, 1, 0), Cursor(1, 0, 0), LATEST]
    assert all(before < after for before, after in pairwise(places))
    assert all(parse_cursor(str(place)) == place for place in places)
