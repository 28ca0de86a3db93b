"""The bench on real processes: a crowd of accounts pays, the primary dies and comes back."""

from pathlib import Path

from node.bench.accounts import with_crowd
from node.bench.faults import FaultPlan
from node.bench.plan import Load
from node.bench.runner import run, stage_of
from tests.processes.net import running


def test_a_crowd_pays_while_the_primary_is_killed_and_restarted(tmp_path: Path) -> None:
    told: list[str] = []
    with running(tmp_path, nodes=4) as net:
        stage = with_crowd(stage_of(net.testnet), 60, told.append)
        load = Load("transfer", 4.0, 100, 60, None)
        measured = run(stage, load, told.append, FaultPlan(0, 1.0, 2.0))
        assert with_crowd(stage_of(net.testnet), 60, told.append).crowd == stage.crowd
    assert measured.agreement.holds
    assert measured.accounts == 66
    assert "opened 60 of 60 accounts" in told
    result = measured.result
    assert result.offered == 240
    assert result.offered == result.decided + sum(result.refused.values())
    assert (result.refused, result.failed) == ({}, {})
    (fault,) = measured.faults
    assert fault.was_primary
    assert fault.decided_again_s is not None
    assert fault.back_s is not None
    costs = [(one.cpu_s, one.rss_anon_bytes, one.disk_bytes) for one in measured.before if one]
    assert len(costs) == 4
    assert all(min(value or 0 for value in cost) > 0 for cost in costs)
