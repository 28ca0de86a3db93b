"""What the API shows of banking: pure reads of the agreed state, one frozen record per view."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.codec import Hash
from chain.state import StateReader
from commerce.banking.cards import CARDS, PrepaidCard, load_card
from commerce.banking.fees import POOLS, SCHEDULES, Fee, fees_for
from commerce.banking.frozen import covered, load_freezes
from commerce.banking.parameter_change import pending_change
from commerce.banking.requests import DEPOSITS, WITHDRAWALS
from commerce.money import BALANCES, load_asset, symbol_of
from commerce.parameters import TimerValue, current_parameters
from commerce.timers import TIMERS

_ACCOUNT_WIDTH = 32
_KINDS = {requests.kind: requests for requests in (DEPOSITS, WITHDRAWALS)}


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request to an issuer, `kind` deposit or withdraw. It ends by itself at `due_ms`."""

    request_id: Hash
    kind: str
    holder: Hash
    issuer: Hash
    symbol: str
    decimals: int
    amount_minor: int
    channel: str
    account_commitment: Hash
    due_ms: int


@dataclass(frozen=True, slots=True)
class FreezeView:
    """What is left of a court's freeze; `covered_minor` of it is there and frozen."""

    symbol: str
    decimals: int
    document: Hash
    amount_minor: int
    covered_minor: int
    due_ms: int


@dataclass(frozen=True, slots=True)
class CardView:
    """A prepaid card. `held_minor` is the money on it, `left_minor` what it is worth at face value,
    `refund_minor` what the consumer gets when it ends the card at the asked time.
    """

    card_id: Hash
    consumer: Hash
    merchant: Hash
    symbol: str
    decimals: int
    principal_minor: int
    face_minor: int
    consumed_minor: int
    held_minor: int
    left_minor: int
    refund_minor: int
    rules: Hash
    free_until_ms: int
    due_ms: int


@dataclass(frozen=True, slots=True)
class AmountView:
    """An amount of an asset."""

    symbol: str
    decimals: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class FeesView:
    """What operations cost now, and from `next_ms` on if something else was announced; `pools` wait
    to be collected.
    """

    current: tuple[Fee, ...]
    next: tuple[Fee, ...] | None
    next_ms: int | None
    pools: tuple[AmountView, ...]


@dataclass(frozen=True, slots=True)
class TimerView:
    """A timer in commercial ms; `default` if nobody has changed it."""

    name: str
    value_ms: int
    default: bool


@dataclass(frozen=True, slots=True)
class PendingView:
    """A change that waits: timers that will differ from the defaults, and all holidays."""

    own: tuple[TimerValue, ...]
    holidays: tuple[int, ...]
    due_ms: int


@dataclass(frozen=True, slots=True)
class ParametersView:
    """The parameters in force since `since_ms`; holidays are days since 1970 in Shanghai."""

    version: int
    since_ms: int
    timers: tuple[TimerView, ...]
    holidays: tuple[int, ...]
    pending: PendingView | None


def request_view(state: StateReader, kind: str, request_id: bytes) -> RequestView | None:
    """A request while it is open."""
    request = _KINDS[kind].table.load(state, request_id)
    if request is None:
        return None
    asset = load_asset(state, request.symbol)
    return RequestView(
        request_id=request_id,
        kind=kind,
        holder=request.holder,
        issuer=asset.issuer,
        symbol=request.symbol,
        decimals=asset.decimals,
        amount_minor=request.amount_minor,
        channel=request.channel,
        account_commitment=request.account_commitment,
        due_ms=request.due_ms,
    )


def freeze_views(state: StateReader, account: bytes) -> tuple[FreezeView, ...]:
    """All freezes of an account, by symbol, earliest first."""
    views: list[FreezeView] = []
    for key, balance in BALANCES.items(state, account):
        symbol = symbol_of(key[_ACCOUNT_WIDTH:])
        known = load_freezes(state, account, symbol)
        if known is None:
            continue
        decimals = load_asset(state, symbol).decimals
        shares = covered(known.freezes, balance.frozen_minor)
        views += [
            FreezeView(symbol, decimals, entry.document, entry.amount_minor, share, entry.due_ms)
            for entry, share in zip(known.freezes, shares, strict=True)
        ]
    return tuple(views)


def card_view(state: StateReader, card_id: bytes, time_ms: int) -> CardView:
    """A card at a block time, or `CardUnknown`."""
    return _card(state, card_id, load_card(state, card_id), time_ms)


def open_card_view(state: StateReader, card_id: bytes, time_ms: int) -> CardView | None:
    """A card at a block time, if it hasn't ended."""
    card = CARDS.load(state, card_id)
    return None if card is None else _card(state, card_id, card, time_ms)


def fees_view(state: StateReader, time_ms: int) -> FeesView:
    """The fees at a block time."""
    pools = tuple(
        _amount(state, symbol_of(part), pool.amount_minor) for part, pool in POOLS.items(state)
    )
    schedules = SCHEDULES.load(state)
    if schedules is None:
        return FeesView((), None, None, pools)
    if time_ms >= schedules.next_ms:
        return FeesView(schedules.next, None, None, pools)
    return FeesView(schedules.current, schedules.next, schedules.next_ms, pools)


def cost_view(state: StateReader, types: Sequence[str], time_ms: int) -> tuple[AmountView, ...]:
    """What a transaction of these operations costs its sender at a block time."""
    cost = fees_for(state, types, time_ms)
    return tuple(_amount(state, symbol, minor) for symbol, minor in cost.items())


def parameters_view(state: StateReader) -> ParametersView:
    """The version in force, and what waits."""
    current, change = current_parameters(state), pending_change(state)
    timers = tuple(
        TimerView(
            rule.name, current.own.get(rule.name, rule.default_ms), rule.name not in current.own
        )
        for rule in TIMERS
    )
    pending = None
    if change is not None:
        pending = PendingView(change.own, change.holidays, change.due_ms)
    return ParametersView(current.version, current.since_ms, timers, current.holidays, pending)


def _card(state: StateReader, card_id: bytes, card: PrepaidCard, time_ms: int) -> CardView:
    free = time_ms < card.free_until_ms
    return CardView(
        card_id=card_id,
        consumer=card.consumer,
        merchant=card.merchant,
        symbol=card.symbol,
        decimals=load_asset(state, card.symbol).decimals,
        principal_minor=card.principal_minor,
        face_minor=card.face_minor,
        consumed_minor=card.consumed_minor,
        held_minor=card.held_minor,
        left_minor=card.face_minor - card.consumed_minor,
        refund_minor=card.held_minor if free else card.own_refund_minor,
        rules=card.rules,
        free_until_ms=card.free_until_ms,
        due_ms=card.due_ms,
    )


def _amount(state: StateReader, symbol: str, amount_minor: int) -> AmountView:
    return AmountView(symbol, load_asset(state, symbol).decimals, amount_minor)
