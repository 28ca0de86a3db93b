"""Debts of merchants: what nobody could pay at once, to a buyer or to the mutual fund.

A debt is a record, not money: the money moves when it is repaid (commerce/deposits/recourse.py),
the oldest first. A merchant with any debt, in any asset, gets no new listing and no new order.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.codec import U32, U64, Amount, Hash, PositiveAmount, TimeMs
from chain.context import Context
from chain.state import StateReader, Table, u64
from commerce.deposits.errors import MerchantInDebt
from commerce.deposits.fund import fund_add
from commerce.indexes import index_debt
from commerce.money import AMOUNT_MAX, asset_part, credit
from commerce.records import altered

REPAID_DEBTS_MAX = 100


@dataclass(frozen=True, slots=True)
class Debt:
    """`creditor` None is the mutual fund. `receipt_id` finds the ruling or claim that left it."""

    creditor: Hash | None
    amount_minor: PositiveAmount
    since_ms: TimeMs
    receipt_id: Hash


@dataclass(frozen=True, slots=True)
class Debtor:
    """How many debts an account has over all assets, and the next one's number.

    It stays when all are repaid: a number names one debt for good, also in the index of creditors.
    """

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
    if debtor is not None and debtor.debts:
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


def repay_oldest(
    context: Context, debtor: bytes, symbol: str, amount_minor: int
) -> Sequence[dict[str, object]]:
    """Pay the oldest debts with money that the caller has taken, at most what `repayable_minor`
    says; what was paid to whom.
    """
    payments: list[dict[str, object]] = []
    for key, debt in oldest_debts(context.state, debtor, symbol, REPAID_DEBTS_MAX):
        if amount_minor == 0:
            break
        paid_minor = min(amount_minor, debt.amount_minor)
        amount_minor -= paid_minor
        _repay(context, debtor, symbol, key, debt, paid_minor)
        payments.append({"amount_minor": paid_minor, "to": debt.creditor})
    assert amount_minor == 0
    return tuple(payments)


def repayable_minor(state: StateReader, debtor: bytes, symbol: str) -> int:
    """What the oldest debts come to, as many as are repaid at a time."""
    debts = oldest_debts(state, debtor, symbol, REPAID_DEBTS_MAX)
    return sum([debt.amount_minor for _, debt in debts])


def _repay(  # the debt, its place, and how much of it
    context: Context, debtor: bytes, symbol: str, key: bytes, debt: Debt, paid_minor: int
) -> None:
    """Pay a debt in full or in part, with money that was taken from somewhere."""
    if debt.creditor is None:
        fund_add(context, symbol, paid_minor)
    else:
        credit(context, debt.creditor, symbol, paid_minor)
    _change_owed(context, debtor, symbol, debt.creditor, -paid_minor)
    if paid_minor < debt.amount_minor:
        rest = altered(debt, amount_minor=debt.amount_minor - paid_minor)
        DEBTS.store(context.state, rest, key)
        return
    DEBTS.remove(context.state, key)
    known = DEBTORS.load(context.state, debtor)
    assert known is not None
    DEBTORS.store(context.state, altered(known, debts=known.debts - 1), debtor)


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
