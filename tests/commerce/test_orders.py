"""Orders as records: what their lines are worth, their state and their clock."""

from dataclasses import replace

import pytest

from commerce.errors import LineUnknown, OrderUnknown
from commerce.escrow import State
from commerce.orders import line_of, load_order, order_clocks, order_deadline
from commerce.units import Funding, Span, whole
from tests.commerce.shop import Shop
from tests.commerce.world import HOUR_MS, account


def test_a_lines_units_are_worth_their_intervals_less_what_was_deducted() -> None:
    shop = Shop()
    line = replace(shop.load(shop.order((shop.tea, 3))).lines[0], total_minor=100)
    assert line.worth_minor(whole(3)) == 100
    assert [line.worth_minor([Span(k, 1, 0, 0)]) for k in range(3)] == [33, 33, 34]
    assert line.worth_minor([Span(0, 2, 40, 0)]) == 26
    assert line.interval_of(Span(1, 2, 7, 0)) == (40, 100)
    taken, left = line.take([Span(0, 3, 40, 1)], 1)
    assert (taken, left) == ((Span(0, 1, 33, 1),), (Span(1, 2, 7, 1),))


def test_funders_pay_their_part_of_the_total() -> None:
    shop = Shop()
    order = shop.load(shop.order((shop.tea, 2), (shop.bike, 1)))
    assert (order.total_minor, order.payable_minor) == (3_000, 3_000)
    fundings = (Funding(account("friend"), bytes(32), 70), Funding(account("rival"), bytes(32), 5))
    funded = order.replaced(0, replace(order.lines[0], funding=fundings))
    assert (funded.total_minor, funded.payable_minor) == (3_000, 2_925)
    assert funded.lines[0].funded_minor == 75


def test_the_state_of_an_order_is_that_of_its_least_advanced_line() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2), (shop.bike, 1))
    parcel_id = shop.ship(order_id, (0, 2))
    assert shop.load(order_id).state is State.HELD
    shop.ship(order_id)
    assert shop.load(order_id).state is State.IN_TRANSIT
    shop.confirm(parcel_id)
    assert [line.state for line in shop.load(order_id).lines] == ["RELEASED", "IN_TRANSIT"]


def test_an_order_has_the_clock_of_its_first_line_that_waits() -> None:
    shop = Shop()
    slow, fast = shop.promised(9 * HOUR_MS), shop.promised(2 * HOUR_MS)
    order_id = shop.paid((slow, 1), (fast, 1))
    paid_ms = shop.time_ms
    order = shop.load(order_id)
    assert order.clock() == (paid_ms + 2 * HOUR_MS, "sys.order.ship")
    assert order_clocks(shop.state, order_id) == [(order_id, order.clock())]
    shop.ship(order_id, (1, 1))
    assert shop.load(order_id).clock() == (paid_ms + 9 * HOUR_MS, "sys.order.ship")
    shop.ship(order_id)
    ended = shop.load(order_id)
    assert ended.clock() is None
    assert order_deadline(order_id, ended) is None
    assert order_clocks(shop.state, order_id) == order_clocks(shop.state, bytes(32)) == []


def test_what_does_not_exist_is_refused_by_name() -> None:
    shop = Shop()
    order = shop.load(shop.order((shop.tea, 1)))
    with pytest.raises(OrderUnknown):
        load_order(shop.state, bytes(32))
    with pytest.raises(LineUnknown):
        line_of(order, 1)
