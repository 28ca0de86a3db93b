"""Authorised sellers: licence.grant, licence.revoke.

Who holds a GTIN's company prefix (the brand) may let merchants sell it, and may say in the product
that nobody else does (`licence_required`). There is one licence per GTIN and merchant; a later
grant replaces it. Without one no offer is published and no order is made any more; orders that
exist go on. For goods of which no licence is required a licence is a word of the brand that buyers
can read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Size, Text, TimeMs
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.accounts import require_account
from commerce.catalogue.errors import (
    GtinsUnsorted,
    LicenceMissing,
    LicenceUnknown,
    TerritoryMalformed,
)
from commerce.catalogue.territories import TERRITORIES_MAX, Territory, check_territories
from commerce.errors import AccountUnknown, ExpiryPassed, PrefixNotHeld, ProductUnknown
from commerce.indexes import index_licence
from commerce.products import Gtin, Product, load_product, require_prefix
from commerce.refusals import refuses
from commerce.rights import gtin_holder

LICENCE_GTINS_MAX = 100

Gtins = Annotated[tuple[Gtin, ...], Size(min=1, max=LICENCE_GTINS_MAX)]


@dataclass(frozen=True, slots=True)
class LicenceGrant:
    """`gtins` are sorted products of the sender's prefixes; `territories` sorted codes of GB/T
    2260, empty for everywhere; `expires_ms` is block time, inclusive; `document` the hash of the
    contract.
    """

    merchant: Hash
    gtins: Gtins
    territories: Annotated[tuple[Territory, ...], Size(max=TERRITORIES_MAX)]
    expires_ms: TimeMs
    document: Hash | None


@dataclass(frozen=True, slots=True)
class LicenceRevoke:
    """`gtins` are sorted; the merchant has a licence for each of them."""

    merchant: Hash
    gtins: Gtins
    reason: Text


@dataclass(frozen=True, slots=True)
class Licence:
    """A merchant may sell a GTIN until `expires_ms`, while `brand` holds the GTIN's prefix."""

    brand: Hash
    territories: Annotated[tuple[Territory, ...], Size(max=TERRITORIES_MAX)]
    expires_ms: TimeMs
    document: Hash | None
    granted_ms: TimeMs


LICENCES: Table[Licence] = Table("licence", Licence)


def licences_of(
    state: StateReader, gtin: str, after: bytes = b""
) -> Iterator[tuple[bytes, Licence]]:
    """(merchant, licence) of a GTIN by merchant from the one after `after`, expired ones too."""
    prefix = LICENCES.key(gtin.encode())
    start = prefix + after + b"\x00" if after else prefix
    for key, value in state.scan(prefix, start):
        yield key[len(prefix) :], LICENCES.read(value)


def is_authorised(state: StateReader, gtin: str, seller: bytes, time_ms: int) -> bool:
    """Is the seller the brand, or has it a licence of the brand that holds now?"""
    brand = gtin_holder(state, gtin)
    if seller == brand:
        return True
    licence = LICENCES.load(state, gtin.encode(), seller)
    return licence is not None and licence.brand == brand and time_ms <= licence.expires_ms


def require_licence(context: Context, product: Product, gtin: str, seller: bytes) -> None:
    """`LicenceMissing` unless the seller may offer and sell this product now."""
    if product.licence_required and not is_authorised(context.state, gtin, seller, context.time_ms):
        msg = f"product {gtin} is sold by its brand and licensed merchants only"
        raise LicenceMissing(msg)


@refuses(
    GtinsUnsorted,
    TerritoryMalformed,
    AccountUnknown,
    ProductUnknown,
    ExpiryPassed,
    PrefixNotHeld,
)
def licence_grant(op: LicenceGrant, context: Context) -> tuple[Event, ...]:
    """Let a merchant sell products of the sender's prefixes, or renew that."""
    require_sorted_gtins(op.gtins)
    check_territories(op.territories)
    require_account(context, op.merchant, "the merchant")
    for gtin in op.gtins:
        load_product(context.state, gtin)
    if op.expires_ms <= context.time_ms:
        msg = "a licence ends in the future"
        raise ExpiryPassed(msg)
    for gtin in op.gtins:
        require_prefix(context, gtin)
    licence = Licence(context.sender, op.territories, op.expires_ms, op.document, context.time_ms)
    for gtin in op.gtins:
        LICENCES.store(context.state, licence, gtin.encode(), op.merchant)
        index_licence(context, op.merchant, gtin)
    granted = event(
        "licence.granted",
        brand=context.sender,
        merchant=op.merchant,
        gtins=op.gtins,
        territories=op.territories,
        expires_ms=op.expires_ms,
    )
    return (granted,)


@refuses(GtinsUnsorted, LicenceUnknown, PrefixNotHeld)
def licence_revoke(op: LicenceRevoke, context: Context) -> tuple[Event, ...]:
    """End licences; orders that exist go on."""
    require_sorted_gtins(op.gtins)
    for gtin in op.gtins:
        if LICENCES.load(context.state, gtin.encode(), op.merchant) is None:
            msg = f"the merchant has no licence for {gtin}"
            raise LicenceUnknown(msg)
    for gtin in op.gtins:
        require_prefix(context, gtin)
    for gtin in op.gtins:
        LICENCES.remove(context.state, gtin.encode(), op.merchant)
    revoked = event(
        "licence.revoked",
        brand=context.sender,
        merchant=op.merchant,
        gtins=op.gtins,
        reason=op.reason,
    )
    return (revoked,)


def require_sorted_gtins(gtins: Sequence[str]) -> None:
    """`GtinsUnsorted` unless they are sorted and distinct."""
    if any(a >= b for a, b in pairwise(gtins)):
        msg = "GTINs are sorted, each once"
        raise GtinsUnsorted(msg)
