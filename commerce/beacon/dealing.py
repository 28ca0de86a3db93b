"""What a node computes for the beacon: its deals, and its shares of others' deals.

Everything a dealer keeps secret follows from its node key, the chain, the epoch and the number: a
node stores nothing and deals the very same secret after a restart. A share travels under a one-time
pad of the seat's and the deal's X25519 secret; that it is the right one shows in the dealer's
point, so that the encryption needs no check of its own (docs/protocol-beacon.md).
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from chain.committee import Committee
from chain.crypto import PrivateKey, domain, tagged_hash
from chain.group import (
    EXCHANGE_KEY_SIZE,
    ExchangeRefused,
    exchange,
    exchange_public,
    exchange_public_of,
    exchange_secret,
    multiply_base,
    reduce_scalar,
    write_scalar,
)
from chain.state import u64
from commerce.beacon.records import Deal, place
from commerce.beacon.share import BeaconShare
from commerce.beacon.sharing import evaluate, place_of

_COEFFICIENT = domain("beacon-coefficient")
_EPHEMERAL = domain("beacon-ephemeral")
# What lies where a seat's key takes no encryption.
_NO_SHARE = bytes(32)


@dataclass(frozen=True, slots=True)
class DealName:
    """Which deal: of which chain and epoch, by whose account, which number."""

    genesis_hash: bytes
    epoch: int
    dealer: bytes
    number: int

    @property
    def bytes(self) -> bytes:
        """All of it, in fixed width."""
        return self.genesis_hash + u64(self.epoch) + self.dealer + u64(self.number)


def deal(key: PrivateKey, committee: Committee, name: DealName) -> BeaconShare:
    """The deal of this name among the committee's seats; the same each time."""
    coefficients = [_coefficient(key, name, index) for index in range(committee.f + 1)]
    shares = [evaluate(coefficients, place_of(seat)) for seat in range(committee.n)]
    secret = hmac.digest(key.seed, _EPHEMERAL + name.bytes, "sha512")[:EXCHANGE_KEY_SIZE]
    sealed = tuple(
        _seal(share, secret, member.node_key, (name, seat))
        for seat, (share, member) in enumerate(zip(shares, committee.members, strict=True))
    )
    points = tuple(multiply_base(share) for share in shares)
    return BeaconShare(name.epoch, name.number, points, exchange_public(secret), sealed)


def _coefficient(key: PrivateKey, name: DealName, index: int) -> int:
    """RFC 2104 under SHA-512: a scalar that only the key's holder can tell from a random one."""
    made = hmac.digest(key.seed, _COEFFICIENT + name.bytes + place(index), "sha512")
    return reduce_scalar(made)


def open_share(key: PrivateKey, seat: int, name: DealName, deal: Deal) -> bytes | None:
    """The share, 32 bytes, that a deal has for the seat of this node key; None if it has none: then
    the dealer is at fault.
    """
    try:
        secret = exchange(exchange_secret(key), deal.ephemeral)
    except ExchangeRefused:
        return None
    pad = _pad(secret, deal.ephemeral, key.public_key, (name, seat))
    share = _xor(deal.sealed[seat], pad)
    scalar = int.from_bytes(share, "little")
    # The handler of beacon.reveal takes canonical scalars only.
    if write_scalar(scalar) != share or multiply_base(scalar) != deal.points[seat]:
        return None
    return share


def _seal(share: int, secret: bytes, node_key: bytes, where: tuple[DealName, int]) -> bytes:
    try:
        shared = exchange(secret, exchange_public_of(node_key))
    except ExchangeRefused:
        return _NO_SHARE
    pad = _pad(shared, exchange_public(secret), node_key, where)
    return _xor(write_scalar(share), pad)


def _pad(shared: bytes, ephemeral: bytes, node_key: bytes, where: tuple[DealName, int]) -> bytes:
    """Bound to all that the deal is, so that no share of one deal opens in another."""
    name, seat = where
    return tagged_hash("beacon-pad", shared + ephemeral + node_key + name.bytes + place(seat))


def _xor(data: Sequence[int], pad: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(data, pad, strict=True))
