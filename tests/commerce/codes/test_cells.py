"""Cells: what can be reached in a time, beside a reference in floating point."""

import math

import pytest

from commerce.codes.cells import SLACK_M, check_cell, is_reachable
from commerce.codes.errors import CellMalformed
from tests.commerce.world import HOUR_MS, MINUTE_MS

ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
# Geohash of four characters, latitude, longitude: public coordinates of the cities.
SHANGHAI, BEIJING, NEW_YORK, SUZHOU = "wtw3", "wx4f", "dr5r", "wttf"


def middle(cell: str) -> tuple[float, float]:
    """Latitude and longitude in radians, by the definition of geohash."""
    bounds = {0: [-180.0, 180.0], 1: [-90.0, 90.0]}
    bits = "".join(f"{ALPHABET.index(letter):05b}" for letter in cell)
    for place, bit in enumerate(bits):
        own = bounds[place % 2]
        own[0 if bit == "1" else 1] = sum(own) / 2
    return math.radians(sum(bounds[1]) / 2), math.radians(sum(bounds[0]) / 2)


def straight_m(one: str, other: str) -> float:
    def position(cell: str) -> tuple[float, float, float]:
        latitude, longitude = middle(cell)
        across = math.cos(latitude)
        east = (across * math.cos(longitude), across * math.sin(longitude))
        return 6_371_000 * east[0], 6_371_000 * east[1], 6_371_000 * math.sin(latitude)

    return math.dist(position(one), position(other))


def test_shanghai_and_beijing_are_an_hour_apart_and_suzhou_is_next_door() -> None:
    assert not is_reachable(SHANGHAI, BEIJING, 30 * MINUTE_MS)
    assert is_reachable(SHANGHAI, BEIJING, HOUR_MS)
    assert is_reachable(SHANGHAI, SUZHOU, 0)
    assert not is_reachable(SHANGHAI, NEW_YORK, 9 * HOUR_MS)
    assert is_reachable(SHANGHAI, NEW_YORK, 11 * HOUR_MS)


def test_nobody_is_accused_whom_the_reference_acquits_and_few_the_other_way() -> None:
    """Whole numbers are within the slack of the reference, over cells all over the world."""
    cells = [
        f"{a}{b}{c}{d}"
        for a, b, c, d in zip(
            ALPHABET, ALPHABET[7:] + ALPHABET[:7], ALPHABET[::-1], "3z0g" * 8, strict=True
        )
    ]
    for one in cells:
        for other in cells:
            distance_m = straight_m(one, other)
            soonest_ms = max(0, math.ceil(distance_m * 3.6))
            assert is_reachable(one, other, soonest_ms)
            if distance_m > 2 * SLACK_M:
                assert not is_reachable(one, other, math.floor((distance_m - 2 * SLACK_M) * 3.6))


def test_what_is_no_geohash_of_four_characters_is_no_cell() -> None:
    for text in ("", "wtw", "wtw3s", "WTW3", "wta3", "wti3", "31.2", "沪商沪商"):
        with pytest.raises(CellMalformed):
            check_cell(text)
