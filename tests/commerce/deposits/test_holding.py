"""What is reserved of a deposit is there for its line alone."""

from commerce.deposits.holding import deposit_of, leaves_ms, take, unreserve
from commerce.money import credit
from tests.commerce.deposits.inside import MERCHANT, deposit, freed, inside, reserved
from tests.commerce.shop import Shop
from tests.commerce.world import account


def test_no_more_is_reserved_than_there_is() -> None:
    shop = Shop()
    assert reserved(shop, 0)
    assert not reserved(shop, 1)
    deposit(shop, 1_000)
    assert reserved(shop, 600)
    assert not reserved(shop, 401)
    assert reserved(shop, 400)
    freed(shop, 600)
    assert reserved(shop, 600)
    assert not reserved(shop, 1)


def test_one_deposit_never_covers_a_thousand_orders() -> None:
    shop = Shop()
    deposit(shop, 10_000)
    with_cover = sum(reserved(shop, 1_000) for _ in range(1_000))
    assert with_cover == 10
    assert deposit_of(shop.state, MERCHANT, "CNY").reserved_minor == 10_000


def test_a_claim_takes_nothing_that_is_reserved_for_others() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    reserved(shop, 700)
    with inside(shop) as context:
        assert take(context, MERCHANT, "CNY", 1_000) == 300
        assert take(context, MERCHANT, "CNY", 1_000) == 0
        credit(context, account("buyer"), "CNY", 300)
    left = deposit_of(shop.state, MERCHANT, "CNY")
    assert (left.held_minor, left.reserved_minor) == (700, 700)


def test_the_end_of_an_obligation_is_kept_the_latest_of_all() -> None:
    shop = Shop()
    deposit(shop, 1_000)
    reserved(shop, 700)
    with inside(shop) as context:
        unreserve(context, MERCHANT, "CNY", 200, ended_ms=shop.time_ms - 5)
        unreserve(context, MERCHANT, "CNY", 200, ended_ms=shop.time_ms - 9)
        unreserve(context, MERCHANT, "CNY", 0)
    assert deposit_of(shop.state, MERCHANT, "CNY").obligation_ms == shop.time_ms - 5
    freed(shop, 300)
    assert deposit_of(shop.state, MERCHANT, "CNY").obligation_ms == shop.time_ms


def test_a_merchant_without_a_deposit_has_nothing_to_leave() -> None:
    shop = Shop()
    none = deposit_of(shop.state, MERCHANT, "CNY")
    assert (none.held_minor, none.free_minor, none.clock()) == (0, 0, None)
    assert leaves_ms(shop.state, none) is None
    with inside(shop) as context:
        assert take(context, MERCHANT, "CNY", 5) == 0
