"""Purchases of a short time are one group: one minimum, and the multiples of all its prices."""

import pytest

from chain.context import Context
from chain.errors import LedgerError
from chain.state import Overlay
from commerce.deposits.punitive import (
    GROUPS,
    Group,
    Purchase,
    claimable_minor,
    group_of,
    join_group,
)
from commerce.errors import AmountTooLarge
from tests.commerce.deposits.counter import Counter
from tests.commerce.deposits.inside import MERCHANT, fund_merchant, inside, two_assets
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, account

NOW_MS = 1_800_000_000_000


def bought(
    price_minor: int,
    *,
    kind: str = "food",
    days: int = 0,
    loss_minor: int = 0,
    symbol: str = "CNY",
    buyer: str = "buyer",
) -> Purchase:
    """A purchase from the merchant some days after another."""
    sold_ms = NOW_MS + days * DAY_MS
    return Purchase(account(buyer), MERCHANT, symbol, kind, sold_ms, price_minor, loss_minor)


def claimed(shop: Shop, purchase: Purchase) -> int:
    """Claim for a purchase all that the law gives; how much that is.

    Written without the whole-state check: no claim stands behind it here.
    """
    overlay = Overlay(shop.state)
    context = Context(overlay, shop.chain, shop.height, shop.time_ms)
    asked_minor = claimable_minor(context, purchase)
    join_group(context, purchase, asked_minor)
    shop.state.write(overlay.changes)
    return asked_minor


def test_the_minimum_is_asked_once_in_30_days() -> None:
    shop = Shop()
    assert claimed(shop, bought(1_000)) == 100_000
    assert claimed(shop, bought(1_000, days=30)) == 0
    assert claimed(shop, bought(1_000, days=31)) == 100_000
    assert claimed(shop, bought(20_000, days=10)) == 220_000 - 100_000


def test_a_purchase_before_the_first_counts_with_it_too() -> None:
    shop = Shop()
    assert claimed(shop, bought(9_000, days=20)) == 100_000
    assert claimed(shop, bought(2_000)) == 10_000
    assert [group for _, group in GROUPS.items(shop.state)] == [Group(11_000, 0, 110_000)]
    with inside(Shop()) as context:
        assert group_of(context, bought(1)) == NOW_MS


def test_of_two_groups_in_reach_the_earlier_one_counts() -> None:
    shop = Shop()
    claimed(shop, bought(1_000))
    claimed(shop, bought(1_000, days=31))
    context = Context(Overlay(shop.state), shop.chain, shop.height, shop.time_ms)
    assert group_of(context, bought(1, days=15)) == NOW_MS
    assert group_of(context, bought(1, days=40)) == NOW_MS + 31 * DAY_MS
    assert group_of(context, bought(1, days=-31)) == NOW_MS - 31 * DAY_MS


def test_buyers_and_kinds_and_assets_are_apart() -> None:
    shop = Shop(two_assets())
    assert claimed(shop, bought(1_000)) == 100_000
    assert claimed(shop, bought(1_000, buyer="friend")) == 100_000
    assert claimed(shop, bought(1_000, kind="fraud")) == 50_000
    # The statutes speak of yuan: in points there is the multiple alone.
    assert claimed(shop, bought(1_000, symbol="PTS")) == 10_000


def test_losses_of_a_group_count_three_times_if_that_is_more() -> None:
    shop = Shop()
    assert claimed(shop, bought(1_000, loss_minor=50_000)) == 150_000
    assert claimed(shop, bought(1_000, loss_minor=50_000, days=1)) == 150_000
    assert claimed(shop, bought(50_000, days=2)) == 520_000 - 300_000


def test_what_leaves_the_range_of_amounts_is_refused() -> None:
    shop = Shop()
    with pytest.raises(AmountTooLarge) as refused, inside(shop) as context:
        claimable_minor(context, bought(2**62))
    assert isinstance(refused.value, LedgerError)


def test_a_claim_that_ended_counts_for_what_it_got() -> None:
    shop = Counter()
    fund_merchant(shop, 1_000_000)
    dear = shop.pledging(20_000)
    half = shop.claim(shop.paid((dear, 1)), "food", loss_minor=8_000)
    shop.settle(half, 500)
    ((_, group),) = GROUPS.items(shop.state)
    assert group == Group(10_000, 4_000, 100_000)
    rest = shop.load_claim(shop.claim(shop.paid((dear, 1)), "food"))
    assert rest.asked_minor == 10 * (10_000 + 20_000) - 100_000


def test_a_group_of_claims_that_came_to_nothing_is_forgotten() -> None:
    shop = Counter()
    shop.settle(shop.claim(shop.paid((shop.pledged, 1)), "fraud"), 0)
    assert list(GROUPS.items(shop.state)) == []
