"""Whose minute was outside the promise: breaches, gaps, and what neither is."""

from commerce.deposits.holding import deposit_of
from tests.commerce.devices.cold import (
    CAP_MINOR,
    DEPOSIT_MINOR,
    FINE,
    HOT,
    UNITS,
    WARM,
    Chain,
)
from tests.commerce.world import FUNDS_MINOR, account


def test_what_stays_within_the_promise_costs_nothing() -> None:
    chain = Chain()
    chain.report(0, 60, ("2", "8"))
    chain.report(60, 300, FINE)
    chain.arrive(300)
    chain.shop.wait(86_400_000)
    assert chain.amounts() == []
    assert chain.watch.due_ms is None
    deposit = deposit_of(chain.shop.state, account("carrier"), "CNY")
    assert (deposit.reserved_minor, deposit.held_minor) == (0, DEPOSIT_MINOR)


def test_the_first_minutes_are_tolerated_and_the_others_cost_by_the_hour() -> None:
    chain = Chain()
    chain.report(0, 30, WARM)
    assert chain.amounts() == []
    chain.report(30, 60, WARM)
    assert chain.amounts() == [("carrier", 250)]
    chain.report(60, 90, HOT)
    assert chain.amounts() == [("carrier", 250 + 1_000)]
    chain.report(90, 600, HOT)
    assert chain.amounts() == [("carrier", CAP_MINOR)]


def test_a_settled_penalty_goes_from_the_custodian_to_the_seller_and_off_the_price() -> None:
    chain = Chain()
    shop = chain.shop
    chain.report(0, 90, WARM)
    chain.settle()
    assert chain.penalty().state == "SETTLED"
    line = shop.load(chain.order_id).lines[0]
    assert (line.held_minor, line.refunded_minor) == (9_500, 500)
    assert shop.money("buyer") == FUNDS_MINOR - UNITS * 1_000 + 500
    assert shop.money("merchant") == 500
    deposit = deposit_of(shop.state, account("carrier"), "CNY")
    assert deposit.held_minor == DEPOSIT_MINOR - 500
    assert deposit.reserved_minor == CAP_MINOR - 500
    chain.until(100 + 2 * 1440)
    shop.deliver(chain.parcel_id)
    shop.confirm(chain.parcel_id)
    assert shop.money("merchant") == 500 + 9_500


def test_several_custodians_share_by_their_minutes() -> None:
    chain = Chain()
    chain.report(0, 30, WARM)
    chain.hand_over(45)
    chain.report(30, 90, WARM)
    assert chain.amounts() == [("carrier", 125), ("haulier", 375)]


def test_a_gap_of_more_than_two_intervals_is_the_custodians_who_named_the_device() -> None:
    chain = Chain()
    chain.report(0, 10, FINE)
    chain.report(30, 40, FINE)
    assert chain.amounts() == []
    chain.report(100, 110, FINE)
    assert chain.amounts() == [("carrier", 250)]


def test_a_gap_is_the_sellers_who_bound_a_device_that_nobody_named() -> None:
    chain = Chain(named=False)
    chain.bind("logger", None, watches=True)
    chain.report(90, 100, FINE)
    assert chain.amounts() == [(None, 500)]
    chain.settle()
    assert chain.shop.money("merchant") == 0
    assert chain.shop.load(chain.order_id).lines[0].refunded_minor == 500


def test_a_device_that_falls_silent_is_a_gap_until_the_parcel_arrives() -> None:
    chain = Chain()
    chain.report(0, 60, FINE)
    chain.arrive(180)
    chain.until(180 + 1440 - 1)
    assert chain.amounts() == []
    chain.until(180 + 1440)
    assert chain.amounts() == [("carrier", 750)]
