"""The figures of a run as people read them: a name and a line each."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

# A load average beside which rates tell of the other work too.
BUSY: Final = 1.0
# What a load process can fall behind, and the cores it can use, before it is what is measured.
# One pause of the machine is not the load process's limit.
LATE_MS_MAX: Final = 500.0
CORES_MAX: Final = 0.9
PAUSES_SHOWN: Final = 3


def readable(record: Mapping[str, Any]) -> dict[str, Any]:
    """Any record of `node.bench.record`."""
    if record["kind"] == "ramp":
        return _ramp(record)
    if record["kind"] == "repeated":
        return _repeated(record)
    return _run(record)


def _run(record: Mapping[str, Any]) -> dict[str, Any]:
    decided, bound = record["decided"], record["bound"]
    rows: dict[str, Any] = {
        "workload": workload_line(record),
        "machine": _machine(record["machine"]),
        "offered": f"{record['offered']['transactions']}, {record['offered']['per_s']} a second",
        "decided": f"{decided['transactions']}, {decided['per_s']} a second"
        f" ({decided['operations_per_s']} operations), {decided['seconds']} s",
        "blocks": f"{decided['blocks']}, {decided['blocks_per_s']} a second,"
        f" {_told(decided['transactions_per_block'])} transactions each,"
        f" {decided['largest_block']} in the largest",
        "refused": _counted(record["refused"]),
        "failed": _counted(record["failed"]),
        "latency": _latency(record["latency_ms"]),
    }
    if record["retried"]:
        rows["waited out"] = _counted(record["retried"])
    by_kind = record["latency_ms_by_kind"]
    if len(by_kind) > 1:
        rows["latency by step"] = {kind: _latency(seen) for kind, seen in by_kind.items()}
    rows |= _costs(record["cost"])
    rows |= {
        "load process": _load_process(record["load_process"]),
        "signature bound": f"{bound['transactions_per_s']} a second at {bound['verify_us']} µs"
        f" a signature, {bound['signatures_per_transaction']} a transaction;"
        f" reached {_per_cent(bound['reached'])}",
        "view changes": record["view_changes"],
    }
    if record["pauses"]:
        rows["without decisions"] = _pauses(record["pauses"])
    for fault in record["faults"]:
        rows[f"killed {fault['node']}"] = _fault(fault)
    notes = _notes(record)
    if notes:
        rows["notes"] = "\n".join(notes)
    return rows | {"agreement": _agreed(record["agreement"])}


def workload_line(record: Mapping[str, Any]) -> str:
    """What was offered to whom: `transfer, 4 nodes, 200 a second for 10 s`."""
    load = record["load"]
    closed = load["loop"] == "closed"
    shape = f"{load['in_flight']} in flight" if closed else f"{load['rate_per_s']} a second"
    dead = record["dead"]
    nodes = "1 node" if record["nodes"] == 1 else f"{record['nodes']} nodes"
    nodes += f", {', '.join(dead)} dead" if dead else ""
    return f"{record['workload']}, {nodes}, {shape} for {load['seconds']:g} s"


def _machine(machine: Mapping[str, Any]) -> str:
    words = f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    before, after = machine["load_before"], machine["load_after"]
    return words + ("" if before is None else f", load average {before} before, {after} after")


def _latency(seen: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {_told(seen[name])} ms" for name in ("p50", "p95", "p99", "max"))


def _costs(cost: Mapping[str, Any]) -> dict[str, str]:
    rows = cost["by_node"]
    return {
        "CPU per transaction": f"{_told(cost['cpu_ms_per_transaction'])} ms a node"
        f" ({_listed(rows, 'cpu_ms_per_transaction')})",
        "bytes per transaction": f"{_told(cost['sent_bytes_per_transaction'], 0)} sent to peers,"
        f" {_told(cost['disk_bytes_per_transaction'], 0)} on disk, a node",
        "memory": f"{_listed(rows, 'rss_mib')} MiB by node,"
        f" {_listed(rows, 'rss_anon_mib')} without mapped files",
    }


def _load_process(load: Mapping[str, Any]) -> str:
    return (
        f"{_told(load['cores'])} cores, at most {load['late_ms_max']} ms late;"
        f" {load['signed']} signed beforehand in {load['signing_s']} s"
    )


def _pauses(pauses: Sequence[Mapping[str, Any]]) -> str:
    told = [f"{one['seconds']} s at {one['begin_s']} s" for one in pauses[:PAUSES_SHOWN]]
    return "at most " + ", ".join(told)


def _fault(fault: Mapping[str, Any]) -> str:
    words = f"at {fault['killed_at_s']} s" + (", the primary" if fault["was_primary"] else "")
    again = fault["decided_again_s"]
    words += "; nothing was decided any more" if again is None else f"; decided again in {again} s"
    if fault["restarted_at_s"] is None:
        return words
    words += f"; restarted at {fault['restarted_at_s']} s"
    back = fault["back_s"]
    return words + ("; it did not come back" if back is None else f", back in {back} s")


def _notes(record: Mapping[str, Any]) -> Sequence[str]:
    """What a reader must know before trusting the figures."""
    load, machine = record["load_process"], record["machine"]
    notes = []
    if (machine["load_before"] or 0.0) > BUSY:
        notes.append("other work kept the machine busy: take the ratios and CPU times, not rates")
    if load["late_ms_max"] > LATE_MS_MAX or (load["cores"] or 0.0) > CORES_MAX:
        notes.append("the load process was itself the limit: offer less, or give it a core")
    if load["ran_out"]:
        notes.append("all that was signed had been offered before the time was over")
    if record["broken_chains"]:
        notes.append(f"{record['broken_chains']} chains of steps did not come to their end")
    if record["interrupted"]:
        notes.append("interrupted: this is what was measured until then")
    return notes


def _repeated(record: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "per_s": "decided a second",
        "operations_per_s": "operations a second",
        "p50_ms": "p50 ms",
        "p99_ms": "p99 ms",
        "cpu_ms_per_transaction": "CPU ms a transaction",
        "reached": "of the bound",
    }
    spread = {names[name]: _span(name, span) for name, span in record["spread"].items()}
    head = {f"of {record['repeated']} runs": spread}
    return _run(record["median"]) | head | _worst(record["others"])


def _span(name: str, span: Sequence[float] | None) -> str:
    if span is None:
        return "–"
    return " to ".join(_per_cent(end) if name == "reached" else f"{end}" for end in span)


def _worst(others: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What else the runs beside the median must tell: that they agreed, and whether all was ok."""
    broken = [run for run in others if not run["agreement"]["holds"]]
    failed = [code for run in others for code in run["failed"]]
    rows = {}
    if broken:
        rows["agreement of the others"] = _agreed(broken[0]["agreement"])
    if failed:
        rows["failed in the others"] = ", ".join(sorted(set(failed)))
    return rows


def _ramp(record: Mapping[str, Any]) -> dict[str, Any]:
    """A line for each rate, and the peak in full."""
    runs = [record["probe"], *record["steps"]]
    if record["overload"] is not None:
        runs.append(record["overload"])
    lines = {_offered(run): _line(run) for run in runs}
    rows: dict[str, Any] = {"steps": lines, "peak": _run(record["peak"])}
    if record["overload"] is not None:
        rows["overload"] = (
            f"{record['overload_factor']:g} times the peak was offered,"
            f" {_per_cent(record['overload_kept'])} of the peak decided"
        )
    return rows


def _offered(run: Mapping[str, Any]) -> str:
    load = run["load"]
    if load["loop"] == "closed":
        return f"{load['in_flight']} in flight"
    return f"{load['rate_per_s']} a second"


def _line(run: Mapping[str, Any]) -> str:
    latency, refused = run["latency_ms"], sum(run["refused"].values())
    return (
        f"{run['decided']['per_s']} decided a second, p50 {_told(latency['p50'])} ms,"
        f" p99 {_told(latency['p99'])} ms, {_told(run['cost']['cpu_ms_per_transaction'])} ms CPU,"
        f" {refused} refused"
    )


def _agreed(agreement: Mapping[str, Any]) -> str:
    if agreement["holds"]:
        words = f"every one of {agreement['acknowledged']} acknowledged ids is on every node"
        dead = agreement["dead"]
        living = f" that lives ({', '.join(dead)} dead)" if dead else ""
        return f"{words}{living}, blocks and state roots are equal up to height" + (
            f" {agreement['height']}"
        )
    lacks = {name: len(agreement[name]) for name in ("missing", "differing", "forked")}
    return "BROKEN: " + _counted({name: count for name, count in lacks.items() if count})


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{code} {count}" for code, count in counts.items()) or "none"


def _listed(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    return " ".join(_told(row.get(name)) for row in rows)


def _told(value: float | None, digits: int | None = None) -> str:
    if value is None:
        return "–"
    return f"{value}" if digits is None else f"{value:.{digits}f}"


def _per_cent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"
