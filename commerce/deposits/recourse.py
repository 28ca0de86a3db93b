"""How debts are repaid: recourse.repay, sys.recourse.collect.

What a debtor's deposit has free pays its debts by itself, so that nobody's money waits for a
merchant who has gone.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import PositiveAmount
from chain.context import Context, event
from chain.deadlines import Deadline
from commerce.deposits.debts import REPAID_DEBTS_MAX, owed_by, repay_oldest, repayable_minor
from commerce.deposits.errors import NothingOwed, RepaymentTooLarge, TooManyDebts
from commerce.deposits.holding import DEPOSITS, deposit_of, save_deposit, take
from commerce.errors import DelegationExceeded, InsufficientFunds
from commerce.money import Symbol, debit, minor_units_of
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class RecourseRepay:
    """Pay own debts of one asset from the balance, the oldest first, the last perhaps in part."""

    symbol: Symbol
    amount_minor: PositiveAmount


@refuses(NothingOwed, RepaymentTooLarge, InsufficientFunds, DelegationExceeded, TooManyDebts)
def recourse_repay(op: RecourseRepay, context: Context) -> tuple[Event, ...]:
    """Pay the oldest debts: the fund and the buyers get their money."""
    owed = owed_by(context.state, context.sender, op.symbol)
    if owed.total_minor == 0:
        msg = f"nothing is owed in {op.symbol}"
        raise NothingOwed(msg)
    if op.amount_minor > owed.total_minor:
        units = minor_units_of(op.symbol)
        msg = f"{owed.total_minor} are owed, not {op.amount_minor} {units}"
        raise RepaymentTooLarge(msg)
    debit(context, context.sender, op.symbol, op.amount_minor)
    at_once_minor = repayable_minor(context.state, context.sender, op.symbol)
    if op.amount_minor > at_once_minor:
        msg = f"the oldest {REPAID_DEBTS_MAX} debts come to {at_once_minor}"
        raise TooManyDebts(msg)
    return _repaid(context, context.sender, op.symbol, op.amount_minor, "balance")


def collect_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.recourse.collect: what is free of a debtor's deposit pays its oldest debts."""
    deposit = DEPOSITS.load(context.state, deadline.object_id)
    assert deposit is not None
    owner, symbol = deposit.owner, deposit.symbol
    save_deposit(context, deposit, altered(deposit, due_ms=None))
    wanted_minor = repayable_minor(context.state, owner, symbol)
    amount_minor = take(context, owner, symbol, wanted_minor)
    if not amount_minor:
        return ()
    told = _repaid(context, owner, symbol, amount_minor, "deposit")
    left = deposit_of(context.state, owner, symbol)
    if left.takeable_minor and owed_by(context.state, owner, symbol).total_minor:
        save_deposit(context, left, altered(left, due_ms=deadline.time_ms + 1))
    return told


def _repaid(
    context: Context, debtor: bytes, symbol: str, amount_minor: int, source: str
) -> tuple[Event, ...]:
    payments = repay_oldest(context, debtor, symbol, amount_minor)
    told = event(
        "recourse.repaid",
        debtor=debtor,
        symbol=symbol,
        amount_minor=amount_minor,
        source=source,
        payments=tuple(payments),
        owed_minor=owed_by(context.state, debtor, symbol).total_minor,
    )
    return (told,)
