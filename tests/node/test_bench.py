"""The bench: its schedule, its figures, its comparison of the nodes, and one run of the command."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from chain.block import OK
from node.bench.load import shares_of
from node.bench.plan import (
    BenchRefused,
    Load,
    LoadPlan,
    LoadResult,
    Sample,
    Sender,
    check_load,
    plan_text,
    read_plan,
)
from node.bench.probes import Agreement, Node, Probe, check_agreement, read_metrics
from node.bench.report import Measured, percentile, readable, report
from node.client import NotFound
from tests.chain.world import World, account
from tests.commands.command_line import hushang

NAMES = ("issuer", "merchant", "carrier", "buyer")


LOAD = Load("transfer", 1.0, 100, 10, None)


def plan(load: Load = LOAD, senders: Sequence[str] = NAMES) -> LoadPlan:
    """Everybody pays everybody, ten a second for a second."""
    return LoadPlan(
        load=load,
        urls=("http://127.0.0.1:1", "http://127.0.0.1:2"),
        genesis_hash=World().ledger.chain.genesis_hash,
        senders=tuple(Sender(account(name), Path(f"/keys/{name}.key")) for name in senders),
        accounts=tuple(account(name) for name in NAMES),
        symbol="CNY",
        run=7,
        signed_max=50,
    )


def sample(due_s: float, answered_s: float, outcome: str = OK) -> Sample:
    return Sample(due_s, answered_s, outcome, "aa" if outcome in {OK, "OrderExists"} else "")


# The plan.


def test_a_plan_travels_to_the_load_process_and_back() -> None:
    assert read_plan(plan_text(plan())) == plan()
    assert "\n" not in plan_text(plan())


def test_a_result_travels_back() -> None:
    result = LoadResult([sample(0.0, 0.5), sample(0.1, 0.2, "PoolFull")], 1, 0.1, 0.2, 45.0, 3.0)
    assert '"samples": [[0.0, 0.5, "ok", "aa"]' in result.text()
    assert LoadResult.of(json.loads(result.text())) == result


@pytest.mark.parametrize(
    "changes",
    [
        {"in_flight": 10},
        {"rate_per_s": None},
        {"rate_per_s": 0},
        {"rate_per_s": None, "in_flight": 0},
        {"seconds": 0.0},
        {"seconds": 301.0},
        {"batch": 0},
        {"batch": 1001},
    ],
)
def test_a_load_without_sense_is_refused(changes: Any) -> None:
    check_load(LOAD)
    with pytest.raises(BenchRefused):
        check_load(replace(LOAD, **changes))


# The schedule.


@pytest.mark.parametrize("in_flight", [1, 2, 3, 7, 64, 1000, 4096])
def test_all_batches_together_are_what_is_in_flight(in_flight: int) -> None:
    shares = shares_of(in_flight, 4, 100)
    assert sum(batch for _, batch in shares) == in_flight
    assert all(1 <= batch <= 100 for _, batch in shares)
    by_node = [sum(batch for at, batch in shares if at == node) for node in range(4)]
    assert max(by_node) - min(by_node) <= 1


# The figures.


@pytest.mark.parametrize(
    ("count", "per_cent", "expected"),
    [(0, 50.0, None), (1, 99.0, 1.0), (100, 50.0, 50.0), (100, 99.0, 99.0), (101, 99.0, 100.0)],
)
def test_a_percentile_is_one_of_the_sample(
    count: int, per_cent: float, expected: float | None
) -> None:
    assert percentile([float(at + 1) for at in range(count)], per_cent) == expected


def measured(samples: Sequence[Sample], missing: Sequence[str] = ()) -> Measured:
    result = LoadResult(samples, 1, 0.5, 0.1, 50.0, 1.0)
    before, after = Probe(1.0, 0, 3), Probe(1.5, 64 * 1024 * 1024, 8)
    agreement = Agreement(8, 5, len(samples), 1, tuple(missing), (), ())
    return Measured(LOAD, ("a", "b"), result, (before, before), (after, after), agreement)


def test_rates_count_to_the_last_decision_and_refusals_are_counted_apart() -> None:
    samples = [
        *(sample(at / 10, at / 10 + 0.1) for at in range(10)),
        sample(0.5, 0.501, "PoolFull"),
        sample(0.9, 2.0, "OrderExists"),
    ]
    record = report(measured(samples))
    assert record["offered"]["transactions"] == 12
    assert record["decided"]["transactions"] == 11
    assert record["decided"]["per_s"] == 5.5
    assert record["refused"] == {"PoolFull": 1}
    assert record["failed"] == {"OrderExists": 1}
    # The fast refusal is in no percentile, the slow failure is.
    assert record["latency_ms"] == {"p50": 100.0, "p95": 1100.0, "p99": 1100.0, "max": 1100.0}
    assert record["cost"][0]["cpu_ms_per_transaction"] == 45.455
    assert "PoolFull 1" in readable(record)["refused"]


def test_a_run_that_decided_nothing_has_a_report_too() -> None:
    record = report(measured([sample(0.0, 0.1, "NodeUnreachable")]))
    assert record["decided"]["per_s"] == 0.0
    assert record["latency_ms"]["p50"] is None
    assert readable(record)["refused"] == "NodeUnreachable 1"


def test_what_is_missing_on_a_node_is_told_in_capitals() -> None:
    told = readable(report(measured([sample(0.0, 0.1)], missing=["aa"])))
    assert told["agreement"] == "BROKEN: missing 1"


def test_metrics_are_read_without_labels() -> None:
    text = '# HELP a words\na 3.0\nb{peer="x"} 4.0\nprocess_cpu_seconds_total 1.25\n'
    assert read_metrics(text) == {"a": 3.0, "process_cpu_seconds_total": 1.25}


# The comparison.


@dataclass(frozen=True)
class Told(Node):
    """A node that answers from a small chain: hashes and ids by height."""

    blocks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    receipts: tuple[tuple[str, str], ...] = ()

    @override
    def get(self, path: str, **query: object) -> Any:
        if path == "/v1/status":
            return {"block_hash": "newest", "height": len(self.blocks) - 1}
        if path == "/v1/blocks":
            start, limit = int(str(query["from"])), int(str(query["limit"]))
            pages = list(enumerate(self.blocks))[start : start + limit]
            return {"blocks": [self._header(height, hash_) for height, (hash_, _) in pages]}
        if path.startswith("/v1/blocks/"):
            return {"transaction_ids": self.blocks[int(path.rpartition("/")[2])][1]}
        known = dict(self.receipts)
        id_ = path.rpartition("/")[2]
        if id_ not in known:
            raise NotFound(404, {})
        return known[id_]

    def _header(self, height: int, hash_: str) -> dict[str, Any]:
        count = len(self.blocks[height][1])
        return {
            "hash": hash_,
            "state_root": "r",
            "height": height,
            "transactions_count": count,
        }


CHAIN = (("g", ()), ("h1", ("t1", "t2")), ("h2", ()))
GOOD = Told("a", "", CHAIN, (("t1", "ok"), ("t2", "ok")))
ACKNOWLEDGED = [
    Sample(0.0, 0.1, OK, "t1"),
    Sample(0.0, 0.1, OK, "t2"),
    sample(0.0, 0.1, "PoolFull"),
]


def test_nodes_that_agree_hold_every_acknowledged_id() -> None:
    agreement = check_agreement([GOOD, replace(GOOD, name="b")], 1, ACKNOWLEDGED)
    assert agreement.holds
    assert (agreement.height, agreement.blocks, agreement.acknowledged) == (2, 2, 2)


def test_a_lost_id_another_receipt_and_a_fork_are_named() -> None:
    lost = replace(GOOD, blocks=(("g", ()), ("h1", ("t1",)), ("h2", ())))
    assert check_agreement([GOOD, lost], 1, ACKNOWLEDGED).missing == ("t2",)
    other = replace(GOOD, receipts=(("t1", "ok"), ("t2", "OrderExists")))
    assert check_agreement([GOOD, other], 1, ACKNOWLEDGED).differing == ("t2",)
    unknown = replace(GOOD, receipts=(("t2", "ok"),))
    assert check_agreement([GOOD, unknown], 1, ACKNOWLEDGED).differing == ("t1",)
    forked = replace(GOOD, blocks=(("g", ()), ("h1", ("t1", "t2")), ("x2", ())))
    found = check_agreement([GOOD, forked], 1, ACKNOWLEDGED)
    assert (found.forked, found.holds) == ((2,), False)


def test_nothing_new_decided_is_an_agreement_on_nothing() -> None:
    agreement = check_agreement([GOOD, GOOD], 3, [])
    assert (agreement.holds, agreement.blocks) == (True, 0)


# The command.


def test_the_command_measures_a_network_of_its_own() -> None:
    ran = hushang("bench", "--rate", "40", "--seconds", "1", "-n", "1", "-o", "json")
    assert ran.code == 0, ran.err
    record = ran.json
    assert record["offered"]["transactions"] == 40
    assert record["decided"]["transactions"] == 40
    assert (record["refused"], record["failed"]) == ({}, {})
    assert record["agreement"]["holds"]
    assert record["latency_ms"]["p50"] > 0


def test_both_loops_at_once_are_refused_before_anything_is_started() -> None:
    ran = hushang("bench", "--rate", "40", "--in-flight", "4", "-n", "1", "-o", "json")
    assert (ran.error["code"], ran.code) == ("BenchRefused", 2)
    assert "pid" not in ran.err
