"""How a claim ends: what was awarded is paid as far as the merchant has anything, the rest is owed.

The merchant's balance pays, then its deposit; never the mutual fund, for what a merchant pledged or
did costs nobody else. Disputes call this without knowing who files claims (commerce/disputes/).
"""

from collections.abc import Sequence
from typing import Final

from chain.block import Event
from chain.context import Context, event
from chain.state import StateReader
from commerce.deposits.claim import (
    CLAIMS,
    Claim,
    ClaimState,
    load_claim,
    unmark_claimed,
)
from commerce.deposits.holding import give_back
from commerce.deposits.punitive import leave_group
from commerce.deposits.waterfall import compensate
from commerce.disputes.dispute import load_dispute
from commerce.orders import load_order
from commerce.parcels import load_parcel, parcel_id
from commerce.records import altered

PERMILLE: Final = 1_000


def resolve_claim(
    context: Context,
    claim_id: bytes,
    permille: Sequence[int],
    ruled: bool,  # noqa: FBT001 - as disputes call whatever they end
) -> tuple[Event, ...]:
    """The dispute about a claim has ended: so much of each line to the buyer.

    Ruled or settled makes no difference to who pays. Where nobody decided (the dispute's default
    rule), the lines may be claimed for again.
    """
    claim = load_claim(context.state, claim_id)
    ending = load_dispute(context.state, claim_id).ending
    if not ruled and ending is not None and ending.how == "default":
        unmark_claimed(context, claim)
    return end_claim(context, claim_id, claim, permille)


def claim_default(_state: StateReader, _claim_id: bytes) -> int:
    """What the buyer gets of a claim that nobody has judged: nothing, and it may claim again."""
    return 0


def claim_carriers(state: StateReader, claim_id: bytes) -> Sequence[bytes]:
    """Who carried the order's parcels, each once, in their order."""
    claim = load_claim(state, claim_id)
    count = load_order(state, claim.order_id).parcels
    parcels = [load_parcel(state, parcel_id(claim.order_id, number)) for number in range(count)]
    return tuple(dict.fromkeys([parcel.carrier for parcel in parcels]))


def end_claim(
    context: Context, claim_id: bytes, claim: Claim, permille: Sequence[int]
) -> tuple[Event, ...]:
    """Award so much of each line, rounded down, and pay it. Never fails for want of money."""
    lines = [
        altered(entry, awarded_minor=entry.asked_minor * share // PERMILLE)
        for entry, share in zip(claim.lines, permille, strict=True)
    ]
    awarded = altered(claim, lines=tuple(lines), state=ClaimState.ENDED.value, kept_minor=0)
    give_back(context, claim.seller, claim.symbol, claim.kept_minor)
    if claim.group_ms is not None:
        leave_group(context, awarded)
    got = compensate(context, claim.seller, claim.symbol, claim.buyer, awarded.awarded_minor)
    owed_minor = awarded.awarded_minor - got.total_minor
    ended = altered(awarded, paid_minor=got.total_minor, owed_minor=owed_minor)
    CLAIMS.store(context.state, ended, claim_id)
    paid = event(
        "claim.ended",
        claim_id=claim_id,
        order_id=claim.order_id,
        kind=claim.kind,
        buyer=claim.buyer,
        seller=claim.seller,
        symbol=claim.symbol,
        awarded_minor=awarded.awarded_minor,
        from_balance_minor=got.balance_minor,
        from_deposit_minor=got.deposit_minor,
        owed_minor=owed_minor,
    )
    return (paid,)
