"""Account ids for people: bech32m (BIP-350) of 32 bytes under the prefix `hs`, as `hs1…`.

Lower case only; a mixed or upper-case text is refused, so that one account has one spelling.
"""

from chain.crypto import HASH_SIZE
from chain.errors import AddressMalformed

PREFIX = "hs"
_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CONSTANT = 0x2BC830A3
_CHECKSUM_SIZE = 6
# Prefix, separator, 32 bytes in groups of five bits, checksum.
_TEXT_SIZE = len(PREFIX) + 1 + -(-HASH_SIZE * 8 // 5) + _CHECKSUM_SIZE
_PREFIX_VALUES = (*(ord(c) >> 5 for c in PREFIX), 0, *(ord(c) & 31 for c in PREFIX))


def encode_account(account: bytes) -> str:
    """The `hs1…` text of a 32-byte account id."""
    assert len(account) == HASH_SIZE
    values = _regroup(account, 8, 5)
    polymod = _polymod([*_PREFIX_VALUES, *values, *([0] * _CHECKSUM_SIZE)]) ^ _CONSTANT
    checksum = [(polymod >> 5 * (5 - i)) & 31 for i in range(_CHECKSUM_SIZE)]
    return f"{PREFIX}1" + "".join(_CHARSET[value] for value in [*values, *checksum])


def decode_account(text: str) -> bytes:
    """The 32 bytes of an `hs1…` text; `AddressMalformed` says what is wrong."""
    if not text.startswith(f"{PREFIX}1"):
        msg = f"an account id begins with {PREFIX}1"
        raise AddressMalformed(msg)
    if len(text) != _TEXT_SIZE:
        msg = f"an account id has {_TEXT_SIZE} characters, not {len(text)}"
        raise AddressMalformed(msg)
    body = text[len(PREFIX) + 1 :]
    values = [_CHARSET.find(character) for character in body]
    if -1 in values:
        msg = f"character {body[values.index(-1)]!r} is not of bech32m's lower-case alphabet"
        raise AddressMalformed(msg)
    if _polymod([*_PREFIX_VALUES, *values]) != _CONSTANT:
        msg = "checksum wrong: the account id was mistyped or cut"
        raise AddressMalformed(msg)
    account = _ungroup(values[:-_CHECKSUM_SIZE])
    if encode_account(account) != text:
        msg = "the last character has bits beyond the account id"
        raise AddressMalformed(msg)
    return account


def _polymod(values: list[int]) -> int:
    """The checksum of BIP-173, shared by bech32 and bech32m."""
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for i, generator in enumerate(_GENERATOR):
            checksum ^= generator if (top >> i) & 1 else 0
    return checksum


def _regroup(data: bytes, from_bits: int, to_bits: int) -> list[int]:
    number = int.from_bytes(data, "big")
    bits = len(data) * from_bits
    padding = -bits % to_bits
    number <<= padding
    count = (bits + padding) // to_bits
    mask = (1 << to_bits) - 1
    return [(number >> to_bits * (count - 1 - i)) & mask for i in range(count)]


def _ungroup(values: list[int]) -> bytes:
    number = 0
    for value in values:
        number = number << 5 | value
    bits = len(values) * 5
    return (number >> bits % 8).to_bytes(bits // 8, "big")
