"""A transaction between build, sign and submit: what is signed is what was built."""

import json
from typing import Any

import pytest

from chain.account import single_key_policy
from chain.codec import encode
from chain.crypto import PrivateKey
from chain.transaction import Transaction, read_transaction
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from node.json_values import FormRefused
from node.transaction_file import (
    TransactionFile,
    TransactionFileInvalid,
    from_text,
    read_operations,
    to_text,
)

KEYS = [PrivateKey(bytes([n]) * 32) for n in (1, 2)]
ACCOUNTS = [single_key_policy(key.public_key).account_id() for key in KEYS]
PAY = operation("pay.transfer", PayTransfer(ACCOUNTS[1], "CNY", 5, None))
UNSIGNED = TransactionFile(encode(Transaction(1, bytes(32), ACCOUNTS[0], 7, 8, (PAY,), "茶")))


def signed() -> TransactionFile:
    file = UNSIGNED
    for account, key in zip(ACCOUNTS, KEYS, strict=True):
        file = file.signed_by(account, key)
    return file


def test_a_file_survives_its_text_and_its_raw_bytes() -> None:
    assert from_text(to_text(UNSIGNED).encode()) == UNSIGNED
    assert from_text(to_text(signed()).encode()) == signed()
    assert from_text(signed().raw()) == signed()


def test_signatures_come_out_sorted_and_once_whoever_signs_first() -> None:
    other = UNSIGNED.signed_by(ACCOUNTS[1], KEYS[1]).signed_by(ACCOUNTS[0], KEYS[0])
    again = other.signed_by(ACCOUNTS[0], KEYS[0])
    assert again == other == signed()
    assert read_transaction(again.raw(), Registry()).id.hex() == UNSIGNED.id


def test_without_a_signature_there_is_nothing_to_submit() -> None:
    with pytest.raises(TransactionFileInvalid, match="hushang tx sign"):
        UNSIGNED.raw()


def changed(**changes: Any) -> bytes:
    return json.dumps(json.loads(to_text(signed())) | changes).encode()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"content": "00"}, "EncodingInvalid"),
        ({"content": None}, "content"),
        ({"format": "x"}, "no transaction file"),
        ({"version": 2}, "version 2"),
        ({"id": "00" * 32}, "id: not that of the content"),
        ({"signature": []}, "did you mean signatures"),
        ({"signatures": {}}, "signatures"),
        ({"signatures": [{"account": "x"}]}, "signatures[0]"),
    ],
)
def test_a_file_that_was_changed_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(TransactionFileInvalid) as caught:
        from_text(changed(**changes))
    assert told in str(caught.value)


def test_a_signature_of_something_else_is_refused() -> None:
    other = TransactionFile(encode(Transaction(1, bytes(32), ACCOUNTS[0], 9, 8, (PAY,), None)))
    mixed = TransactionFile(UNSIGNED.content, other.signed_by(ACCOUNTS[0], KEYS[0]).signatures)
    with pytest.raises(TransactionFileInvalid, match="SignatureInvalid"):
        from_text(to_text(mixed).encode())


def test_what_people_read_must_be_what_they_sign() -> None:
    honest = json.loads(to_text(signed()))["readable"]
    lies = [
        {"operations": [{"type": "pay.transfer", "payload": {"to": "me"}}]},
        honest | {"memo": "x"},
        honest | {"more": 1},
        None,
    ]
    for lie in lies:
        with pytest.raises(TransactionFileInvalid, match="readable"):
            from_text(changed(readable=lie))
    assert from_text(changed(readable=honest)) == signed()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\x00", b" ", b'{"a": 1, "a": 2}'])
def test_what_is_no_file_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(TransactionFileInvalid):
        from_text(data)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "operations"),
        ({}, "operations"),
        ([1], "operations[0]"),
        ([{"type": "pay.transfer"}], "operations[0]"),
        ([{"type": "pay.transfr", "payload": {}}], "did you mean pay.transfer"),
        ([{"type": "pay.transfer", "payload": {}}], "operations[0].payload.to: missing"),
    ],
)
def test_operations_that_do_not_fit_are_refused_with_their_place(value: Any, told: str) -> None:
    with pytest.raises(FormRefused) as caught:
        read_operations(value)
    assert told in str(caught.value)
