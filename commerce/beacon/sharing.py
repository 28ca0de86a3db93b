"""Sharing of a secret scalar among seats: polynomials, their check from outside, interpolation.

Seat i (from 0) stands at x = i + 1. A dealer commits to the share of each seat by a point,
share·B, rather than to the coefficients as Feldman (FOCS 1987) does: to check a revealed share then
costs one multiplication of the base point, whatever the degree. That all points belong to one
polynomial of degree f is tested once, when they are dealt, with a random word of the dual code
(Cascudo and David, "SCRAPE", ACNS 2017, §2.1 and §3).
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

from chain.crypto import tagged_hash
from chain.group import NEUTRAL, ORDER, add, multiply, reduce_scalar


def place_of(seat: int) -> int:
    """Where the polynomial is evaluated for a seat; 0 is the secret's own place."""
    return seat + 1


def evaluate(coefficients: Sequence[int], x: int) -> int:
    """The polynomial at x, lowest coefficient first (Horner)."""
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x + coefficient) % ORDER
    return value


def fits_degree(points: Sequence[bytes], degree: int) -> bool:
    """Are these the points, by seat, of one polynomial of at most this degree?

    Each is a point of the group. A no is certain; a yes is wrong with probability 1/ORDER for a
    dealer that can try no more hashes than anybody: the word is random and bound to all points.
    """
    n = len(points)
    rest = n - degree - 2
    if rest < 0:
        # As many points as coefficients: there is always one.
        return True
    bound = tagged_hash("beacon-points", b"".join(points))
    word = [
        reduce_scalar(tagged_hash("beacon-degree", bound + bytes([part])))
        for part in range(rest + 1)
    ]
    total = NEUTRAL
    for seat, (factor, point) in enumerate(zip(_dual_factors(n), points, strict=True)):
        scalar = factor * evaluate(word, place_of(seat)) % ORDER
        total = add(total, multiply(scalar, point))
    return total == NEUTRAL


@cache
def _dual_factors(n: int) -> tuple[int, ...]:
    """1 / product of (x_i - x_j) over the other j, for each seat i (SCRAPE §2.1)."""
    factors = []
    for seat in range(n):
        product = 1
        for other in range(n):
            if other != seat:
                product = product * (seat - other) % ORDER
        factors.append(pow(product, -1, ORDER))
    return tuple(factors)


@lru_cache(maxsize=64)
def weights_at_zero(seats: tuple[int, ...]) -> tuple[int, ...]:
    """What each of these seats' shares counts in the polynomial's value at 0 (Lagrange)."""
    weights = []
    for seat in seats:
        above, below = 1, 1
        for other in seats:
            if other != seat:
                above = above * place_of(other) % ORDER
                below = below * (place_of(other) - place_of(seat)) % ORDER
        weights.append(above * pow(below, -1, ORDER) % ORDER)
    return tuple(weights)


def recover(shares: Mapping[int, int]) -> int:
    """The secret of exactly degree + 1 seats' shares."""
    seats = tuple(sorted(shares))
    weights = weights_at_zero(seats)
    return sum(weight * shares[seat] for weight, seat in zip(weights, seats, strict=True)) % ORDER
