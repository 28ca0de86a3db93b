"""What is shown of deposits, debts, the fund and claims."""

import pytest

from chain.state import u64
from commerce import indexes
from commerce.deposits.deposit_views import (
    ClaimLineView,
    DepositView,
    FundView,
    claim_view,
    debt_view,
    debts_view,
    deposit_view,
    funds_view,
    is_debt,
    is_in_debt,
)
from commerce.deposits.deposits import DepositWithdrawRequest
from commerce.deposits.errors import ClaimUnknown
from commerce.deposits.limits import FUND_DEBT_MAX_DEFAULT_MINOR
from commerce.deposits.recourse import RecourseRepay
from commerce.money import asset_part
from tests.commerce.deposits.counter import Counter
from tests.commerce.deposits.inside import (
    MERCHANT,
    contribute,
    deposit,
    fund_merchant,
    indebted,
    reserved,
    two_assets,
)
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, HOUR_MS, account


def test_a_deposit_is_shown_with_what_of_it_is_free_and_with_its_owners_debts() -> None:
    shop = Shop(two_assets())
    assert deposit_view(shop.state, shop.genesis, MERCHANT) == ()
    deposit(shop, 1_000)
    reserved(shop, 600)
    shop.done("merchant", ("deposit.withdraw.request", DepositWithdrawRequest("CNY", 300)))
    indebted(shop, 70, to=None, symbol="PTS")
    credit_minor = FUND_DEBT_MAX_DEFAULT_MINOR
    leaves_ms = shop.time_ms + 90 * DAY_MS
    assert deposit_view(shop.state, shop.genesis, MERCHANT) == (
        DepositView("CNY", 2, 1_000, 100, 600, 0, 300, leaves_ms, 0, 0, credit_minor),
        DepositView("PTS", 0, 0, 0, 0, 0, 0, None, 70, 70, credit_minor - 70),
    )
    assert is_in_debt(shop.state, MERCHANT)
    assert not is_in_debt(shop.state, account("buyer"))


def test_debts_are_shown_to_debtor_and_creditor_the_oldest_first() -> None:
    shop = Shop()
    indebted(shop, 10, to=None)
    indebted(shop, 20)
    indebted(shop, 30, to="friend")
    shown = debts_view(shop.state, MERCHANT)
    assert [(view.number, view.creditor, view.amount_minor) for view in shown] == [
        (0, None, 10),
        (1, account("buyer"), 20),
        (2, account("friend"), 30),
    ]
    assert {(view.debtor, view.symbol) for view in shown} == {(MERCHANT, "CNY")}
    assert len(debts_view(shop.state, MERCHANT, 2)) == 2
    key = MERCHANT + asset_part("CNY") + u64(1)
    assert debt_view(shop.state, key) == shown[1]
    fund_merchant(shop, 30)
    shop.done("merchant", ("recourse.repay", RecourseRepay("CNY", 30)))
    assert not is_debt(shop.state, key)
    assert len(debts_view(shop.state, MERCHANT)) == 1


def test_the_funds_are_shown_by_asset() -> None:
    shop = Shop()
    assert funds_view(shop.state) == ()
    contribute(shop, 41)
    assert funds_view(shop.state) == (FundView("CNY", 2, 41),)


def test_a_claim_is_shown_with_its_lines_and_found_by_both_parties() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 1))
    shop.wait(72 * HOUR_MS)
    claim_id = shop.claim(order_id, "late")
    view = claim_view(shop.state, claim_id)
    assert view.lines == (ClaimLineView(0, 1_000, 300, 300),)
    assert (view.order_id, view.kind, view.state) == (order_id, "late", "ENDED")
    assert (view.asked_minor, view.awarded_minor, view.paid_minor, view.owed_minor) == (
        *(300, 300),
        *(0, 300),
    )
    for name, part in (("buyer", b"buyer"), ("merchant", b"seller")):
        key = indexes.ACCOUNT_CLAIM + account(name) + u64(shop.height) + claim_id
        assert shop.indexes[key] == part
    owing = [key for key in shop.indexes if key.startswith(indexes.CREDITOR_DEBT)]
    (debt_key,) = [key.removeprefix(indexes.CREDITOR_DEBT + account("buyer")) for key in owing]
    assert debt_view(shop.state, debt_key).amount_minor == 300
    with pytest.raises(ClaimUnknown):
        claim_view(shop.state, bytes(32))
