"""A bounded soak; `make soak` runs the long one."""

from collections.abc import Callable
from pathlib import Path

from tests.processes.net import running
from tests.processes.soak import BACK_S, Soak, run

KILLS = 6


def test_random_nodes_are_killed_under_load_and_nothing_is_lost_or_signed_twice(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with running(tmp_path) as net:
        record = run(net, KILLS, Soak(seed=4))
    told = {name: value for name, value in record.items() if name != "slowest"}
    tell(f"soak: {told}")
    assert record["kills"] == KILLS
    assert record["acknowledged"] > 0
    assert record["statements_compared"] > 0
    assert record["back_in_quorum_s"]["max"] < BACK_S
