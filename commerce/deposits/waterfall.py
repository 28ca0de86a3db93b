"""Who pays what a merchant owes now: its balance, its deposit, and for a ruled loss the fund.

Money comes from the merchant as far as it has any. The mutual fund pays only what a panel ruled, at
most the price, and only until the merchant owes it so much; what it pays becomes a debt to it. So
whoever colludes with a merchant gets what the merchant loses, and the fund lends a merchant no more
than its bound, however often it is asked.
"""

from dataclasses import dataclass

from chain.context import Context
from commerce.deposits.debts import owe, owed_by
from commerce.deposits.fund import fund_minor, fund_take
from commerce.deposits.holding import take
from commerce.deposits.limits import fund_debt_max_minor
from commerce.money import balance_of, credit, debit


@dataclass(frozen=True, slots=True)
class Collected:
    """What each gave."""

    balance_minor: int
    deposit_minor: int
    fund_minor: int

    @property
    def total_minor(self) -> int:
        """What there is for the creditor."""
        return self.balance_minor + self.deposit_minor + self.fund_minor


def collect(
    context: Context,
    seller: bytes,
    symbol: str,
    amount_minor: int,
    *,
    ruled: bool,
    cap_minor: int,
) -> int:
    """Take up to the amount from whoever has to pay; what it got, which the caller credits.

    `ruled`: a panel ruled this loss, so the fund pays up to `cap_minor` (the price). Whoever
    collects for a line unreserves its deposit first, and leaves the rest as a debt (`owe`).
    """
    got = draw(context, seller, symbol, amount_minor, fund_max_minor=cap_minor if ruled else 0)
    return got.total_minor


def compensate(
    context: Context, seller: bytes, symbol: str, creditor: bytes, amount_minor: int
) -> Collected:
    """Pay a creditor what the merchant has, without the fund; the rest stays the merchant's debt.

    Never fails for want of money.
    """
    got = draw(context, seller, symbol, amount_minor, fund_max_minor=0)
    if got.total_minor:
        credit(context, creditor, symbol, got.total_minor)
    owe(context, seller, symbol, creditor, amount_minor - got.total_minor)
    return got


def draw(
    context: Context, seller: bytes, symbol: str, amount_minor: int, *, fund_max_minor: int
) -> Collected:
    """As `collect`, telling who gave what."""
    left_minor = amount_minor
    balance_minor = min(left_minor, balance_of(context.state, seller, symbol).available_minor)
    if balance_minor:
        debit(context, seller, symbol, balance_minor)
    left_minor -= balance_minor
    deposit_minor = take(context, seller, symbol, left_minor)
    left_minor -= deposit_minor
    lent_minor = _lend(context, seller, symbol, min(left_minor, fund_max_minor))
    return Collected(balance_minor, deposit_minor, lent_minor)


def _lend(context: Context, seller: bytes, symbol: str, amount_minor: int) -> int:
    """What the fund pays for a merchant, which then owes it."""
    credit_minor = fund_debt_max_minor(context.chain.genesis)
    credit_minor -= owed_by(context.state, seller, symbol).fund_minor
    lent_minor = max(0, min(amount_minor, credit_minor, fund_minor(context.state, symbol)))
    fund_take(context, symbol, lent_minor)
    owe(context, seller, symbol, None, lent_minor)
    return lent_minor
