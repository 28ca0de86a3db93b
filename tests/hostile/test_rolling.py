"""One rolling restart; `python -m tests.hostile.rolling` measures several."""

from pathlib import Path

from tests.hostile.rolling import GAP_S, gaps, run
from tests.processes.net import running


def test_all_nodes_are_restarted_in_turn_and_the_chain_never_stops_for_long(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as net:
        record = run(net, rounds=1, per_node=1)
    assert record["restarts"] == 4
    assert record["acknowledged"] > 0
    assert record["longest_without_decision_s"] <= GAP_S


def test_gaps_are_between_neighbours_in_time() -> None:
    assert gaps([3.0, 1.0, 1.5]) == [0.5, 1.5]
    assert gaps([1.0]) == []
