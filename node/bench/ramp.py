"""Finds the rate at which a network saturates: a closed loop tells about where, fixed rates how.

Each step offers a fixed rate for a while. The rates ascend to a little above what the closed loop
decided and further as long as the network keeps up, and end where it clearly doesn't.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from node.bench.measured import Measured, Ramp
from node.bench.plan import BenchRefused, Load

# Of what the closed loop decided.
FRACTIONS: Final = (0.25, 0.5, 0.7, 0.85, 1.0, 1.15)
# Beyond those, while the network keeps up.
FURTHER: Final = 1.15
FURTHER_MAX: Final = 6
# Decided of offered: above the one it keeps up, below the other it clearly doesn't.
KEEPS_UP: Final = 0.95
SATURATED: Final = 0.85
PROBE_S: Final = 8.0
PROBE_OPERATIONS: Final = 1_000
PROBE_MIN: Final = 8
OVERLOAD_MAX: Final = 100.0

# Runs a load to its end.
Measure = Callable[[Load], Measured]
Progress = Callable[[str], None]


def check_overload(factor: float | None) -> None:
    """Raise `BenchRefused` for a factor that is none."""
    # Written so that NaN is refused too.
    if factor is not None and not 1.0 < factor <= OVERLOAD_MAX:
        raise BenchRefused(f"--overload: more than 1, at most {OVERLOAD_MAX:g} times the peak")


def probe_load(load: Load, operations_per_transaction: int) -> Load:
    """The closed loop that comes first, of a length and a width that suit the workload."""
    in_flight = max(PROBE_MIN, PROBE_OPERATIONS // operations_per_transaction)
    return replace(load, seconds=min(load.seconds, PROBE_S), rate_per_s=None, in_flight=in_flight)


def ramp(
    measure: Measure,
    load: Load,
    progress: Progress,
    operations_per_transaction: int = 1,
    *,
    steps: bool = True,
    overload: float | None = None,
) -> Ramp:
    """Probe, ascend unless told not to, then offer `overload` times the peak if that is given.

    An interrupted run is the last one.
    """
    first = measure(probe_load(load, operations_per_transaction))
    found = Ramp(first, [], first)
    progress(f"closed loop: {first.steady_per_s:.0f} a second")
    if steps and not first.interrupted:
        found = _ascend(measure, load, progress, found)
    if overload is None or found.runs[-1].interrupted:
        return found
    rate_per_s = max(1, round(found.peak.steady_per_s * overload))
    progress(f"overload: offering {rate_per_s} a second, {overload:g} times the peak")
    flood = measure(replace(load, rate_per_s=rate_per_s, in_flight=None))
    return replace(found, overload_factor=overload, overload=flood)


def _ascend(measure: Measure, load: Load, progress: Progress, found: Ramp) -> Ramp:
    estimate = found.probe.steady_per_s
    rates = [estimate * fraction for fraction in FRACTIONS]
    rates += [rates[-1] * FURTHER**at for at in range(1, FURTHER_MAX + 1)]
    runs: list[Measured] = []
    for at, rate in enumerate(rates):
        rate_per_s = max(1, round(rate))
        if runs and rate_per_s == runs[-1].load.rate_per_s:
            continue
        run = measure(replace(load, rate_per_s=rate_per_s, in_flight=None))
        runs.append(run)
        share = run.steady_per_s / rate_per_s
        progress(f"offered {rate_per_s} a second: decided {run.steady_per_s:.0f}")
        if run.interrupted or share < SATURATED:
            break
        if at + 1 >= len(FRACTIONS) and share < KEEPS_UP:
            break
    peak = max([found.probe, *runs], key=lambda run: run.steady_per_s)
    return Ramp(found.probe, runs, peak)
