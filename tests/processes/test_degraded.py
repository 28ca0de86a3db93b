"""f members dead for good: what is left of the throughput."""

from collections.abc import Callable
from pathlib import Path

from tests.processes.degraded import RATIO_MIN, measure
from tests.processes.net import running

SECONDS = 6.0


def test_with_f_members_dead_for_good_at_least_half_of_the_throughput_is_left(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with running(tmp_path) as net:
        found = measure(net, SECONDS)
    tell(
        f"{found.dead} of {found.nodes} dead: {found.degraded_per_s} decided a second, healthy"
        f" {found.healthy_per_s}: {found.ratio:.2f}"
    )
    assert found.ratio >= RATIO_MIN
