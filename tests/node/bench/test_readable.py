"""The report that people read."""

from dataclasses import replace

from node.bench.histogram import Histogram
from node.bench.measured import Fault, Machine, Measured, Pause, Ramp, Repeated
from node.bench.plan import Load
from node.bench.readable import readable
from node.bench.record import record_of
from node.commands.output import nested_rows
from tests.node.bench.measurements import AFTER, AGREEMENT, ramp, result, run, second


def told(measured: Measured | Ramp | Repeated) -> dict[str, str]:
    """Each row of the table by its name."""
    return {name.strip(): value for name, value in nested_rows(readable(record_of(measured)))}


def test_a_run_is_told_in_a_few_lines() -> None:
    rows = told(run())
    assert rows["workload"] == "transfer, 2 nodes, 10 a second for 10 s"
    assert rows["decided"] == "100, 10.0 a second (10.0 operations), 10.0 s"
    assert rows["blocks"] == "4, 0.4 a second, 25.0 transactions each, 40 in the largest"
    assert rows["refused"] == rows["failed"] == "none"
    assert rows["CPU per transaction"] == "5.0 ms a node (5.0 5.0)"
    assert rows["bytes per transaction"] == "20 sent to peers, 40 on disk, a node"
    assert rows["memory"] == "64.0 64.0 MiB by node, 32.0 32.0 without mapped files"
    assert rows["signature bound"].startswith("19500.0 a second at 50.0 µs a signature")
    assert rows["agreement"].endswith("blocks and state roots are equal up to height 8")
    assert not {"notes", "waited out", "latency by step", "without decisions"} & set(rows)


def test_a_trade_tells_the_latency_of_each_step() -> None:
    kinds = {"order.create": Histogram.of([10.0]), "order.pay": Histogram.of([20.0])}
    rows = told(run(result([second(2, 2, 10.0, 20.0)], latency_by_kind=kinds)))
    assert rows["order.pay"].startswith("p50 20.0 ms, p95 20.0 ms")


def test_refusals_and_failures_are_told_by_their_codes() -> None:
    made = result(
        [second(9, 5, 1.0)],
        refused={"PoolFull": 4},
        failed={"ReferenceUsed": 2},
        retried={"PoolFull": 7},
    )
    rows = told(run(made))
    assert (rows["refused"], rows["failed"]) == ("PoolFull 4", "ReferenceUsed 2")
    assert rows["waited out"] == "PoolFull 7"


def test_what_is_missing_on_a_node_is_told_in_capitals() -> None:
    broken = run(agreement=replace(AGREEMENT, missing=("aa",), forked=(2, 3)))
    assert told(broken)["agreement"] == "BROKEN: missing 1, forked 2"
    # Also where the run that is told agrees, and another doesn't.
    rows = told(Repeated([broken, run(), run()]))
    assert rows["agreement"].startswith("every one")
    assert rows["agreement of the others"] == "BROKEN: missing 1, forked 2"


def test_a_reader_is_warned_of_what_spoils_the_figures() -> None:
    assert "other work" in told(run(machine=Machine(2, 8.5, 9.0)))["notes"]
    assert "was itself the limit" in told(run(result([second(1, 1, 1.0)], late_ms=5e3)))["notes"]
    assert "was itself the limit" in told(run(result([second(1, 1, 1.0)], cpu_s=0.95)))["notes"]
    spoilt = result([second(1, 1, 1.0)], ran_out=True, broken_chains=3)
    notes = told(run(spoilt, interrupted=True))["notes"].splitlines()
    assert [line.split()[0] for line in notes] == ["all", "3", "interrupted:"]


def test_a_killed_primary_and_the_pause_are_told() -> None:
    fault = Fault("pudong", was_primary=True, killed_at_s=4.0, decided_again_s=0.52)
    made = result([second(1, 1, 1.0)] * 9, pauses=(Pause(4.0, 4.52),))
    rows = told(run(made, faults=(fault,), dead=("xuhui",)))
    assert rows["killed pudong"] == "at 4.0 s, the primary; decided again in 0.52 s"
    assert rows["without decisions"] == "at most 0.52 s at 4.0 s"
    assert rows["workload"] == "transfer, 2 nodes, xuhui dead, 10 a second for 9 s"
    back = replace(fault, restarted_at_s=6.0, back_s=2.5)
    assert told(run(faults=(back,)))["killed pudong"].endswith("restarted at 6.0 s, back in 2.5 s")
    gone = replace(back, decided_again_s=None, back_s=None)
    assert told(run(faults=(gone,)))["killed pudong"] == (
        "at 4.0 s, the primary; nothing was decided any more; restarted at 6.0 s;"
        " it did not come back"
    )


def test_a_node_that_is_gone_is_a_dash() -> None:
    rows = told(run(after=(None, AFTER)))
    assert rows["CPU per transaction"] == "5.0 ms a node (– 5.0)"
    assert rows["memory"] == "– 64.0 MiB by node, – 32.0 without mapped files"


def test_repeated_runs_tell_the_median_and_the_spread() -> None:
    runs = [run(result([second(10, decided, 5.0)] * 10)) for decided in (8, 10, 9)]
    rows = told(Repeated(runs))
    assert rows["decided"].startswith("90, 9.0 a second")
    assert rows["decided a second"] == "8.0 to 10.0"
    failed = run(result([second(10, 10, 5.0)] * 10, failed={"OrderExists": 1}))
    assert told(Repeated([failed, run(), run()]))["failed in the others"] == "OrderExists"


def test_a_ramp_tells_a_line_for_each_rate_and_the_peak() -> None:
    rows = told(ramp((100, 100), (200, 180), overload=True))
    assert rows["100 a second"].startswith("100.0 decided a second, p50 10.1 ms, p99 20.0 ms")
    assert rows["400 in flight"].startswith("180.0 decided")
    assert rows["decided"].startswith("900, 180.0 a second")
    assert rows["overload"] == "2 times the peak was offered, 100.0 % of the peak decided"
    assert "overload" not in told(ramp((100, 100)))


def test_a_closed_loop_says_what_is_in_flight() -> None:
    rows = told(run(load=Load("trade", 10.0, 100, None, 64)))
    assert rows["workload"] == "trade, 2 nodes, 64 in flight for 10 s"
