"""Largest remainder: exact to the fen, whatever the lines cost."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from commerce.catalogue.allocation import Discount, apportion
from commerce.money import AMOUNT_MAX

weights = st.lists(st.integers(0, 10**12), min_size=1, max_size=50)


@given(weights, st.fractions(0, 1))
def test_shares_add_up_and_none_exceeds_its_line_or_strays_from_the_exact_one(
    lines: list[int], part: Fraction
) -> None:
    whole = sum(lines)
    amount = int(whole * part)
    shares = apportion(amount, lines)
    assert sum(shares) == amount
    for share, weight in zip(shares, lines, strict=True):
        assert 0 <= share <= weight
        exact = Fraction(amount * weight, whole) if whole else Fraction(0)
        assert abs(share - exact) < 1


@given(weights, st.integers(0, 10**12))
def test_a_larger_remainder_is_served_first_and_a_tie_by_the_index(
    lines: list[int], amount: int
) -> None:
    whole = sum(lines)
    amount = min(amount, whole)
    shares = apportion(amount, lines)
    raised = [share > amount * w // max(1, whole) for share, w in zip(shares, lines, strict=True)]
    ranks = [(-(amount * w % max(1, whole)), index) for index, w in enumerate(lines)]
    last = max((rank for rank, up in zip(ranks, raised, strict=True) if up), default=None)
    first = min((rank for rank, up in zip(ranks, raised, strict=True) if not up), default=None)
    assert last is None or first is None or last < first


def test_a_coupon_of_100_yuan_over_three_equal_lines_costs_100_yuan_and_not_100_10() -> None:
    assert apportion(10_000, [29_900, 29_900, 29_900]) == (3_334, 3_333, 3_333)
    # Ten lines whose shares all end in a half, which a mall rounds up one by one.
    shares = apportion(10_005, [20_010] * 10)
    assert sum(shares) == 10_005
    assert shares == (1_001,) * 5 + (1_000,) * 5


def test_the_largest_amounts_are_apportioned_exactly() -> None:
    assert apportion(AMOUNT_MAX, [AMOUNT_MAX, 0]) == (AMOUNT_MAX, 0)
    assert apportion(AMOUNT_MAX - 1, [AMOUNT_MAX // 2, AMOUNT_MAX // 2]) == (AMOUNT_MAX // 2,) * 2
    assert apportion(0, [0, 0]) == (0, 0)


def test_a_discount_is_an_amount_or_a_share_or_a_share_up_to_an_amount() -> None:
    assert Discount(100, None).of(250) == 100
    assert Discount(100, None).of(99) == 99
    assert Discount(None, 125).of(999) == 124
    assert Discount(None, 1_000).of(999) == 999
    assert Discount(100, 125).of(801) == 100
    assert Discount(100, 125).of(799) == 99
