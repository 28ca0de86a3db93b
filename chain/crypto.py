"""Hashes and Ed25519: the only file of the core that knows a cryptographic library.

One library decides every signature (libsodium through PyNaCl): back ends disagree on odd keys, and
mixing them forks a chain (docs/adr/0004). Every hash but those of the Merkle trees is SHA-256 under
a domain tag; every signature is over a domain tag too.
"""

import hashlib
from functools import cache

from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign_open,
    has_crypto_core_ed25519,
)
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey

from chain.errors import KeyRefused, SignatureInvalid

HASH_SIZE = 32
PUBLIC_KEY_SIZE = 32
SIGNATURE_SIZE = 64
SEED_SIZE = 32
DOMAIN = b"hushang/1/"

# The curve of RFC 8032 §5.1: -x² + y² = 1 + D·x²·y² over the field of this prime.
_P = 2**255 - 19
_D = -121665 * pow(121666, _P - 2, _P) % _P
_SQRT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)


def sha256(data: bytes) -> bytes:
    """SHA-256 of `data`, 32 bytes."""
    return hashlib.sha256(data).digest()


@cache
def domain(tag: str) -> bytes:
    """What everything hashed or signed under `tag` begins with: `hushang/1/<tag>` and a zero."""
    return DOMAIN + tag.encode() + b"\x00"


def tagged_hash(tag: str, data: bytes) -> bytes:
    """SHA-256 of `data` under a domain tag, so that no hash of one kind is one of another."""
    return hashlib.sha256(domain(tag) + data).digest()


def enrollable(public_key: bytes) -> None:
    """Refuse a key that may not enter a policy or a committee (`KeyRefused`).

    Canonical y (below the field's prime), on the curve (RFC 8032 §5.1.3) and not of an order that
    divides 8: one signature of such a key holds for every message. Whether a point lies in the
    prime-order subgroup is not asked: libsodium's equation is safe without.
    """
    if len(public_key) != PUBLIC_KEY_SIZE:
        msg = f"a public key has {PUBLIC_KEY_SIZE} bytes, not {len(public_key)}"
        raise KeyRefused(msg)
    # libsodium asks all of the below and for the subgroup besides: its yes is enough, and takes a
    # twentieth of the time; its no isn't, and a build without it decides the same.
    if has_crypto_core_ed25519 and crypto_core_ed25519_is_valid_point(public_key):
        return
    encoded = int.from_bytes(public_key, "little")
    y, sign = encoded & ((1 << 255) - 1), encoded >> 255
    if y >= _P:
        msg = "the key is not canonically encoded"
        raise KeyRefused(msg)
    x = _recover_x(y)
    if x is None or (x == 0 and sign):
        msg = "the key is no point of the curve"
        raise KeyRefused(msg)
    point = (x, y)
    for _ in range(3):
        point = _double(point)
    if point == (0, 1):
        msg = "the key has low order"
        raise KeyRefused(msg)


def _recover_x(y: int) -> int | None:
    """A square root of (y²-1)/(D·y²+1), RFC 8032 §5.1.3 steps 2-3; the sign doesn't matter here."""
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _SQRT_OF_MINUS_ONE % _P
    return x if x * x % _P == square else None


def _double(point: tuple[int, int]) -> tuple[int, int]:
    """The point added to itself, by the complete affine law of RFC 8032 §5.1.4's curve."""
    x, y = point
    k = _D * x * x * y * y % _P
    doubled_x = 2 * x * y * pow(1 + k, _P - 2, _P) % _P
    return doubled_x, (y * y + x * x) * pow(1 - k, _P - 2, _P) % _P


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Does `signature` (64 bytes) of `public_key` (32 bytes) hold for `message`? Never raises."""
    if len(signature) != SIGNATURE_SIZE or len(public_key) != PUBLIC_KEY_SIZE:
        return False
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        return False
    return True


def require_valid(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Raise `SignatureInvalid` unless `verify` says yes."""
    if not verify(public_key, message, signature):
        msg = f"signature does not verify for key {public_key.hex()}"
        raise SignatureInvalid(msg)


class PrivateKey:
    """An Ed25519 signing key from its 32-byte seed (RFC 8032 §5.1.5); never shown in `repr`."""

    __slots__ = ("_key", "public_key")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_SIZE:
            msg = f"a seed has {SEED_SIZE} bytes"
            raise KeyRefused(msg)
        self._key = SigningKey(seed)
        self.public_key: bytes = bytes(self._key.verify_key)

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, for whoever must hand them on (a key file, TLS)."""
        return bytes(self._key)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`; the same each time (Ed25519 is deterministic)."""
        return self._key.sign(message).signature
