"""What coupons take off an order's lines: eligible ones, in the given order, exact to the fen."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.crypto import sha256
from chain.errors import LedgerError
from chain.state import Overlay
from commerce.catalogue.coupons import (
    COUPONS,
    Basket,
    Coupon,
    CouponTerms,
    Priced,
    allocate,
    load_coupon,
    require_open,
)
from commerce.catalogue.errors import (
    CouponIneligible,
    CouponMinimumMissed,
    CouponNotInTime,
    CouponUnknown,
    CouponWithdrawn,
)
from tests.commerce.catalogue.coupon_terms import terms
from tests.commerce.shop import BIKE, CAKE, TEA
from tests.commerce.world import DAY_MS, GENESIS_MS, Memory, account

GTINS = (TEA, CAKE, BIKE)
BUYER, MERCHANT = account("buyer"), account("merchant")
FUNDERS = (account("friend"), account("m0"), MERCHANT)


def listing(index: int) -> bytes:
    """The listing of a line."""
    return sha256(bytes([index]))


def basket(*totals: int, symbol: str = "CNY") -> Basket:
    """An order of the buyer from the merchant: lines of tea, cake, bike, tea, …"""
    lines = [Priced(listing(i), GTINS[i % 3], total) for i, total in enumerate(totals)]
    return Basket(BUYER, MERCHANT, symbol, lines)


def funded(
    totals: Sequence[int], *coupons: CouponTerms, symbol: str = "CNY"
) -> list[tuple[int, ...]]:
    """By line, what each coupon takes off; each coupon has another funder."""
    state = Overlay(Memory())
    for number, offer in enumerate(coupons):
        coupon = Coupon(FUNDERS[number % 3], offer, GENESIS_MS, withdrawn=False)
        COUPONS.store(state, coupon, sha256(bytes([number])))
    ids = [sha256(bytes([number])) for number in range(len(coupons))]
    allocated = allocate(state, ids, basket(*totals, symbol=symbol))
    for line in allocated:
        known = {funding.coupon_id: funding for funding in line}
        assert len(known) == len(line)
        for number, coupon_id in enumerate(ids):
            assert coupon_id not in known or known[coupon_id].funder == FUNDERS[number % 3]
    return [
        tuple(sum(f.amount_minor for f in line if f.coupon_id == coupon_id) for coupon_id in ids)
        for line in allocated
    ]


def refused(broken: type[LedgerError], totals: Sequence[int], *coupons: CouponTerms) -> None:
    """These coupons can't be taken by an order of these totals."""
    with pytest.raises(broken):
        funded(totals, *coupons)


def test_a_coupon_of_100_yuan_takes_off_100_yuan_whatever_the_lines_cost() -> None:
    assert funded([29_900, 29_900, 29_900], terms()) == [(3_334,), (3_333,), (3_333,)]
    assert funded([1, 99_999], terms()) == [(0,), (10_000,)]


def test_a_coupon_never_takes_more_than_the_lines_cost() -> None:
    assert funded([4_000, 5_999], terms()) == [(4_000,), (5_999,)]


def test_a_share_is_rounded_down_and_may_have_an_upper_end() -> None:
    assert funded([999], terms(amount_minor=None, permille=125)) == [(124,)]
    assert funded([100_000], terms(amount_minor=5_000, permille=125)) == [(5_000,)]


def test_only_eligible_lines_are_discounted() -> None:
    assert funded([500, 500, 500], terms(amount_minor=100, gtins=(CAKE,))) == [(0,), (100,), (0,)]
    both = terms(amount_minor=100, gtins=(CAKE,), listings=(listing(2),))
    assert funded([500, 500, 500], both) == [(0,), (50,), (50,)]
    refused(CouponIneligible, [500], terms(gtins=(BIKE,)))
    refused(CouponIneligible, [500], terms(listings=(listing(1),)))
    refused(CouponIneligible, [500], terms(seller=account("rival")))
    assert funded([500], terms(amount_minor=1, seller=MERCHANT)) == [(1,)]
    refused(CouponIneligible, [500], terms(symbol="EUR"))


def test_a_coupon_for_one_buyer_is_for_nobody_else() -> None:
    assert funded([500], terms(amount_minor=1, buyer=BUYER)) == [(1,)]
    refused(CouponIneligible, [500], terms(buyer=MERCHANT))


def test_coupons_stack_each_on_what_those_before_it_left() -> None:
    tenth = terms(amount_minor=None, permille=100)
    assert funded([10_000], terms(amount_minor=1_000), tenth) == [(1_000, 900)]
    assert funded([10_000], tenth, terms(amount_minor=1_000)) == [(1_000, 1_000)]
    all_of_tea = terms(amount_minor=None, permille=1_000, gtins=(TEA,))
    # Where nothing is left, the next one's share goes to the other lines.
    assert funded([600, 400], all_of_tea, terms(amount_minor=100)) == [(600, 0), (0, 100)]
    refused(CouponIneligible, [600], all_of_tea, terms())
    refused(CouponIneligible, [7], terms(amount_minor=None, permille=100))


def test_the_minimum_counts_what_is_left_of_eligible_lines() -> None:
    over = terms(amount_minor=1_000, minimum_minor=10_000)
    assert funded([10_000], over) == [(1_000,)]
    refused(CouponMinimumMissed, [9_999], over)
    refused(CouponMinimumMissed, [9_999, 9_999], terms(minimum_minor=10_000, gtins=(TEA,)))
    # Twice a coupon over ¥100 is no ¥20 off ¥100.
    refused(CouponMinimumMissed, [10_000], over, over)


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=50),
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(1, 10**9)),
            st.integers(1, 1_000),
            st.sets(st.sampled_from(GTINS)),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_every_stack_of_coupons_is_exact_to_the_fen(
    totals: list[int], stack: list[tuple[int | None, int, set[str]]]
) -> None:
    coupons = [
        terms(amount_minor=amount, permille=permille, gtins=tuple(sorted(gtins)))
        for amount, permille, gtins in stack
    ]
    left = list(totals)
    try:
        shares = funded(totals, *coupons)
    except CouponIneligible:
        return
    for number, (amount, permille, gtins) in enumerate(stack):
        eligible = [i for i in range(len(left)) if not gtins or GTINS[i % 3] in gtins]
        base = sum(left[index] for index in eligible)
        expected = int(Fraction(base) * permille / 1_000)
        expected = expected if amount is None else min(expected, amount)
        assert sum(line[number] for line in shares) == expected
        assert sum(shares[index][number] for index in eligible) == expected
        left = [have - line[number] for have, line in zip(left, shares, strict=True)]
        assert min(left) >= 0


def test_a_coupon_is_open_in_its_time_until_it_is_withdrawn() -> None:
    offer = terms(valid_from_ms=GENESIS_MS, valid_until_ms=GENESIS_MS + DAY_MS)
    coupon = Coupon(MERCHANT, offer, GENESIS_MS, withdrawn=False)
    for time_ms in (GENESIS_MS, GENESIS_MS + DAY_MS):
        require_open(coupon, time_ms)
    for time_ms in (GENESIS_MS - 1, GENESIS_MS + DAY_MS + 1):
        with pytest.raises(CouponNotInTime):
            require_open(coupon, time_ms)
    with pytest.raises(CouponWithdrawn):
        require_open(Coupon(MERCHANT, offer, GENESIS_MS, withdrawn=True), GENESIS_MS - 1)


def test_a_coupon_that_nobody_issued_is_unknown() -> None:
    state: Any = Overlay(Memory())
    with pytest.raises(CouponUnknown):
        load_coupon(state, bytes(32))
    with pytest.raises(CouponUnknown):
        allocate(state, [bytes(32)], basket(1))


def test_without_coupons_nobody_funds_anything() -> None:
    assert allocate(Overlay(Memory()), (), basket(5, 6)) == ((), ())
