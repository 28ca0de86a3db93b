"""What is reserved of a deposit is there for its line alone."""

from chain.context import Context
from chain.state import Overlay
from commerce.deposits.deposits import DepositWithdrawRequest
from commerce.deposits.holding import (
    deposit_of,
    give_back,
    keep_for_claim,
    leaves_ms,
    reserve,
    take,
    unreserve,
)
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


def test_what_is_kept_for_a_claim_may_be_what_was_asked_back_and_covers_nothing_new() -> None:
    shop = Shop()
    shop.audited = False
    deposit(shop, 1_000)
    shop.done("merchant", ("deposit.withdraw.request", DepositWithdrawRequest("CNY", 700)))
    overlay = Overlay(shop.state)
    context = Context(overlay, shop.chain, shop.height, shop.time_ms)
    assert keep_for_claim(context, MERCHANT, "CNY", 400) == 400
    assert deposit_of(overlay, MERCHANT, "CNY").free_minor == 300
    assert keep_for_claim(context, MERCHANT, "CNY", 900) == 600
    kept = deposit_of(overlay, MERCHANT, "CNY")
    assert (kept.claimed_minor, kept.free_minor, kept.takeable_minor) == (1_000, 0, 0)
    assert take(context, MERCHANT, "CNY", 1) == 0
    assert not reserve(context, MERCHANT, "CNY", 1)
    give_back(context, MERCHANT, "CNY", 400)
    give_back(context, MERCHANT, "CNY", 0)
    left = deposit_of(overlay, MERCHANT, "CNY")
    assert (left.claimed_minor, left.obligation_ms) == (600, shop.time_ms)
    assert take(context, MERCHANT, "CNY", 500) == 400
