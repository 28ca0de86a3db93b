"""Shares of units: exact, fixed, and additive however they are cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from commerce.money import AMOUNT_MAX
from commerce.orders import OrderLine
from commerce.units import QUANTITY_MAX


def line_of(total_minor: int, quantity: int) -> OrderLine:
    return OrderLine(
        listing_id=bytes(32),
        version=1,
        gtin="0" * 14,
        quantity=quantity,
        total_minor=total_minor,
        return_exempt=False,
        ship_within_ms=0,
        state="UNFUNDED",
        due_ms=1,
        shipped=0,
        cancelled=0,
        paid_minor=0,
        held_minor=0,
        released_minor=0,
        refunded_minor=0,
    )


@given(st.integers(1, AMOUNT_MAX), st.integers(1, QUANTITY_MAX), st.data())
def test_the_first_units_cost_the_floor_and_cuts_never_drift(
    total_minor: int, quantity: int, data: st.DataObject
) -> None:
    line = line_of(total_minor, quantity)
    cuts = sorted(data.draw(st.lists(st.integers(0, quantity), max_size=5)))
    edges = [0, *cuts, quantity]
    pieces = [line.share_minor(first, end - first) for first, end in pairwise(edges)]
    assert sum(pieces) == total_minor
    for first in cuts:
        assert line.share_minor(0, first) == total_minor * first // quantity


@given(st.integers(1, 10**6), st.integers(1, 50))
def test_two_units_of_a_line_differ_by_at_most_one(total_minor: int, quantity: int) -> None:
    line = line_of(total_minor, quantity)
    shares = [line.share_minor(i, 1) for i in range(quantity)]
    assert max(shares) - min(shares) <= 1
