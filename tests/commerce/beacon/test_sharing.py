"""Polynomials over the seats: which points are on one, and what f+1 shares lead to."""

from itertools import combinations

import pytest

from chain.committee import fault_limit
from chain.crypto import sha256
from chain.group import NEUTRAL, ORDER, multiply_base, reduce_scalar
from commerce.beacon.sharing import evaluate, fits_degree, place_of, recover, weights_at_zero

SIZES = (1, 2, 3, 4, 5, 7, 10, 31)


def scalars(count: int, tag: str = "coefficients") -> list[int]:
    return [reduce_scalar(sha256(f"{tag} {index}".encode())) for index in range(count)]


def shares_of(coefficients: list[int], n: int) -> list[int]:
    return [evaluate(coefficients, place_of(seat)) for seat in range(n)]


def points_of(shares: list[int]) -> list[bytes]:
    return [multiply_base(share) for share in shares]


@pytest.mark.parametrize("n", SIZES)
def test_honest_points_fit_their_degree(n: int) -> None:
    f = fault_limit(n)
    assert fits_degree(points_of(shares_of(scalars(f + 1), n)), f)


@pytest.mark.parametrize("n", [n for n in SIZES if n > fault_limit(n) + 1])
def test_a_polynomial_of_one_degree_more_does_not_fit(n: int) -> None:
    f = fault_limit(n)
    assert not fits_degree(points_of(shares_of(scalars(f + 2), n)), f)


@pytest.mark.parametrize("n", [2, 4, 7])
def test_one_point_off_the_polynomial_is_found_at_every_seat(n: int) -> None:
    f = fault_limit(n)
    shares = shares_of(scalars(f + 1), n)
    for seat in range(n):
        wrong = [*shares[:seat], shares[seat] + 1, *shares[seat + 1 :]]
        assert not fits_degree(points_of(wrong), f)


def test_two_points_exchanged_do_not_fit() -> None:
    first, second, *others = points_of(shares_of(scalars(2), 4))
    assert not fits_degree([second, first, *others], 1)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_any_f_plus_one_shares_lead_to_the_secret(n: int) -> None:
    f = fault_limit(n)
    coefficients = scalars(f + 1)
    shares = shares_of(coefficients, n)
    for seats in combinations(range(n), f + 1):
        assert recover({seat: shares[seat] for seat in seats}) == coefficients[0]


@pytest.mark.parametrize("n", [4, 7, 10])
def test_f_shares_fit_every_secret(n: int) -> None:
    # Whatever the secret were, one polynomial goes through it and these shares: they say nothing.
    f = fault_limit(n)
    known = dict(enumerate(shares_of(scalars(f + 1), n)[:f]))
    for guess in scalars(3, "guesses"):
        # The share of one more seat that would make the guess right.
        weights = weights_at_zero(tuple(range(f + 1)))
        told = sum(weights[seat] * share for seat, share in known.items())
        missing = (guess - told) * pow(weights[f], -1, ORDER) % ORDER
        assert recover({**known, f: missing}) == guess


def test_a_polynomial_without_its_highest_coefficient_fits_as_well() -> None:
    assert fits_degree(points_of(shares_of(scalars(1), 7)), 2)


def test_points_may_cancel_each_other_out_on_the_way() -> None:
    # A dealer chooses them: a neutral sum half-way is no refusal of the library's.
    share = scalars(1)[0]
    assert fits_degree(points_of([share, share]), 0)
    assert not fits_degree(points_of([share, ORDER - share]), 0)
    assert multiply_base(share) != NEUTRAL
