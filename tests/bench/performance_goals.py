"""What `hushang bench` is asked for docs/performance.md, and the figures that issue 5 asks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from node.bench.svg import number

Record = Mapping[str, Any]
# The kept results by the name of their case: command, day, commit and record of each.
Cases = Mapping[str, Record]


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that is measured: the arguments of `hushang bench`, and what a row calls it."""

    name: str
    row: str
    arguments: str

    @property
    def command(self) -> str:
        """As it is typed."""
        return f"hushang bench {self.arguments}"


CASES = (
    Case("transfer", "transfer", "--in-flight 800 --seconds 60 --repeat 3"),
    Case("trade", "trade", "--workload trade --in-flight 800 --seconds 20 --repeat 3"),
    Case(
        "provenance", "provenance", "--workload provenance --in-flight 16 --seconds 20 --repeat 3"
    ),
    Case("mixed", "mixed", "--workload mixed --in-flight 800 --seconds 20 --repeat 3"),
    Case("steady", "transfer, 500 a second", "--rate 500 --seconds 30 --repeat 3"),
    Case("idle", "transfer, 4 a second", "--rate 4 --seconds 20 --repeat 3"),
    Case("dead", "transfer, one of four dead", "--dead 1 --in-flight 800 --seconds 20 --repeat 3"),
    Case("killed", "transfer, primary killed", "--rate 500 --seconds 20 --kill-primary-at 8"),
    Case("ramp", "transfer, ramp and overload", "--ramp --seconds 10 --overload 2"),
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What issue 5 asks for: a figure of some case, at least or at most so much, better so much."""

    words: str
    unit: str
    needed: float
    aim: float
    at_most: bool
    value: Callable[[Cases], float | None]
    spread: Callable[[Cases], Sequence[float] | None] = lambda _: None

    def row(self, cases: Cases) -> str:
        """The goal's line in the table."""
        value, spread = self.value(cases), self.spread(cases)
        sign = "≤" if self.at_most else "≥"
        ends = "–" if spread is None else " to ".join(told(end, self.unit) for end in spread)
        measured = "not measured" if value is None else f"**{told(value, self.unit)}**"
        asked = f"{sign} {told(self.needed, self.unit)}"
        asked += "" if self.aim == self.needed else f", {told(self.aim, self.unit)}"
        return f"| {self.words} | {asked} | {measured} | {ends} | {self._verdict(value)} |"

    def _verdict(self, value: float | None) -> str:
        if value is None:
            return "–"
        sign = -1 if self.at_most else 1
        if self.aim != self.needed and sign * value >= sign * self.aim:
            return "aim"
        return "reached" if sign * value >= sign * self.needed else "missed"


def _at(*path: str) -> Callable[[Cases], float | None]:
    """The figure at this path of a case's run, the median where it was repeated."""

    def found(cases: Cases) -> float | None:
        if path[0] not in cases:
            return None
        value: Any = told_run(cases[path[0]]["record"])
        for name in path[1:]:
            value = value[name]
        return None if value is None else float(value)

    return found


def _spread(case: str, name: str) -> Callable[[Cases], Sequence[float] | None]:
    """From where to where a figure of repeated runs went."""

    def found(cases: Cases) -> Sequence[float] | None:
        record: Record = cases[case]["record"] if case in cases else {}
        span: Sequence[float] | None = record.get("spread", {}).get(name)
        return span

    return found


def _share_with_dead(cases: Cases) -> float | None:
    dead, healthy = (_at(name, "decided", "per_s")(cases) for name in ("dead", "transfer"))
    return dead / healthy if dead is not None and healthy else None


def _kept(cases: Cases) -> float | None:
    return cases["ramp"]["record"]["overload_kept"] if "ramp" in cases else None


# Issue 5, "What it must show"; where it names no aim, the aim is what is needed.
GOALS = (
    Goal(
        "`transfer` decided a second",
        "",
        2_000,
        3_000,
        at_most=False,
        value=_at("transfer", "decided", "per_s"),
        spread=_spread("transfer", "per_s"),
    ),
    Goal(
        "of the signature bound",
        "%",
        0.20,
        0.30,
        at_most=False,
        value=_at("transfer", "bound", "reached"),
        spread=_spread("transfer", "reached"),
    ),
    Goal(
        "CPU of a `transfer` on a node",
        "ms",
        0.2,
        0.13,
        at_most=True,
        value=_at("transfer", "cost", "cpu_ms_per_transaction"),
        spread=_spread("transfer", "cpu_ms_per_transaction"),
    ),
    Goal(
        "steps of `trade` decided a second",
        "",
        1_200,
        2_000,
        at_most=False,
        value=_at("trade", "decided", "per_s"),
        spread=_spread("trade", "per_s"),
    ),
    Goal(
        "events of `provenance` a second",
        "",
        1_500,
        4_000,
        at_most=False,
        value=_at("provenance", "decided", "operations_per_s"),
        spread=_spread("provenance", "operations_per_s"),
    ),
    Goal(
        "p50 at 500 a second",
        "ms",
        30,
        30,
        at_most=True,
        value=_at("steady", "latency_ms", "p50"),
        spread=_spread("steady", "p50_ms"),
    ),
    Goal(
        "p99 at 500 a second",
        "ms",
        150,
        150,
        at_most=True,
        value=_at("steady", "latency_ms", "p99"),
        spread=_spread("steady", "p99_ms"),
    ),
    Goal(
        "p50 of an idle network",
        "ms",
        15,
        15,
        at_most=True,
        value=_at("idle", "latency_ms", "p50"),
        spread=_spread("idle", "p50_ms"),
    ),
    Goal("kept of the peak at twice its load", "%", 0.85, 0.85, at_most=False, value=_kept),
    Goal("kept with one of four dead", "%", 0.5, 0.9, at_most=False, value=_share_with_dead),
)


def told_run(record: Record) -> Record:
    """The one run that is told of a record: the median of several, the peak of a ramp."""
    inner = {"ramp": "peak", "repeated": "median"}.get(record["kind"])
    run: Record = record if inner is None else record[inner]
    return run


def told(value: float | None, unit: str = "") -> str:
    """A figure as the page tells it; a dash where there is none."""
    if value is None:
        return "–"
    if unit == "%":
        return f"{value * 100:.0f} %"
    words = f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < 1 else number(value)
    return f"{words} {unit}".rstrip()
