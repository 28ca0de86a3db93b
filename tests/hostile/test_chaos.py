"""A few rounds of chaos; `python -m tests.hostile.chaos --rounds N` runs as many as one likes."""

from pathlib import Path

from node.faults import NONE
from tests.hostile.chaos import (
    DECIDED_AGAIN_S,
    TROUBLES,
    Chaos,
    far_and_lossy_halves,
    killed_and_cut,
    mute,
    run,
    schedule,
    shattered,
)
from tests.processes.net import running

NAMES = ("pudong", "xuhui", "jingan", "hongkou")


def test_after_every_fault_all_decide_again_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    # No two sides that decide, no side at all, a bad line, a node that only listens, a dead one.
    kinds = far_and_lossy_halves, mute, shattered, killed_and_cut
    planned = [(kind(NAMES[at:] + NAMES[:at]), 2.0) for at, kind in enumerate(kinds)]
    with running(tmp_path) as net:
        record = run(net, planned, Chaos(seed=0))
    assert record["rounds"] == len(kinds)
    assert record["acknowledged"] > 0
    assert record["decided_again_s"]["max"] < DECIDED_AGAIN_S
    assert record["conflicting_signatures"] == 0


def test_a_schedule_is_its_seeds_and_misses_no_kind_of_trouble() -> None:
    rounds = 3 * len(TROUBLES)
    planned = schedule(7, NAMES, rounds)
    assert planned == schedule(7, NAMES, rounds)
    assert planned != schedule(8, NAMES, rounds)
    kinds = [trouble.kind for trouble, _ in planned]
    assert len(set(kinds)) == len(TROUBLES)
    assert sorted(kinds[: len(TROUBLES)]) == sorted(set(kinds))


def test_every_trouble_troubles_somebody() -> None:
    for trouble, _ in schedule(1, NAMES, len(TROUBLES)):
        assert trouble.faults != NONE or trouble.paused or trouble.killed
        assert set(trouble.paused) | set(trouble.killed) < set(NAMES)
