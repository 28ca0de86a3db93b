"""A node's pace from two looks at its status and metrics; no I/O, no terminal.

Counters only grow while a process lives, so rates are differences; a node that was restarted counts
anew, and its first look gives none.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from node.heard_words import heard, heard_all
from node.words import said

LINE: Final = re.compile(r"^([a-z_:]+)(?:\{([^}]*)\})? (\S+)")
LABEL: Final = re.compile(r'(\w+)="([^"]*)"')

Buckets = Mapping[float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """What a node said at one moment of the asker's clock."""

    at_s: float
    status: Mapping[str, Any]
    transactions: float
    blocks: float
    decisions: Buckets
    lags: Buckets
    resident: float
    disk_free: float | None

    @property
    def run(self) -> int:
        """Tells this process of the node from the one before."""
        return int(self.status["started_ms"])


@dataclass(frozen=True, slots=True)
class Figures:
    """One row of the table. Latencies in milliseconds; None: nothing happened to tell by."""

    name: str
    there: bool
    height: int | None = None
    view: int | None = None
    primary: str = ""
    role: str = ""
    transactions_s: float | None = None
    blocks_s: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    pool: int | None = None
    peers: int | None = None
    peers_known: int | None = None
    lag_ms: float | None = None
    resident: int | None = None
    disk_free: int | None = None
    ready: bool = False
    words: str = ""


def read_look(at_s: float, status: Mapping[str, Any], metrics: str) -> Look:
    """A look; a metric that isn't told counts as nothing."""
    transactions = blocks = resident = 0.0
    disk_free: float | None = None
    decisions: dict[float, float] = {}
    lags: dict[float, float] = {}
    for name, labels, value in _samples(metrics):
        match name:
            case "hushang_transactions_total":
                transactions += value
            case "hushang_blocks_total":
                blocks = value
            case "process_resident_memory_bytes":
                resident = value
            case "hushang_disk_free_bytes":
                disk_free = value
            case "hushang_decision_seconds_bucket":
                decisions[_edge(labels)] = value
            case "hushang_loop_lag_seconds_bucket":
                lags[_edge(labels)] = value
            case _:
                # Not shown.
                pass
    return Look(at_s, status, transactions, blocks, decisions, lags, resident, disk_free)


def _samples(text: str) -> Iterator[tuple[str, str, float]]:
    for line in text.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        try:
            yield found[1], found[2] or "", float(found[3])
        except ValueError:
            continue


def _edge(labels: str) -> float:
    return float(dict(LABEL.findall(labels)).get("le", "inf"))


def figures(before: Look | None, now: Look) -> Figures:
    """The row of a node that answered; without an earlier look of the same run, no rates."""
    status = now.status
    peers = status["peers"]
    row: dict[str, Any] = {
        "height": status["height"],
        "view": status["view"],
        "primary": status["primary"],
        "role": status["role"],
        "pool": status["pool_count"],
        "peers": sum(peer["connected"] for peer in peers),
        "peers_known": len(peers),
        "resident": int(now.resident) or None,
        "disk_free": None if now.disk_free is None else int(now.disk_free),
        "ready": status["ready"],
        "words": heard_all(status["not_ready_because"]) or _silence(status),
    }
    if before is not None and before.run == now.run and now.at_s > before.at_s:
        row |= _rates(before, now)
    return Figures(name=status["name"], there=True, **row)


def _silence(status: Mapping[str, Any]) -> str:
    if status["role"] == "observer" or not status["withheld"]:
        return ""
    return said("doesn't vote: {silence}", silence=heard(status["withheld"]))


def _rates(before: Look, now: Look) -> Mapping[str, Any]:
    passed_s = now.at_s - before.at_s
    decisions = {edge: n - before.decisions.get(edge, 0) for edge, n in now.decisions.items()}
    lags = {edge: n - before.lags.get(edge, 0) for edge, n in now.lags.items()}
    return {
        "transactions_s": max(0.0, now.transactions - before.transactions) / passed_s,
        "blocks_s": max(0.0, now.blocks - before.blocks) / passed_s,
        "p50_ms": quantile_ms(decisions, 0.5),
        "p99_ms": quantile_ms(decisions, 0.99),
        "lag_ms": quantile_ms(lags, 0.99),
    }


def quantile_ms(cumulative: Buckets, quantile: float) -> float | None:
    """Within the bucket that holds it, as evenly as Prometheus takes it; None: nothing counted."""
    edges = sorted(cumulative)
    total = cumulative[edges[-1]] if edges else 0.0
    if total <= 0:
        return None
    wanted, below_edge, below = quantile * total, 0.0, 0.0
    for edge in edges:
        count = cumulative[edge]
        if count >= wanted:
            if edge == float("inf"):
                break
            part = (wanted - below) / (count - below) if count > below else 1.0
            return 1000 * (below_edge + (edge - below_edge) * part)
        below_edge, below = edge, count
    return 1000 * below_edge


def happenings(before: Sequence[Figures], now: Sequence[Figures]) -> list[str]:
    """What changed from one look to the next, a few words each."""
    earlier = {row.name: row for row in before}
    told: list[str] = []
    for row in now:
        old = earlier.get(row.name)
        if old is None:
            continue
        if old.there != row.there:
            back, gone = (
                said("{name} is back", name=row.name),
                said("{name} went away", name=row.name),
            )
            told.append(back if row.there else gone)
        elif row.there and old.ready != row.ready:
            ready = said("{name} is ready", name=row.name)
            told.append(ready if row.ready else said("{name} is not ready", name=row.name))
        if row.there and old.there and row.view != old.view:
            told.append(said("{name} is in view {view}", name=row.name, view=row.view))
    return told
