"""The search for saturation, on networks that never ran."""

from dataclasses import replace

import pytest

from node.bench.measured import Measured
from node.bench.plan import BenchRefused, Load
from node.bench.ramp import FRACTIONS, Measure, check_overload, probe_load, ramp
from tests.node.bench.measurements import result, run, second

LOAD = Load("transfer", 5.0, 100, 200, None)


def network(capacity: int, asked: list[Load], *, collapsed: int | None = None) -> Measure:
    """Decides what is offered, at most its capacity; collapses above that if told so."""

    def measure(load: Load) -> Measured:
        asked.append(load)
        offered = load.rate_per_s or capacity * 3 // 4
        beyond = capacity if collapsed is None else collapsed
        decided = offered if offered <= capacity else beyond
        return run(result([second(offered, decided, 10.0)] * 5), load)

    return measure


def test_rates_rise_until_the_network_clearly_falls_behind() -> None:
    asked: list[Load] = []
    found = ramp(network(1_000, asked), LOAD, lambda _: None)
    assert asked[0].in_flight is not None
    rates = [load.rate_per_s or 0 for load in asked[1:]]
    assert rates == sorted(rates)
    assert rates[0] == round(750 * FRACTIONS[0])
    # It goes on beyond what the closed loop decided, to the first that doesn't keep up.
    assert rates[-2] <= 1_000 < rates[-1]
    assert found.peak.steady_per_s == 1_000.0


def test_a_collapse_is_not_the_peak() -> None:
    asked: list[Load] = []
    found = ramp(network(1_000, asked, collapsed=100), LOAD, lambda _: None)
    assert found.steps[-1].steady_per_s == 100.0
    assert found.peak.steady_per_s > 800.0


def test_an_overload_offers_a_multiple_of_the_peak() -> None:
    asked: list[Load] = []
    found = ramp(network(1_000, asked), LOAD, lambda _: None, overload=2.0)
    assert asked[-1].rate_per_s == 2_000
    assert found.overload is not None
    assert found.overload_factor == 2.0


def test_without_steps_the_closed_loop_is_the_peak() -> None:
    asked: list[Load] = []
    found = ramp(network(1_000, asked), LOAD, lambda _: None, steps=False, overload=3.0)
    assert [load.rate_per_s for load in asked] == [None, 2_250]
    assert found.peak is found.probe


def test_an_interrupted_run_is_the_last() -> None:
    asked: list[Load] = []
    plain = network(1_000, asked)

    def measure(load: Load) -> Measured:
        return replace(plain(load), interrupted=len(asked) == 3)

    found = ramp(measure, LOAD, lambda _: None, overload=2.0)
    assert len(asked) == len(found.runs) == 3
    assert found.overload is None


def test_large_transactions_are_probed_with_few_in_flight() -> None:
    assert (probe_load(LOAD, 1).in_flight or 0) > 10 * (probe_load(LOAD, 100).in_flight or 0)


@pytest.mark.parametrize("factor", [1.0, 0.0, -2.0, 1_000.0, float("nan")])
def test_an_overload_that_is_none_is_refused(factor: float) -> None:
    check_overload(2.0)
    check_overload(None)
    with pytest.raises(BenchRefused):
        check_overload(factor)
