"""JSON as exact values: what is read, what is refused, and that nothing outside changes it."""

import json
import os
import subprocess
import sys
import unicodedata
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import LedgerError
from chain.unicode14 import is_agreed_text
from commerce.epcis.errors import EpcisMalformed, EpcisTooLarge
from commerce.epcis.lexeme import (
    _PLAIN,
    _STRING,
    DEPTH_MAX,
    DOCUMENT_SIZE_MAX,
    NODES_MAX,
    ZERO,
    Json,
    Number,
    _is_plain,
    _outside_strings,
    read_json,
    read_number,
)

ROOT = Path(__file__).parents[3]


def as_decimal(number: Number) -> Decimal:
    return Decimal(number.canonical())


@pytest.mark.parametrize(
    ("lexeme", "canonical", "positional"),
    [
        ("0", "0", "0"),
        ("-0.000", "0", "0"),
        ("0e99", "0", "0"),
        ("26", "26", "26"),
        ("26.0", "26", "26"),
        ("2.6e1", "26", "26"),
        ("260", "26e1", "260"),
        ("-0.050", "-5e-2", "-0.05"),
        ("12.10", "121e-1", "12.1"),
        ("1E+3", "1e3", "1000"),
        ("0.1", "1e-1", "0.1"),
        ("1e-7", "1e-7", "0.0000001"),
        ("1234567890123456789012345678901234", "1234567890123456789012345678901234", None),
    ],
)
def test_equal_numbers_have_one_canonical_form(
    lexeme: str, canonical: str, positional: str | None
) -> None:
    number = read_number(lexeme)
    assert number.canonical() == canonical
    assert number.positional() == (positional or lexeme)
    assert read_number(canonical) == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
def test_a_number_keeps_its_exact_value(value: Decimal) -> None:
    try:
        number = read_number(json.dumps(str(value))[1:-1].replace("E", "e"))
    except EpcisMalformed:
        digits = value.as_tuple().digits
        assert len(digits) > 34 or abs(value.adjusted()) > 128
        return
    assert as_decimal(number) == value
    assert Decimal(number.positional()) == value


@pytest.mark.parametrize(
    "lexeme",
    [
        "1" * 35,
        "0." + "1" * 35,
        "1e129",
        "1e-129",
        "9" * 201,
        "0." + "0" * 300,
        "1e99999999999999999999",
        "\u0661",
        "01",
        "1.",
    ],
)
def test_a_number_out_of_bounds_is_refused(lexeme: str) -> None:
    with pytest.raises(EpcisMalformed):
        read_number(lexeme)


def test_zeros_at_the_ends_are_not_significant() -> None:
    assert read_number("0." + "0" * 50 + "1" + "0" * 50) == Number(False, "1", -51)  # noqa: FBT003
    assert read_number("0." + "0" * 100) == ZERO


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nothing",
        b'{"a":1',
        b'{"a":1,}',
        b"[1,]",
        b'{"a":1} 2',
        b'{"a":NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b'["\xff"]',
        b'["\xed\xa0\x80"]',  # a surrogate in UTF-8
        b'\xef\xbb\xbf{"a":1}',  # a byte order mark
        b'["\\ud800"]',
        b'["\\udc00\\ud800"]',
        b'{"\\ud800":1}',
        b'["\x01"]',
        b'["\\u0000"]',
        b'["\\b"]',
        b'["\x7f"]',
        b'["e\xcc\x81"]',  # not NFC
        b'["\\u0065\\u0301"]',
        b'["\xf0\x9f\xab\xa8"]',  # assigned in Unicode 15
        b"['a']",
        b"{1:2}",
        b"[01]",
        b"[+1]",
        b"[.5]",
        b"[1.e3]",
        b"[0x10]",
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"eventID":"x","type":1,"type":2,"eventID":"y"}',
    ],
)
def test_bytes_that_are_not_strict_json_are_refused(data: bytes) -> None:
    with pytest.raises(EpcisMalformed):
        read_json(data)


def test_text_that_is_plain_at_a_glance_is_agreed_text() -> None:
    plain = [chr(c) for c in range(sys.maxunicode + 1) if _PLAIN.fullmatch(chr(c))]
    assert len(plain) > 30_000
    assert all(is_agreed_text(character.replace("\r", "\n")) for character in plain)
    # Nothing in it is ever the second part of a composed character.
    seconds = set()
    for code in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(chr(int(parts[1], 16)))
    assert seconds.isdisjoint(plain)
    assert not any(0x1100 <= ord(character) < 0x1200 for character in plain)


def test_escapes_line_ends_and_chinese_are_read() -> None:
    assert read_json('["茶\\n\\ttea\\r\\n\\ud83c\\udf75"]'.encode()) == ["茶\n\ttea\r\n🍵"]


def test_a_repeated_event_id_is_read_as_the_last_one() -> None:
    assert read_json(b'{"eventID":"x","eventID":"y"}') == {"eventID": "y"}


def test_a_document_is_at_most_sixteen_levels_deep() -> None:
    deepest = b"[" * DEPTH_MAX + b"]" * DEPTH_MAX
    assert read_json(deepest)
    with pytest.raises(EpcisTooLarge):
        read_json(b"[" + deepest + b"]")


def test_brackets_inside_strings_are_not_depth() -> None:
    assert read_json(b'["' + b"[{" * 40 + b'", "\\"[[[[[[[[[[[[[[[[["]')
    assert read_json(b"[" + b"[]," * 40 + b"[]]")


@pytest.mark.parametrize("bomb", [b"[", b'{"a":', b'"\\', b'["\\"', b'"'])
def test_a_depth_bomb_costs_no_recursion_and_no_quadratic_time(bomb: bytes) -> None:
    with pytest.raises(LedgerError):
        read_json(bomb * (DOCUMENT_SIZE_MAX // len(bomb)))


def test_a_document_has_a_size_and_a_number_of_values() -> None:
    assert read_json(b" " * (DOCUMENT_SIZE_MAX - 2) + b"[]") == []
    with pytest.raises(EpcisTooLarge):
        read_json(b" " * (DOCUMENT_SIZE_MAX - 1) + b"[]")
    assert len(read_json(b"[" + b"1," * (NODES_MAX - 2) + b"1]") or []) == NODES_MAX - 1  # type: ignore[arg-type]
    with pytest.raises(EpcisTooLarge):
        read_json(b"[" + b"1," * NODES_MAX + b"1]")
    assert read_json(b'["' + b"," * NODES_MAX + b'"]')


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(alphabet='aé茶\\"/ \n'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab"), inner, max_size=4),
    max_leaves=12,
)


def plain(value: Json) -> object:
    if isinstance(value, Number):
        return int(as_decimal(value))
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


@given(json_values, st.booleans())
def test_what_is_written_as_json_is_read_back(value: object, escaped: bool) -> None:  # noqa: FBT001
    assert plain(read_json(json.dumps(value, ensure_ascii=escaped).encode())) == value


@given(st.binary(max_size=60) | st.text('[]{}",:\\u0ud8aé1.-eE+ ', max_size=60).map(str.encode))
def test_whatever_is_received_is_read_or_refused(data: bytes) -> None:
    try:
        read_json(data)
    except LedgerError:
        return


@given(st.text(st.sampled_from('"[{:,a 1\n')).map(str.encode))
def test_without_escapes_every_other_piece_between_quotes_is_a_string(raw: bytes) -> None:
    assert _outside_strings(raw) == _STRING.sub(b"", raw)


@given(st.lists(st.text(st.characters(max_codepoint=0x17F, exclude_categories=["Cs"]))))
def test_what_is_plain_at_a_glance_has_only_agreed_text(texts: list[str]) -> None:
    for escaped in (True, False):
        written = json.dumps(texts, ensure_ascii=escaped)
        if _is_plain(written.encode(), written):
            assert all(is_agreed_text(text.replace("\r", "\n")) for text in texts)


def test_no_setting_of_the_machine_changes_what_is_read() -> None:
    program = (
        "from commerce.epcis.document import read_document\n"
        "from commerce.epcis.canonical import canonical_json\n"
        "from commerce.epcis.cbv_hash import cbv_hash\n"
        "from tests.commerce.epcis.statements import data, document, harvest\n"
        "event = harvest(**{'tea:n': 1234567890123456789012345678901234, 'tea:f': 1.5})\n"
        "read = read_document(data(document(event))).events[0]\n"
        "print(canonical_json(read).hex(), cbv_hash(read))\n"
    )
    outputs = set()
    for optimise, zone, digits in (("", "UTC", "0"), ("-O", "Asia/Shanghai", "640")):
        environment = {
            "TZ": zone,
            "PYTHONINTMAXSTRDIGITS": digits,
            "LC_ALL": "C",
            "PYTHONHASHSEED": digits,
            "PATH": os.environ.get("PATH", ""),
        }
        command = [sys.executable, *([optimise] if optimise else []), "-c", program]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
