"""What was late and what was lost is counted where it happens, whatever becomes of it later."""

from commerce.aftersale.answers import RefundReject
from commerce.deposits.breaches import bought_minor, late_minor, lost_minor
from commerce.orders import OrderLine
from commerce.shipments import ShipmentLost
from tests.commerce.deposits.counter import Counter
from tests.commerce.world import DAY_MS, HOUR_MS

SHIP_MS = 72 * HOUR_MS
EVERYTHING_MS = 60 * DAY_MS


def line_of(shop: Counter, order_id: bytes) -> OrderLine:
    """The one line of an order."""
    return shop.load(order_id).lines[0]


def test_units_that_waited_at_the_deadline_stay_late_shipped_cancelled_or_refunded() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 5))
    shop.ship(order_id, (0, 1))
    assert late_minor(line_of(shop, order_id)) == 0
    shop.wait(SHIP_MS)
    assert late_minor(line_of(shop, order_id)) == 4_000
    shop.ship(order_id, (0, 2))
    shop.wait(EVERYTHING_MS)
    line = line_of(shop, order_id)
    assert (line.late, line.lost, line.cancelled) == (4, 3, 2)
    assert late_minor(line) == 4_000
    assert bought_minor(line) == 3_000


def test_what_was_cancelled_in_time_is_not_late() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 2))
    shop.cancel(order_id, with_=("merchant",))
    shop.wait(EVERYTHING_MS)
    assert late_minor(line_of(shop, order_id)) == 0
    assert bought_minor(line_of(shop, order_id)) == 0


def test_a_parcel_that_the_carrier_or_silence_gives_up_is_lost_and_no_other() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 4))
    lost = shop.ship(order_id, (0, 1))
    shop.ship(order_id, (0, 2))
    arrived = shop.ship(order_id, (0, 1))
    shop.confirm(arrived)
    shop.done("carrier", ("shipment.lost", ShipmentLost(lost)))
    assert lost_minor(line_of(shop, order_id)) == 1_000
    shop.wait(EVERYTHING_MS)
    assert lost_minor(line_of(shop, order_id)) == 3_000


def test_prices_of_units_are_shares_of_the_line_rounded_down() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledging(333), 3))
    shop.ship(order_id, (0, 1))
    shop.wait(SHIP_MS)
    assert late_minor(line_of(shop, order_id)) == 666


def test_units_in_a_case_are_late_only_when_they_come_back_and_still_wait() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 2))
    case_id = shop.ask(order_id, None, "unshipped", 1)
    shop.wait(1)
    shop.done("merchant", ("refund.reject", RefundReject(case_id, "on its way", None)))
    shop.wait(SHIP_MS - 1)
    assert line_of(shop, order_id).late == 1
    # The request is closed, the unit comes back; the clock of the other runs for both.
    shop.wait(EVERYTHING_MS)
    assert line_of(shop, order_id).late == 1
    assert line_of(shop, order_id).cancelled == 2


def test_units_in_a_case_are_lost_with_their_parcel() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledged, 2))
    parcel_id = shop.ship(order_id)
    shop.ask(order_id, parcel_id, "not_received", 1)
    shop.done("carrier", ("shipment.lost", ShipmentLost(parcel_id)))
    shop.wait(EVERYTHING_MS)
    assert lost_minor(line_of(shop, order_id)) == 2_000
