"""Accounts and postings: what one account loses another gains, so the sum of all is always nothing.

Deposits, debts and bank withdrawals of parties are here too: they are accounts, and who owes whom.
Written from commerce.md; it shares no code with commerce/.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

MINT = "mint"


class Refused(Exception):
    """The specification doesn't allow what was asked; nothing has happened."""


def require(allowed: object, rule: str) -> None:
    """`Refused` by this rule."""
    if not allowed:
        raise Refused(rule)


@dataclass(eq=False)
class Deposit:
    """What stands behind a seller. Its money lies in the account ("deposit", owner)."""

    reserved: int = 0
    leaving: int = 0
    asked_ms: int | None = None
    obligation_ms: int | None = None
    due_ms: int | None = None
    id: bytes = b""


@dataclass(eq=False)
class Withdrawal:
    """Money that waits for the issuer to pay it out at a bank."""

    holder: str
    due_ms: int | None
    id: bytes = b""


@dataclass(eq=False)
class Ledger:
    """Every account by its name; debts are [creditor, amount], the oldest first."""

    accounts: Counter[Hashable] = field(default_factory=Counter)
    deposits: dict[str, Deposit] = field(default_factory=dict)
    debts: dict[str, list[list[object]]] = field(default_factory=dict)

    def post(self, debit: Hashable, credit: Hashable, amount: int) -> None:
        """One booking."""
        assert amount >= 0
        assert debit == MINT or self.accounts[debit] >= amount, (debit, amount)
        self.accounts[debit] -= amount
        self.accounts[credit] += amount

    def pay(self, debit: str, credit: Hashable, amount: int) -> None:
        """A booking that somebody asks for, who may not have so much."""
        require(self.accounts[debit] >= amount, "money")
        self.post(debit, credit, amount)

    def owed(self, debtor: str) -> int:
        """All that somebody owes."""
        return sum(self._amount(debt) for debt in self.debts.get(debtor, ()))

    def takeable(self, seller: str) -> int:
        """What of a deposit is reserved for nobody."""
        return self.accounts["deposit", seller] - self.deposits[seller].reserved

    def reserve(self, seller: str, amount: int) -> bool:
        """All of it, out of what neither others nor creditors have, nor is to leave."""
        deposit = self.deposits[seller]
        if deposit.due_ms is not None or self.takeable(seller) - deposit.leaving < amount:
            return False
        deposit.reserved += amount
        return True

    def unreserve(self, seller: str, amount: int, now_ms: int, block_ms: int) -> None:
        """An obligation has ended."""
        if not amount:
            return
        deposit = self.deposits[seller]
        assert deposit.reserved >= amount
        deposit.reserved -= amount
        deposit.obligation_ms = max(now_ms, deposit.obligation_ms or 0)
        self.freed(seller, block_ms)

    def freed(self, seller: str, now_ms: int) -> None:
        """More of a deposit is free: the creditors' clock begins."""
        deposit = self.deposits[seller]
        if self.owed(seller) and deposit.due_ms is None:
            deposit.due_ms = now_ms

    def take(self, seller: str, credit: Hashable, amount: int) -> int:
        """Up to an amount out of a deposit; what was to leave goes last."""
        deposit = self.deposits[seller]
        taken = min(amount, self.takeable(seller))
        if taken:
            self.post(("deposit", seller), credit, taken)
            deposit.leaving = min(deposit.leaving, self.takeable(seller))
            if not deposit.leaving:
                deposit.asked_ms = None
        return taken

    def collect(self, seller: str, creditor: str, amount: int) -> int:
        """Balance, then deposit, then a debt; what the creditor got at once."""
        paid = min(amount, self.accounts[seller])
        self.post(seller, creditor, paid)
        paid += self.take(seller, creditor, amount - paid)
        if paid < amount:
            self.debts.setdefault(seller, []).append([creditor, amount - paid])
        return paid

    def repay(self, debtor: str, source: Hashable, amount: int) -> None:
        """Pay the oldest debts out of an account."""
        debts = self.debts.get(debtor, [])
        while amount:
            owed = self._amount(debts[0])
            paid = min(amount, owed)
            self.post(source, str(debts[0][0]), paid)
            amount -= paid
            debts[0][1] = owed - paid
            if paid == owed:
                del debts[0]

    def _amount(self, debt: list[object]) -> int:
        amount = debt[1]
        assert isinstance(amount, int)
        return amount
