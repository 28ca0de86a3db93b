"""Whole-state checks of deposits and debts: for `commerce.audit.full_check`."""

from collections import Counter

from chain.state import StateReader
from commerce.checks import require
from commerce.deposits.debts import DEBTORS, DEBTS, OWED, owed_by
from commerce.deposits.holding import DEPOSITS, deposit_id
from commerce.orders import ORDERS

_ACCOUNT_SIZE = 32
_NUMBER_SIZE = 8


def check_deposits(state: StateReader) -> None:
    """A withdrawal has its time, none is asked for nothing, and what is free pays debts."""
    for known_id, deposit in DEPOSITS.items(state):
        own = deposit_id(deposit.owner, deposit.symbol)
        require(known_id == own, "a deposit's id is its own")
        times = (deposit.asked_ms is not None, deposit.parameters is not None)
        require(times == (deposit.leaving_minor > 0,) * 2, "what was asked back has its time")
        require(deposit.held_minor > 0, "an empty deposit leaves the state")
        if deposit.due_ms is None and deposit.takeable_minor:
            owed = owed_by(state, deposit.owner, deposit.symbol)
            require(owed.total_minor == 0, "what is free of a debtor's deposit pays its debts")


def check_reserves(state: StateReader) -> None:
    """What orders believe to be reserved for them is."""
    wanted = Counter[bytes]()
    for _, order in ORDERS.items(state):
        if order.reserved_minor:
            wanted[deposit_id(order.seller, order.symbol)] += order.reserved_minor
    for known_id, amount_minor in wanted.items():
        deposit = DEPOSITS.load(state, known_id)
        require(
            deposit is not None and amount_minor <= deposit.reserved_minor,
            "what is reserved for orders is in the deposit",
        )


def check_debts(state: StateReader) -> None:
    """What accounts owe is the sum of their debts, and their debts are counted."""
    total, fund, count = Counter[bytes](), Counter[bytes](), Counter[bytes]()
    newest: dict[bytes, int] = {}
    for key, debt in DEBTS.items(state):
        owner, number = key[:-_NUMBER_SIZE], int.from_bytes(key[-_NUMBER_SIZE:], "big")
        debtor = owner[:_ACCOUNT_SIZE]
        total[owner] += debt.amount_minor
        fund[owner] += debt.amount_minor if debt.creditor is None else 0
        count[debtor] += 1
        newest[debtor] = max(number, newest.get(debtor, 0))
    owed = dict(OWED.items(state))
    require({key: entry.total_minor for key, entry in owed.items()} == total, "debts add up")
    require(
        all(entry.fund_minor == fund[key] for key, entry in owed.items()),
        "debts to the fund add up",
    )
    debtors = dict(DEBTORS.items(state))
    counted = {key: entry.debts for key, entry in debtors.items() if entry.debts}
    require(counted == count, "debts are counted")
    for key, number in newest.items():
        require(debtors[key].next_number > number, "debts are numbered in their order")
