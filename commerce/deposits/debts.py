"""Debts of merchants: what nobody could pay at once, to a buyer or to the mutual fund.

A debt is a record, not money: the money moves when it is repaid, the oldest first. A merchant with
any debt, in any asset, gets no new listing and no new order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.block import Event
from chain.codec import U32, U64, Amount, Hash, PositiveAmount, TimeMs
from chain.context import Context, event
from chain.state import StateReader, Table, u64
from commerce.deposits.errors import MerchantInDebt, NothingOwed, RepaymentTooLarge, TooManyDebts
from commerce.deposits.fund import fund_add
from commerce.errors import DelegationExceeded, InsufficientFunds
from commerce.indexes import index_debt
from commerce.money import AMOUNT_MAX, Symbol, asset_part, credit, debit
from commerce.records import altered
from commerce.refusals import refuses

REPAID_DEBTS_MAX = 100


@dataclass(frozen=True, slots=True)
class RecourseRepay:
    """Pay own debts of one asset, the oldest first, the last of them perhaps in part."""

    symbol: Symbol
    amount_minor: PositiveAmount


@dataclass(frozen=True, slots=True)
class Debt:
    """`creditor` None is the mutual fund. `receipt_id` finds the ruling or claim that left it."""

    creditor: Hash | None
    amount_minor: PositiveAmount
    since_ms: TimeMs
    receipt_id: Hash


@dataclass(frozen=True, slots=True)
class Debtor:
    """How many debts an account has over all assets, never 0, and the next one's number."""

    debts: U32
    next_number: U64


@dataclass(frozen=True, slots=True)
class Owed:
    """What an account owes in one asset in all, and to the fund."""

    total_minor: Amount
    fund_minor: Amount


# Under the debtor, the asset and u64(number): the oldest first.
DEBTS: Table[Debt] = Table("debt", Debt)
# Under the debtor.
DEBTORS: Table[Debtor] = Table("debtor", Debtor)
# Under the debtor and the asset.
OWED: Table[Owed] = Table("owed", Owed)
NOTHING = Owed(0, 0)


def owed_by(state: StateReader, debtor: bytes, symbol: str) -> Owed:
    """What an account owes in an asset."""
    found = OWED.load(state, debtor, asset_part(symbol))
    return NOTHING if found is None else found


def require_no_debt(state: StateReader, merchant: bytes) -> None:
    """`MerchantInDebt` if the account owes anything."""
    debtor = DEBTORS.load(state, merchant)
    if debtor is not None:
        msg = f"the merchant has {debtor.debts} debts"
        raise MerchantInDebt(msg)


def owe(
    context: Context, debtor: bytes, symbol: str, creditor: bytes | None, amount_minor: int
) -> None:
    """Leave a debt to an account, or to the fund (None); nothing for an amount of 0."""
    # Sums of debts aren't bounded by what was issued, and a clock that leaves one can't be refused.
    owed = owed_by(context.state, debtor, symbol)
    amount_minor = min(amount_minor, AMOUNT_MAX - owed.total_minor)
    if not amount_minor:
        return
    known = DEBTORS.load(context.state, debtor)
    debts, number = (0, 0) if known is None else (known.debts, known.next_number)
    debt = Debt(creditor, amount_minor, context.time_ms, context.receipt_id)
    place = (debtor, asset_part(symbol), u64(number))
    DEBTS.store(context.state, debt, *place)
    DEBTORS.store(context.state, Debtor(debts + 1, number + 1), debtor)
    _change_owed(context, debtor, symbol, creditor, amount_minor)
    if creditor is not None:
        index_debt(context, creditor, b"".join(place))


def oldest_debts(
    state: StateReader, debtor: bytes, symbol: str, count_max: int
) -> Sequence[tuple[bytes, Debt]]:
    """Up to so many debts of an asset, the oldest first, with their keys."""
    found: list[tuple[bytes, Debt]] = []
    for key, debt in DEBTS.items(state, debtor, asset_part(symbol)):
        if len(found) == count_max:
            break
        found.append((key, debt))
    return found


@refuses(NothingOwed, RepaymentTooLarge, InsufficientFunds, DelegationExceeded, TooManyDebts)
def recourse_repay(op: RecourseRepay, context: Context) -> tuple[Event, ...]:
    """Pay the oldest debts: the fund and the buyers get their money."""
    owed = owed_by(context.state, context.sender, op.symbol)
    if owed.total_minor == 0:
        msg = f"nothing is owed in {op.symbol}"
        raise NothingOwed(msg)
    if op.amount_minor > owed.total_minor:
        msg = f"{owed.total_minor} are owed, not {op.amount_minor}"
        raise RepaymentTooLarge(msg)
    debit(context, context.sender, op.symbol, op.amount_minor)
    left_minor = op.amount_minor
    payments = []
    debts = oldest_debts(context.state, context.sender, op.symbol, REPAID_DEBTS_MAX)
    for key, debt in debts:
        if left_minor == 0:
            break
        paid_minor = min(left_minor, debt.amount_minor)
        left_minor -= paid_minor
        _repay(context, op.symbol, key, debt, paid_minor)
        payments.append({"amount_minor": paid_minor, "to": debt.creditor})
    if left_minor:
        msg = f"the oldest {REPAID_DEBTS_MAX} debts are {left_minor} less"
        raise TooManyDebts(msg)
    repaid = event(
        "recourse.repaid",
        debtor=context.sender,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        payments=tuple(payments),
        owed_minor=owed.total_minor - op.amount_minor,
    )
    return (repaid,)


def _repay(context: Context, symbol: str, key: bytes, debt: Debt, paid_minor: int) -> None:
    """Pay a debt of the sender in full or in part, with money that it has been debited."""
    if debt.creditor is None:
        fund_add(context, symbol, paid_minor)
    else:
        credit(context, debt.creditor, symbol, paid_minor)
    _change_owed(context, context.sender, symbol, debt.creditor, -paid_minor)
    if paid_minor < debt.amount_minor:
        rest = altered(debt, amount_minor=debt.amount_minor - paid_minor)
        DEBTS.store(context.state, rest, key)
        return
    DEBTS.remove(context.state, key)
    debtor = DEBTORS.load(context.state, context.sender)
    assert debtor is not None
    if debtor.debts > 1:
        DEBTORS.store(context.state, altered(debtor, debts=debtor.debts - 1), context.sender)
    else:
        DEBTORS.remove(context.state, context.sender)


def _change_owed(
    context: Context, debtor: bytes, symbol: str, creditor: bytes | None, change_minor: int
) -> None:
    owed = owed_by(context.state, debtor, symbol)
    to_fund_minor = change_minor if creditor is None else 0
    changed = Owed(owed.total_minor + change_minor, owed.fund_minor + to_fund_minor)
    if changed.total_minor:
        OWED.store(context.state, changed, debtor, asset_part(symbol))
    else:
        OWED.remove(context.state, debtor, asset_part(symbol))
