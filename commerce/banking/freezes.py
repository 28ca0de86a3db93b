"""Courts and balances: asset.freeze, asset.unfreeze, asset.clawback.

A court freezes an amount of an asset, for a year at most; a regulator brings the document, the
issuer of the asset signs too. It may be more than the account has: then what comes in is frozen
until the amount is reached, and never more than that (关于人民法院民事执行中查封、扣押、冻结财产的
规定 (2020) arts. 19 and 26: no more than is owed, later courts wait behind earlier ones).

Frozen is only what is the account's own: its balance. What an escrow, a card or a pool holds has
another side too; when it comes back to the account, it comes through `credit` like all money.

All freezes of one asset of one account stand in one record in the order in which they came, with
one clock: the earliest end. In sum they are `frozen_minor` + `to_freeze_minor` of the balance, and
what is frozen serves the earliest first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, PositiveAmount, Range, Size, TimeMs
from chain.context import Context, event
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.errors import CosignerMissing, InvariantBreach
from chain.state import StateReader, Table
from commerce.accounts import require_account, share_controller
from commerce.banking.errors import FreezeExceeded, FreezeExists, FreezeUnknown, TooManyFreezes
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.errors import (
    AccountUnknown,
    AmountTooLarge,
    AssetUnknown,
    RoleMissing,
    SelfPayment,
    SharedController,
)
from commerce.money import (
    BALANCES,
    Balance,
    Symbol,
    add_amounts,
    asset_part,
    balance_of,
    credit,
    frozen_first,
    load_asset,
    save_balance,
)
from commerce.records import altered
from commerce.refusals import refuses
from commerce.roles import require_role
from commerce.timers import DAY_MS, HOUR_MS

FREEZES_MAX = 16
# 最高人民法院关于适用民事诉讼法的解释 (2022) art. 485: bank deposits are frozen for a year at most;
# whoever needs longer brings another document before that.
FREEZE_MAX_MS = 365 * DAY_MS
UNFREEZE = "sys.asset.unfreeze"


@dataclass(frozen=True, slots=True)
class Freeze:
    """What is left of one order of a court, by the hash of its document; it ends at `due_ms`."""

    document: Hash
    amount_minor: PositiveAmount
    due_ms: TimeMs


@dataclass(frozen=True, slots=True)
class Freezes:
    """All freezes of one asset of one account, earliest first; the record goes with the last."""

    account: Hash
    symbol: Symbol
    freezes: Annotated[tuple[Freeze, ...], Size(min=1, max=FREEZES_MAX)]

    def clock(self) -> Clock:
        """When the next of them ends by itself."""
        return min([entry.due_ms for entry in self.freezes]), UNFREEZE


FREEZES: Table[Freezes] = Table("freezes", Freezes)


@dataclass(frozen=True, slots=True)
class AssetFreeze:
    """Freezes `amount_minor` of what the account has and gets, by the court's `document` (a hash),
    for `within_ms` (commercial time, an hour to 365 days).
    """

    account: Hash
    symbol: Symbol
    amount_minor: PositiveAmount
    document: Hash
    within_ms: Annotated[int, Range(HOUR_MS, FREEZE_MAX_MS)]


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
    SharedController,
    AmountTooLarge,
    TooManyFreezes,
)
def asset_freeze(op: AssetFreeze, context: Context) -> tuple[Event, ...]:
    """Freeze an amount of an account's money, what is there and then what comes in."""
    _require_court(context, op.symbol)
    require_account(context, op.account, "whose money is frozen")
    known = load_freezes(context.state, op.account, op.symbol)
    freezes = () if known is None else known.freezes
    if any(entry.document == op.document for entry in freezes):
        msg = f"document {op.document.hex()} has frozen money of this account"
        raise FreezeExists(msg)
    _require_independent(context, op.symbol)
    add_amounts(*[entry.amount_minor for entry in freezes], op.amount_minor)
    if len(freezes) >= FREEZES_MAX:
        msg = f"at most {FREEZES_MAX} freezes of one asset of an account"
        raise TooManyFreezes(msg)
    due_ms = context.time_ms + context.chain.genesis.scaled_ms(op.within_ms)
    added = Freeze(op.document, op.amount_minor, due_ms)
    _save(context, known, op.account, op.symbol, (*freezes, added))
    balance = balance_of(context.state, op.account, op.symbol)
    demanded = Balance(0, balance.frozen_minor, balance.to_freeze_minor + op.amount_minor)
    # What is available goes where a credit of it would go now.
    frozen = frozen_first(demanded, balance.available_minor)
    save_balance(context, op.account, op.symbol, frozen)
    freezing = event(
        "asset.frozen",
        account=op.account,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        frozen_minor=frozen.frozen_minor,
        to_freeze_minor=frozen.to_freeze_minor,
        document=op.document,
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
    return (_lift(context, op.account, op.symbol, op.amount_minor, freeze, op.document),)


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
    """The freezes whose time is over end; what later ones don't hold can be spent again."""
    known = FREEZES.load(context.state, deadline.object_id)
    assert known is not None
    ended = [entry for entry in known.freezes if entry.due_ms <= deadline.time_ms]
    left = tuple(entry for entry in known.freezes if entry.due_ms > deadline.time_ms)
    _save(context, None, known.account, known.symbol, left)
    return tuple(
        _lift(context, known.account, known.symbol, entry.amount_minor, entry, None)
        for entry in ended
    )


def covered(freezes: Sequence[Freeze], frozen_minor: int) -> list[int]:
    """How much of each freeze is there: what is frozen serves the earliest first."""
    shares = []
    for entry in freezes:
        share = min(entry.amount_minor, frozen_minor)
        shares.append(share)
        frozen_minor -= share
    return shares


def freezes_id(account: bytes, symbol: str) -> bytes:
    """The id of the freezes of one asset of one account."""
    return tagged_hash("freezes", account + asset_part(symbol))


def load_freezes(state: StateReader, account: bytes, symbol: str) -> Freezes | None:
    """The freezes of one asset of one account, if there are any."""
    return FREEZES.load(state, freezes_id(account, symbol))


def freezes_clocks(state: StateReader, account: bytes, symbol: str) -> list[tuple[bytes, Clock]]:
    """Their id and clock."""
    known = load_freezes(state, account, symbol)
    return [] if known is None else [(freezes_id(account, symbol), known.clock())]


def freeze_deadlines(state: StateReader) -> Iterator[Deadline]:
    """The deadline of every record of freezes."""
    for key, known in FREEZES.items(state):
        yield deadline_of(key, known.clock())


def check_freezes(state: StateReader) -> None:
    """`InvariantBreach` unless balances are frozen for exactly what courts ordered."""
    ordered = {
        known.account + asset_part(known.symbol): sum(entry.amount_minor for entry in known.freezes)
        for _, known in FREEZES.items(state)
    }
    for key, balance in BALANCES.items(state):
        frozen_minor = balance.frozen_minor + balance.to_freeze_minor
        if frozen_minor != ordered.pop(key, 0):
            msg = f"not so: what is frozen was ordered ({key.hex()})"
            raise InvariantBreach(msg)
        if balance.available_minor and balance.to_freeze_minor:
            msg = f"not so: what is available need not be frozen ({key.hex()})"
            raise InvariantBreach(msg)
    if ordered:
        msg = "not so: each freeze has its balance"
        raise InvariantBreach(msg)


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
    _save(context, known, known.account, known.symbol, tuple(freezes))


def _save(
    context: Context,
    before: Freezes | None,
    account: bytes,
    symbol: str,
    freezes: tuple[Freeze, ...],
) -> None:
    object_id = freezes_id(account, symbol)
    after = Freezes(account, symbol, freezes) if freezes else None
    if after is None:
        FREEZES.remove(context.state, object_id)
    else:
        FREEZES.store(context.state, after, object_id)
    before_clock = None if before is None else before.clock()
    after_clock = None if after is None else after.clock()
    move_deadline(context, object_id, before_clock, after_clock)


def _lift(
    context: Context,
    account: bytes,
    symbol: str,
    amount_minor: int,
    freeze: Freeze,
    document: bytes | None,
) -> Event:
    """So much less is demanded of the balance: first of what isn't there yet."""
    balance = balance_of(context.state, account, symbol)
    demand = balance.frozen_minor + balance.to_freeze_minor - amount_minor
    frozen = min(balance.frozen_minor, demand)
    available = balance.available_minor + balance.frozen_minor - frozen
    save_balance(context, account, symbol, Balance(available, frozen, demand - frozen))
    return event(
        "asset.unfrozen",
        account=account,
        symbol=symbol,
        amount_minor=amount_minor,
        available_minor=available,
        freeze_document=freeze.document,
        document=document,
    )
