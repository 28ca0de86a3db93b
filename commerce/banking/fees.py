"""What operations cost: fee.schedule, fee.collect, and the charge when one has succeeded.

Without a schedule everything is free. A schedule is a whole: the next one replaces it, after a
notice (电子商务法 art. 34: seven days at least), so that whoever signs a transaction knows what it
costs when it is decided (`fees_for`). The sender pays each operation that succeeds, from what is
left to it after that, into the pool of the fee's asset; a quorum hands the pool out.

What the law or the chain's safety needs is free for ever: nobody is kept from a refund, a dispute,
a vote or a court's order by an empty account.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from chain.block import Event
from chain.codec import Amount, Hash, Name, PositiveAmount, Size, TimeMs
from chain.context import Context, event
from chain.errors import CosignerMissing
from chain.state import StateReader, Table
from commerce.accounts import require_account
from commerce.banking.errors import (
    FeeForbidden,
    FeesEmpty,
    FeesUnsorted,
    NoticeTooLong,
    NoticeTooShort,
)
from commerce.errors import AccountUnknown, AssetUnknown
from commerce.money import Symbol, asset_part, credit, debit, load_asset
from commerce.parameters import current_parameters
from commerce.refusals import refuses
from commerce.timers import DAY_MS

FEES_MAX = 256
NOTICE_MAX_MS = 90 * DAY_MS
# Families that are free as a whole, and single types; also names that this version doesn't have.
FREE_FAMILIES = (
    "account.",
    "arbiter.",
    "beacon.",
    "claim.",
    "committee.",
    "dispute.",
    "evidence.",
    "fee.",
    "member.",
    "parameter.",
    "penalty.",
    "protocol.",
    "recall.",
    "refund.",
    "return.",
    "role.",
    "sensor.",
)
FREE_TYPES = frozenset(
    {
        "asset.clawback",
        "asset.create",
        "asset.deposit.cancel",
        "asset.freeze",
        "asset.unfreeze",
        "asset.withdraw.cancel",
        "delegate",
        "delegate.revoke",
        "gcp.grant",
        "location.register",
        "order.cancel",
        "order.confirm",
        "order.keep",
        "prepaid.close",
        "prepaid.refund",
        "review.hide",
    }
)


@dataclass(frozen=True, slots=True)
class Fee:
    """What one operation of a type costs its sender in one asset."""

    type: Name
    symbol: Symbol
    amount_minor: PositiveAmount


Fees = Annotated[tuple[Fee, ...], Size(max=FEES_MAX)]


@dataclass(frozen=True, slots=True)
class FeeSchedules:
    """Two schedules: `next` counts from `next_ms` on, `current` before that."""

    current: Fees
    next: Fees
    next_ms: TimeMs

    def at(self, time_ms: int) -> tuple[Fee, ...]:
        """What counts at a block time."""
        return self.next if time_ms >= self.next_ms else self.current


@dataclass(frozen=True, slots=True)
class FeePool:
    """Fees of one asset that nobody has collected yet."""

    amount_minor: Amount


SCHEDULES: Table[FeeSchedules] = Table("fee-schedule", FeeSchedules)
# There is one row, once fees were announced.
SCHEDULE_KEY = SCHEDULES.key()
POOLS: Table[FeePool] = Table("fee-pool", FeePool)


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """`fees`, sorted by type and symbol, replace all others at `effective_ms` (block time); a
    schedule that isn't in force yet is replaced at once. No fees: everything is free. The names of
    types are not checked against those that exist.
    """

    fees: Fees
    effective_ms: TimeMs


@dataclass(frozen=True, slots=True)
class FeeCollect:
    """All fees of an asset that wait go to an account."""

    symbol: Symbol
    to: Hash


@refuses(FeesUnsorted, FeeForbidden, CosignerMissing, AssetUnknown, NoticeTooShort, NoticeTooLong)
def fee_schedule(op: FeeSchedule, context: Context) -> tuple[Event, ...]:
    """Say what operations will cost, by a quorum of the members, with notice."""
    if any((a.type, a.symbol) >= (b.type, b.symbol) for a, b in pairwise(op.fees)):
        msg = "fees are sorted by type and symbol, one each"
        raise FeesUnsorted(msg)
    for fee in op.fees:
        if fee.type in FREE_TYPES or fee.type.startswith(FREE_FAMILIES):
            msg = f"{fee.type} is free"
            raise FeeForbidden(msg)
    context.require_member_quorum()
    for fee in op.fees:
        load_asset(context.state, fee.symbol)
    require_notice(context, op.effective_ms)
    known = SCHEDULES.load(context.state)
    current = () if known is None else known.at(context.time_ms)
    SCHEDULES.store(context.state, FeeSchedules(current, op.fees, op.effective_ms))
    announced = [
        {"amount_minor": fee.amount_minor, "symbol": fee.symbol, "type": fee.type}
        for fee in op.fees
    ]
    return (event("fee.scheduled", fees=tuple(announced), effective_ms=op.effective_ms),)


@refuses(CosignerMissing, AssetUnknown, AccountUnknown, FeesEmpty)
def fee_collect(op: FeeCollect, context: Context) -> tuple[Event, ...]:
    """Hand out the fees of an asset, by a quorum of the members."""
    context.require_member_quorum()
    load_asset(context.state, op.symbol)
    require_account(context, op.to, "the recipient")
    part = asset_part(op.symbol)
    pool = POOLS.load(context.state, part)
    if pool is None:
        msg = f"no fees in {op.symbol} wait"
        raise FeesEmpty(msg)
    POOLS.remove(context.state, part)
    credit(context, op.to, op.symbol, pool.amount_minor)
    amount_minor = pool.amount_minor
    return (event("fee.collected", symbol=op.symbol, to=op.to, amount_minor=amount_minor),)


def require_notice(context: Context, effective_ms: int) -> None:
    """`NoticeTooShort` or `NoticeTooLong` unless a change takes effect in due time."""
    earliest_ms = context.time_ms + current_parameters(context.state).timers.notice_ms
    if effective_ms < earliest_ms:
        msg = f"at {earliest_ms} at the earliest"
        raise NoticeTooShort(msg)
    latest_ms = context.time_ms + context.chain.genesis.scaled_ms(NOTICE_MAX_MS)
    # The notice may be as long as 90 days itself.
    if effective_ms > max(latest_ms, earliest_ms):
        msg = f"at {latest_ms} at the latest"
        raise NoticeTooLong(msg)


def charge(name: str, context: Context) -> tuple[Event, ...]:
    """Take the fees of an operation from its sender, or `InsufficientFunds`; fees were announced.

    As for all that leaves the sender, a delegated key's cap counts them (`DelegationExceeded`).
    """
    schedules = SCHEDULES.load(context.state)
    assert schedules is not None
    due = _fees_of(schedules.at(context.time_ms), name)
    for fee in due:
        debit(context, context.sender, fee.symbol, fee.amount_minor)
        part = asset_part(fee.symbol)
        pool = POOLS.load(context.state, part)
        waiting_minor = 0 if pool is None else pool.amount_minor
        POOLS.store(context.state, FeePool(waiting_minor + fee.amount_minor), part)
    return tuple(
        event("fee.charged", type=name, symbol=fee.symbol, amount_minor=fee.amount_minor)
        for fee in due
    )


def fees_for(state: StateReader, types: Sequence[str], time_ms: int) -> Mapping[str, int]:
    """What a transaction of these operations costs its sender at a block time, by symbol.

    For a time beyond the notice another schedule may come to count.
    """
    schedules = SCHEDULES.load(state)
    fees = () if schedules is None else schedules.at(time_ms)
    sums: dict[str, int] = {}
    for name in types:
        for fee in _fees_of(fees, name):
            sums[fee.symbol] = sums.get(fee.symbol, 0) + fee.amount_minor
    return dict(sorted(sums.items()))


def pooled(part: bytes, pool: FeePool) -> tuple[bytes, int]:
    """What a pool counts as (commerce/invariants.py)."""
    return part, pool.amount_minor


def _fees_of(fees: Sequence[Fee], name: str) -> Sequence[Fee]:
    start = bisect_left(fees, name, key=lambda fee: fee.type)
    end = start
    while end < len(fees) and fees[end].type == name:
        end += 1
    return fees[start:end]
