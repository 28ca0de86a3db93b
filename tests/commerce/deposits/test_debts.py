"""Debts are counted by debtor and asset, and kept in the order in which they came."""

from commerce import indexes
from commerce.deposits.debts import (
    REPAID_DEBTS_MAX,
    Owed,
    oldest_debts,
    owe,
    owed_by,
    repay_oldest,
    repayable_minor,
)
from commerce.money import AMOUNT_MAX, asset_part, debit
from tests.commerce.deposits.inside import MERCHANT, indebted, inside
from tests.commerce.shop import Shop
from tests.commerce.world import account


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


def test_what_can_be_repaid_at_once_are_the_oldest_debts() -> None:
    shop = Shop()
    for _ in range(REPAID_DEBTS_MAX + 1):
        indebted(shop, 5)
    assert repayable_minor(shop.state, MERCHANT, "CNY") == 5 * REPAID_DEBTS_MAX
    with inside(shop) as context:
        debit(context, account("buyer"), "CNY", 7)
        payments = repay_oldest(context, MERCHANT, "CNY", 7)
    assert [payment["amount_minor"] for payment in payments] == [5, 2]
    ((_, oldest),) = oldest_debts(shop.state, MERCHANT, "CNY", 1)
    assert oldest.amount_minor == 3
