"""Core values from JSON: strict, exact, and each refusal with its place."""

from typing import Any

import pytest

from chain.bech32m import encode_account
from commerce.checkout import OrderCreate, WantedLine
from commerce.payments import PayTransfer
from commerce.registry import TYPES
from node.api.render import render
from node.json_values import FormRefused, describe, from_json, hints_of, read_digits, read_hash
from node.strict_json import JsonRefused, read_json

TRANSFER = {"to": "ab" * 32, "symbol": "CNY", "amount_minor": 5, "memo_commitment": None}


def test_bytes_are_hex_or_an_account_and_integers_numbers_or_digits() -> None:
    wanted = PayTransfer(b"\xab" * 32, "CNY", 5, None)
    assert from_json(PayTransfer, TRANSFER) == wanted
    spelled = TRANSFER | {"to": encode_account(b"\xab" * 32), "amount_minor": "5"}
    assert from_json(PayTransfer, spelled) == wanted


def test_what_may_be_null_may_be_left_out() -> None:
    shorter = {name: value for name, value in TRANSFER.items() if value is not None}
    assert from_json(PayTransfer, shorter).memo_commitment is None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"to": "AB" * 32}, "PayTransfer.to"),
        ({"to": "ab " * 32}, "PayTransfer.to"),
        ({"to": "ab"}, "to"),
        ({"to": 7}, "PayTransfer.to"),
        ({"amount_minor": 0}, "amount_minor"),
        ({"amount_minor": 2**63}, "amount_minor"),
        ({"amount_minor": True}, "PayTransfer.amount_minor"),
        ({"amount_minor": "05"}, "PayTransfer.amount_minor"),
        ({"amount_minor": "\uff15"}, "PayTransfer.amount_minor"),
        ({"symbol": ""}, "symbol"),
        ({"symbl": "x"}, "PayTransfer.symbl"),
        ({"memo_commitment": "x"}, "PayTransfer.memo_commitment"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_place(
    change: dict[str, Any], place: str
) -> None:
    with pytest.raises(FormRefused) as caught:
        from_json(PayTransfer, TRANSFER | change)
    assert place in str(caught.value)


def test_a_missing_field_is_told_with_what_it_holds() -> None:
    with pytest.raises(FormRefused, match="text up to 12"):
        from_json(PayTransfer, {k: v for k, v in TRANSFER.items() if k != "symbol"})


def test_lists_and_nested_objects_are_read_and_placed() -> None:
    line = {"listing_id": "01" * 32, "version": 1, "quantity": 2, "exemption_confirmed": False}
    order = {"lines": [line], "ship_to_commitment": "02" * 32, "coupons": ["03" * 32]}
    made = from_json(OrderCreate, order)
    assert made.lines == (WantedLine(b"\x01" * 32, 1, 2, exemption_confirmed=False),)
    assert made.coupons == (b"\x03" * 32,)
    with pytest.raises(FormRefused, match=r"OrderCreate\.lines\[0\]\.quantity"):
        from_json(OrderCreate, order | {"lines": [line | {"quantity": None}]})


def test_what_the_api_shows_of_a_payload_reads_back() -> None:
    payload = PayTransfer(b"\xab" * 32, "CNY", 2**62, b"\x01" * 32)
    assert from_json(PayTransfer, render(payload)) == payload


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)
def test_every_field_of_every_type_is_described(entry: Any) -> None:
    words = [describe(annotation) for annotation in hints_of(entry.payload).values()]
    assert all(words)
    assert "any value" not in words


def test_ids_are_32_bytes_of_lower_case_hex() -> None:
    assert read_hash("ab" * 32, "ID") == b"\xab" * 32
    for wrong in ("", "ab", "AB" * 32, "zz" * 32, "ab" * 33):
        with pytest.raises(FormRefused):
            read_hash(wrong, "ID")


def test_digits_are_those_of_ascii_and_not_too_many() -> None:
    assert [read_digits(text) for text in ("0", "050", "9" * 20)] == [0, 50, 10**20 - 1]
    for wrong in ("", "-1", "+1", " 1", "1_0", "²", "१", "9" * 21, "9" * 5000):
        assert read_digits(wrong) is None


def test_numbers_of_any_length_never_become_floats() -> None:
    with pytest.raises(JsonRefused):
        read_json('{"amount_minor": 5.0}')
