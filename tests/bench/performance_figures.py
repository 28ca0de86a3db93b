"""What docs/performance.md says of measured runs: tables, made of their kept records alone."""

from node.bench.record import runs_of
from tests.bench.performance_goals import CASES, GOALS, Cases, Record, told, told_run


def section(cases: Cases) -> str:
    """Everything between the marks of the page."""
    if not cases:
        return "Nothing is measured yet.\n"
    parts = [_where(cases), _goals(cases), _rows(cases), _steps(cases), _ramp(cases), _end(cases)]
    return "\n".join(part for part in parts if part)


def _where(cases: Cases) -> str:
    days = sorted({case["day"] for case in cases.values()})
    commits = sorted({case["commit"] for case in cases.values()})
    machine = told_run(next(iter(cases.values()))["record"])["machine"]
    loads = [
        run["machine"]["load_before"]
        for case in cases.values()
        for run in runs_of(case["record"])
        if run["machine"]["load_before"] is not None
    ]
    load = f", load average before the runs {min(loads)} to {max(loads)}" if loads else ""
    lines = [
        f"{' to '.join(days)}, commit {', '.join(commits)}: {machine['cores']} cores,"
        f" {machine['system']}, Python {machine['python']}{load}.",
        "The nodes and the load process share these cores; TLS, fsync and the state tree are on.",
    ]
    return "\n".join([*lines, "", "```", *(case["command"] for case in cases.values()), "```", ""])


def _goals(cases: Cases) -> str:
    head = ["| figure | needed, aim | median | of all runs | |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(goal.row(cases) for goal in GOALS), ""])


def _rows(cases: Cases) -> str:
    """What each median run was, in full."""
    lines = [
        "| | decided a second | operations | p50 | p95 | p99 | max, ms | CPU ms | sent | disk"
        " | blocks/s | in a block |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    rows = {case.name: case.row for case in CASES}
    for name, case in cases.items():
        run = told_run(case["record"])
        decided, latency, cost = run["decided"], run["latency_ms"], run["cost"]
        cells = [
            rows.get(name, name),
            *(told(decided[key]) for key in ("per_s", "operations_per_s")),
            *(told(latency[key]) for key in ("p50", "p95", "p99", "max")),
            told(cost["cpu_ms_per_transaction"]),
            told(cost["sent_bytes_per_transaction"]),
            told(cost["disk_bytes_per_transaction"]),
            told(decided["blocks_per_s"]),
            told(decided["transactions_per_block"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(
        [
            *lines,
            "",
            "CPU, bytes sent to peers and bytes on disk: of a transaction, on one node, the mean of"
            " all.",
            "",
        ]
    )


def _steps(cases: Cases) -> str:
    """The latency of each step of a trade."""
    if "trade" not in cases:
        return ""
    order = ("order.create", "order.pay", "shipment.create", "shipment.delivered", "order.confirm")
    seen = told_run(cases["trade"]["record"])["latency_ms_by_kind"]
    lines = ["| step of a trade | p50 ms | p95 | p99 |", "|---|---|---|---|"]
    for kind in (kind for kind in order if kind in seen):
        told = " | ".join(told(seen[kind][key]) for key in ("p50", "p95", "p99"))
        lines.append(f"| {kind} | {told} |")
    return "\n".join([*lines, ""])


def _ramp(cases: Cases) -> str:
    """What each rate of the ramp came to."""
    if "ramp" not in cases:
        return ""
    lines = [
        "| offered a second | decided | p50 ms | p99 | CPU ms | refused |",
        "|---|---|---|---|---|---|",
    ]
    for run in runs_of(cases["ramp"]["record"]):
        load, latency = run["load"], run["latency_ms"]
        closed = load["loop"] == "closed"
        offered = f"{load['in_flight']} in flight" if closed else told(load["rate_per_s"])
        cells = [
            offered,
            told(run["decided"]["per_s"]),
            told(latency["p50"]),
            told(latency["p99"]),
            told(run["cost"]["cpu_ms_per_transaction"]),
            told(sum(run["refused"].values())),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _end(cases: Cases) -> str:
    """Faults, what was refused or failed, memory, and that the nodes agreed."""
    runs = [run for case in cases.values() for run in runs_of(case["record"])]
    lines = [_fault(fault) for run in runs for fault in run["faults"] if fault["decided_again_s"]]
    failed = sorted({code for run in runs for code in run["failed"]})
    lines.append(f"Failed: {', '.join(failed)}." if failed else "No receipt names a broken rule.")
    anonymous = [
        row["rss_anon_mib"]
        for run in runs
        for row in run["cost"]["by_node"]
        if row.get("rss_anon_mib") is not None
    ]
    if anonymous:
        lines.append(f"No node had more than {told(max(anonymous))} MiB of anonymous memory.")
    ids = sum(run["agreement"]["acknowledged"] for run in runs)
    broken = [run for run in runs if not run["agreement"]["holds"]]
    lines.append(
        f"**{len(broken)} of {len(runs)} runs ended with nodes that do not agree.**"
        if broken
        else f"After each of the {len(runs)} runs every acknowledged id, {told(ids)} in all, was"
        " in the same block of every living node, under equal state roots."
    )
    return "\n".join([*lines, ""])


def _fault(fault: Record) -> str:
    who = "the primary" if fault["was_primary"] else fault["node"]
    return f"Killed {who}: the others decided again after {fault['decided_again_s']} s."
