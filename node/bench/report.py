"""The figures of a run, for machines and for people.

Rates are over the time from the first offer to the last decision. Percentiles are those of the
sample (nearest rank), never interpolated, and over decided transactions only; what was refused or
is unknown is counted beside them, so that a fast refusal never improves a latency.
"""

import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain.block import OK
from node.bench.plan import Load, LoadResult
from node.bench.probes import Agreement, Probe

MIB = 1024 * 1024


def percentile(ordered: Sequence[float], per_cent: float) -> float | None:
    """The nearest-rank percentile of values in ascending order; None of nothing."""
    if not ordered:
        return None
    rank = -(-len(ordered) * per_cent // 100)
    return ordered[max(0, int(rank) - 1)]


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that a report is made of; probes are in the order of `names`."""

    load: Load
    names: Sequence[str]
    result: LoadResult
    before: Sequence[Probe]
    after: Sequence[Probe]
    agreement: Agreement


def report(measured: Measured) -> dict[str, Any]:
    """The report as machines read it."""
    load, result = measured.load, measured.result
    samples = result.samples
    decided = [sample for sample in samples if sample.is_decided]
    took_s = max((sample.answered_s for sample in decided), default=0.0)
    offered_s = max((sample.due_s for sample in samples), default=0.0)
    per_s = _rate(len(decided), took_s)
    return {
        "workload": load.workload,
        "load": _load(load),
        "nodes": len(measured.names),
        "machine": _machine(),
        "offered": {"transactions": len(samples), "per_s": _rate(len(samples), offered_s)},
        "decided": {
            "transactions": len(decided),
            "per_s": per_s,
            "operations_per_s": round(per_s * result.operations_per_transaction, 1),
            "seconds": round(took_s, 2),
            "blocks": measured.agreement.blocks,
            "transactions_per_block": _ratio(len(decided), measured.agreement.blocks),
        },
        "refused": _counts(sample.outcome for sample in samples if not sample.is_decided),
        "failed": _counts(sample.outcome for sample in decided if sample.outcome != OK),
        "latency_ms": _latencies(sorted(sample.latency_ms for sample in decided)),
        "cost": _cost(measured, len(decided)),
        "load_process": {
            "cpu_s": round(result.cpu_s, 2),
            "cores": _ratio(result.cpu_s, took_s),
            "signing_s": round(result.signing_s, 2),
            "late_ms_max": round(result.late_ms, 1),
        },
        "bound": _bound(measured, per_s, took_s),
        "agreement": _agreement(measured.agreement),
    }


def _load(load: Load) -> dict[str, Any]:
    shape = {"seconds": load.seconds, "batch_max": load.batch}
    if load.rate_per_s is not None:
        return {"loop": "open", "rate_per_s": load.rate_per_s, **shape}
    return {"loop": "closed", "in_flight": load.in_flight, **shape}


def _machine() -> dict[str, Any]:
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
    }


def _latencies(ordered: Sequence[float]) -> dict[str, float | None]:
    ranks = {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
    found = {name: percentile(ordered, rank) for name, rank in ranks.items()}
    return {name: None if ms is None else round(ms, 1) for name, ms in found.items()}


def _cost(measured: Measured, decided: int) -> list[dict[str, Any]]:
    rows = []
    for name, first, last in zip(measured.names, measured.before, measured.after, strict=True):
        cpu_ms = (last.cpu_s - first.cpu_s) * 1000
        per_transaction = round(cpu_ms / decided, 3) if decided else None
        row = {"node": name, "cpu_ms": round(cpu_ms), "cpu_ms_per_transaction": per_transaction}
        rows.append(row | {"rss_mib": round(last.rss_bytes / MIB, 1)})
    return rows


def _bound(measured: Measured, per_s: float, took_s: float) -> dict[str, float | None]:
    """What the cores allow if every node verified each signature once and did nothing else."""
    result = measured.result
    cores = (os.cpu_count() or 1) - (result.cpu_s / took_s if took_s else 0.0)
    bound_per_s = cores / (len(measured.names) * result.verify_us / 1e6)
    return {
        "verify_us": round(result.verify_us, 1),
        "transactions_per_s": round(bound_per_s, 1),
        "reached": _ratio(per_s, bound_per_s),
    }


def _agreement(agreement: Agreement) -> dict[str, Any]:
    return {
        "holds": agreement.holds,
        "height": agreement.height,
        "acknowledged": agreement.acknowledged,
        "receipts_compared": agreement.receipts_compared,
        "missing": list(agreement.missing),
        "differing": list(agreement.differing),
        "forked": list(agreement.forked),
    }


def _counts(codes: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(codes).items()))


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 1) if seconds > 0 else 0.0


def _ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole > 0 else None


def readable(record: Mapping[str, Any]) -> dict[str, Any]:
    """The report as people read it."""
    decided, latency, bound = record["decided"], record["latency_ms"], record["bound"]
    load, machine = record["load"], record["machine"]
    shape = f"{load['in_flight']} in flight" if load["loop"] == "closed" else "open loop"
    cost = [row["cpu_ms_per_transaction"] for row in record["cost"]]
    memory = [row["rss_mib"] for row in record["cost"]]
    return {
        "workload": f"{record['workload']}, {record['nodes']} nodes, {shape}",
        "machine": f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}",
        "offered": f"{record['offered']['transactions']}, {record['offered']['per_s']} a second",
        "decided": f"{decided['transactions']}, {decided['per_s']} a second"
        f" ({decided['operations_per_s']} operations), {decided['seconds']} s",
        "blocks": f"{decided['blocks']}, {decided['transactions_per_block']} transactions each",
        "refused": _listed(record["refused"]),
        "failed": _listed(record["failed"]),
        "latency": ", ".join(f"{name} {ms} ms" for name, ms in latency.items()),
        "CPU per transaction": " ".join(f"{ms}" for ms in cost) + " ms by node",
        "memory": " ".join(f"{mib}" for mib in memory) + " MiB by node",
        "load process": f"{record['load_process']['cores']} cores, at most"
        f" {record['load_process']['late_ms_max']} ms late",
        "signature bound": f"{bound['transactions_per_s']} a second at {bound['verify_us']} µs"
        f" a signature; reached {bound['reached']}",
        "agreement": _agreed(record["agreement"]),
    }


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {count}" for code, count in counts.items()) or "none"


def _agreed(agreement: Mapping[str, Any]) -> str:
    if agreement["holds"]:
        return (
            f"every one of {agreement['acknowledged']} acknowledged ids is on every node,"
            f" blocks and state roots are equal up to height {agreement['height']}"
        )
    lacks = {name: len(agreement[name]) for name in ("missing", "differing", "forked")}
    return "BROKEN: " + _listed({name: count for name, count in lacks.items() if count})
