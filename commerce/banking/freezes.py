"""Courts and balances: asset.freeze, asset.unfreeze, asset.clawback.

A court freezes an amount of an asset, for a year at most; a regulator brings the document, the
issuer of the asset signs too. It may be more than the account has: then what comes in is frozen
until the amount is reached, and never more than that (关于人民法院民事执行中查封、扣押、冻结财产的
规定 (2020) arts. 19 and 26: no more than is owed, later courts wait behind earlier ones).

Frozen is only what is the account's own: its balance. What an escrow, a card or a pool holds has
another side too; when it comes back to the account, it comes through `credit` like all money.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, PositiveAmount, Range
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.errors import CosignerMissing
from chain.state import StateReader
from commerce.accounts import require_account, share_controller
from commerce.banking.errors import FreezeExceeded, FreezeExists, FreezeUnknown, TooManyFreezes
from commerce.banking.frozen import (
    FREEZES,
    FREEZES_MAX,
    Freeze,
    Freezes,
    covered,
    demand,
    lift,
    load_freezes,
    save_freezes,
)
from commerce.errors import (
    AccountUnknown,
    AmountTooLarge,
    AssetUnknown,
    RoleMissing,
    SelfPayment,
    SharedController,
)
from commerce.money import (
    Symbol,
    add_amounts,
    balance_of,
    credit,
    load_asset,
    save_balance,
)
from commerce.records import altered
from commerce.refusals import refuses
from commerce.roles import require_role
from commerce.timers import DAY_MS, HOUR_MS

# 最高人民法院关于适用民事诉讼法的解释 (2022) art. 485: bank deposits are frozen for a year at most;
# art. 485 also has them prolonged before that, as often as it takes.
FREEZE_MAX_MS = 365 * DAY_MS


@dataclass(frozen=True, slots=True)
class AssetFreeze:
    """Freezes `amount_minor` of what the account has and gets, by the court's `document` (a hash),
    for `within_ms` (commercial time, an hour to 365 days). `renews` is the document of a freeze
    that goes on under this one, for what is left of it or less.
    """

    account: Hash
    symbol: Symbol
    amount_minor: PositiveAmount
    document: Hash
    within_ms: Annotated[int, Range(HOUR_MS, FREEZE_MAX_MS)]
    renews: Hash | None


@dataclass(frozen=True, slots=True)
class AssetUnfreeze:
    """Lifts `amount_minor` of the freeze by `freeze_document`; `document` orders it."""

    account: Hash
    symbol: Symbol
    amount_minor: PositiveAmount
    freeze_document: Hash
    document: Hash


@dataclass(frozen=True, slots=True)
class AssetClawback:
    """Takes `amount_minor` of what is frozen by `freeze_document` for `to`, whom the court names in
    `document` (a hash).
    """

    account: Hash
    symbol: Symbol
    amount_minor: PositiveAmount
    freeze_document: Hash
    to: Hash
    document: Hash


@refuses(
    RoleMissing,
    AssetUnknown,
    CosignerMissing,
    AccountUnknown,
    FreezeExists,
    FreezeUnknown,
    SharedController,
    FreezeExceeded,
    AmountTooLarge,
    TooManyFreezes,
)
def asset_freeze(op: AssetFreeze, context: Context) -> tuple[Event, ...]:
    """Freeze an amount of an account's money, what is there and then what comes in; or prolong a
    freeze, which keeps its place before later ones.
    """
    _require_court(context, op.symbol)
    require_account(context, op.account, "whose money is frozen")
    known = load_freezes(context.state, op.account, op.symbol)
    freezes = () if known is None else known.freezes
    if any(entry.document == op.document for entry in freezes):
        msg = f"document {op.document.hex()} has frozen money of this account"
        raise FreezeExists(msg)
    due_ms = context.time_ms + context.chain.genesis.scaled_ms(op.within_ms)
    made = Freeze(op.document, op.amount_minor, due_ms)
    if op.renews is not None:
        _renew(context, op, made, op.renews)
    else:
        _require_independent(context, op.symbol)
        add_amounts(*[entry.amount_minor for entry in freezes], op.amount_minor)
        if len(freezes) >= FREEZES_MAX:
            msg = f"at most {FREEZES_MAX} freezes of one asset of an account"
            raise TooManyFreezes(msg)
        save_freezes(context, known, op.account, op.symbol, (*freezes, made))
        demand(context, op.account, op.symbol, op.amount_minor)
    balance = balance_of(context.state, op.account, op.symbol)
    freezing = event(
        "asset.frozen",
        account=op.account,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        frozen_minor=balance.frozen_minor,
        to_freeze_minor=balance.to_freeze_minor,
        document=op.document,
        renews=op.renews,
        until_ms=due_ms,
        by=context.sender,
    )
    return (freezing,)


@refuses(
    RoleMissing, AssetUnknown, CosignerMissing, FreezeUnknown, SharedController, FreezeExceeded
)
def asset_unfreeze(op: AssetUnfreeze, context: Context) -> tuple[Event, ...]:
    """Lift a freeze, whole or in part; what isn't frozen for another court can be spent again."""
    _require_court(context, op.symbol)
    known, index = _found(context.state, op.account, op.symbol, op.freeze_document)
    _require_independent(context, op.symbol)
    freeze = known.freezes[index]
    if op.amount_minor > freeze.amount_minor:
        msg = f"{freeze.amount_minor} is left of the freeze"
        raise FreezeExceeded(msg)
    _reduce(context, known, index, op.amount_minor)
    return (_lifted(context, known, op.amount_minor, freeze.document, op.document),)


@refuses(
    RoleMissing,
    SelfPayment,
    AssetUnknown,
    CosignerMissing,
    AccountUnknown,
    FreezeUnknown,
    SharedController,
    FreezeExceeded,
)
def asset_clawback(op: AssetClawback, context: Context) -> tuple[Event, ...]:
    """Hand frozen money to whom the court names; nothing but frozen money can be taken."""
    require_role(context.state, context.sender, "regulator")
    if op.to == op.account:
        msg = "the money is to leave the account that it is taken from"
        raise SelfPayment(msg)
    _require_court(context, op.symbol)
    require_account(context, op.to, "the recipient")
    known, index = _found(context.state, op.account, op.symbol, op.freeze_document)
    _require_independent(context, op.symbol)
    balance = balance_of(context.state, op.account, op.symbol)
    covered_minor = covered(known.freezes, balance.frozen_minor)[index]
    if op.amount_minor > covered_minor:
        msg = f"{covered_minor} is frozen for this document"
        raise FreezeExceeded(msg)
    _reduce(context, known, index, op.amount_minor)
    left = altered(balance, frozen_minor=balance.frozen_minor - op.amount_minor)
    save_balance(context, op.account, op.symbol, left)
    credit(context, op.to, op.symbol, op.amount_minor)
    taking = event(
        "asset.clawed_back",
        account=op.account,
        to=op.to,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        freeze_document=op.freeze_document,
        document=op.document,
        by=context.sender,
    )
    return (taking,)


def freeze_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.asset.unfreeze: freezes whose time is over end; what others leave can be spent again."""
    known = FREEZES.load(context.state, deadline.object_id)
    assert known is not None
    ended = [entry for entry in known.freezes if entry.due_ms <= deadline.time_ms]
    left = tuple(entry for entry in known.freezes if entry.due_ms > deadline.time_ms)
    # The clock that has fired is gone already.
    save_freezes(context, None, known.account, known.symbol, left)
    return tuple(
        _lifted(context, known, entry.amount_minor, entry.document, None) for entry in ended
    )


def _require_court(context: Context, symbol: str) -> None:
    """R + I: a regulator with the court's document, and the issuer that keeps the money."""
    require_role(context.state, context.sender, "regulator")
    context.require_consent(load_asset(context.state, symbol).issuer, "the issuer")


def _require_independent(context: Context, symbol: str) -> None:
    """Two signatures are two people's."""
    issuer = load_asset(context.state, symbol).issuer
    if share_controller(context.state, context.sender, issuer):
        msg = "regulator and issuer are one account or share a key"
        raise SharedController(msg)


def _found(state: StateReader, account: bytes, symbol: str, document: bytes) -> tuple[Freezes, int]:
    known = load_freezes(state, account, symbol)
    for index, entry in enumerate(() if known is None else known.freezes):
        if entry.document == document:
            assert known is not None
            return known, index
    msg = f"document {document.hex()} freezes no {symbol} of this account"
    raise FreezeUnknown(msg)


def _reduce(context: Context, known: Freezes, index: int, amount_minor: int) -> None:
    """So much less of one freeze; with nothing left it has ended."""
    freezes = list(known.freezes)
    left_minor = freezes[index].amount_minor - amount_minor
    freezes[index : index + 1] = (
        [altered(freezes[index], amount_minor=left_minor)] if left_minor else []
    )
    save_freezes(context, known, known.account, known.symbol, tuple(freezes))


def _renew(context: Context, op: AssetFreeze, made: Freeze, renewed: bytes) -> None:
    """Put a freeze in the place of the one that it prolongs."""
    known, index = _found(context.state, op.account, op.symbol, renewed)
    _require_independent(context, op.symbol)
    left_minor = known.freezes[index].amount_minor
    if made.amount_minor > left_minor:
        msg = f"{left_minor} is left of the freeze that goes on; more takes a freeze of its own"
        raise FreezeExceeded(msg)
    freezes = (*known.freezes[:index], made, *known.freezes[index + 1 :])
    save_freezes(context, known, op.account, op.symbol, freezes)
    lift(context, op.account, op.symbol, left_minor - made.amount_minor)


def _lifted(
    context: Context, known: Freezes, amount_minor: int, frozen_by: bytes, document: bytes | None
) -> Event:
    """Lift so much of a freeze from the balance."""
    available_minor = lift(context, known.account, known.symbol, amount_minor)
    return event(
        "asset.unfrozen",
        account=known.account,
        symbol=known.symbol,
        amount_minor=amount_minor,
        available_minor=available_minor,
        freeze_document=frozen_by,
        document=document,
    )
