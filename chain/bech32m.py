"""Account ids for people: bech32m (BIP-350) of 32 bytes under the prefix `hs`, as `hs1…`.

Lower case only; a mixed or upper-case text is refused, so that one account has one spelling. Every
receipt names accounts: texts are made two characters at a time by tables, and the newest are kept.
"""

from functools import lru_cache

from chain.crypto import HASH_SIZE
from chain.errors import AddressMalformed

PREFIX = "hs"
# Accounts whose text is kept: about 5 MB.
KEPT_MAX = 16_384
_CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CONSTANT = 0x2BC830A3
_CHECKSUM_SIZE = 6
_BITS = HASH_SIZE * 8
# The bits are padded with zeros to whole characters.
_PADDING = -_BITS % 5
_ACCOUNT_CHARACTERS = (_BITS + _PADDING) // 5
# Prefix, separator, 32 bytes in groups of five bits, checksum.
_TEXT_SIZE = len(PREFIX) + 1 + _ACCOUNT_CHARACTERS + _CHECKSUM_SIZE
_PREFIX_VALUES = (*(ord(c) >> 5 for c in PREFIX), 0, *(ord(c) & 31 for c in PREFIX))
_PAIRS = tuple(a + b for a in _CHARSET for b in _CHARSET)
_PAIR_VALUES = {pair: value for value, pair in enumerate(_PAIRS)}
# A pair's ten bits in the account's number, the first pair's highest.
_SHIFTS = tuple(range(_BITS + _PADDING - 10, -1, -10))


def _step(checksum: int, value: int) -> int:
    """One character of BIP-173's checksum, shared by bech32 and bech32m."""
    top = checksum >> 25
    checksum = (checksum & 0x1FFFFFF) << 5 ^ value
    for i, generator in enumerate(_GENERATOR):
        checksum ^= generator if (top >> i) & 1 else 0
    return checksum


def _of_prefix() -> int:
    checksum = 1
    for value in _PREFIX_VALUES:
        checksum = _step(checksum, value)
    return checksum


# What a checksum's ten highest bits become two characters later: the checksum is linear.
_TWO_STEPS = tuple(_step(_step(top << 20, 0), 0) for top in range(1024))
_AFTER_PREFIX = _of_prefix()


@lru_cache(KEPT_MAX)
def encode_account(account: bytes) -> str:
    """The `hs1…` text of a 32-byte account id."""
    assert len(account) == HASH_SIZE
    number = int.from_bytes(account, "big") << _PADDING
    values = [number >> shift & 1023 for shift in _SHIFTS]
    checksum = _polymod([*values, 0, 0, 0]) ^ _CONSTANT
    values += (checksum >> 20, checksum >> 10 & 1023, checksum & 1023)
    return f"{PREFIX}1" + "".join([_PAIRS[value] for value in values])


def decode_account(text: str) -> bytes:
    """The 32 bytes of an `hs1…` text; `AddressMalformed` says what is wrong."""
    if not text.startswith(f"{PREFIX}1"):
        msg = f"an account id begins with {PREFIX}1"
        raise AddressMalformed(msg)
    if len(text) != _TEXT_SIZE:
        msg = f"an account id has {_TEXT_SIZE} characters, not {len(text)}"
        raise AddressMalformed(msg)
    values = _values_of(text[len(PREFIX) + 1 :])
    if _polymod(values) != _CONSTANT:
        msg = "checksum wrong: the account id was mistyped or cut"
        raise AddressMalformed(msg)
    number = 0
    for value in values[: len(_SHIFTS)]:
        number = number << 10 | value
    if number & (1 << _PADDING) - 1:
        msg = "the last character has bits beyond the account id"
        raise AddressMalformed(msg)
    return (number >> _PADDING).to_bytes(HASH_SIZE, "big")


def _values_of(body: str) -> list[int]:
    """The characters' bits, two characters a number."""
    pairs = [body[at : at + 2] for at in range(0, len(body), 2)]
    try:
        return [_PAIR_VALUES[pair] for pair in pairs]
    except KeyError:
        wrong = next(character for character in body if character not in _CHARSET)
        msg = f"character {wrong!r} is not of bech32m's lower-case alphabet"
        raise AddressMalformed(msg) from None


def _polymod(values: list[int]) -> int:
    """The checksum of the prefix and these pairs."""
    checksum = _AFTER_PREFIX
    for value in values:
        checksum = (checksum & 0xFFFFF) << 10 ^ value ^ _TWO_STEPS[checksum >> 20]
    return checksum
