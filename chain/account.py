"""Accounts and who may speak for them: key policies, consents, delegated keys.

An account id is the hash of the account's *first* key policy and never changes. A signature entry
names the account it speaks for and the key that made it, so that checking the signature needs no
state; whether that key may speak for the account is asked of the state (docs/adr/0020).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from chain.codec import U32, Amount, Hash, Name, PublicKey, Signature, Size, TimeMs, encode
from chain.crypto import enrollable, tagged_hash
from chain.errors import PolicyMalformed, SignaturesUnsorted
from chain.state import StateReader, Table

POLICY_KEYS_MAX = 16
WEIGHT_MAX = 1000
DELEGATED_TYPES_MAX = 64


@dataclass(frozen=True, slots=True)
class WeightedKey:
    """One key of a policy; weight 1 to `WEIGHT_MAX`."""

    public_key: PublicKey
    weight: U32


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """m-of-n by weight: keys sorted by public key, distinct; reachable threshold of at least 1."""

    keys: Annotated[tuple[WeightedKey, ...], Size(min=1, max=POLICY_KEYS_MAX)]
    threshold: U32

    def account_id(self) -> bytes:
        """The id of the account that this policy opens, 32 bytes."""
        return tagged_hash("account", encode(self))


@dataclass(frozen=True, slots=True)
class Account:
    """State of one account. `sponsor` is the account of the member that opened it."""

    policy: KeyPolicy
    sponsor: Hash
    identity_commitment: Hash | None


@dataclass(frozen=True, slots=True)
class Delegation:
    """A scoped key of an account (ERP, capture gateway). `spent_minor` never exceeds the cap."""

    types: Annotated[tuple[Name, ...], Size(min=1, max=DELEGATED_TYPES_MAX)]
    amount_max_minor: Amount
    spent_minor: Amount
    expires_ms: TimeMs


@dataclass(frozen=True, slots=True)
class SignatureEntry:
    """One signature over `signing_bytes(content)`, made by `public_key` for `account`."""

    account: Hash
    public_key: PublicKey
    signature: Signature


ACCOUNTS: Table[Account] = Table("account", Account)
DELEGATIONS: Table[Delegation] = Table("delegation", Delegation)


def single_key_policy(public_key: bytes) -> KeyPolicy:
    """The policy of an account with one key."""
    return KeyPolicy((WeightedKey(public_key, 1),), 1)


def check_policy(policy: KeyPolicy) -> None:
    """Refuse a policy that may not be enrolled: `PolicyMalformed` or `KeyRefused`."""
    keys = [entry.public_key for entry in policy.keys]
    if sorted(set(keys)) != keys:
        msg = "the keys of a policy are sorted and distinct"
        raise PolicyMalformed(msg)
    if any(not 1 <= entry.weight <= WEIGHT_MAX for entry in policy.keys):
        msg = f"a weight is 1 to {WEIGHT_MAX}"
        raise PolicyMalformed(msg)
    if not 1 <= policy.threshold <= sum(entry.weight for entry in policy.keys):
        msg = "the threshold is at least 1 and within the sum of the weights"
        raise PolicyMalformed(msg)
    for key in keys:
        enrollable(key)


def check_sorted(signatures: Sequence[SignatureEntry]) -> None:
    """Signature entries are sorted by (account, key) and distinct, or `SignaturesUnsorted`."""
    order = [(entry.account, entry.public_key) for entry in signatures]
    if not order or (len(order) > 1 and any(a >= b for a, b in pairwise(order))):
        msg = "signatures are sorted by account and key, each at most once"
        raise SignaturesUnsorted(msg)


def keys_of(signatures: Sequence[SignatureEntry], account: bytes) -> frozenset[bytes]:
    """The keys that signed for this account."""
    return frozenset([entry.public_key for entry in signatures if entry.account == account])


def policy_satisfied(policy: KeyPolicy, keys: frozenset[bytes]) -> bool:
    """Do these keys reach the policy's threshold?"""
    weight = 0
    for entry in policy.keys:
        if entry.public_key in keys:
            weight += entry.weight
    return weight >= policy.threshold


def find_delegation(
    state: StateReader, account: bytes, keys: frozenset[bytes], types: Sequence[str], time_ms: int
) -> tuple[bytes, Delegation] | None:
    """The first delegated key (by key order) among `keys` whose scope covers every type now."""
    for key in sorted(keys):
        delegation = DELEGATIONS.load(state, account, key)
        if delegation is None or time_ms > delegation.expires_ms:
            continue
        if all(name in delegation.types for name in types):
            return key, delegation
    return None
