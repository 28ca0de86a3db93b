"""A node's pace from two looks: rates, quantiles, restarts, what changed."""

import pytest

from node.top_figures import Figures, Look, figures, happenings, quantile_ms, read_look

STATUS = {
    "name": "pudong",
    "started_ms": 1,
    "height": 7,
    "view": 0,
    "primary": "xuhui",
    "role": "member",
    "withheld": "",
    "pool_count": 3,
    "peers": [{"connected": True}, {"connected": False}],
    "ready": True,
    "not_ready_because": [],
}
METRICS = """# HELP hushang_blocks_total blocks
hushang_blocks_total {blocks}
hushang_transactions_total{{status="ok"}} {ok}
hushang_transactions_total{{status="StockShort"}} 5.0
hushang_decision_seconds_bucket{{le="0.1"}} {fast}
hushang_decision_seconds_bucket{{le="0.2"}} {all}
hushang_decision_seconds_bucket{{le="+Inf"}} {all}
hushang_loop_lag_seconds_bucket{{le="0.001"}} {all}
hushang_loop_lag_seconds_bucket{{le="+Inf"}} {all}
process_resident_memory_bytes 1.048576e+08
hushang_disk_free_bytes 5e+09
garbage
hushang_blocks_total of nothing
"""


def look(at_s: float, started_ms: int = 1, **counts: float) -> Look:
    return read_look(at_s, STATUS | {"started_ms": started_ms}, METRICS.format(**counts))


FIRST = look(10.0, blocks=4, ok=100, fast=10, all=20)
SECOND = look(12.0, blocks=8, ok=300, fast=15, all=30)


def test_rates_and_latencies_are_those_between_two_looks() -> None:
    row = figures(FIRST, SECOND)
    assert (row.transactions_s, row.blocks_s) == (100.0, 2.0)
    # Ten decisions since: five up to 100 ms, five up to 200 ms.
    assert row.p50_ms == pytest.approx(100.0)
    assert row.p99_ms == pytest.approx(198.0)
    assert row.lag_ms is not None
    assert row.lag_ms <= 1.0
    assert (row.resident, row.disk_free) == (104_857_600, 5_000_000_000)
    assert (row.peers, row.peers_known, row.pool) == (1, 2, 3)


def test_a_first_look_and_one_after_a_restart_give_no_rates() -> None:
    for before in (None, look(9.0, started_ms=0, blocks=900, ok=9000, fast=0, all=0)):
        row = figures(before, FIRST)
        assert (row.height, row.transactions_s, row.p50_ms) == (7, None, None)


def test_metrics_that_are_not_told_count_as_nothing() -> None:
    row = figures(None, read_look(1.0, STATUS, ""))
    assert (row.resident, row.disk_free, row.lag_ms) == (None, None, None)


def test_quantiles_of_nothing_are_none_and_beyond_the_last_edge_they_are_that_edge() -> None:
    assert quantile_ms({}, 0.5) is None
    assert quantile_ms({0.1: 0.0, float("inf"): 0.0}, 0.5) is None
    assert quantile_ms({0.1: 0.0, float("inf"): 4.0}, 0.99) == 100.0


def test_why_a_node_is_not_ready_or_silent_is_told_and_an_observer_is_neither() -> None:
    ill = STATUS | {"ready": False, "not_ready_because": ["no quorum", "catching up"]}
    assert figures(None, read_look(1.0, ill, "")).words == "no quorum; catching up"
    silent = STATUS | {"withheld": "silent up to height 9"}
    assert figures(None, read_look(1.0, silent, "")).words == "doesn't vote: silent up to height 9"
    observer = STATUS | {"withheld": "only follows", "role": "observer"}
    assert figures(None, read_look(1.0, observer, "")).words == ""


def test_what_changed_between_two_looks_is_told_once() -> None:
    before = [
        Figures("a", there=True, ready=True, view=0),
        Figures("b", there=False),
        Figures("c", there=True, ready=True, view=0),
    ]
    now = [
        Figures("a", there=False),
        Figures("b", there=True, ready=True, view=1),
        Figures("c", there=True, ready=False, view=2),
        Figures("d", there=True),
    ]
    told = ["a went away", "b is back", "c is not ready", "c is in view 2"]
    assert happenings(before, now) == told
    assert happenings(now, now) == []
