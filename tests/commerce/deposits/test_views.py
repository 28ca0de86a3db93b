"""What is shown of deposits, debts, the fund and claims."""

import pytest

from chain.state import u64
from commerce import indexes
from commerce.deposits.claim import ClaimLine
from commerce.deposits.deposits import DepositWithdrawRequest
from commerce.deposits.errors import ClaimUnknown
from commerce.deposits.recourse import RecourseRepay
from commerce.deposits.views import (
    DepositView,
    FundView,
    claim_view,
    debt_view,
    fund_view,
    fund_views,
    standing_view,
)
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
    none = standing_view(shop.state, MERCHANT)
    assert (none.deposits, none.debts_count, none.debts) == ((), 0, ())
    deposit(shop, 1_000)
    reserved(shop, 600)
    shop.done("merchant", ("deposit.withdraw.request", DepositWithdrawRequest("CNY", 300)))
    asked_ms = shop.time_ms
    indebted(shop, 70, to=None, symbol="PTS")
    times = (asked_ms, asked_ms + 90 * DAY_MS, None, None)
    standing = standing_view(shop.state, MERCHANT)
    assert standing.deposits == (
        DepositView("CNY", 2, 1_000, 600, 0, 300, 100, *times, 0, 0),
        DepositView("PTS", 0, 0, 0, 0, 0, 0, None, None, None, None, 70, 70),
    )
    assert standing.debts_count == 1


def test_debts_are_shown_to_debtor_and_creditor_the_oldest_first() -> None:
    shop = Shop()
    indebted(shop, 10, to=None)
    indebted(shop, 20)
    indebted(shop, 30, to="friend")
    standing = standing_view(shop.state, MERCHANT)
    assert standing.debts_count == 3
    assert [(view.creditor, view.amount_minor) for view in standing.debts] == [
        (None, 10),
        (account("buyer"), 20),
        (account("friend"), 30),
    ]
    assert {(view.debtor, view.symbol) for view in standing.debts} == {(MERCHANT, "CNY")}
    key = MERCHANT + asset_part("CNY") + u64(1)
    assert debt_view(shop.state, key) == standing.debts[1]
    fund_merchant(shop, 30)
    shop.done("merchant", ("recourse.repay", RecourseRepay("CNY", 30)))
    assert debt_view(shop.state, key) is None
    indebted(shop, 40)
    # A number names one debt for good: the index of creditors never leads to another's.
    assert debt_view(shop.state, key) is None
    assert standing_view(shop.state, MERCHANT).debts_count == 2


def test_the_funds_are_shown_by_asset() -> None:
    shop = Shop()
    contribute(shop, 41)
    assert tuple(fund_views(shop.state)) == (FundView("CNY", 2, 41),)
    assert fund_view(shop.state, "CNY").held_minor == 41


def test_a_claim_is_shown_with_its_lines_and_found_by_both_parties() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 1))
    shop.wait(72 * HOUR_MS)
    claim_id = shop.claim(order_id, "late")
    view = claim_view(shop.state, claim_id)
    assert view.lines == (ClaimLine(0, 1_000, 300, 300),)
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
    found = debt_view(shop.state, debt_key)
    assert found is not None
    assert found.amount_minor == 300
    with pytest.raises(ClaimUnknown):
        claim_view(shop.state, bytes(32))
