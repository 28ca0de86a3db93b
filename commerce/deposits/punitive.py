"""Punitive compensation as the law has it, once in a short time for all purchases of a buyer.

消费者权益保护法 art. 55: fraud, three times the price, 500 yuan at least. 食品安全法 art. 148:
unsafe food, ten times the price or three times the loss, 1,000 yuan at least. By the supreme
court's interpretation on food and drugs of 2024 (法释 2024-9, arts. 12-14) repeated purchases in a
short time count together, within what one consumes: here a buyer's purchases from one seller within
30 days of the first that it claims for are one group, with one minimum. What is reasonable beyond
that is the panel's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chain.codec import Amount
from chain.context import Context
from chain.state import StateReader, Table, u64
from commerce.deposits.claim import Claim, ClaimState, Kind, kind_byte
from commerce.money import add_amounts, asset_part, load_asset
from commerce.records import altered
from commerce.timers import DAY_MS

GROUP_MS = 30 * DAY_MS
PRICE_FACTORS: Mapping[str, int] = {Kind.FRAUD.value: 3, Kind.FOOD.value: 10}
LOSS_FACTOR = 3
MINIMA_YUAN: Mapping[str, int] = {Kind.FRAUD.value: 500, Kind.FOOD.value: 1_000}
# The statutes speak of yuan: assets that are. Others have the multiples alone.
YUAN = ("CNY", "ECNY")


@dataclass(frozen=True, slots=True)
class Group:
    """Purchases that count together: their prices, the losses, and what claims asked or got."""

    price_minor: Amount
    loss_minor: Amount
    claimed_minor: Amount


# Under buyer, seller, asset, the kind's byte and u64(time of the first purchase).
GROUPS: Table[Group] = Table("claim-group", Group)
EMPTY = Group(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What a claim would add to a group: whose, when, for how much, and what loss it caused."""

    buyer: bytes
    seller: bytes
    symbol: str
    kind: str
    sold_ms: int
    price_minor: int
    loss_minor: int


def group_of(context: Context, purchase: Purchase) -> int:
    """The time that names the purchase's group: one within 30 days, or its own."""
    span_ms = context.chain.genesis.scaled_ms(GROUP_MS)
    prefix = GROUPS.key(*_owner(purchase))
    start = prefix + u64(max(0, purchase.sold_ms - span_ms))
    for key, _ in context.state.scan(prefix, start):
        since_ms = int.from_bytes(key[-8:], "big")
        return since_ms if since_ms <= purchase.sold_ms + span_ms else purchase.sold_ms
    return purchase.sold_ms


def claimable_minor(context: Context, purchase: Purchase) -> int:
    """What the law gives for the group with this purchase, less what was claimed in it before.

    `AmountTooLarge` beyond the range of amounts.
    """
    group = _load(context.state, purchase, group_of(context, purchase))
    price_minor = group.price_minor + purchase.price_minor
    loss_minor = group.loss_minor + purchase.loss_minor
    due_minor = max(
        price_minor * PRICE_FACTORS[purchase.kind],
        loss_minor * LOSS_FACTOR,
        minimum_minor(context.state, purchase.symbol, purchase.kind),
    )
    return max(0, add_amounts(due_minor) - group.claimed_minor)


def join_group(context: Context, purchase: Purchase, asked_minor: int) -> int:
    """Count a claim in its group; the time that names it."""
    since_ms = group_of(context, purchase)
    group = _load(context.state, purchase, since_ms)
    joined = Group(
        group.price_minor + purchase.price_minor,
        group.loss_minor + purchase.loss_minor,
        group.claimed_minor + asked_minor,
    )
    GROUPS.store(context.state, joined, *_owner(purchase), u64(since_ms))
    return since_ms


def leave_group(context: Context, claim: Claim) -> None:
    """A claim has ended: its group counts what it got, and its price and loss in proportion.

    So a claim that came to nothing takes nothing from the others.
    """
    assert claim.group_ms is not None
    place = (
        *(claim.buyer, claim.seller, asset_part(claim.symbol), kind_byte(claim.kind)),
        u64(claim.group_ms),
    )
    group = GROUPS.load(context.state, *place)
    assert group is not None
    filed = altered(claim, state=ClaimState.FILED.value)
    changes = zip(counted(filed), counted(claim), strict=True)
    price_minor, loss_minor, claimed_minor = [after - before for before, after in changes]
    left = Group(
        group.price_minor + price_minor,
        group.loss_minor + loss_minor,
        group.claimed_minor + claimed_minor,
    )
    if left == EMPTY:
        GROUPS.remove(context.state, *place)
    else:
        GROUPS.store(context.state, left, *place)


def counted(claim: Claim) -> tuple[int, int, int]:
    """What a claim counts for in its group: price, loss, and what it asked or got."""
    asked_minor, awarded_minor = claim.asked_minor, claim.awarded_minor
    price_minor = sum([entry.price_minor for entry in claim.lines])
    if claim.state == ClaimState.FILED:
        return price_minor, claim.loss_minor, asked_minor
    return (
        price_minor * awarded_minor // asked_minor,
        claim.loss_minor * awarded_minor // asked_minor,
        awarded_minor,
    )


def _owner(purchase: Purchase) -> tuple[bytes, bytes, bytes, bytes]:
    part = asset_part(purchase.symbol)
    return purchase.buyer, purchase.seller, part, kind_byte(purchase.kind)


def _load(state: StateReader, purchase: Purchase, since_ms: int) -> Group:
    group = GROUPS.load(state, *_owner(purchase), u64(since_ms))
    return EMPTY if group is None else group


def minimum_minor(state: StateReader, symbol: str, kind: str) -> int:
    """The least that the law gives in this asset, 0 for what isn't punitive."""
    if symbol not in YUAN or kind not in MINIMA_YUAN:
        return 0
    decimals = load_asset(state, symbol).decimals
    return int(MINIMA_YUAN[kind] * 10**decimals)
