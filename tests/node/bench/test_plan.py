"""Loads without sense are refused before anything is started."""

from dataclasses import replace
from typing import Any

import pytest

from node.bench.plan import BenchRefused, Load, check_load

LOAD = Load("transfer", 1.0, 100, 10, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"in_flight": 10},
        {"rate_per_s": None},
        {"rate_per_s": 0},
        {"rate_per_s": 100_001},
        {"rate_per_s": None, "in_flight": 0},
        {"seconds": 0.0},
        {"seconds": 3_601.0},
        {"seconds": float("nan")},
        {"batch": 0},
        {"batch": 1_001},
    ],
)
def test_a_load_without_sense_is_refused(changes: Any) -> None:
    check_load(LOAD)
    with pytest.raises(BenchRefused):
        check_load(replace(LOAD, **changes))
