"""Faults: which ones a network could live with, and what a kill cost."""

from typing import Any

import pytest

from node.bench.faults import FaultPlan, check_faults, decided_again_s
from node.bench.measured import Pause
from node.bench.plan import BenchRefused
from tests.node.bench.measurements import result, second


@pytest.mark.parametrize(
    ("faults", "nodes"),
    [
        (FaultPlan(dead=2), 4),
        (FaultPlan(dead=1), 3),
        (FaultPlan(dead=-1), 4),
        (FaultPlan(dead=1, kill_primary_at_s=1.0), 4),
        (FaultPlan(kill_primary_at_s=1.0), 1),
        (FaultPlan(kill_primary_at_s=10.0), 4),
        (FaultPlan(kill_primary_at_s=-1.0), 4),
        (FaultPlan(restart_at_s=5.0), 4),
        (FaultPlan(kill_primary_at_s=5.0, restart_at_s=5.0), 4),
        (FaultPlan(kill_primary_at_s=5.0, restart_at_s=10.0), 4),
    ],
)
def test_faults_that_no_network_could_live_with_or_see_are_refused(
    faults: FaultPlan, nodes: int
) -> None:
    with pytest.raises(BenchRefused):
        check_faults(faults, nodes, 10.0)


@pytest.mark.parametrize(
    ("faults", "nodes"),
    [
        (FaultPlan(), 1),
        (FaultPlan(dead=1), 4),
        (FaultPlan(dead=1, kill_primary_at_s=0.0), 7),
        (FaultPlan(kill_primary_at_s=5.0, restart_at_s=9.9), 4),
    ],
)
def test_up_to_f_faults_within_the_run_are_fine(faults: FaultPlan, nodes: int) -> None:
    check_faults(faults, nodes, 10.0)


def again(*pauses: tuple[float, float], **changes: Any) -> float | None:
    seen = result([second(1, 1, 5.0)] * 10, pauses=[Pause(*pause) for pause in pauses], **changes)
    return decided_again_s(seen, 3.0)


def test_a_kill_costs_until_the_first_decision_after_the_pause_it_caused() -> None:
    # The votes of the dead still complete one block, at 3.25.
    assert again((0.5, 2.9), (3.0, 3.25), (3.25, 4.5), (9.0, 9.9)) == 1.5


def test_a_kill_that_nobody_notices_costs_nothing() -> None:
    assert again((0.5, 2.9), (8.5, 9.9)) == 0.0


def test_a_network_that_never_decides_again_is_told_so() -> None:
    assert again((3.1, 30.0), decided_s=3.1) is None
    assert again(decided_s=2.0) is None
