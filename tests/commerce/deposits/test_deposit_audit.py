"""The full check notices deposits and debts that contradict themselves."""

from collections.abc import Callable

import pytest

from chain import deadlines
from chain.deadlines import DEADLINES
from chain.errors import InvariantBreach
from chain.state import Overlay, u64
from commerce.audit import full_check
from commerce.deposits.debts import DEBTORS, DEBTS, OWED, Debtor, Owed
from commerce.deposits.deposits import DepositWithdrawRequest
from commerce.deposits.holding import DEPOSITS, deposit_id, deposit_of
from commerce.invariants import check_all_money
from commerce.money import asset_part
from commerce.orders import ORDERS
from commerce.records import altered
from tests.commerce.deposits.inside import (
    MERCHANT,
    deposit,
    freed,
    indebted,
    reserved,
)
from tests.commerce.shop import Shop
from tests.commerce.world import account

CNY = asset_part("CNY")
KEY = deposit_id(MERCHANT, "CNY")
Slip = Callable[[Shop, Overlay], None]


def withdrawal_without_time(shop: Shop, overlay: Overlay) -> None:
    DEPOSITS.store(overlay, altered(deposit_of(shop.state, MERCHANT, "CNY"), asked_ms=None), KEY)


def time_without_withdrawal(shop: Shop, overlay: Overlay) -> None:
    DEPOSITS.store(overlay, altered(deposit_of(shop.state, MERCHANT, "CNY"), leaving_minor=0), KEY)


def deposit_of_another_id(shop: Shop, overlay: Overlay) -> None:
    moved = altered(deposit_of(shop.state, MERCHANT, "CNY"), due_ms=None)
    DEPOSITS.store(overlay, moved, bytes(32))
    DEPOSITS.remove(overlay, KEY)


def empty_deposit_kept(_shop: Shop, overlay: Overlay) -> None:
    none = deposit_of(overlay, account("rival"), "CNY")
    DEPOSITS.store(overlay, none, deposit_id(account("rival"), "CNY"))


def debts_unpaid_although_free(shop: Shop, overlay: Overlay) -> None:
    free = deposit_of(shop.state, MERCHANT, "CNY")
    ((_, deadline),) = DEADLINES.items(overlay)
    deadlines.cancel(overlay, deadline)
    DEPOSITS.store(overlay, altered(free, due_ms=None), KEY)


def clock_forgotten(_shop: Shop, overlay: Overlay) -> None:
    ((_, deadline),) = DEADLINES.items(overlay)
    deadlines.cancel(overlay, deadline)


def debt_gone(_shop: Shop, overlay: Overlay) -> None:
    DEBTS.remove(overlay, MERCHANT, CNY, u64(0))


def debt_to_the_fund_miscounted(_shop: Shop, overlay: Overlay) -> None:
    OWED.store(overlay, Owed(50, 50), MERCHANT, CNY)


def debts_miscounted(_shop: Shop, overlay: Overlay) -> None:
    DEBTORS.store(overlay, Debtor(2, 2), MERCHANT)


def number_given_again(_shop: Shop, overlay: Overlay) -> None:
    DEBTORS.store(overlay, Debtor(1, 0), MERCHANT)


SLIPS = [
    *(withdrawal_without_time, time_without_withdrawal, deposit_of_another_id),
    *(empty_deposit_kept, debts_unpaid_although_free, clock_forgotten, debt_gone),
    *(debt_to_the_fund_miscounted, debts_miscounted, number_given_again),
]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_a_slip_is_noticed(slip: Slip) -> None:
    shop = Shop()
    deposit(shop, 1_000)
    reserved(shop, 800)
    shop.done("merchant", ("deposit.withdraw.request", DepositWithdrawRequest("CNY", 200)))
    reserved(shop, 0)
    shop.audited = False
    indebted_beside_free_money(shop)
    overlay = Overlay(shop.state)
    full_check(overlay)
    slip(shop, overlay)
    with pytest.raises(InvariantBreach):
        full_check(overlay)


def indebted_beside_free_money(shop: Shop) -> None:
    """A debt, and a part of the deposit that will pay it in the next block."""
    whole = deposit_of(shop.state, MERCHANT, "CNY")
    covered = altered(whole, reserved_minor=1_000, leaving_minor=0, asked_ms=None, parameters=None)
    overlay = Overlay(shop.state)
    DEPOSITS.store(overlay, covered, KEY)
    shop.state.write(overlay.changes)
    indebted(shop, 50)
    freed(shop, 200)
    overlay = Overlay(shop.state)
    asked = altered(
        deposit_of(shop.state, MERCHANT, "CNY"),
        leaving_minor=200,
        asked_ms=whole.asked_ms,
        parameters=whole.parameters,
    )
    DEPOSITS.store(overlay, asked, KEY)
    shop.state.write(overlay.changes)


def test_an_order_that_believes_in_a_reserve_which_is_not_there_is_noticed() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    order_id = shop.paid((shop.tea, 1))
    assert shop.load(order_id).reserved_minor == 1_000
    overlay = Overlay(shop.state)
    full_check(overlay)
    ORDERS.store(overlay, altered(shop.load(order_id), reserved_minor=1_001), order_id)
    with pytest.raises(InvariantBreach):
        full_check(overlay)


def test_a_deposit_that_reserves_more_than_it_has_is_no_sum_of_money() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    overlay = Overlay(shop.state)
    more = altered(deposit_of(shop.state, MERCHANT, "CNY"), reserved_minor=1_001)
    DEPOSITS.store(overlay, more, KEY)
    with pytest.raises(InvariantBreach):
        check_all_money(overlay)
