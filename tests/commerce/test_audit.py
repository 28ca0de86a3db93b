"""The full check notices what an incremental one can't see."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain import deadlines
from chain.deadlines import DEADLINES, Deadline
from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.audit import full_check
from commerce.checkout import UNPAID, UnpaidOrders
from commerce.orders import ORDERS, order_deadline
from commerce.parcels import PARCELS, parcel_deadline
from tests.commerce.shop import Shop
from tests.commerce.world import account

Slip = Callable[[Shop, Overlay, bytes, bytes], None]


def lost_deadline(shop: Shop, overlay: Overlay, order_id: bytes, _parcel_id: bytes) -> None:
    deadline = order_deadline(order_id, shop.load(order_id))
    assert deadline is not None
    deadlines.cancel(overlay, deadline)


def second_deadline(_shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    later = Deadline(2**50, parcel_id, "sys.order.lost")
    DEADLINES.store(overlay, later, later.time_ms.to_bytes(8, "big"), parcel_id)


def deadline_of_nothing(_shop: Shop, overlay: Overlay, _order: bytes, _parcel: bytes) -> None:
    later = Deadline(2**50, bytes(32), "sys.order.lost")
    DEADLINES.store(overlay, later, later.time_ms.to_bytes(8, "big"), bytes(32))


def parcel_without_clock(shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    deadline = parcel_deadline(shop.parcel(parcel_id))
    assert deadline is not None
    deadlines.cancel(overlay, deadline)
    PARCELS.store(overlay, replace(shop.parcel(parcel_id), due_ms=None), parcel_id)


def units_forgotten(shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    parcel = shop.parcel(parcel_id)
    fewer = replace(parcel.lines[0], quantity=1)
    PARCELS.store(overlay, replace(parcel, lines=(fewer,)), parcel_id)


def units_settled_unpaid(shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    parcel = shop.parcel(parcel_id)
    settled = replace(parcel.lines[0], settled=1)
    PARCELS.store(overlay, replace(parcel, lines=(settled,)), parcel_id)


def parcel_of_another_id(shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    PARCELS.store(overlay, shop.parcel(parcel_id), bytes(32))


def state_too_far(shop: Shop, overlay: Overlay, order_id: bytes, _parcel_id: bytes) -> None:
    order = shop.load(order_id)
    line = replace(order.lines[0], state="RELEASED")
    ORDERS.store(overlay, order.replaced(0, line), order_id)


def unpaid_miscounted(shop: Shop, overlay: Overlay, _order_id: bytes, _parcel_id: bytes) -> None:
    UNPAID.store(overlay, UnpaidOrders(1), shop.tea, account("buyer"))


SLIPS = [
    *(lost_deadline, second_deadline, deadline_of_nothing, parcel_without_clock),
    *(units_forgotten, units_settled_unpaid, parcel_of_another_id, state_too_far),
    unpaid_miscounted,
]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_a_slip_that_moves_no_money_is_noticed_too(slip: Slip) -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel_id = shop.ship(order_id, (0, 2))
    full_check(shop.state)
    overlay = Overlay(shop.state)
    slip(shop, overlay, order_id, parcel_id)
    with pytest.raises(InvariantBreach):
        full_check(overlay)
