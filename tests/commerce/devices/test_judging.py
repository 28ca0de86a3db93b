"""The arithmetic of one line: exact, the same in any pieces, never above the cap."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from commerce.devices.judging import (
    Custody,
    WatchedLine,
    accrue,
    accrued_minor,
    by_custody,
    left_minor,
    penalty_minor,
)
from commerce.devices.sla import PenaltyStep, Sla
from tests.commerce.world import HOUR_MS, MINUTE_MS

SLA = Sla(
    0, "Temperature", "CEL", "2", "8", 30 * MINUTE_MS, (PenaltyStep("0", 50),), cap_permille=600
)
LINE = WatchedLine(0, 9_999, 0, 0)


def test_a_weight_costs_its_part_of_the_price_rounded_down() -> None:
    assert penalty_minor(9_999, 1_000, 50 * HOUR_MS) == 499
    assert penalty_minor(9_999, 1_000, 50 * HOUR_MS + 1) == 499
    assert penalty_minor(9_999, 30, 50 * HOUR_MS) == 299


@given(st.lists(st.tuples(st.integers(1, 3 * HOUR_MS), st.integers(1, 1_000)), max_size=8))
def test_pieces_of_time_add_up_to_what_the_whole_costs(pieces: list[tuple[int, int]]) -> None:
    line, paid_minor = LINE, 0
    for duration_ms, rate in pieces:
        line, cost_minor = accrue(line, SLA, duration_ms, rate)
        assert cost_minor >= 0
        paid_minor += cost_minor
    assert paid_minor == accrued_minor(line, SLA) <= 9_999 * 600 // 1_000
    assert left_minor(line, SLA) == 9_999 * 600 // 1_000 - paid_minor


@given(st.integers(1, 10 * HOUR_MS), st.integers(1, 100))
def test_one_time_costs_the_same_in_however_many_pieces(duration_ms: int, count: int) -> None:
    whole, _ = accrue(LINE, SLA, duration_ms, 50)
    line = LINE
    marks = [duration_ms * piece // count for piece in range(count + 1)]
    for start, end in pairwise(marks):
        line, _ = accrue(line, SLA, end - start, 50)
    assert accrued_minor(line, SLA) == accrued_minor(whole, SLA)
    assert line.outside_ms == whole.outside_ms == min(duration_ms, SLA.tolerated_ms)


def test_beyond_the_cap_the_weight_grows_no_more() -> None:
    line, _ = accrue(LINE, SLA, 100 * 24 * HOUR_MS, 1_000)
    again, cost_minor = accrue(line, SLA, 100 * 24 * HOUR_MS, 1_000)
    assert (again.weight, cost_minor) == (line.weight, 0)
    assert line.weight < 2**64


def test_a_time_is_cut_where_custodies_begin() -> None:
    nobody = Custody(None, 100, 0, 0, None)
    custodies = (nobody, replace(nobody, from_ms=200), replace(nobody, from_ms=200))
    assert list(by_custody(custodies, 0, 150)) == [(0, 100, 150)]
    assert list(by_custody(custodies, 150, 250)) == [(0, 150, 200), (2, 200, 250)]
    assert list(by_custody(custodies, 250, 250)) == []
