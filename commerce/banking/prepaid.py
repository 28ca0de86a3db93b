"""Prepaid cards of one merchant (单用途商业预付卡): prepaid.open, consume, refund, close.

The principal lies on the card, where the merchant can't use it before it has served; so a merchant
that vanishes takes nothing along, which is what 消费者权益保护法 art. 53 and its implementation
rules (2024) art. 22 are about. Every card has an end, at which what is left goes back to the
consumer: an end of the card is never a forfeit (办法 art. 19: a named card has no expiry).

A merchant may give more than is paid: the *face value*, in which consumption is counted. Consuming
c of the face F in all has cost the consumer ⌊principal·c / F⌋ (cumulative, so that steps don't
drift), which the merchant gets at once.

What the consumer gets back, by 最高人民法院关于审理预付式消费民事纠纷案件适用法律若干问题的解释
(法释 2025 no. 4):
- in the first seven days, by nobody's leave (art. 14, whose exception for consumers that know the
  goods already takes a judge): all that is on the card;
- later, for a reason of its own (art. 19): the principal less what it consumed at prices before the
  discount, that is at face value; the merchant gets the rest;
- when the merchant closes the card (art. 18): all that is on the card, so that the discount stays;
- whatever both agree on (each article's last sentence), if both sign.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Amount, Hash, PositiveAmount, Range
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.errors import CosignerMissing
from chain.genesis import Genesis
from commerce.accounts import require_account, share_controller
from commerce.banking.cards import CARDS, PrepaidCard, end_card, load_card, open_card
from commerce.banking.errors import (
    CardExceeded,
    CardTooLarge,
    CardUnknown,
    FaceTooSmall,
    ShareTooLarge,
    TooManyCards,
)
from commerce.banking.indexes import index_card
from commerce.errors import (
    AccountUnknown,
    AssetUnknown,
    DelegationExceeded,
    InsufficientFunds,
    NotAParty,
    NotTheBuyer,
    RoleMissing,
    SharedController,
)
from commerce.money import (
    Asset,
    Symbol,
    credit,
    debit,
    load_asset,
    spend_delegation,
)
from commerce.parameters import current_parameters
from commerce.records import altered
from commerce.refusals import refuses
from commerce.reviews.indexes import index_flow
from commerce.roles import require_role
from commerce.shanghai import return_window_end_ms
from commerce.timers import DAY_MS

CARD_MIN_MS = 30 * DAY_MS
CARD_MAX_MS = 365 * DAY_MS
# 单用途商业预付卡管理办法(试行) art. 18: at most ¥5,000 on a named card. In whole units of the
# asset; a genesis may set another (`prepaid_units_max` of its limits).
LIMIT = "prepaid_units_max"
UNITS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class PrepaidOpen:
    """The sender pays `principal_minor` onto a card of `merchant`, worth `face_minor` there;
    `rules` is the hash of the merchant's terms. The card ends after `within_ms` (commercial time,
    30 to 365 days), and what is left comes back.
    """

    merchant: Hash
    symbol: Symbol
    principal_minor: PositiveAmount
    face_minor: PositiveAmount
    rules: Hash
    within_ms: Annotated[int, Range(CARD_MIN_MS, CARD_MAX_MS)]


@dataclass(frozen=True, slots=True)
class PrepaidConsume:
    """`amount_minor` at face value, for goods or a service that `memo_commitment` may name (a
    salted hash).
    """

    card_id: Hash
    amount_minor: PositiveAmount
    memo_commitment: Hash | None


@dataclass(frozen=True, slots=True)
class PrepaidRefund:
    """The consumer ends the card."""

    card_id: Hash


@dataclass(frozen=True, slots=True)
class PrepaidClose:
    """`merchant_minor` of what is on the card goes to the merchant, the rest to the consumer."""

    card_id: Hash
    merchant_minor: Amount


@refuses(
    FaceTooSmall,
    AssetUnknown,
    AccountUnknown,
    RoleMissing,
    SharedController,
    CardTooLarge,
    InsufficientFunds,
    DelegationExceeded,
    TooManyCards,
)
def prepaid_open(op: PrepaidOpen, context: Context) -> tuple[Event, ...]:
    """Pay in advance, onto a card that the merchant draws on with the consumer's signature."""
    if op.face_minor < op.principal_minor:
        msg = f"{op.principal_minor} is paid for {op.face_minor}"
        raise FaceTooSmall(msg)
    asset = load_asset(context.state, op.symbol)
    require_account(context, op.merchant, "the merchant")
    require_role(context.state, op.merchant, "merchant", "who sells the card")
    if share_controller(context.state, context.sender, op.merchant):
        msg = "consumer and merchant are one account or share a key"
        raise SharedController(msg)
    _require_within(op.principal_minor, asset, context.chain.genesis)
    debit(context, context.sender, op.symbol, op.principal_minor)
    genesis = context.chain.genesis
    card = PrepaidCard(
        consumer=context.sender,
        merchant=op.merchant,
        symbol=op.symbol,
        principal_minor=op.principal_minor,
        face_minor=op.face_minor,
        consumed_minor=0,
        rules=op.rules,
        free_until_ms=return_window_end_ms(
            context.time_ms,
            genesis.time_scale,
            genesis.consensus.clock_drift_max_ms,
            current_parameters(context.state).holidays,
        ),
        due_ms=context.time_ms + genesis.scaled_ms(op.within_ms),
    )
    return (_opened(context, card),)


@refuses(CardUnknown, NotAParty, CosignerMissing, CardExceeded, DelegationExceeded)
def prepaid_consume(op: PrepaidConsume, context: Context) -> tuple[Event, ...]:
    """Take goods or a service on the card: both sign, the merchant is paid at once."""
    card = load_card(context.state, op.card_id)
    _require_both(context, card)
    consumed = card.consumed_minor + op.amount_minor
    if consumed > card.face_minor:
        msg = f"{card.face_minor - card.consumed_minor} is left on the card"
        raise CardExceeded(msg)
    paid_minor = card.cost_minor(consumed) - card.cost_minor(card.consumed_minor)
    if context.sender == card.consumer:
        spend_delegation(context, paid_minor)
    after = altered(card, consumed_minor=consumed)
    if after.held_minor:
        CARDS.store(context.state, after, op.card_id)
    else:
        end_card(context, op.card_id, card, fired=False)
    credit(context, card.merchant, card.symbol, paid_minor)
    index_flow(context, card.consumer, card.merchant, card.symbol, paid_minor)
    consuming = event(
        "prepaid.consumed",
        card_id=op.card_id,
        consumer=card.consumer,
        merchant=card.merchant,
        symbol=card.symbol,
        amount_minor=op.amount_minor,
        paid_minor=paid_minor,
        held_minor=after.held_minor,
    )
    return (consuming,)


@refuses(CardUnknown, NotTheBuyer, DelegationExceeded)
def prepaid_refund(op: PrepaidRefund, context: Context) -> tuple[Event, ...]:
    """End the card: in the first seven days for all that is on it, later for the principal less
    what was consumed at face value.
    """
    card = load_card(context.state, op.card_id)
    if context.sender != card.consumer:
        msg = "only the card's consumer may give it back"
        raise NotTheBuyer(msg)
    free = context.time_ms < card.free_until_ms
    back_minor = card.held_minor if free else card.own_refund_minor
    merchant_minor = card.held_minor - back_minor
    spend_delegation(context, merchant_minor)
    return (_pay_out(context, op.card_id, card, merchant_minor, fired=False),)


@refuses(CardUnknown, NotAParty, CosignerMissing, ShareTooLarge, DelegationExceeded)
def prepaid_close(op: PrepaidClose, context: Context) -> tuple[Event, ...]:
    """End the card by the merchant, which gives all back; or by both, with a share for each."""
    card = load_card(context.state, op.card_id)
    if op.merchant_minor or context.sender != card.merchant:
        _require_both(context, card)
    if op.merchant_minor > card.held_minor:
        msg = f"{card.held_minor} is on the card"
        raise ShareTooLarge(msg)
    if context.sender == card.consumer:
        spend_delegation(context, op.merchant_minor)
    return (_pay_out(context, op.card_id, card, op.merchant_minor, fired=False),)


def prepaid_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """The card's end: what is on it goes back to the consumer."""
    card = load_card(context.state, deadline.object_id)
    return (_pay_out(context, deadline.object_id, card, 0, fired=True),)


def _require_within(principal_minor: int, asset: Asset, genesis: Genesis) -> None:
    units_max = genesis.limits.get(LIMIT, UNITS_MAX)
    if principal_minor > units_max * 10**asset.decimals:
        msg = f"at most {units_max} {asset.symbol} on one card"
        raise CardTooLarge(msg)


def _require_both(context: Context, card: PrepaidCard) -> None:
    """One of the two sends, the other signs too."""
    parties = {card.consumer: "the consumer", card.merchant: "the merchant"}
    if context.sender not in parties:
        msg = "only the card's consumer and merchant may do this"
        raise NotAParty(msg)
    for party, who in parties.items():
        context.require_consent(party, who)


def _opened(context: Context, card: PrepaidCard) -> Event:
    card_id = open_card(context, card)
    index_card(context, card.consumer, card_id, "consumer")
    index_card(context, card.merchant, card_id, "merchant")
    return event(
        "prepaid.opened",
        card_id=card_id,
        consumer=card.consumer,
        merchant=card.merchant,
        symbol=card.symbol,
        principal_minor=card.principal_minor,
        face_minor=card.face_minor,
        free_until_ms=card.free_until_ms,
        until_ms=card.due_ms,
    )


def _pay_out(
    context: Context, card_id: bytes, card: PrepaidCard, merchant_minor: int, *, fired: bool
) -> Event:
    """End the card: so much to the merchant, the rest to the consumer."""
    end_card(context, card_id, card, fired=fired)
    consumer_minor = card.held_minor - merchant_minor
    if merchant_minor:
        credit(context, card.merchant, card.symbol, merchant_minor)
    if consumer_minor:
        credit(context, card.consumer, card.symbol, consumer_minor)
    return event(
        "prepaid.ended",
        card_id=card_id,
        consumer=card.consumer,
        merchant=card.merchant,
        symbol=card.symbol,
        consumer_minor=consumer_minor,
        merchant_minor=merchant_minor,
    )
