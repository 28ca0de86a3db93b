"""Who may act as what: role.grant, role.revoke, and the questions handlers ask about roles.

A role is held in a scope: everywhere (empty), for the goods of one GS1 company prefix
(`gcp:6901234`), or at one location (`gln:6901234000009`). Nothing here says who *owns* a prefix or
a location: that is commerce/rights.py.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Name, Size, TimeMs
from chain.context import Context, event
from chain.errors import CosignerMissing
from chain.state import StateReader, Table
from commerce.epcis.identifiers import is_key
from commerce.errors import (
    AccountUnknown,
    GrantExists,
    GrantUnknown,
    RoleMissing,
    RoleUnknown,
    ScopeMalformed,
)
from commerce.refusals import refuses

ROLES = (
    "merchant",
    "carrier",
    "inspector",
    "arbiter",
    "issuer",
    "regulator",
    "device_maker",
    "gateway",
)
# EPC Tag Data Standard 2.0 §6.3: a company prefix has 6 to 12 digits.
PREFIX_DIGITS_MIN = 6
PREFIX_DIGITS_MAX = 12
GLN_DIGITS = 13
# A scope that is not everywhere: `gcp:` or `gln:`, and as many digits at least.
_SCOPE_MIN = len("gcp:") + PREFIX_DIGITS_MIN

Scope = Annotated[str, Size(max=32)]


@dataclass(frozen=True, slots=True)
class HeldRole:
    """An account holds a role in a scope; `certificate` is the hash of what proves it."""

    role: Name
    scope: Scope
    certificate: Hash | None
    granted_ms: TimeMs


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """`role` is one of the chain's roles; `scope` is empty, `gcp:<prefix>` or `gln:<location>`."""

    account: Hash
    role: Name
    scope: Scope
    certificate: Hash | None


@dataclass(frozen=True, slots=True)
class RoleRevoke:
    """Names a grant exactly: account, role and scope."""

    account: Hash
    role: Name
    scope: Scope


HELD_ROLES: Table[HeldRole] = Table("role", HeldRole)


def role_part(role: str) -> bytes:
    """The key part of a role."""
    return role.encode() + b"\x00"


def has_role(state: StateReader, account: bytes, role: str, *places: str) -> bool:
    """Does the account hold the role everywhere, or in a scope that covers one of `places`?

    A place is written like a scope, with all its digits: a shorter company prefix covers it.
    """
    # Each scope that could cover is asked for by its key: a scan costs more than all of them.
    part = role_part(role)
    if HELD_ROLES.load(state, account, part) is not None:
        return True
    return bool(places) and any(
        HELD_ROLES.load(state, account, part, place[:length].encode()) is not None
        for place in places
        for length in range(_SCOPE_MIN, len(place) + 1)
    )


def has_role_for_goods(state: StateReader, account: bytes, role: str, gtin: str) -> bool:
    """Does the account hold the role everywhere or for a company prefix of this GTIN-14?"""
    return has_role(state, account, role, f"gcp:{gtin[1:]}")


def require_role(state: StateReader, account: bytes, role: str, who: str = "the sender") -> None:
    """`RoleMissing` unless the account holds the role everywhere; `who` is its part.

    For what has no place (money, a parcel on its way) a narrower scope says nothing.
    """
    if not has_role(state, account, role):
        msg = f"{who} needs the role {role}, in no narrower scope"
        raise RoleMissing(msg)


def is_prefix(digits: str) -> bool:
    """Could these be a GS1 company prefix?"""
    return PREFIX_DIGITS_MIN <= len(digits) <= PREFIX_DIGITS_MAX and _are_digits(digits)


def is_gln(digits: str) -> bool:
    """Is this a GLN with its check digit?"""
    return len(digits) == GLN_DIGITS and is_key(digits)


def check_role(role: str, scope: str) -> None:
    """`RoleUnknown` or `ScopeMalformed` for what can't be granted."""
    if role not in ROLES:
        msg = f"no role {role}; there are {', '.join(ROLES)}"
        raise RoleUnknown(msg)
    kind, _, digits = scope.partition(":")
    well_formed = {"gcp": is_prefix, "gln": is_gln}.get(kind)
    if scope and (well_formed is None or not well_formed(digits)):
        msg = f"{scope!r} is no scope"
        raise ScopeMalformed(msg)


@refuses(RoleUnknown, ScopeMalformed, CosignerMissing, AccountUnknown, GrantExists)
def role_grant(op: RoleGrant, context: Context) -> tuple[Event, ...]:
    """Give an account a role in a scope, by a quorum of the members."""
    check_role(op.role, op.scope)
    context.require_member_quorum()
    if context.account(op.account) is None:
        msg = "nobody to give the role to"
        raise AccountUnknown(msg)
    key = (op.account, role_part(op.role), op.scope.encode())
    if HELD_ROLES.load(context.state, *key) is not None:
        msg = f"the account is {op.role} in this scope already"
        raise GrantExists(msg)
    held = HeldRole(op.role, op.scope, op.certificate, context.time_ms)
    HELD_ROLES.store(context.state, held, *key)
    return (event("role.granted", account=op.account, role=op.role, scope=op.scope),)


@refuses(CosignerMissing, GrantUnknown)
def role_revoke(op: RoleRevoke, context: Context) -> tuple[Event, ...]:
    """Take a role back, by a quorum of the members; running orders and parcels go on."""
    context.require_member_quorum()
    key = (op.account, role_part(op.role), op.scope.encode())
    if HELD_ROLES.load(context.state, *key) is None:
        msg = f"the account is not {op.role} in this scope"
        raise GrantUnknown(msg)
    HELD_ROLES.remove(context.state, *key)
    return (event("role.revoked", account=op.account, role=op.role, scope=op.scope),)


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
