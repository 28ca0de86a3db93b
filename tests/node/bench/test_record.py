"""The record of a run: rates, percentiles, costs, and what nobody told."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from node.bench.histogram import Histogram
from node.bench.measured import Agreement, Fault, Pause, Repeated
from node.bench.plan import Load
from node.bench.record import record_of, run_record, runs_of
from tests.node.bench.measurements import AFTER, BEFORE, ramp, result, run, second


def test_a_record_is_json_and_says_what_it_is() -> None:
    record = record_of(run())
    assert json.loads(json.dumps(record)) == record
    assert (record["format"], record["version"], record["kind"]) == ("hushang-bench", 1, "run")
    assert record["load"] == {"loop": "open", "rate_per_s": 10, "seconds": 10.0, "batch_max": 100}
    assert record_of(run(load=Load("transfer", 10.0, 50, None, 64)))["load"] == {
        "loop": "closed",
        "in_flight": 64,
        "seconds": 10.0,
        "batch_max": 50,
    }


def test_every_name_of_a_record_is_explained_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs/performance.md").read_text("utf-8")
    names = set(record_of(run())) | set(record_of(Repeated([run()])))
    names |= set(record_of(ramp((9, 9)))) - {"overload_factor", "overload_kept"}
    assert {name for name in names - {"repeated"} if f"`{name}`" not in page} == {
        "format",
        "kind",
        "version",
    }


def test_refusals_and_failures_are_counted_apart_and_no_refusal_is_in_a_percentile() -> None:
    made = result(
        [second(12, 11, *[100.0] * 10, 1_000.0)],
        refused={"PoolFull": 1},
        failed={"OrderExists": 1},
        retried={"PoolFull": 3},
    )
    record = run_record(run(made))
    assert record["offered"]["transactions"] == 12
    assert record["decided"]["transactions"] == 11
    assert record["refused"] == {"PoolFull": 1}
    assert record["failed"] == {"OrderExists": 1}
    assert record["retried"] == {"PoolFull": 3}
    assert record["latency_ms"]["p50"] == pytest.approx(100, rel=0.02)
    assert record["latency_ms"]["max"] == 1_000.0


def test_operations_a_second_follow_from_those_of_the_decided() -> None:
    made = result([second(10, 10, 5.0)] * 10, decided_operations=10_000)
    record = run_record(run(made))
    assert (record["decided"]["per_s"], record["decided"]["operations_per_s"]) == (10.0, 1_000.0)


def test_costs_are_what_grew_divided_by_what_was_decided() -> None:
    cost = run_record(run())["cost"]
    assert cost["cpu_ms_per_transaction"] == 5.0
    assert cost["sent_bytes_per_transaction"] == 20.0
    assert cost["disk_bytes_per_transaction"] == 40.0
    assert cost["by_node"][0]["rss_mib"] == 64.0
    assert cost["by_node"][0]["rss_anon_mib"] == 32.0


def test_a_node_that_died_or_was_restarted_has_no_cost_and_spoils_no_mean() -> None:
    record = run_record(run(before=(BEFORE, BEFORE), after=(None, AFTER)))
    dead, alive = record["cost"]["by_node"]
    assert (dead["answered"], dead["cpu_ms_per_transaction"]) == (False, None)
    assert alive["cpu_ms_per_transaction"] == record["cost"]["cpu_ms_per_transaction"] == 5.0
    again = replace(AFTER, started_ms=8, cpu_s=0.1)
    restarted = run_record(run(after=(again, AFTER)))["cost"]["by_node"][0]
    assert restarted["cpu_ms_per_transaction"] is None
    assert restarted["disk_bytes_per_transaction"] == 40.0


def test_what_a_system_does_not_tell_is_null_and_no_zero() -> None:
    silent = replace(BEFORE, cpu_s=None, rss_bytes=None, rss_anon_bytes=None, disk_bytes=None)
    record = run_record(run(before=(silent, silent), after=(silent, silent)))
    assert record["cost"]["cpu_ms_per_transaction"] is None
    assert record["cost"]["by_node"][0]["rss_mib"] is None


def test_the_bound_is_what_the_cores_that_are_left_would_check() -> None:
    bound = run_record(run())["bound"]
    # (2 - 0.05) cores / (2 nodes · 50 µs)
    assert bound["transactions_per_s"] == 19_500.0
    assert bound["signatures_per_transaction"] == 1.0
    assert bound["reached"] == pytest.approx(10 / 19_500, abs=0.001)


def test_a_trade_s_bound_counts_six_signatures_for_five_transactions() -> None:
    kinds = ("order.create", "order.pay", "shipment.create", "shipment.delivered", "order.confirm")
    seconds = [second(5, 5, 10.0, 20.0, 30.0, 40.0, 50.0)]
    by_kind = {kind: Histogram.of([10.0]) for kind in kinds}
    made = result(seconds, decided_signatures=6, latency_by_kind=by_kind)
    record = run_record(run(made))
    assert record["bound"]["signatures_per_transaction"] == 1.2
    assert list(record["latency_ms_by_kind"]) == list(kinds)
    assert record["latency_ms_by_kind"]["order.pay"]["count"] == 1


def test_dead_members_check_no_signatures() -> None:
    healthy = run_record(run())["bound"]["transactions_per_s"]
    assert run_record(run(dead=("xuhui",)))["bound"]["transactions_per_s"] == 2 * healthy


def test_a_run_that_decided_nothing_has_a_record_too() -> None:
    made = result([second(10, 0)], refused={"NodeUnreachable": 10}, decided_s=0.0)
    record = run_record(run(made, agreement=Agreement(3, 0, 0, 0, (), (), ())))
    assert record["decided"]["per_s"] == 0.0
    assert record["latency_ms"] == {"p50": None, "p95": None, "p99": None, "max": None}
    assert record["cost"]["cpu_ms_per_transaction"] is None
    assert record["decided"]["transactions_per_block"] is None


def test_pauses_and_faults_are_told() -> None:
    made = result([second(10, 10, 5.0)] * 3, pauses=(Pause(1.0, 1.75),))
    fault = Fault("pudong", was_primary=True, killed_at_s=1.0, decided_again_s=None)
    record = run_record(run(made, faults=(fault,)))
    assert record["pauses"] == [{"begin_s": 1.0, "seconds": 0.75}]
    assert record["faults"][0]["decided_again_s"] is None


def test_the_seconds_of_a_run_are_kept_for_a_plot() -> None:
    seconds = run_record(run(result([second(10, 9, 50.0), second(10, 0)])))["seconds"]
    assert seconds[0] == {
        "offered": 10,
        "decided": 9,
        "operations": 9,
        "p50_ms": pytest.approx(50, rel=0.02),
        "p99_ms": pytest.approx(50, rel=0.02),
    }
    assert seconds[1]["p50_ms"] is None


def test_of_repeated_runs_the_one_in_the_middle_is_told_and_the_spread() -> None:
    runs = [run(result([second(10, decided, 5.0)] * 10)) for decided in (8, 10, 9)]
    record = record_of(Repeated(runs))
    assert (record["kind"], record["repeated"]) == ("repeated", 3)
    assert record["median"]["decided"]["per_s"] == 9.0
    assert record["spread"]["per_s"] == [8.0, 10.0]
    assert [other["decided"]["per_s"] for other in record["others"]] == [8.0, 10.0]
    assert len(runs_of(record)) == 3


def test_a_ramp_has_its_steps_its_peak_and_what_overload_left_of_it() -> None:
    record = record_of(ramp((100, 100), (200, 180), overload=True))
    assert [step["decided"]["per_s"] for step in record["steps"]] == [100.0, 180.0]
    assert record["peak"]["decided"]["per_s"] == 180.0
    assert (record["overload_factor"], record["overload_kept"]) == (2.0, 1.0)
    assert len(runs_of(record)) == 4
    assert record_of(ramp((100, 100)))["overload"] is None
    assert len(runs_of(record_of(ramp((100, 100))))) == 2
    assert len(runs_of(record_of(run()))) == 1
