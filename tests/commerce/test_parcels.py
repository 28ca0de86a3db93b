"""Parcels: ids from the order, units in order, one deadline while anything is open."""

from dataclasses import replace

import pytest

from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from commerce.errors import ParcelUnknown
from commerce.parcels import (
    all_open_units,
    load_parcel,
    parcel_clocks,
    parcel_deadline,
    parcel_id,
)
from tests.commerce.shop import Shop


def test_a_parcels_id_follows_from_its_order_and_number() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    made = [shop.ship(order_id, (0, 1)) for _ in range(3)]
    assert made == [parcel_id(order_id, number) for number in range(3)]
    assert made[1] == tagged_hash("parcel", order_id + b"\x01")
    firsts = [load_parcel(shop.state, known).lines[0].open[0].first for known in made]
    assert firsts == [0, 1, 2]
    with pytest.raises(ParcelUnknown):
        load_parcel(shop.state, parcel_id(order_id, 3))


def test_open_units_are_those_whose_money_is_held() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3), (shop.cake, 2))
    known_id = shop.ship(order_id)
    assert all_open_units(shop.parcel(known_id)) == [(0, 3), (1, 2)]
    shop.confirm(known_id, (1, 2), (0, 1))
    assert all_open_units(shop.parcel(known_id)) == [(0, 2)]


def test_a_parcel_answers_for_its_own_clock_and_its_orders() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    known_id = shop.ship(order_id, (0, 1))
    parcel = shop.parcel(known_id)
    clocks = [(known_id, parcel.clock()), (order_id, shop.load(order_id).clock())]
    assert parcel_clocks(shop.state, known_id) == clocks
    assert parcel_clocks(shop.state, bytes(32)) == []
    shop.confirm(known_id)
    closing = shop.parcel(known_id).clock()
    assert closing is not None
    assert closing[1] == "sys.order.close"
    assert parcel_clocks(shop.state, known_id) == [(known_id, closing), *clocks[1:]]


def test_a_parcels_deadline_is_its_clock_under_its_id() -> None:
    shop = Shop()
    known_id = shop.ship(shop.paid((shop.tea, 1)))
    parcel = shop.parcel(known_id)
    assert parcel.due_ms is not None
    assert parcel_deadline(parcel) == Deadline(parcel.due_ms, known_id, "sys.order.lost")
    assert parcel_deadline(replace(parcel, due_ms=None)) is None
