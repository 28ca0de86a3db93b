"""What the API shows of the trade, and that it follows the trade."""

from dataclasses import replace

import pytest

from commerce.errors import ListingUnknown, OrderUnknown, ParcelUnknown, ProductUnknown
from commerce.listings import ListingUpdate
from commerce.parcels import parcel_id
from commerce.shanghai import DAY_MS
from commerce.views import (
    OrderView,
    listing_view,
    next_deadline,
    order_view,
    parcel_view,
    product_view,
)
from tests.commerce.shop import TEA, TERMS, Shop
from tests.commerce.world import HOUR_MS, account


def steps(view: OrderView) -> set[tuple[str, str, int]]:
    return {(step.type, step.who, step.units) for step in view.next_steps}


def test_an_unpaid_order_tells_who_may_do_what_and_when_the_clock_acts() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 2), (shop.cake, 1))
    view = order_view(shop.state, order_id)
    assert (view.state, view.total_minor, view.held_minor) == ("UNFUNDED", 3_000, 0)
    assert (view.buyer, view.seller, view.payer) == (account("buyer"), account("merchant"), None)
    assert steps(view) == {
        ("order.pay", "any", 3),
        ("order.cancel", "B or S", 3),
        ("sys.order.pay", "–", 3),
    }
    assert view.next_steps[-1].type == "sys.order.pay"
    assert view.deadline == view.next_deadline
    assert view.deadline is not None
    assert (view.deadline.kind, view.deadline.time_ms) == (
        "sys.order.pay",
        shop.time_ms + 2 * HOUR_MS,
    )


def test_a_partly_shipped_order_shows_both_clocks_and_both_sets_of_steps() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 5))
    shop.time_ms += HOUR_MS
    known_id = shop.ship(order_id, (0, 2))
    shop.deliver(known_id)
    shop.confirm(known_id, (0, 1))
    view = order_view(shop.state, order_id)
    assert (view.held_minor, view.released_minor) == (4_000, 1_000)
    (line,) = view.lines
    assert (line.state, line.shipped, line.unshipped) == ("HELD", 2, 3)
    (parcel,) = view.parcels
    assert parcel == parcel_view(shop.state, known_id)
    assert parcel.parcel_id == known_id == parcel_id(order_id, 0)
    assert (parcel.state, parcel.lines[0].settled) == ("DELIVERED", 1)
    assert {("shipment.create", "S + C", 3), ("order.confirm", "B", 1)} <= steps(view)
    assert view.next_deadline == view.deadline
    assert view.deadline is not None
    assert view.deadline.time_ms == shop.time_ms - HOUR_MS + 72 * HOUR_MS
    assert next_deadline(shop.state) == view.deadline


def test_an_ended_order_has_no_step_and_no_clock() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    shop.confirm(shop.ship(order_id))
    view = order_view(shop.state, order_id)
    assert (view.state, view.released_minor) == ("RELEASED", 2_000)
    assert (view.deadline, view.next_deadline, view.next_steps) == (None, None, ())
    assert next_deadline(shop.state) is None


def test_a_listing_shows_its_newest_version_and_what_is_left() -> None:
    shop = Shop()
    cheaper = replace(TERMS, price_minor=900, ship_within_ms=2 * DAY_MS)
    shop.done("merchant", ("listing.update", ListingUpdate(shop.tea, 1, -5, cheaper)))
    shop.done("merchant", ("listing.update", ListingUpdate(shop.tea, 2, 1, None)))
    view = listing_view(shop.state, shop.tea)
    assert (view.version, view.price_minor, view.stock) == (2, 900, 96)
    assert (view.title, view.decimals, view.ship_within_ms) == (f"goods {TEA}", 2, 2 * DAY_MS)


def test_a_product_shows_its_registration() -> None:
    view = product_view(Shop().state, TEA)
    assert (view.gtin, view.holder, view.version) == (TEA, account("merchant"), 1)


def test_what_does_not_exist_is_refused_by_name() -> None:
    state = Shop().state
    with pytest.raises(ProductUnknown):
        product_view(state, "0" * 14)
    with pytest.raises(ListingUnknown):
        listing_view(state, bytes(32))
    with pytest.raises(OrderUnknown):
        order_view(state, bytes(32))
    with pytest.raises(ParcelUnknown):
        parcel_view(state, bytes(32))
