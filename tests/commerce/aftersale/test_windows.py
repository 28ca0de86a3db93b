"""Until when and how often what may be asked for, to the millisecond: a buyer's rights by law."""

from dataclasses import replace

import pytest

from chain.state import Overlay
from commerce.escrow import State
from commerce.orders import ORDERS
from commerce.parameters import store_parameters
from commerce.parcels import PARCELS
from commerce.shanghai import OFFSET_MS, day_of
from tests.commerce.aftersale.test_requests import ASK, asking, delivered, tried_out
from tests.commerce.shop import TEA, TERMS, Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, genesis

DRIFT_MS = genesis().consensus.clock_drift_max_ms


def attempt(shop: Shop, parcel: bytes, kind: str) -> str:
    order_id = shop.parcel(parcel).order_id
    return shop.send("buyer", (ASK, asking(order_id, parcel, kind))).status


def at_delivery(shop: Shop, hour: int, minute: int = 0) -> int:
    """Deliver a parcel at a time of day in Shanghai; the last midnight there."""
    midnight_ms = day_of(shop.time_ms, 1) * DAY_MS - OFFSET_MS + DAY_MS
    shop.wait(midnight_ms + hour * HOUR_MS + minute * 60_000 - shop.time_ms)
    return midnight_ms


@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (12, 0), (23, 59)])
def test_seven_days_end_with_the_seventh_calendar_day_in_shanghai(hour: int, minute: int) -> None:
    """消费者权益保护法 art. 25, 民法典 art. 201: the day of the delivery doesn't count."""
    for late_ms, outcome in ((-1, "ok"), (0, "WindowClosed")):
        shop = Shop()
        parcel = shop.ship(shop.paid((shop.tea, 1)))
        midnight_ms = at_delivery(shop, hour, minute)
        shop.deliver(parcel)
        shop.confirm(parcel)
        end_ms = midnight_ms + 8 * DAY_MS + 2 * DRIFT_MS
        shop.wait(end_ms + late_ms - shop.time_ms)
        assert attempt(shop, parcel, "no_reason") == outcome


def test_a_term_that_would_end_on_a_holiday_ends_after_it() -> None:
    """民法典 art. 203: eight days of rest from the seventh on; the day after is the last."""
    for late_ms, outcome in ((-1, "ok"), (0, "WindowClosed")):
        shop = Shop()
        first = day_of(shop.time_ms, 1) + 7
        overlay = Overlay(shop.state)
        holidays = tuple(range(first, first + 8))
        store_parameters(shop.genesis, overlay, 1, shop.time_ms, {}, holidays)
        shop.state.write(overlay.changes)
        _, parcel = delivered(shop)
        # The money waits as long as the right.
        end_ms = (first + 8 + 1) * DAY_MS - OFFSET_MS + 2 * DRIFT_MS
        assert shop.parcel(parcel).due_ms == end_ms
        shop.confirm(parcel)
        shop.wait(end_ms + late_ms - shop.time_ms)
        assert attempt(shop, parcel, "no_reason") == outcome


def test_an_order_keeps_the_calendar_that_it_was_made_under() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    overlay = Overlay(shop.state)
    seventh = day_of(shop.time_ms, 1) + 7
    store_parameters(shop.genesis, overlay, 1, shop.time_ms, {}, (seventh,))
    shop.state.write(overlay.changes)
    shop.deliver(parcel)
    shop.confirm(parcel)
    shop.wait((seventh + 1) * DAY_MS - OFFSET_MS + 2 * DRIFT_MS - shop.time_ms)
    assert attempt(shop, parcel, "no_reason") == "WindowClosed"


def test_bad_goods_have_fifteen_days_to_the_millisecond() -> None:
    for late_ms, outcome in ((-1, "ok"), (0, "WindowClosed")):
        shop = Shop()
        _, parcel = delivered(shop)
        signed_ms = shop.time_ms
        shop.confirm(parcel)
        shop.wait(signed_ms + 15 * DAY_MS + late_ms - shop.time_ms)
        assert attempt(shop, parcel, "quality") == outcome


def test_confirming_waives_no_right() -> None:
    """2022 judicial interpretation on online consumer disputes, art. 1."""
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 2))
    shop.confirm(parcel)
    case = shop.case_of(shop.complain(parcel, "no_reason", (0, 2)))
    assert (case.origin, case.state) == (State.RELEASED, State.REFUND_PENDING)


def test_windows_of_what_was_confirmed_on_the_way_begin_at_the_delivery() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 2)))
    shop.confirm(parcel, (0, 1))
    shop.wait(20 * DAY_MS)
    shop.deliver(parcel)
    assert attempt(shop, parcel, "no_reason") == "ok"
    # And one more, of the unit that was paid out.
    assert attempt(shop, parcel, "no_reason") == "ok"


def test_exempt_goods_that_are_bad_may_be_returned_all_the_same() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.cake, 1), exempt=True)
    assert attempt(shop, parcel, "no_reason") == "ReturnExempt"
    assert attempt(shop, parcel, "quality") == "ok"


def test_goods_that_could_be_exempt_are_not_unless_the_buyer_confirmed_it() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.cake, 1), exempt=False)
    assert attempt(shop, parcel, "no_reason") == "ok"


def test_a_unit_is_tried_twice_and_then_goes_its_way() -> None:
    shop = Shop()
    order_id, parcel = tried_out(shop)
    assert attempt(shop, parcel, "quality") == "UnitsTriedOut"
    clock = shop.parcel(parcel).clock()
    assert clock is not None
    shop.wait(clock[0] - shop.time_ms)
    assert shop.money("merchant") == 1_000
    # Being paid out doesn't give new tries.
    assert attempt(shop, parcel, "quality") == "UnitsTriedOut"
    assert shop.load(order_id).state is State.RELEASED


def test_other_units_of_the_line_have_their_own_tries() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 3))
    for _ in range(2):
        shop.withdraw(shop.complain(parcel, "quality", (0, 2)))
    case = shop.case_of(shop.complain(parcel, "quality"))
    assert [(span.first, span.count) for entry in case.lines for span in entry.spans] == [(2, 1)]
    assert attempt(shop, parcel, "quality") == "UnitsTriedOut"


def test_units_worth_less_than_a_fen_come_back_like_others() -> None:
    shop = Shop()
    order_id = shop.paid((shop.publish(TEA, terms=replace(TERMS, price_minor=1)), 1))
    overlay = Overlay(shop.state)
    order = shop.load(order_id)
    line = replace(order.lines[0], quantity=3, open=(replace(order.lines[0].open[0], count=3),))
    ORDERS.store(overlay, order.replaced(0, line), order_id)
    shop.state.write(overlay.changes)
    shop.audited = False
    case_id = shop.request(order_id, "unshipped", (0, 2))
    assert shop.case_of(case_id).asked_minor == 0
    shop.withdraw(case_id)
    assert shop.load(order_id).lines[0].unshipped == 3
    assert shop.money("buyer") == FUNDS_MINOR - 1
    assert not list(PARCELS.items(shop.state))


def test_what_a_seller_rejected_uses_up_no_right() -> None:
    """消费者权益保护法 art. 25: seven days, whatever was asked for before."""
    shop = Shop()
    _, parcel = tried_out(shop)
    assert attempt(shop, parcel, "quality") == "UnitsTriedOut"
    case_id = shop.complain(parcel, "no_reason")
    shop.withdraw(case_id)
    assert attempt(shop, parcel, "no_reason") == "UnitsTriedOut"


def test_unshipped_units_of_a_line_share_their_tries() -> None:
    """As they share their clock: a buyer of many can't stop it with one after the other."""
    shop = Shop()
    order_id = shop.paid((shop.tea, 9), (shop.bike, 1))
    for _ in range(2):
        shop.withdraw(shop.request(order_id, "unshipped"))
    ask = asking(order_id, None, "unshipped", (0, 7))
    assert shop.send("buyer", (ASK, ask)).status == "UnitsTriedOut"
    shop.agree(shop.request(order_id, "unshipped", (1, 1)))


def test_what_was_agreed_is_no_try() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 9))
    for _ in range(4):
        shop.agree(shop.request(order_id, "unshipped"))
    assert shop.load(order_id).lines[0].unshipped == 5


def test_one_unit_after_the_other_keeps_nobody_from_the_money_of_all() -> None:
    """Units of a parcel share its clock, and only a parcel that is all in cases stands still."""
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 5))
    clock = shop.parcel(parcel).clock()
    assert clock is not None
    for _ in range(4):
        case_id = shop.complain(parcel, "quality")
        shop.wait(DAY_MS)
        shop.withdraw(case_id)
        assert shop.parcel(parcel).clock() == clock
    shop.wait(clock[0] - shop.time_ms)
    assert shop.money("merchant") == 5_000


def test_goods_that_arrived_in_the_meantime_have_the_clock_of_goods_that_arrived() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    case_id = shop.complain(parcel, "not_received")
    shop.wait(DAY_MS)
    shop.deliver(parcel)
    due_ms = shop.parcel(parcel).due_ms
    shop.withdraw(case_id)
    assert shop.parcel(parcel).clock() == (due_ms, "sys.order.confirm")
