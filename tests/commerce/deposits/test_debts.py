"""Debts are repaid the oldest first, in full or in part, to whom they are owed."""

from commerce import indexes
from commerce.delegations import Delegate
from commerce.deposits.debts import (
    DEBTORS,
    DEBTS,
    NOTHING,
    OWED,
    Owed,
    oldest_debts,
    owe,
    owed_by,
)
from commerce.deposits.fund import fund_minor
from commerce.deposits.recourse import RecourseRepay
from commerce.money import AMOUNT_MAX, asset_part
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.deposits.inside import MERCHANT, fund_merchant, indebted, inside
from tests.commerce.shop import Shop
from tests.commerce.world import FUNDS_MINOR, World, account, key

REPAY = "recourse.repay"


def _erp() -> Delegate:
    return Delegate(key("erp"), (REPAY,), 500, 2**50)


def _many(world: World) -> None:
    for _ in range(101):
        indebted(world, 10)


# fmt: off
TABLE: list[Row] = [
    #       sender          type   payload                      with  outcome
    Attempt("merchant",     REPAY, RecourseRepay("CNY", 1),     (),   "NothingOwed"),
    Do(lambda world: indebted(world, 5_000)),
    Attempt("merchant",     REPAY, RecourseRepay("GOLD", 1),    (),   "NothingOwed"),
    Attempt("buyer",        REPAY, RecourseRepay("CNY", 1),     (),   "NothingOwed"),
    Attempt("merchant",     REPAY, RecourseRepay("CNY", 5_001), (),   "RepaymentTooLarge"),
    Attempt("merchant",     REPAY, RecourseRepay("CNY", 1),     (),   "InsufficientFunds"),
    Do(lambda world: fund_merchant(world, 10_000)),
    Attempt("merchant", "delegate", _erp(),                     (),   "ok"),
    Attempt("merchant/erp", REPAY, RecourseRepay("CNY", 501),   (),   "DelegationExceeded"),
    Attempt("merchant/erp", REPAY, RecourseRepay("CNY", 500),   (),   "ok"),
    Attempt("merchant",     REPAY, RecourseRepay("CNY", 4_500), (),   "ok"),
    Attempt("merchant",     REPAY, RecourseRepay("CNY", 1),     (),   "NothingOwed"),
    Do(_many),
    Attempt("merchant",     REPAY, RecourseRepay("CNY", 1_001), (),   "TooManyDebts"),
    Attempt("merchant",     REPAY, RecourseRepay("CNY", 1_000), (),   "ok"),
    Attempt("merchant",     REPAY, RecourseRepay("CNY", 10),    (),   "ok"),
]
# fmt: on


def test_debts_are_repaid_exactly_and_no_more() -> None:
    shop = Shop()
    play(shop, TABLE)
    assert shop.money("buyer") == FUNDS_MINOR + 6_010
    assert shop.money("merchant") == 10_000 - 6_010
    for table in (DEBTS, DEBTORS, OWED):
        assert not list(table.items(shop.state))


def test_the_oldest_debt_comes_first_and_the_last_is_paid_in_part() -> None:
    shop = Shop()
    indebted(shop, 100, to="buyer")
    indebted(shop, 40, to=None)
    indebted(shop, 70, to="friend")
    fund_merchant(shop, 1_000)
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(210, 40)
    (first,) = shop.done("merchant", (REPAY, RecourseRepay("CNY", 60)))
    assert first.data["payments"] == ({"amount_minor": 60, "to": account("buyer")},)
    (second,) = shop.done("merchant", (REPAY, RecourseRepay("CNY", 100)))
    assert second.data["payments"] == (
        {"amount_minor": 40, "to": account("buyer")},
        {"amount_minor": 40, "to": None},
        {"amount_minor": 20, "to": account("friend")},
    )
    assert second.data["owed_minor"] == 50
    assert fund_minor(shop.state, "CNY") == 40
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(50, 0)
    ((_, rest),) = oldest_debts(shop.state, MERCHANT, "CNY", 9)
    assert (rest.creditor, rest.amount_minor) == (account("friend"), 50)


def test_a_repaid_debtor_is_clean_and_new_debts_have_new_numbers() -> None:
    shop = Shop()
    indebted(shop, 100)
    indebted(shop, 100)
    fund_merchant(shop, 1_000)
    shop.done("merchant", (REPAY, RecourseRepay("CNY", 100)))
    indebted(shop, 30, to="friend")
    shop.done("merchant", (REPAY, RecourseRepay("CNY", 100)))
    ((_, left),) = oldest_debts(shop.state, MERCHANT, "CNY", 9)
    assert left.creditor == account("friend")
    shop.done("merchant", (REPAY, RecourseRepay("CNY", 30)))
    assert owed_by(shop.state, MERCHANT, "CNY") == NOTHING


def test_no_sum_of_debts_stops_the_clock_that_leaves_them() -> None:
    shop = Shop()
    indebted(shop, AMOUNT_MAX)
    indebted(shop, 1, to=None)
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(AMOUNT_MAX, 0)


def test_a_creditor_finds_its_debts_and_the_fund_has_none_to_find() -> None:
    shop = Shop()
    with inside(shop) as context:
        owe(context, MERCHANT, "CNY", account("buyer"), 5)
        owe(context, MERCHANT, "CNY", None, 5)
        owe(context, MERCHANT, "CNY", account("buyer"), 0)
    key_of = indexes.CREDITOR_DEBT + account("buyer") + MERCHANT + asset_part("CNY") + bytes(8)
    assert context.indexes == [(key_of, b"")]


def test_only_so_many_debts_are_looked_at() -> None:
    shop = Shop()
    for _ in range(3):
        indebted(shop, 5)
    assert len(oldest_debts(shop.state, MERCHANT, "CNY", 2)) == 2
