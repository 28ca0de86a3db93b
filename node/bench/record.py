"""The figures of a run as machines read them: JSON with names that stay.

`per_s` is the steady rate, between the first and the last second of the load. Latencies are of
decided transactions only, nearest rank; what was refused or is unknown is counted beside them, so
that a fast refusal never improves a latency. A figure that nobody told is null, never 0.
"""

import platform
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, Final

from node.bench.histogram import Histogram
from node.bench.measured import Agreement, Measured, Probe, Ramp, Repeated
from node.bench.plan import Load

FORMAT: Final = "hushang-bench"
VERSION: Final = 1
MIB: Final = 1024 * 1024
RANKS: Final = {"p50": 50.0, "p95": 95.0, "p99": 99.0}


def record_of(measured: Measured | Ramp | Repeated) -> dict[str, Any]:
    """The record of whatever was measured; `kind` says which it is."""
    head = {"format": FORMAT, "version": VERSION}
    if isinstance(measured, Measured):
        return head | {"kind": "run"} | run_record(measured)
    if isinstance(measured, Ramp):
        return head | {"kind": "ramp"} | _ramp(measured)
    return head | {"kind": "repeated"} | _repeated(measured)


def run_record(measured: Measured) -> dict[str, Any]:
    """One run."""
    result, agreement = measured.result, measured.agreement
    return {
        "workload": measured.load.workload,
        "load": _load(measured.load),
        "nodes": measured.members,
        "offered_to": list(measured.names),
        "dead": list(measured.dead),
        "accounts": measured.accounts,
        "machine": _machine(measured),
        "offered": {
            "transactions": result.offered,
            "per_s": _rate(result.offered, result.offered_s),
            "seconds": round(result.offered_s, 2),
        },
        "decided": _decided(measured),
        "refused": _counts(result.refused),
        "failed": _counts(result.failed),
        "retried": _counts(result.retried),
        "retry_after_ms": _counts(result.retry_after_ms),
        "broken_chains": result.broken_chains,
        "latency_ms": latencies(result.latency),
        "latency_ms_by_kind": {
            kind: {"count": seen.count} | latencies(seen)
            for kind, seen in result.latency_by_kind.items()
        },
        "cost": _cost(measured),
        "load_process": _load_process(measured),
        "bound": _bound(measured),
        "view_changes": agreement.view_changes,
        "pauses": [
            {"begin_s": round(pause.begin_s, 2), "seconds": round(pause.took_s, 2)}
            for pause in result.pauses
        ],
        "faults": _faults(measured),
        "agreement": _agreement(agreement),
        "interrupted": measured.interrupted,
        "seconds": _series(measured),
    }


def _decided(measured: Measured) -> dict[str, Any]:
    """How much, how fast, in which blocks."""
    result, agreement = measured.result, measured.agreement
    per_s = measured.steady_per_s
    each = result.decided_operations / result.decided if result.decided else 0.0
    return {
        "transactions": result.decided,
        "operations": result.decided_operations,
        "per_s": round(per_s, 1),
        "operations_per_s": round(per_s * each, 1),
        "seconds": round(result.decided_s, 2),
        "blocks": agreement.filled_blocks,
        "blocks_per_s": _rate(agreement.filled_blocks, result.decided_s),
        "transactions_per_block": _ratio(agreement.transactions, agreement.filled_blocks, 1),
        "largest_block": agreement.largest_block,
    }


def _load(load: Load) -> dict[str, Any]:
    shape = {"seconds": load.seconds, "batch_max": load.batch}
    if load.rate_per_s is not None:
        return {"loop": "open", "rate_per_s": load.rate_per_s} | shape
    return {"loop": "closed", "in_flight": load.in_flight} | shape


def _machine(measured: Measured) -> dict[str, Any]:
    """Where the load came from; on a test network also where the nodes are."""
    return {
        "cores": measured.machine.cores,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "load_before": measured.machine.load_before,
        "load_after": measured.machine.load_after,
    }


def latencies(seen: Histogram) -> dict[str, float | None]:
    """The percentiles that a report tells."""
    found = {name: seen.percentile_ms(rank) for name, rank in RANKS.items()} | {"max": seen.max_ms}
    return {name: None if ms is None else round(ms, 1) for name, ms in found.items()}


def _cost(measured: Measured) -> dict[str, Any]:
    """What a decided transaction took of each node, and the mean of those that tell."""
    pairs = zip(measured.names, measured.before, measured.after, strict=True)
    rows = [_node_cost(name, first, last, measured.result.decided) for name, first, last in pairs]
    per_transaction = {
        name: _mean([row[name] for row in rows], 3)
        for name in (
            "cpu_ms_per_transaction",
            "sent_bytes_per_transaction",
            "disk_bytes_per_transaction",
        )
    }
    return per_transaction | {"by_node": rows}


def _node_cost(name: str, first: Probe | None, last: Probe | None, decided: int) -> dict[str, Any]:
    row: dict[str, Any] = {"node": name, "answered": last is not None}
    if last is not None:
        row |= {"rss_mib": _mib(last.rss_bytes), "rss_anon_mib": _mib(last.rss_anon_bytes)}
    # A process that was started again counts from 0.
    same = first is not None and last is not None and first.started_ms == last.started_ms
    cpu_s = _grown(first, last, "cpu_s") if same else None
    sent = _grown(first, last, "sent_bytes") if same else None
    disk = _grown(first, last, "disk_bytes")
    return row | {
        "cpu_s": None if cpu_s is None else round(cpu_s, 2),
        "cpu_ms_per_transaction": _per(cpu_s, 1000, decided),
        "sent_bytes_per_transaction": _per(sent, 1, decided),
        "disk_bytes_per_transaction": _per(disk, 1, decided),
    }


def _grown(first: Probe | None, last: Probe | None, name: str) -> float | None:
    before = None if first is None else getattr(first, name)
    after = None if last is None else getattr(last, name)
    return None if before is None or after is None else after - before


def _per(amount: float | None, factor: int, decided: int) -> float | None:
    return None if amount is None or not decided else round(amount * factor / decided, 3)


def _load_process(measured: Measured) -> dict[str, Any]:
    result, signing = measured.result, measured.signing
    return {
        "cpu_s": round(result.cpu_s, 2),
        "cores": _ratio(result.cpu_s, result.decided_s),
        "late_ms_max": round(result.late_ms, 1),
        "ran_out": result.ran_out,
        "signed": signing.steps,
        "signing_cpu_s": round(signing.cpu_s, 2),
        "signing_s": round(signing.took_s, 2),
        "signing_processes": signing.processes,
    }


def _bound(measured: Measured) -> dict[str, float | None]:
    """What the machine's cores allow if every living node checked each signature and nothing else.

    Without those that the load process took: (cores − generator's cores) / (n · t_verify).
    """
    result = measured.result
    signatures = result.decided_signatures / result.decided if result.decided else 1.0
    taken = result.cpu_s / result.decided_s if result.decided_s > 0 else 0.0
    alive = max(1, measured.members - len(measured.dead))
    cost_s = alive * signatures * measured.verify_us / 1e6
    per_s = max(0.0, measured.machine.cores - taken) / cost_s if cost_s > 0 else 0.0
    return {
        "verify_us": round(measured.verify_us, 1),
        "signatures_per_transaction": round(signatures, 2),
        "transactions_per_s": round(per_s, 1),
        "reached": _ratio(measured.steady_per_s, per_s),
    }


def _faults(measured: Measured) -> list[dict[str, Any]]:
    return [
        {
            "node": fault.node,
            "was_primary": fault.was_primary,
            "killed_at_s": round(fault.killed_at_s, 2),
            "decided_again_s": _rounded(fault.decided_again_s),
            "restarted_at_s": _rounded(fault.restarted_at_s),
            "back_s": _rounded(fault.back_s),
        }
        for fault in measured.faults
    ]


def _agreement(agreement: Agreement) -> dict[str, Any]:
    return {
        "holds": agreement.holds,
        "height": agreement.height,
        "acknowledged": agreement.acknowledged,
        "receipts_compared": agreement.receipts_compared,
        "missing": list(agreement.missing),
        "differing": list(agreement.differing),
        "forked": list(agreement.forked),
        "dead": list(agreement.dead),
    }


def _series(measured: Measured) -> list[dict[str, Any]]:
    """Second by second, for a plot."""
    return [
        {
            "offered": second.offered,
            "decided": second.decided,
            "operations": second.operations,
            "p50_ms": _rounded(second.latency.percentile_ms(RANKS["p50"])),
            "p99_ms": _rounded(second.latency.percentile_ms(RANKS["p99"])),
        }
        for second in measured.result.seconds
    ]


def _repeated(repeated: Repeated) -> dict[str, Any]:
    """The run in the middle, and from where to where the others went."""
    runs = [run_record(run) for run in repeated.runs]
    spread = {
        "per_s": _span([run["decided"]["per_s"] for run in runs]),
        "operations_per_s": _span([run["decided"]["operations_per_s"] for run in runs]),
        "p50_ms": _span([run["latency_ms"]["p50"] for run in runs]),
        "p99_ms": _span([run["latency_ms"]["p99"] for run in runs]),
        "cpu_ms_per_transaction": _span([run["cost"]["cpu_ms_per_transaction"] for run in runs]),
        "reached": _span([run["bound"]["reached"] for run in runs]),
    }
    median = repeated.runs.index(repeated.median)
    return {
        "workload": repeated.median.load.workload,
        "repeated": len(runs),
        "spread": spread,
        "median": runs[median],
        "others": [run for at, run in enumerate(runs) if at != median],
    }


def _ramp(ramp: Ramp) -> dict[str, Any]:
    """Each run; `peak` decided most, `overload` is offered so many times that."""
    overload = None if ramp.overload is None else run_record(ramp.overload)
    peak_per_s = ramp.peak.steady_per_s
    kept = None if overload is None else _ratio(overload["decided"]["per_s"], peak_per_s)
    return {
        "workload": ramp.peak.load.workload,
        "probe": run_record(ramp.probe),
        "steps": [run_record(step) for step in ramp.steps],
        "peak": run_record(ramp.peak),
        "overload_factor": ramp.overload_factor,
        "overload": overload,
        "overload_kept": kept,
    }


def runs_of(record: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The records of all single runs in a record."""
    if record["kind"] == "run":
        return [record]
    if record["kind"] == "repeated":
        return [record["median"], *record["others"]]
    overload = [] if record["overload"] is None else [record["overload"]]
    return [record["probe"], *record["steps"], *overload]


def _counts(counted: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counted.items()))


def _span(values: Sequence[float | None]) -> list[float] | None:
    told = [value for value in values if value is not None]
    return [min(told), max(told)] if told else None


def _mean(values: Sequence[float | None], digits: int) -> float | None:
    told = [value for value in values if value is not None]
    return round(fmean(told), digits) if told else None


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 1) if seconds > 0 else 0.0


def _ratio(part: float, whole: float, digits: int = 3) -> float | None:
    return round(part / whole, digits) if whole > 0 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _mib(size: int | None) -> float | None:
    return None if size is None else round(size / MIB, 1)
