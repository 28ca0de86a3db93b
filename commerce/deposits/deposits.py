"""Deposits of merchants: deposit.add, deposit.withdraw.request, deposit.withdraw.execute.

Whoever has an account may make a deposit: a consortium can ask for one before it grants the role.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Amount, PositiveAmount
from chain.context import Context, event
from commerce.deposits.debts import require_no_debt
from commerce.deposits.errors import (
    DepositLocked,
    DepositReserved,
    DepositUnknown,
    MerchantInDebt,
    WithdrawalMissing,
)
from commerce.deposits.holding import (
    DEPOSITS,
    Deposit,
    deposit_id,
    leaves_ms,
    put,
    save_deposit,
)
from commerce.errors import AssetUnknown, DelegationExceeded, InsufficientFunds
from commerce.money import Symbol, credit, debit, load_asset, minor_units_of
from commerce.parameters import current_parameters
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class DepositAdd:
    """From the sender's balance into its own deposit in this asset."""

    symbol: Symbol
    amount_minor: PositiveAmount


@dataclass(frozen=True, slots=True)
class DepositWithdrawRequest:
    """What is to leave. It takes the place of an earlier request, whose time is lost; 0 takes that
    back and asks for nothing.
    """

    symbol: Symbol
    amount_minor: Amount


@dataclass(frozen=True, slots=True)
class DepositWithdrawExecute:
    """Pay out what was asked for."""

    symbol: Symbol


@refuses(AssetUnknown, InsufficientFunds, DelegationExceeded)
def deposit_add(op: DepositAdd, context: Context) -> tuple[Event, ...]:
    """Put up money for whoever trades with the sender."""
    load_asset(context.state, op.symbol)
    debit(context, context.sender, op.symbol, op.amount_minor)
    deposit = put(context, context.sender, op.symbol, op.amount_minor)
    added = event(
        "deposit.added",
        merchant=context.sender,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        held_minor=deposit.held_minor,
    )
    return (added,)


@refuses(DepositUnknown, MerchantInDebt, DepositReserved)
def deposit_withdraw_request(op: DepositWithdrawRequest, context: Context) -> tuple[Event, ...]:
    """Ask for a part that isn't reserved. It covers nothing new, but pays claims till it left."""
    deposit = _own_deposit(context, op.symbol)
    require_no_debt(context.state, context.sender)
    if op.amount_minor > deposit.held_minor - deposit.reserved_minor:
        reserved = f"{deposit.reserved_minor} of {deposit.held_minor} are reserved for orders"
        msg = f"{reserved} {minor_units_of(op.symbol)}"
        raise DepositReserved(msg)
    if op.amount_minor:
        asked_ms, version = context.time_ms, current_parameters(context.state).version
        asked = altered(
            deposit, leaving_minor=op.amount_minor, asked_ms=asked_ms, parameters=version
        )
    else:
        asked = altered(deposit, leaving_minor=0, asked_ms=None, parameters=None)
    save_deposit(context, deposit, asked)
    requested = event(
        "deposit.withdrawal.requested",
        merchant=context.sender,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        not_before_ms=leaves_ms(context.state, asked),
    )
    return (requested,)


@refuses(DepositUnknown, WithdrawalMissing, MerchantInDebt, DepositLocked, DepositReserved)
def deposit_withdraw_execute(op: DepositWithdrawExecute, context: Context) -> tuple[Event, ...]:
    """Pay out, once both times are over, what claims have left of what was asked for."""
    deposit = _own_deposit(context, op.symbol)
    not_before_ms = leaves_ms(context.state, deposit)
    if not_before_ms is None:
        msg = "no withdrawal was asked for"
        raise WithdrawalMissing(msg)
    require_no_debt(context.state, context.sender)
    if context.time_ms < not_before_ms:
        msg = f"the deposit can leave from {not_before_ms} on"
        raise DepositLocked(msg)
    amount_minor = deposit.leaving_minor
    if amount_minor > deposit.takeable_minor:
        msg = f"{deposit.claimed_minor} are kept for claims that are being judged"
        raise DepositReserved(msg)
    left = altered(
        deposit,
        held_minor=deposit.held_minor - amount_minor,
        leaving_minor=0,
        asked_ms=None,
        parameters=None,
    )
    save_deposit(context, deposit, left)
    credit(context, context.sender, op.symbol, amount_minor)
    withdrawn = event(
        "deposit.withdrawn",
        merchant=context.sender,
        symbol=op.symbol,
        amount_minor=amount_minor,
        held_minor=left.held_minor,
    )
    return (withdrawn,)


def _own_deposit(context: Context, symbol: str) -> Deposit:
    deposit = DEPOSITS.load(context.state, deposit_id(context.sender, symbol))
    if deposit is None:
        msg = f"the sender has no deposit in {symbol}"
        raise DepositUnknown(msg)
    return deposit
