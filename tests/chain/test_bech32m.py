"""Account ids as text: BIP-350's checksum, one spelling, every mistyped character noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import bech32m
from chain.bech32m import decode_account, encode_account
from chain.errors import AddressMalformed


@given(st.binary(min_size=32, max_size=32))
def test_an_account_id_comes_back(account: bytes) -> None:
    text = encode_account(account)
    assert text.startswith("hs1")
    assert decode_account(text) == account


def test_every_single_mistyped_character_is_noticed() -> None:
    text = encode_account(bytes(range(32)))
    for position in range(3, len(text)):
        for character in "qpzry9x8gf2tvdw0s3jn54khce6mua7lb1Q ":
            if character == text[position]:
                continue
            with pytest.raises(AddressMalformed):
                decode_account(text[:position] + character + text[position + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hs1",
        "hs",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        encode_account(bytes(32)).upper(),
        encode_account(bytes(32))[:-1],
        encode_account(bytes(32)) + "q",
        " " + encode_account(bytes(32)),
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(AddressMalformed):
        decode_account(text)


def test_bits_beyond_the_account_are_refused_even_with_a_fitting_checksum() -> None:
    values = [*bech32m._regroup(bytes(32), 8, 5)[:-1], 1]
    polymod = bech32m._polymod([*bech32m._PREFIX_VALUES, *values, *[0] * 6]) ^ bech32m._CONSTANT
    checksum = [(polymod >> 5 * (5 - i)) & 31 for i in range(6)]
    text = "hs1" + "".join(bech32m._CHARSET[value] for value in [*values, *checksum])
    with pytest.raises(AddressMalformed, match="bits beyond"):
        decode_account(text)


def test_a_megabyte_is_refused_by_its_length() -> None:
    with pytest.raises(AddressMalformed, match="61 characters"):
        decode_account("hs1" + "q" * 1_000_000)
