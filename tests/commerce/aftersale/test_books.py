"""The records of a case, loaded once and written once: where units come from and go back to."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chain.context import Context
from commerce.aftersale.books import FINAL_TRIES, Books
from commerce.errors import LineUnknown, QuantityExceeded, StateForbids
from commerce.escrow import State
from commerce.units import Span, count_units
from tests.commerce.aftersale.test_requests import delivered
from tests.commerce.deposits.inside import inside
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, HOUR_MS


@contextmanager
def opened(shop: Shop, order_id: bytes, number: int | None) -> Iterator[tuple[Context, Books]]:
    with inside(shop) as context:
        yield context, Books(context, order_id, number)


def test_units_come_from_the_state_that_all_of_them_are_in() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop, (shop.tea, 4), (shop.bike, 2))
    shop.confirm(parcel, (0, 3), (1, 2))
    with opened(shop, order_id, 0) as (_, books):
        assert books.origin_of([(0, 1)]) is State.DELIVERED
        assert books.origin_of([(0, 2)]) is State.RELEASED
        assert books.origin_of([(0, 3), (1, 2)]) is State.RELEASED
        with pytest.raises(StateForbids):
            books.origin_of([(0, 4)])
        with pytest.raises(QuantityExceeded):
            books.origin_of([(0, 5)])
        with pytest.raises(LineUnknown):
            books.origin_of([(2, 1)])


def test_lines_of_two_states_are_asked_for_one_at_a_time() -> None:
    shop = Shop()
    slow, fast = shop.promised(9 * DAY_MS), shop.promised(2 * HOUR_MS)
    order_id = shop.paid((slow, 1), (fast, 1))
    shop.wait(2 * HOUR_MS)
    with opened(shop, order_id, None) as (_, books):
        assert books.origin_of([(0, 1)]) is State.HELD
        assert books.origin_of([(1, 1)]) is State.LATE
        with pytest.raises(StateForbids):
            books.origin_of([(0, 1), (1, 1)])


def test_what_is_taken_and_put_back_is_as_before_but_for_the_tries() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop, (shop.tea, 4))
    before = shop.parcel(parcel)
    with opened(shop, order_id, 0) as (context, books):
        (entry,) = books.take(State.DELIVERED, [(0, 4)], context.time_ms)
        assert books.parcel is not None
        assert (books.parcel.lines[0].open, books.parcel.lines[0].pending) == ((), 4)
        assert books.parcel.clock() is None
        books.put_back("DELIVERED", entry, entry.spans, context.time_ms)
        books.save(context.time_ms)
    after = shop.parcel(parcel)
    assert after.clock() == before.clock()
    assert after.lines[0].open == (Span(0, 4, 0, 1),)


def test_units_of_the_lowest_number_are_taken_first_if_they_may_be() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop, (shop.tea, 4))
    shop.withdraw(shop.complain(parcel, "quality", (0, 1)))
    with opened(shop, order_id, 0) as (context, books):
        (entry,) = books.take(State.DELIVERED, [(0, 2)], context.time_ms)
        assert entry.spans == (Span(0, 1, 0, 1), Span(1, 1, 0, 0))
    with opened(shop, order_id, 0) as (context, books):
        (entry,) = books.take(State.DELIVERED, [(0, 2)], context.time_ms, tries_max=1)
        assert entry.spans == (Span(1, 2, 0, 0),)


def test_what_is_final_is_marked_so() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop, (shop.tea, 2))
    shop.confirm(parcel)
    with opened(shop, order_id, 0) as (context, books):
        (entry,) = books.take(State.RELEASED, [(0, 1)], context.time_ms)
        books.release(entry, entry.spans, context.time_ms, final=True)
        books.save(context.time_ms)
    released = shop.parcel(parcel).lines[0].released
    assert released == (Span(0, 1, 0, FINAL_TRIES), Span(1, 1, 0, 0))
    assert count_units(released) == 2
