"""A plot of a record: rates above, latencies below; over time, of a ramp over what was offered."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from node.bench.panels import LEFT, RIGHT, Curve, Panel, Values, axis
from node.bench.readable import workload_line
from node.bench.record import runs_of
from node.bench.svg import Drawing, Scale, linear, number

WIDTH: Final = 940
HEIGHT: Final = 610
UPPER: Final = (104, 300)
LOWER: Final = (356, 530)
# More seconds than this are a line without dots.
DOTS_MAX: Final = 120
# A pause is marked from here on: below, it is the time between two blocks.
PAUSE_MIN_S: Final = 0.5


def plot(record: Mapping[str, Any]) -> str:
    """The SVG document of any record."""
    if record["kind"] == "ramp":
        return _over_load(record)
    if record["kind"] == "repeated":
        return _over_time(record["median"], record["others"])
    return _over_time(record, [])


def _over_time(run: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> str:
    words = f"; the median of {len(others) + 1} runs" if others else ""
    drawing = _page(workload_line(run) + words, run)
    across = Scale(0.0, float(max(1, len(run["seconds"]))), LEFT, RIGHT)
    few = len(run["seconds"]) <= DOTS_MAX
    offered, decided = run["offered"]["per_s"], run["decided"]["per_s"]
    curves = [
        *(Curve("", "", "one thin", _series(other, "decided"), dots=False) for other in others),
        Curve("offered", number(offered), "two dashed", _offered(run), dots=False, level=offered),
        Curve("decided", number(decided), "one", _series(run, "decided"), few, level=decided),
    ]
    _shades(drawing, across, run)
    upper = Panel(drawing, across, *UPPER)
    upper.draw("transactions a second", upper.rates(curves), curves)
    latency = run["latency_ms"]
    delays = [
        Curve(rank, _ms(latency[rank]), kind, _series(run, f"{rank}_ms"), few, level=latency[rank])
        for rank, kind in (("p99", "four"), ("p50", "three"))
    ]
    lower = Panel(drawing, across, *LOWER)
    lower.draw("latency in ms, of what was decided", lower.latencies(delays), delays)
    _faults(drawing, across, run)
    axis(drawing, across, LOWER[1], "seconds")
    return drawing.written()


def _over_load(record: Mapping[str, Any]) -> str:
    probe, peak = record["probe"], record["peak"]
    runs = [run for run in runs_of(record) if run["load"]["loop"] == "open"]
    runs.sort(key=lambda run: float(run["load"]["rate_per_s"]))
    title = f"{record['workload']}, {peak['nodes']} nodes: decided and latency against offered"
    drawing = _page(title, peak, "at the peak: ")
    across = linear(max((float(run["load"]["rate_per_s"]) for run in runs), default=1), LEFT, RIGHT)
    decided = Curve("decided", "", "one", [_decided(run) for run in runs], numbers=True)
    closed_per_s = probe["decided"]["per_s"]
    ceiling = Curve(
        f"{probe['load'].get('in_flight')} in flight:",
        number(closed_per_s),
        "two thin",
        [(0.0, closed_per_s), (across.high, closed_per_s)],
        dots=False,
    )
    upper = Panel(drawing, across, *UPPER)
    up = upper.rates([decided, ceiling])
    least = min(up.high, across.high)
    offered = Curve("", "", "two dashed", [(0.0, 0.0), (least, least)], dots=False)
    upper.draw("decided a second; dashed: all that is offered", up, [offered, ceiling, decided])
    delays = [
        Curve(rank, "", kind, [_latency(run, rank) for run in runs], numbers=True)
        for rank, kind in (("p99", "four"), ("p50", "three"))
    ]
    lower = Panel(drawing, across, *LOWER)
    lower.draw("latency in ms, of what was decided", lower.latencies(delays), delays)
    axis(drawing, across, LOWER[1], "offered a second")
    return drawing.written()


def _page(title: str, run: Mapping[str, Any], at: str = "") -> Drawing:
    """An empty page: what was measured on which machine, and what it cost."""
    drawing = Drawing(WIDTH, HEIGHT, title)
    drawing.text(24, 34, title, "head")
    machine, bound = run["machine"], run["bound"]
    words = f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}"
    if machine["load_before"] is not None:
        words += f", load average {machine['load_before']} before"
    drawing.text(24, 56, words, "foot")
    cpu_ms, reached = run["cost"]["cpu_ms_per_transaction"], bound["reached"]
    costs = [] if cpu_ms is None else [f"{cpu_ms} ms CPU a transaction and node"]
    if reached is not None:
        costs.append(f"{reached * 100:.1f} % of the signature bound")
    drawing.text(24, HEIGHT - 16, at + "; ".join(costs), "foot")
    return drawing


def _series(run: Mapping[str, Any], name: str) -> Values:
    """Second by second, each in the middle of its second."""
    return [(at + 0.5, second[name]) for at, second in enumerate(run["seconds"])]


def _offered(run: Mapping[str, Any]) -> Values:
    """While there was a load; later answers still come, and nothing is due."""
    lasts_s = run["load"]["seconds"]
    return [(x, value if x < lasts_s else None) for x, value in _series(run, "offered")]


def _decided(run: Mapping[str, Any]) -> tuple[float, float | None]:
    return float(run["load"]["rate_per_s"]), run["decided"]["per_s"]


def _latency(run: Mapping[str, Any], rank: str) -> tuple[float, float | None]:
    return float(run["load"]["rate_per_s"]), run["latency_ms"][rank]


def _shades(drawing: Drawing, across: Scale, run: Mapping[str, Any]) -> None:
    """Where nothing was decided for long, behind both panels."""
    for pause in run["pauses"]:
        if pause["seconds"] < PAUSE_MIN_S:
            continue
        begin = across.at(min(pause["begin_s"], across.high))
        end = across.at(min(pause["begin_s"] + pause["seconds"], across.high))
        for top, bottom in (UPPER, LOWER):
            drawing.rect(begin, top, end - begin, bottom - top, "shade")


def _faults(drawing: Drawing, across: Scale, run: Mapping[str, Any]) -> None:
    """When a node was killed, and when it was started again."""
    for fault in run["faults"]:
        moments = [(fault["killed_at_s"], f"{fault['node']} killed")]
        if fault["restarted_at_s"] is not None:
            moments.append((fault["restarted_at_s"], f"{fault['node']} restarted"))
        for moment_s, words in moments:
            x = across.at(min(moment_s, across.high))
            drawing.line((x, UPPER[0]), (x, LOWER[1]), "mark")
            drawing.text(x + 5, (UPPER[1] + LOWER[0]) / 2 - 6, words, "axis four")


def _ms(value: float | None) -> str:
    return "" if value is None else f"{number(value)} ms"
