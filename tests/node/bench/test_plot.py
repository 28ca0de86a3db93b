"""The plot of a record: its points, its words, whatever the record is."""

from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from node.bench.measured import Fault, Measured, Pause, Ramp, Repeated
from node.bench.plan import Load
from node.bench.plot import LOWER, UPPER, plot
from node.bench.record import record_of
from node.bench.svg import NAMESPACE
from tests.node.bench.measurements import ramp, result, run, second


def drawn(measured: Measured | Ramp | Repeated) -> Element:
    return fromstring(plot(record_of(measured)))


def all_of(root: Element, name: str) -> list[Element]:
    return root.findall(f"{{{NAMESPACE}}}{name}")


def words(root: Element) -> list[str]:
    return [text.text or "" for text in all_of(root, "text")]


def dots(root: Element, name: str) -> list[str]:
    """What the dots of a curve tell."""
    told = [dot.findtext(f"{{{NAMESPACE}}}title", "") for dot in all_of(root, "circle")]
    return [one for one in told if one.startswith(name)]


def test_a_run_over_time_has_a_point_for_each_second() -> None:
    seconds = [second(10, at, 10.0 * (at + 1), 100.0) for at in range(8)]
    root = drawn(run(result(seconds)))
    assert dots(root, "decided") == [f"decided at {at + 0.5:g}: {at}" for at in range(8)]
    assert len(dots(root, "p50")) == len(dots(root, "p99")) == 8
    # Both panels span the same seconds.
    first, last = all_of(root, "circle")[0], all_of(root, "circle")[7]
    step = (float(last.get("cx", "")) - float(first.get("cx", ""))) / 7
    assert step == pytest.approx((730 - 70) / 8)


def test_the_numbers_of_the_report_stand_in_the_plot() -> None:
    record: dict[str, Any] = record_of(run())
    root = fromstring(plot(record))
    told = words(root)
    assert told[0] == root.get("aria-label") == "transfer, 2 nodes, 10 a second for 10 s"
    assert "decided 10" in told
    assert "offered 10" in told
    assert f"p50 {record['latency_ms']['p50']:.0f} ms" in told
    assert "5.0 ms CPU a transaction and node; 0.1 % of the signature bound" in told


def test_what_is_refused_at_every_second_leaves_a_plot_without_latencies() -> None:
    made = result([second(10, 0)] * 3, refused={"PoolFull": 30}, decided_s=0.0)
    root = drawn(run(made))
    assert dots(root, "p50") == []
    assert dots(root, "decided") == [f"decided at {at + 0.5:g}: 0" for at in range(3)]


def test_a_kill_and_the_pause_that_followed_are_marked() -> None:
    fault = Fault("pudong", was_primary=True, killed_at_s=2.0, decided_again_s=1.0)
    back = replace(fault, restarted_at_s=4.0, back_s=2.0)
    made = result([second(10, 10, 5.0)] * 10, pauses=(Pause(2.0, 3.0), Pause(7.0, 7.001)))
    root = drawn(run(made, faults=(back,)))
    assert {"pudong killed", "pudong restarted"} <= set(words(root))
    shades = [box for box in all_of(root, "rect") if box.get("class") == "shade"]
    assert {box.get("x") for box in shades} == {"202"}
    assert [box.get("y") for box in shades] == [str(UPPER[0]), str(LOWER[0])]


def test_what_is_offered_ends_with_the_load_and_answers_may_come_later() -> None:
    made = result([second(10, 10, 5.0)] * 4 + [second(0, 4, 5.0)])
    root = drawn(run(made, Load("transfer", 4.0, 100, 10, None)))
    offered, decided, *_ = (path.get("d", "") for path in all_of(root, "path"))
    assert (offered.count("L"), decided.count("L")) == (3, 4)


def test_the_time_between_two_blocks_is_no_pause() -> None:
    made = result([second(10, 10, 5.0)] * 4, pauses=(Pause(1.0, 1.4),))
    assert "shade" not in {box.get("class") for box in all_of(drawn(run(made)), "rect")}


def test_a_long_run_is_a_line_without_dots() -> None:
    root = drawn(run(result([second(10, 10, 5.0)] * 600)))
    assert all_of(root, "circle") == []
    assert len(all_of(root, "path")) == 4


def test_repeated_runs_show_the_others_faintly_behind_the_median() -> None:
    runs = [run(result([second(10, decided, 5.0)] * 5)) for decided in (8, 10, 9)]
    root = drawn(Repeated(runs))
    assert words(root)[0].endswith("; the median of 3 runs")
    assert [path.get("class") for path in all_of(root, "path")].count("one thin") == 2
    assert dots(root, "decided")[0] == "decided at 0.5: 9"


def test_a_ramp_is_drawn_over_what_was_offered() -> None:
    root = drawn(ramp((100, 100), (200, 190), (400, 210), overload=False))
    assert dots(root, "decided") == [
        "decided at 100: 100",
        "decided at 200: 190",
        "decided at 400: 210",
    ]
    # The numbers are written too, and the closed loop beside them.
    assert {"100", "190", "210", "400 in flight: 210"} <= set(words(root))
    assert len(dots(root, "p99")) == 3
    assert words(root)[-1] == "offered a second"
    assert "at the peak" in " ".join(words(root))


def test_an_overload_alone_is_drawn_beside_its_closed_loop() -> None:
    risen = ramp((200, 190), overload=True)
    root = drawn(replace(risen, steps=[]))
    assert dots(root, "decided") == ["decided at 200: 190"]
    assert "400 in flight: 190" in words(root)


def test_the_overload_of_a_ramp_is_a_point_too() -> None:
    last = run(result([second(800, 200, 9.0)] * 5))
    steps = ramp((100, 100), (200, 190))
    over = replace(last, load=replace(last.load, rate_per_s=800))
    root = drawn(replace(steps, overload=over, overload_factor=4.0))
    assert dots(root, "decided")[-1] == "decided at 800: 200"
