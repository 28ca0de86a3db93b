"""Claims beyond the price: claim.file.

A buyer claims for lines of an order that was paid, within three years, once per line and kind. What
is objective is paid in the same block; what has to be judged becomes a dispute under the claim's
id. The merchant's balance pays, then its deposit, and the rest is its debt to the buyer; never the
mutual fund: what a merchant pledged or did costs nobody else, so that colluders who pledge and
never ship only move their own money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Amount, Hash, Name, Size
from chain.context import Context, event
from chain.state import StateReader
from commerce.catalogue.allocation import apportion
from commerce.catalogue.pledges import pledged_permille
from commerce.checkout import load_offer
from commerce.deposits.breaches import bought_minor, late_minor, lost_minor
from commerce.deposits.claim import (
    CLAIMS,
    OBJECTIVE,
    PUNITIVE,
    Claim,
    ClaimLine,
    ClaimState,
    Kind,
    claim_of_line,
    mark_claimed,
)
from commerce.deposits.claim_ending import PERMILLE, end_claim
from commerce.deposits.errors import (
    ClaimExists,
    ClaimKindUnknown,
    ClaimTooLate,
    EvidenceMissing,
    LossNotClaimable,
    NothingClaimable,
    OrderUnpaid,
    PledgeMissing,
)
from commerce.deposits.holding import keep_for_claim
from commerce.deposits.punitive import (
    PRICE_FACTORS,
    Purchase,
    claimable_minor,
    join_group,
    minimum_minor,
)
from commerce.disputes.dispute import Subject
from commerce.disputes.opening import Plea, open_dispute
from commerce.errors import (
    AmountTooLarge,
    LineRepeated,
    LineUnknown,
    NotTheBuyer,
    OrderUnknown,
)
from commerce.indexes import index_claim
from commerce.orders import ORDER_LINES_MAX, LineIndex, Order, OrderLine, line_of, load_order
from commerce.records import altered
from commerce.refusals import refuses
from commerce.timers import DAY_MS

# 民法典 art. 188: three years; one of four has a day more.
FILING_MS = (3 * 365 + 1) * DAY_MS


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """`kind`: `late` or `lost`, computed from the records and paid at once as the offer pledged;
    `authentic`, pledged too, `fraud` (消费者权益保护法 art. 55) and `food` (食品安全法 art. 148),
    which a panel judges. `lines` are indexes. `loss_minor` is what unsafe food did, 0 elsewhere.
    `evidence` is a hash of what the buyer shows.
    """

    order_id: Hash
    kind: Name
    lines: Annotated[tuple[LineIndex, ...], Size(min=1, max=ORDER_LINES_MAX)]
    loss_minor: Amount
    evidence: Hash | None


@refuses(
    ClaimKindUnknown,
    LossNotClaimable,
    EvidenceMissing,
    LineRepeated,
    OrderUnknown,
    NotTheBuyer,
    LineUnknown,
    ClaimExists,
    OrderUnpaid,
    ClaimTooLate,
    PledgeMissing,
    NothingClaimable,
    AmountTooLarge,
)
def claim_file(op: ClaimFile, context: Context) -> tuple[Event, ...]:
    """Claim what was pledged, or what the law gives beyond the price."""
    _check_format(op)
    order = load_order(context.state, op.order_id)
    if context.sender != order.buyer:
        msg = "only the buyer claims"
        raise NotTheBuyer(msg)
    for index in op.lines:
        line_of(order, index)
    for index in op.lines:
        known = claim_of_line(context.state, op.order_id, index, op.kind)
        if known is not None:
            msg = f"line {index} has claim {known.hex()}"
            raise ClaimExists(msg)
    sold_ms = _require_in_time(context, order)
    claim_id = context.new_id("claim")
    claim = _claim(op, order, sold_ms, context)
    mark_claimed(context, claim_id, claim)
    index_claim(context, claim.buyer, claim_id, "buyer")
    index_claim(context, claim.seller, claim_id, "seller")
    filed = event(
        "claim.filed",
        claim_id=claim_id,
        order_id=op.order_id,
        kind=op.kind,
        buyer=claim.buyer,
        seller=claim.seller,
        symbol=claim.symbol,
        amount_minor=claim.asked_minor,
        lines=tuple(
            [{"amount_minor": entry.asked_minor, "line": entry.line} for entry in claim.lines]
        ),
        evidence=op.evidence,
    )
    if op.kind in OBJECTIVE:
        return (filed, *end_claim(context, claim_id, claim, [PERMILLE] * len(claim.lines)))
    kept_minor = keep_for_claim(context, claim.seller, claim.symbol, _kept_minor(context, claim))
    claim = altered(claim, kept_minor=kept_minor)
    CLAIMS.store(context.state, claim, claim_id)
    assert op.evidence is not None
    return (filed, *_dispute(context, claim_id, claim, order.parameters, op.evidence))


def _kept_minor(context: Context, claim: Claim) -> int:
    """What of the deposit waits for a judgement: by the price and the statutory minimum, and never
    by a loss that is only said: whoever files posts no bond.
    """
    price_minor = sum([entry.price_minor for entry in claim.lines])
    by_price_minor = PRICE_FACTORS.get(claim.kind, 1) * price_minor
    least_minor = minimum_minor(context.state, claim.symbol, claim.kind)
    return min(claim.asked_minor, max(by_price_minor, least_minor))


def _check_format(op: ClaimFile) -> None:
    if op.kind not in tuple(Kind):
        msg = f"no claim {op.kind}; there are {', '.join(Kind)}"
        raise ClaimKindUnknown(msg)
    if op.loss_minor and op.kind != Kind.FOOD:
        msg = "a loss counts for unsafe food alone"
        raise LossNotClaimable(msg)
    if op.evidence is None and op.kind not in OBJECTIVE:
        msg = "a panel needs something to look at"
        raise EvidenceMissing(msg)
    if len(set(op.lines)) != len(op.lines):
        msg = "each line once"
        raise LineRepeated(msg)


def _require_in_time(context: Context, order: Order) -> int:
    """When the order was paid, if that is no longer ago than three years."""
    if order.paid_ms is None:
        msg = "nobody paid for the order"
        raise OrderUnpaid(msg)
    if context.time_ms > order.paid_ms + context.chain.genesis.scaled_ms(FILING_MS):
        msg = "the order was paid more than three years ago"
        raise ClaimTooLate(msg)
    return order.paid_ms


def _claim(op: ClaimFile, order: Order, sold_ms: int, context: Context) -> Claim:
    """What is asked for, line by line, in the order of the lines; counted in its group."""
    indexes = sorted(op.lines)
    pledged = () if op.kind in PUNITIVE else _pledged(context.state, order, indexes, op.kind)
    prices = [_price_minor(op.kind, order.lines[index], index) for index in indexes]
    group_ms = None
    if op.kind in PUNITIVE:
        purchase = Purchase(
            *(order.buyer, order.seller, order.symbol, op.kind),
            *(sold_ms, sum(prices), op.loss_minor),
        )
        asked_minor = claimable_minor(context, purchase)
        asked = _in_proportion(asked_minor, prices)
        if asked_minor:
            group_ms = join_group(context, purchase, asked_minor)
    else:
        asked = [
            price * permille // PERMILLE for price, permille in zip(prices, pledged, strict=True)
        ]
    if not sum(asked):
        msg = "it comes to nothing, or earlier claims of the same days have asked for it"
        raise NothingClaimable(msg)
    rows = zip(indexes, prices, asked, strict=True)
    return Claim(
        order_id=op.order_id,
        kind=op.kind,
        buyer=order.buyer,
        seller=order.seller,
        symbol=order.symbol,
        lines=tuple([ClaimLine(*row, awarded_minor=0) for row in rows]),
        loss_minor=op.loss_minor,
        evidence=op.evidence,
        group_ms=group_ms,
        state=ClaimState.FILED.value,
        filed_ms=context.time_ms,
        kept_minor=0,
        paid_minor=0,
        owed_minor=0,
    )


def _pledged(state: StateReader, order: Order, indexes: Sequence[int], kind: str) -> Sequence[int]:
    """What the offers of these lines pledge, or `PledgeMissing`."""
    found = []
    for index in indexes:
        line = order.lines[index]
        terms = load_offer(state, line.listing_id, line.version).terms
        permille = pledged_permille(terms.pledges, kind)
        if permille == 0:
            msg = f"the offer of line {index} pledges nothing of the kind {kind}"
            raise PledgeMissing(msg)
        found.append(permille)
    return found


def _price_minor(kind: str, line: OrderLine, index: int) -> int:
    """The price of the units of a line that the claim is about, or `NothingClaimable`."""
    match kind:
        case Kind.LATE:
            price_minor = late_minor(line)
        case Kind.LOST:
            price_minor = lost_minor(line)
        case _:
            price_minor = bought_minor(line)
    if price_minor == 0:
        msg = f"line {index} has no units for a claim {kind}"
        raise NothingClaimable(msg)
    return price_minor


def _in_proportion(amount_minor: int, weights: Sequence[int]) -> Sequence[int]:
    """Shares of any amount by largest remainder; `apportion` gives none more than its weight."""
    factor = -(-amount_minor // sum(weights))
    return apportion(amount_minor, [weight * factor for weight in weights])


def _dispute(
    context: Context, claim_id: bytes, claim: Claim, parameters: int, evidence: bytes
) -> tuple[Event, ...]:
    """Let a panel decide, by the timers that the order has; a consumer needs no bond."""
    subject = Subject(
        kind="claim",
        buyer=claim.buyer,
        seller=claim.seller,
        interested=(),
        symbol=claim.symbol,
        parameters=parameters,
        worth_minor=tuple([entry.asked_minor for entry in claim.lines]),
    )
    plea = Plea((PERMILLE,) * len(claim.lines), 0, evidence)
    return open_dispute(context, claim_id, subject, claim.buyer, plea)
