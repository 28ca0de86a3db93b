"""The prime-order group of Ed25519, and X25519 secrets between node keys.

Points are the 32 bytes of RFC 8032 §5.1.2, scalars integers below the group's order. The same
library as in chain/crypto.py does the arithmetic of the curve; what comes from outside is checked
here, so that every build of it decides the same.
"""

import hashlib

from nacl.bindings import (
    crypto_core_ed25519_add,
    crypto_core_ed25519_is_valid_point,
    crypto_scalarmult,
    crypto_scalarmult_base,
    crypto_scalarmult_ed25519_base_noclamp,
    crypto_scalarmult_ed25519_noclamp,
    crypto_sign_ed25519_pk_to_curve25519,
)
from nacl.exceptions import CryptoError

from chain.crypto import PrivateKey
from chain.errors import LedgerError

POINT_SIZE = 32
SCALAR_SIZE = 32
EXCHANGE_KEY_SIZE = 32

# RFC 8032 §5.1: L, and the encoding of the neutral element (0, 1).
ORDER = 2**252 + 27742317777372353535851937790883648493
NEUTRAL = (1).to_bytes(POINT_SIZE, "little")


class PointRefused(LedgerError):
    """32 bytes are no canonical point of the prime-order group, or its neutral element."""

    hint = "a point is a scalar from 1 to the order less 1, times the base point of Ed25519"


class ScalarRefused(LedgerError):
    """32 bytes are no scalar: little-endian, from 1 to the group's order less 1."""

    hint = "reduce 64 random or hashed bytes by the group's order: chain.group.reduce_scalar"


class ExchangeRefused(LedgerError):
    """No X25519 secret comes of these keys: one of them is of low order or no point."""

    hint = (
        "replace that node key: hushang member keys, and for a seat hushang committee change "
        "--replace"
    )


def require_point(point: bytes) -> None:
    """`PointRefused` unless the bytes are a canonical point of the group and not neutral."""
    if len(point) != POINT_SIZE or not crypto_core_ed25519_is_valid_point(point):
        msg = f"{point.hex()} is no point of the prime-order group"
        raise PointRefused(msg)
    # Older builds take some points of order 2·L for valid (CVE-2025-69277). L·P is neutral for
    # none of them: a library must not make the difference between two nodes.
    if crypto_core_ed25519_add(_times(ORDER - 1, point), point) != NEUTRAL:
        msg = f"{point.hex()} lies outside the prime-order group"
        raise PointRefused(msg)


def read_scalar(data: bytes) -> int:
    """The scalar of 32 bytes, little-endian; `ScalarRefused` unless canonical and not zero."""
    scalar = int.from_bytes(data, "little")
    if len(data) != SCALAR_SIZE or not 0 < scalar < ORDER:
        msg = f"a scalar has {SCALAR_SIZE} bytes and lies between 0 and the group's order"
        raise ScalarRefused(msg)
    return scalar


def write_scalar(scalar: int) -> bytes:
    """Its 32 bytes, little-endian."""
    return (scalar % ORDER).to_bytes(SCALAR_SIZE, "little")


def reduce_scalar(wide: bytes) -> int:
    """A scalar of hash bytes, little-endian: of 64 bytes so that none is likelier than another."""
    return int.from_bytes(wide, "little") % ORDER


def add(a: bytes, b: bytes) -> bytes:
    """The sum of two points that are known to be such; either may be neutral."""
    return crypto_core_ed25519_add(a, b)


def multiply(scalar: int, point: bytes) -> bytes:
    """`scalar` times a point that `require_point` let through, or the neutral one."""
    scalar %= ORDER
    if scalar == 0 or point == NEUTRAL:
        return NEUTRAL
    return _times(scalar, point)


def multiply_base(scalar: int) -> bytes:
    """`scalar` times the base point."""
    scalar %= ORDER
    if scalar == 0:
        return NEUTRAL
    return crypto_scalarmult_ed25519_base_noclamp(write_scalar(scalar))


def _times(scalar: int, point: bytes) -> bytes:
    try:
        return crypto_scalarmult_ed25519_noclamp(scalar.to_bytes(SCALAR_SIZE, "little"), point)
    except CryptoError as error:
        msg = f"{point.hex()} is no point of the prime-order group"
        raise PointRefused(msg) from error


# X25519 (RFC 7748) between keys of Ed25519. One key pair may do both: Thormarker, "On using the
# same key pair for Ed25519 and an X25519 based KEM" (ePrint 2021/509).


def exchange_secret(key: PrivateKey) -> bytes:
    """The X25519 secret of an Ed25519 key: the half of RFC 8032 §5.1.5 that X25519 clamps."""
    return hashlib.sha512(key.seed).digest()[:EXCHANGE_KEY_SIZE]


def exchange_public(secret: bytes) -> bytes:
    """The X25519 public key of a secret of 32 bytes."""
    return crypto_scalarmult_base(secret)


def exchange_public_of(public_key: bytes) -> bytes:
    """The X25519 public key of an Ed25519 one; `ExchangeRefused` if it is of no use for that."""
    try:
        return crypto_sign_ed25519_pk_to_curve25519(public_key)
    except CryptoError as error:
        msg = f"{public_key.hex()} has no X25519 key"
        raise ExchangeRefused(msg) from error


def exchange(secret: bytes, public: bytes) -> bytes:
    """X25519 of the two, 32 bytes; `ExchangeRefused` if all of them would be zero."""
    try:
        return crypto_scalarmult(secret, public)
    except CryptoError as error:
        msg = f"{public.hex()} is of low order"
        raise ExchangeRefused(msg) from error
