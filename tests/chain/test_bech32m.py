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


def plain_polymod(values: list[int]) -> int:
    """The checksum as BIP-173 § Checksum writes it, one character at a time."""
    generator = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for i in range(5):
            checksum ^= generator[i] if (top >> i) & 1 else 0
    return checksum


def plain_text(values: list[int]) -> str:
    """The text of groups of five bits as BIP-350 writes it."""
    prefix = [*(ord(c) >> 5 for c in "hs"), 0, *(ord(c) & 31 for c in "hs")]
    polymod = plain_polymod([*prefix, *values, *[0] * 6]) ^ 0x2BC830A3
    checksum = [(polymod >> 5 * (5 - i)) & 31 for i in range(6)]
    alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    return "hs1" + "".join(alphabet[value] for value in [*values, *checksum])


def groups_of(account: bytes) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in account) + "0000"
    return [int(bits[at : at + 5], 2) for at in range(0, len(bits), 5)]


@given(st.binary(min_size=32, max_size=32))
def test_the_tables_make_what_the_plain_algorithm_makes(account: bytes) -> None:
    assert encode_account(account) == plain_text(groups_of(account))


@given(st.lists(st.integers(0, 31), min_size=52, max_size=52))
def test_any_groups_with_a_fitting_checksum_are_an_account_or_have_bits_beyond(
    values: list[int],
) -> None:
    text = plain_text(values)
    if values[-1] % 16:
        with pytest.raises(AddressMalformed, match="bits beyond"):
            decode_account(text)
    else:
        assert groups_of(decode_account(text)) == values


def test_bits_beyond_the_account_are_refused_even_with_a_fitting_checksum() -> None:
    with pytest.raises(AddressMalformed, match="bits beyond"):
        decode_account(plain_text([*[0] * 51, 1]))


def test_a_wrong_character_is_named_wherever_it_stands() -> None:
    text = encode_account(bytes(32))
    for position in (3, 4, 30, 60):
        wrong = text[:position] + "b" + text[position + 1 :]
        with pytest.raises(AddressMalformed, match="character 'b' is not"):
            decode_account(wrong)


def test_the_texts_that_are_kept_are_bounded() -> None:
    assert encode_account.cache_info().maxsize == bech32m.KEPT_MAX


def test_a_megabyte_is_refused_by_its_length() -> None:
    with pytest.raises(AddressMalformed, match="61 characters"):
        decode_account("hs1" + "q" * 1_000_000)
