"""Clocks an hour off, in short; `python -m tests.hostile.clocks` waits until they have led too."""

from pathlib import Path

from tests.hostile.clocks import HOUR_MS, Skewer, is_told, run
from tests.processes.net import running


def test_f_clocks_an_hour_off_change_nothing_and_more_stop_the_chain_until_they_are_mended(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as net:
        record = run(net, Skewer(), ("f behind", "more than f"), led=False)
    (skewed,) = record["f behind"]["skewed"].values()
    assert any(is_told(skewed["of_peers_ms"], name, HOUR_MS) for name in skewed["of_peers_ms"])
    # The newest block's time counts where it is ahead of the own clock.
    assert skewed["tells_clients"] == "ok"
    assert record["more than f"]["decided_meanwhile"] <= 1
    assert record["conflicting_signatures"] == 0
    assert record["acknowledged"] > 0
