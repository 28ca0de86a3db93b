"""Coarse places and how soon one can be reached from another, in whole numbers.

A place is a geohash of 4 characters: ten bits each of longitude and latitude, a cell of 0.35° by
0.18°, at most 39 by 20 km. Positions are metres in space on a sphere; sines are Bhaskara I's
quotient (7th century, 0.0017 off at most), so that every machine counts the same.
"""

from functools import lru_cache

from commerce.codes.errors import CellMalformed

CELL_SIZE = 4
# Nobody and no airliner is faster from door to door: a straight line through the earth, less what
# cells and quotient may be off.
SPEED_KM_PER_HOUR = 1_000
SLACK_M = 100_000

_ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_BITS_PER_LETTER = 5
_HALF = CELL_SIZE * _BITS_PER_LETTER // 2
# Half steps of a cell in a full turn (longitude) and in half of one (latitude).
_STEPS = 2 << _HALF
_RADIUS_M = 6_371_000
_MS_PER_HOUR = 3_600_000


def check_cell(cell: str) -> None:
    """`CellMalformed` unless it is a geohash of four characters."""
    if len(cell) != CELL_SIZE or any(letter not in _VALUES for letter in cell):
        msg = f"{cell!r} is no geohash of {CELL_SIZE} characters"
        raise CellMalformed(msg)


def is_reachable(one: str, other: str, duration_ms: int) -> bool:
    """Could the same thing be in both cells, so long after each other?"""
    reach_m = SLACK_M + duration_ms * SPEED_KM_PER_HOUR * 1_000 // _MS_PER_HOUR
    return _chord_squared(one, other) <= reach_m * reach_m


@lru_cache(maxsize=4096)
def _chord_squared(one: str, other: str) -> int:
    return sum((a - b) ** 2 for a, b in zip(_position(one), _position(other), strict=True))


@lru_cache(maxsize=4096)
def _position(cell: str) -> tuple[int, int, int]:
    """The middle of a cell, in metres from the middle of the earth."""
    bits = "".join(f"{_VALUES[letter]:05b}" for letter in cell)
    # Bits of longitude and latitude take turns, longitude first. The middle lies half a cell on.
    turn = 2 * int(bits[::2], 2) + 1
    rise = 2 * int(bits[1::2], 2) + 1
    # Latitude from the south pole: its sine is the distance from the axis.
    across, along = _sine(rise, _STEPS), _sine(rise + _STEPS // 2, _STEPS)
    x = across * _sine(2 * turn + _STEPS // 2, _STEPS) // _RADIUS_M
    y = across * _sine(2 * turn, _STEPS) // _RADIUS_M
    return x, y, along


def _sine(steps: int, half_turn: int) -> int:
    """The sine of an angle, times the earth's radius; `half_turn` steps are 180 degrees."""
    part = steps % (2 * half_turn)
    below = part >= half_turn
    part %= half_turn
    product = part * (half_turn - part)
    # Bhaskara I: sin x = 16x(π − x) / (5π² − 4x(π − x)).
    sine = 16 * product * _RADIUS_M // (5 * half_turn * half_turn - 4 * product)
    return -sine if below else sine
