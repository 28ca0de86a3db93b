"""Every table of the state is known by name, and its keys are read part by part."""

import pytest

from chain.account import ACCOUNTS, Account, single_key_policy
from chain.bech32m import encode_account
from chain.codec import encode
from chain.committees import CommitteeRecord, state_key
from commerce.money import BALANCES, Balance
from node.state_rows import TABLES, read_row
from tests.chain.world import account, genesis, key
from tests.vectors.state_page import KEYS, tables

BUYER = account("buyer")


def test_the_tables_are_those_of_the_code() -> None:
    made = tables()
    assert set(TABLES) == set(made) == set(KEYS)
    for name, (place, _) in TABLES.items():
        module, _, attribute = place.partition(":")
        table = getattr(__import__(module, fromlist=[attribute]), attribute)
        assert table is made[name]


def test_a_row_says_what_its_key_and_its_value_say() -> None:
    opened = Account(single_key_policy(key("buyer").public_key), BUYER, None)
    row = read_row(ACCOUNTS.key(BUYER), encode(opened))
    assert row.title == f"account {encode_account(BUYER)}"
    assert row.value is not None
    assert row.value["sponsor"] == encode_account(BUYER)
    balance = read_row(BALANCES.key(BUYER, b"CNY".ljust(12, b"\0")), encode(Balance(5, 0)))
    assert balance.parts == {"account": encode_account(BUYER), "symbol": "CNY"}
    assert balance.value == {
        "available_minor": "5",
        "frozen_minor": "0",
        "to_freeze_minor": "0",
    }


def test_the_epoch_of_a_committee_is_told_as_people_count() -> None:
    record = CommitteeRecord(genesis().committee(), 4)
    assert read_row(state_key(3), encode(record)).title == "committee 3"


def test_a_row_that_is_not_there_has_no_value() -> None:
    row = read_row(b"order/" + b"\x01" * 32, None)
    assert (row.title, row.value) == ("order " + "01" * 32, None)


@pytest.mark.parametrize(
    ("stored", "parts"),
    [
        (b"role/" + BUYER + b"brand\x00gcp:6901234", "brand gcp:6901234"),
        (b"product/06901234123459", "06901234123459"),
        (b"gcp/\xff", "\\xff"),
    ],
)
def test_a_key_of_text_is_told_as_text(stored: bytes, parts: str) -> None:
    found = read_row(stored, None).parts
    assert found is not None
    assert list(found.values())[-1] == parts


def test_what_is_not_understood_is_left_as_bytes() -> None:
    assert read_row(b"nothing", b"\x01").table is None
    assert read_row(b"newer/\x01", b"\x01").table is None
    for short in (b"order/", b"order/\x01", b"order/" + b"\x01" * 33, b"balance/" + BUYER):
        assert read_row(short, None).parts is None
    assert read_row(b"order/" + b"\x01" * 32, b"\x01").value is None
    assert read_row(b"leaders/", None).parts == {}
