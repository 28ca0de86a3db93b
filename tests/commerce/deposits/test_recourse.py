"""Debts are repaid the oldest first, in full or in part: by the debtor, or by its deposit alone."""

from commerce.delegations import Delegate
from commerce.deposits.debts import (
    DEBTORS,
    DEBTS,
    NOTHING,
    OWED,
    Debtor,
    Owed,
    oldest_debts,
    owed_by,
)
from commerce.deposits.deposits import DepositAdd, DepositWithdrawRequest
from commerce.deposits.fund import fund_minor
from commerce.deposits.holding import deposit_of
from commerce.deposits.recourse import RecourseRepay
from commerce.deposits.waterfall import compensate
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.deposits.inside import (
    MERCHANT,
    deposit,
    freed,
    fund_merchant,
    indebted,
    inside,
    reserved,
)
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
    assert not list(DEBTS.items(shop.state))
    assert not list(OWED.items(shop.state))
    # The number of a repaid debt never names another one.
    assert DEBTORS.load(shop.state, MERCHANT) == Debtor(0, 102)


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


def test_what_becomes_free_of_a_debtors_deposit_pays_the_oldest_debts_by_itself() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    assert reserved(shop, 900)
    with inside(shop) as context:
        compensate(context, MERCHANT, "CNY", account("buyer"), 400)
    indebted(shop, 500, to=None)
    assert shop.money("buyer") == FUNDS_MINOR + 100
    freed(shop, 350)
    (receipt,) = shop.wait(1)
    (told,) = receipt.events
    assert (told.type, told.data["source"], told.data["amount_minor"]) == (
        *("recourse.repaid", "deposit"),
        350,
    )
    assert told.data["payments"] == (
        {"amount_minor": 300, "to": account("buyer")},
        {"amount_minor": 50, "to": None},
    )
    assert shop.money("buyer") == FUNDS_MINOR + 400
    assert fund_minor(shop.state, "CNY") == 50
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(450, 450)
    assert deposit_of(shop.state, MERCHANT, "CNY").held_minor == 550
    assert shop.wait(1) == ()
    freed(shop, 550)
    shop.wait(1)
    assert owed_by(shop.state, MERCHANT, "CNY") == NOTHING
    left = deposit_of(shop.state, MERCHANT, "CNY")
    assert (left.held_minor, left.free_minor) == (100, 100)


def test_what_a_debtor_adds_to_its_deposit_pays_its_debts_and_covers_nothing_before() -> None:
    shop = Shop()
    fund_merchant(shop, 500)
    indebted(shop, 300)
    shop.done("merchant", ("deposit.add", DepositAdd("CNY", 500)))
    assert not reserved(shop, 1)
    shop.wait(0)
    assert owed_by(shop.state, MERCHANT, "CNY") == NOTHING
    assert deposit_of(shop.state, MERCHANT, "CNY").held_minor == 200
    assert reserved(shop, 200)


def test_what_was_asked_back_pays_debts_before_it_leaves() -> None:
    shop = Shop()
    deposit(shop, 500)
    shop.done("merchant", ("deposit.withdraw.request", DepositWithdrawRequest("CNY", 500)))
    with inside(shop) as context:
        compensate(context, MERCHANT, "CNY", account("buyer"), 700)
    assert shop.money("buyer") == FUNDS_MINOR + 500
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(200, 0)


def test_very_many_debts_are_paid_in_several_turns() -> None:
    shop = Shop()
    _many(shop)
    fund_merchant(shop, 2_000)
    shop.done("merchant", ("deposit.add", DepositAdd("CNY", 2_000)))
    receipts = (*shop.wait(5), *shop.wait(5))
    paid = [receipt.events[0].data["amount_minor"] for receipt in receipts]
    assert paid == [1_000, 10]
    assert deposit_of(shop.state, MERCHANT, "CNY").held_minor == 990
    assert shop.wait(5) == ()


def test_debts_that_were_repaid_meanwhile_leave_the_deposit_as_it_is() -> None:
    shop = Shop()
    deposit(shop, 100)
    reserved(shop, 100)
    indebted(shop, 40)
    fund_merchant(shop, 40)
    freed(shop, 100)
    shop.limit_deadlines(0)
    shop.done("merchant", (REPAY, RecourseRepay("CNY", 40)))
    shop.limit_deadlines(10)
    (receipt,) = shop.wait(1)
    assert receipt.events == ()
    assert deposit_of(shop.state, MERCHANT, "CNY").free_minor == 100
