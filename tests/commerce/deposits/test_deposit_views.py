"""What the API shows of deposits, debts and claims."""

from chain.state import u64
from commerce.deposits.deposits import DepositWithdrawRequest
from commerce.deposits.views import DEBTS_SHOWN_MAX, claim_view, debt_view, standing_view
from commerce.indexes import CREDITOR_DEBT
from commerce.money import asset_part
from tests.commerce.deposits.counter import PRICE_MINOR, Counter
from tests.commerce.deposits.inside import MERCHANT, deposit, indebted, reserved, two_assets
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, account


def test_a_deposit_is_shown_in_its_parts_with_the_time_when_it_can_leave() -> None:
    shop = Shop(two_assets())
    deposit(shop, 1_000)
    assert reserved(shop, 300)
    shop.done("merchant", ("deposit.withdraw.request", DepositWithdrawRequest("CNY", 200)))
    asked_ms = shop.time_ms
    (shown,) = standing_view(shop.state, MERCHANT).deposits
    assert (shown.symbol, shown.held_minor, shown.reserved_minor) == ("CNY", 1_000, 300)
    assert (shown.leaving_minor, shown.free_minor) == (200, 500)
    assert (shown.asked_ms, shown.leaves_ms) == (asked_ms, asked_ms + 90 * DAY_MS)
    assert (shown.owed_minor, shown.due_ms) == (0, None)


def test_debts_are_shown_oldest_first_up_to_a_bound_and_counted_whole() -> None:
    shop = Shop()
    indebted(shop, 7)
    indebted(shop, 5, to=None)
    for _ in range(DEBTS_SHOWN_MAX):
        indebted(shop, 1)
    shown = standing_view(shop.state, MERCHANT)
    assert (shown.debts_count, len(shown.debts)) == (DEBTS_SHOWN_MAX + 2, DEBTS_SHOWN_MAX)
    assert [entry.amount_minor for entry in shown.debts[:3]] == [7, 5, 1]
    assert [entry.creditor for entry in shown.debts[:2]] == [account("buyer"), None]
    assert {entry.debtor for entry in shown.debts} == {MERCHANT}
    # Who owes and has no deposit is shown all the same.
    (owed,) = shown.deposits
    assert (owed.held_minor, owed.owed_minor, owed.owed_to_fund_minor) == (0, 112, 5)


def test_a_debt_is_found_by_the_key_of_its_index_and_a_repaid_one_is_not() -> None:
    shop = Shop()
    indebted(shop, 7)
    key = MERCHANT + asset_part("CNY") + u64(0)
    shown = debt_view(shop.state, key)
    assert shown is not None
    assert (shown.symbol, shown.decimals, shown.amount_minor) == ("CNY", 2, 7)
    assert len(CREDITOR_DEBT + account("buyer") + key) < 128
    assert debt_view(shop.state, MERCHANT + asset_part("CNY") + u64(1)) is None


def test_a_claim_tells_what_was_asked_awarded_paid_and_is_owed() -> None:
    counter = Counter()
    order_id = counter.paid((counter.pledged, 2))
    counter.wait(4 * DAY_MS)
    claim_id = counter.claim(order_id, "late")
    shown = claim_view(counter.state, claim_id)
    pledged_minor = 2 * PRICE_MINOR * 300 // 1_000
    assert (shown.kind, shown.state) == ("late", "ENDED")
    assert shown.asked_minor == shown.awarded_minor == pledged_minor
    assert shown.paid_minor + shown.owed_minor == pledged_minor
    assert (shown.buyer, shown.seller) == (account("buyer"), MERCHANT)
