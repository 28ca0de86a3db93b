"""Who takes part: members, accounts, their keys, the genesis, and how signatures are made.

Most seeds sign by a keyed hash: anybody could forge it, but nobody here does, and it costs a
hundredth of Ed25519. A sample of seeds runs with the real thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from chain import crypto
from chain.account import single_key_policy
from chain.crypto import PrivateKey, sha256, tagged_hash
from chain.genesis import (
    GENESIS_VERSION,
    ConsensusParameters,
    Genesis,
    GenesisAccount,
    GenesisAsset,
    GenesisMember,
    GenesisRole,
)

GENESIS_MS = 1_767_225_600_000
PAYERS = tuple(f"payer{i}" for i in range(6))
# The merchant's GS1 company prefix.
PREFIX = "6901234"
ROLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "issuer": (("issuer", ""),),
    "merchant": (("merchant", ""), ("merchant", f"gcp:{PREFIX}")),
    "carrier": (("carrier", ""),),
}


@dataclass
class Clock:
    """One host's clocks: the wall clock is off by something, both run at their own rate."""

    offset_ms: int = 0
    rate: float = 1.0

    def time_ms(self, now_us: int) -> int:
        """What the wall clock shows at a moment of the simulation (UTC)."""
        return GENESIS_MS + 1_000 + int(now_us * self.rate / 1_000) + self.offset_ms

    def set_error(self, now_us: int, error_ms: int) -> None:
        """Show the right time at this moment, but for an error."""
        self.offset_ms = error_ms - int(now_us * (self.rate - 1) / 1_000)


class Signer(Protocol):
    """Something that signs for a public key."""

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        ...


@dataclass(frozen=True)
class RealSigner:
    """Ed25519."""

    key: PrivateKey

    @property
    def public_key(self) -> bytes:
        return self.key.public_key

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)


@dataclass(frozen=True)
class StubSigner:
    """A hash over key and message."""

    public_key: bytes

    def sign(self, message: bytes) -> bytes:
        return tagged_hash("stub", self.public_key + message) * 2


def verify_stub(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Did a `StubSigner` make it?"""
    return signature == tagged_hash("stub", public_key + message) * 2


@lru_cache(maxsize=256)
def private_key(name: str) -> PrivateKey:
    """A key that is the same in every run."""
    return PrivateKey(sha256(f"simulated key of {name}".encode()))


@lru_cache(maxsize=256)
def account(name: str) -> bytes:
    """The account id of a one-key party."""
    return single_key_policy(private_key(name).public_key).account_id()


class Signatures:
    """Makes and judges all signatures of one simulation; what was true once stays true."""

    def __init__(self, *, real: bool) -> None:
        self.real = real
        self._facts: dict[tuple[bytes, bytes, bytes], bool] = {}

    def signer(self, name: str) -> Signer:
        """The signer of a party."""
        key = private_key(name)
        return RealSigner(key) if self.real else StubSigner(key.public_key)

    def verify(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Does the signature hold for key and message?"""
        if not self.real:
            return verify_stub(public_key, message, signature)
        fact = public_key, message, signature
        known = self._facts.get(fact)
        if known is None:
            known = self._facts[fact] = crypto.verify(public_key, message, signature)
        return known


def node_name(index: int) -> str:
    """The name of a member's node key."""
    return f"node of m{index}"


def genesis(
    members: int, parameters: ConsensusParameters, time_scale: int, newcomers: Sequence[str] = ()
) -> Genesis:
    """`members` founders m0…, the parties of trade, six payers, newcomers' accounts, CNY."""
    names = (*ROLES, "buyer", *PAYERS, *newcomers)
    return Genesis(
        version=GENESIS_VERSION,
        chain_id="test-sim",
        time_ms=GENESIS_MS,
        time_scale=time_scale,
        consensus=parameters,
        timers={},
        members=tuple(
            GenesisMember(
                f"m{i}",
                single_key_policy(private_key(f"m{i}").public_key),
                private_key(node_name(i)).public_key,
            )
            for i in range(members)
        ),
        accounts=tuple(_party(name, members, i) for i, name in enumerate(names)),
        assets=(GenesisAsset("CNY", 2, "issuer"),),
        limits={},
    )


def _party(name: str, members: int, number: int) -> GenesisAccount:
    roles = tuple(GenesisRole(*role) for role in ROLES.get(name, ()))
    policy = single_key_policy(private_key(name).public_key)
    return GenesisAccount(name, policy, f"m{number % members}", roles)
