"""Whose goods and whose places: gcp.grant, location.register.

A GS1 company prefix has one holder, who may register the products and commission the items that
begin with it; a location (GLN) has one holder, who may observe there. Prefixes are prefix-free, as
GS1 issues them: nobody holds one that begins with another's.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Size, TimeMs
from chain.context import Context, event
from chain.errors import CosignerMissing
from chain.state import StateReader, Table
from commerce.accounts import share_controller
from commerce.errors import (
    AccountUnknown,
    IdentifierMalformed,
    LocationHeld,
    PrefixHeld,
    RoleMissing,
    SharedController,
)
from commerce.refusals import refuses
from commerce.roles import (
    PREFIX_DIGITS_MAX,
    PREFIX_DIGITS_MIN,
    has_role,
    is_gln,
    is_prefix,
)

Prefix = Annotated[str, Size(min=6, max=12)]
Gln = Annotated[str, Size(min=13, max=13)]


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a prefix or location; `certificate` is the hash of GS1's certificate."""

    holder: Hash
    certificate: Hash | None
    granted_ms: TimeMs


@dataclass(frozen=True, slots=True)
class GcpGrant:
    """`prefix` is a GS1 company prefix of 6 to 12 digits; `certificate` the hash of its proof."""

    prefix: Prefix
    holder: Hash
    certificate: Hash | None


@dataclass(frozen=True, slots=True)
class LocationRegister:
    """`gln` is a Global Location Number of 13 digits; `certificate` the hash of its proof."""

    gln: Gln
    holder: Hash
    certificate: Hash | None


PREFIXES: Table[Holding] = Table("gcp", Holding)
LOCATIONS: Table[Holding] = Table("location", Holding)


def prefix_holder(state: StateReader, digits: str) -> bytes | None:
    """Whose company prefix these digits of a GS1 key (without indicator) begin with, or None."""
    for length in range(PREFIX_DIGITS_MIN, PREFIX_DIGITS_MAX + 1):
        holding = PREFIXES.load(state, digits[:length].encode())
        if holding is not None and len(digits) >= length:
            return holding.holder
    return None


def prefix_size(state: StateReader, digits: str) -> int | None:
    """How long the company prefix is that these digits begin with; None if nobody holds it."""
    for length in range(PREFIX_DIGITS_MIN, min(PREFIX_DIGITS_MAX, len(digits)) + 1):
        if PREFIXES.load(state, digits[:length].encode()) is not None:
            return length
    return None


def gtin_holder(state: StateReader, gtin: str) -> bytes | None:
    """Whose company prefix a GTIN-14 has, or None."""
    return prefix_holder(state, gtin[1:])


def location_holder(state: StateReader, gln: str) -> bytes | None:
    """Who holds a location, or None."""
    holding = LOCATIONS.load(state, gln.encode())
    return None if holding is None else holding.holder


@refuses(
    IdentifierMalformed, RoleMissing, AccountUnknown, CosignerMissing, PrefixHeld, SharedController
)
def gcp_grant(op: GcpGrant, context: Context) -> tuple[Event, ...]:
    """Record who holds a company prefix, by a regulator or inspector; the holder signs too.

    Whoever grants has its role for this prefix or everywhere, and grants nothing to itself.
    """
    if not is_prefix(op.prefix):
        msg = f"{op.prefix!r} is no company prefix"
        raise IdentifierMalformed(msg)
    _require_authority(context, f"gcp:{op.prefix}")
    _require_holder(context, op.holder)
    overlapping = any(True for _ in PREFIXES.items(context.state, op.prefix.encode()))
    if overlapping or prefix_holder(context.state, op.prefix) is not None:
        msg = f"prefix {op.prefix} overlaps one that has a holder"
        raise PrefixHeld(msg)
    _require_independent(context, op.holder)
    holding = Holding(op.holder, op.certificate, context.time_ms)
    PREFIXES.store(context.state, holding, op.prefix.encode())
    return (event("gcp.granted", prefix=op.prefix, holder=op.holder),)


@refuses(
    IdentifierMalformed,
    RoleMissing,
    AccountUnknown,
    CosignerMissing,
    LocationHeld,
    SharedController,
)
def location_register(op: LocationRegister, context: Context) -> tuple[Event, ...]:
    """Record who holds a location, by a regulator or inspector; the holder signs too.

    Whoever registers has its role for this location, for its company prefix or everywhere, and
    registers nothing for itself.
    """
    if not is_gln(op.gln):
        msg = f"{op.gln!r} is no GLN"
        raise IdentifierMalformed(msg)
    # A location's number begins with its company's prefix.
    _require_authority(context, f"gln:{op.gln}", f"gcp:{op.gln}")
    _require_holder(context, op.holder)
    if location_holder(context.state, op.gln) is not None:
        msg = f"location {op.gln} has a holder"
        raise LocationHeld(msg)
    _require_independent(context, op.holder)
    holding = Holding(op.holder, op.certificate, context.time_ms)
    LOCATIONS.store(context.state, holding, op.gln.encode())
    return (event("location.registered", gln=op.gln, holder=op.holder),)


def _require_authority(context: Context, *places: str) -> None:
    state, sender = context.state, context.sender
    if not any(has_role(state, sender, role, *places) for role in ("regulator", "inspector")):
        msg = f"the sender needs the role regulator or inspector for {places[0]}"
        raise RoleMissing(msg)


def _require_independent(context: Context, holder: bytes) -> None:
    if share_controller(context.state, context.sender, holder):
        msg = "nobody records rights of its own, or of an account that shares its key"
        raise SharedController(msg)


def _require_holder(context: Context, holder: bytes) -> None:
    if context.account(holder) is None:
        msg = "the holder has no account"
        raise AccountUnknown(msg)
    context.require_consent(holder, "the holder")
