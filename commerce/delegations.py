"""Scoped keys for an ERP or a capture gateway: delegate, delegate.revoke.

A delegated key speaks for its account within transaction types, an amount and a time. It never
speaks in the name of a member, never about keys, roles or rights, and never delegates further.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from chain.account import DELEGATED_TYPES_MAX, DELEGATIONS, Delegation
from chain.block import Event
from chain.codec import Amount, Name, PublicKey, Size, TimeMs
from chain.context import Context, event
from chain.crypto import enrollable
from chain.errors import KeyRefused
from commerce.errors import (
    DelegationForbidden,
    DelegationUnknown,
    ExpiryPassed,
    TooManyDelegations,
    TypesUnsorted,
)
from commerce.refusals import refuses

DELEGATIONS_MAX = 64
# Also names of types that this version doesn't have yet: a scope outlives an upgrade.
NEVER_DELEGATED = frozenset(
    {
        "account.open",
        "account.recover",
        "account.rotate",
        "account.veto",
        "asset.clawback",
        "asset.create",
        "asset.freeze",
        "asset.unfreeze",
        "committee.change",
        "protocol.upgrade",
        "delegate",
        "delegate.revoke",
        "dispute.settle",
        "fee.collect",
        "fee.schedule",
        "gcp.grant",
        "location.register",
        "member.register",
        "member.reinstate",
        "member.suspend",
        "member.update",
        "parameter.change",
        "role.grant",
        "role.revoke",
    }
)


@dataclass(frozen=True, slots=True)
class Delegate:
    """`types` sorted; their names are not checked against the types that exist. What leaves the
    account by this key, or escrow by its confirmations, is at most `amount_max_minor` in sum,
    whatever the asset: a key that pays an order and confirms it needs its price twice. `expires_ms`
    is block time, inclusive. A second one for a key replaces the first, and its spending starts
    anew.
    """

    key: PublicKey
    types: Annotated[tuple[Name, ...], Size(min=1, max=DELEGATED_TYPES_MAX)]
    amount_max_minor: Amount
    expires_ms: TimeMs


@dataclass(frozen=True, slots=True)
class DelegateRevoke:
    """`key` loses what the sender delegated to it."""

    key: PublicKey


@refuses(KeyRefused, TypesUnsorted, DelegationForbidden, ExpiryPassed, TooManyDelegations)
def delegate(op: Delegate, context: Context) -> tuple[Event, ...]:
    """Let one more key speak for the sender, within types, an amount and a time."""
    enrollable(op.key)
    if any(a >= b for a, b in pairwise(op.types)):
        msg = "the types of a delegation are sorted and distinct"
        raise TypesUnsorted(msg)
    forbidden = [name for name in op.types if name in NEVER_DELEGATED]
    if forbidden:
        msg = f"{forbidden[0]} needs the account's own keys"
        raise DelegationForbidden(msg)
    if op.expires_ms <= context.time_ms:
        msg = "a delegation ends in the future"
        raise ExpiryPassed(msg)
    others = [key for key, _ in DELEGATIONS.items(context.state, context.sender)]
    if len(others) >= DELEGATIONS_MAX and context.sender + op.key not in others:
        msg = f"at most {DELEGATIONS_MAX} delegated keys"
        raise TooManyDelegations(msg)
    scope = Delegation(op.types, op.amount_max_minor, 0, op.expires_ms)
    DELEGATIONS.store(context.state, scope, context.sender, op.key)
    return (event("delegation.granted", account=context.sender, key=op.key, types=op.types),)


@refuses(DelegationUnknown)
def delegate_revoke(op: DelegateRevoke, context: Context) -> tuple[Event, ...]:
    """End a delegation at once."""
    if DELEGATIONS.load(context.state, context.sender, op.key) is None:
        msg = "nothing is delegated to this key"
        raise DelegationUnknown(msg)
    DELEGATIONS.remove(context.state, context.sender, op.key)
    return (event("delegation.revoked", account=context.sender, key=op.key),)


def require_own_keys(name: str, context: Context) -> None:
    """`DelegationForbidden` if a delegated key tries what only the account's own keys may."""
    if context.authority.delegation is not None and name in NEVER_DELEGATED:
        msg = f"{name} needs the account's own keys"
        raise DelegationForbidden(msg)
