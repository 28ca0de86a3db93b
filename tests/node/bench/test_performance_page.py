"""docs/performance.md says what its kept records say; its command asks for what can be measured."""

import json
from dataclasses import replace
from typing import Any

import pytest

from node.bench.measured import Fault, Measured, Ramp, Repeated
from node.bench.record import record_of
from tests.bench import performance_page as page
from tests.bench.performance_figures import section
from tests.bench.performance_goals import CASES, GOALS, Record, told, told_run
from tests.commands.command_line import inside
from tests.node.bench.measurements import AGREEMENT, ramp, result, run, second


def kept(measured: Measured | Ramp | Repeated, name: str = "transfer") -> dict[str, Any]:
    """As if it had been measured for the page."""
    record = page.slim(record_of(measured), with_seconds=name in page.PLOTTED)
    (case,) = (case for case in CASES if case.name == name)
    return {"command": case.command, "day": "2026-11-23", "commit": "abc", "record": record}


def repeated(per_s: int) -> Repeated:
    """Three runs around a rate."""
    return Repeated(
        [run(result([second(per_s, per_s + at, 10.0)] * 10)) for at in (-5, 0, 5)],
    )


def whole_set() -> dict[str, Record]:
    """Every case of the set."""
    killed = run(faults=(Fault("pudong", was_primary=True, killed_at_s=8.0, decided_again_s=0.52),))
    made: dict[str, Measured | Ramp | Repeated] = {
        "transfer": repeated(3_000),
        "dead": repeated(2_000),
        "killed": killed,
        "ramp": ramp((100, 100), (200, 180), overload=True),
    }
    return {case.name: kept(made.get(case.name, repeated(1_500)), case.name) for case in CASES}


def test_the_page_and_its_plots_are_what_the_kept_records_render_to() -> None:
    files = page.files_of(page.load_cases(), page.PAGE.read_text("utf-8"))
    for path, text in files.items():
        assert path.read_text("utf-8") == text, (
            f"{path.name}: python -m tests.bench.performance_page --render"
        )


def test_a_goal_is_told_with_what_was_asked_and_what_came() -> None:
    lines = section(whole_set()).splitlines()
    told_of = {line.split(" | ")[0]: line for line in lines if line.startswith("|")}
    assert told_of["| `transfer` decided a second"].endswith(
        "| ≥ 2,000, 3,000 | **3,000** | 2,995 to 3,005 | aim |"
    )
    assert told_of["| steps of `trade` decided a second"].endswith(" | reached |")
    # 0.5 s CPU for 30,000 transactions, and 2,000 of 3,000 left with one dead.
    assert "**0.017 ms**" in told_of["| CPU of a `transfer` on a node"]
    assert told_of["| kept with one of four dead"].endswith("**67 %** | – | reached |")
    assert "**100 %**" in told_of["| kept of the peak at twice its load"]
    slow = whole_set() | {"steady": kept(run(result([second(9, 9, 400.0)] * 9)), "steady")}
    assert "| **400 ms** | – | missed |" in section(slow)


def test_what_was_not_measured_is_said_to_be_so() -> None:
    assert section({}) == "Nothing is measured yet.\n"
    only = section({"transfer": kept(repeated(3_000))})
    assert only.count("not measured") == len(GOALS) - 3


def test_kills_failures_and_disagreement_are_told() -> None:
    told_all = section(whole_set())
    assert "Killed the primary: the others decided again after 0.52 s." in told_all
    assert "No receipt names a broken rule." in told_all
    assert "was in the same block of every living node" in told_all
    failed = run(result([second(9, 9, 1.0)], failed={"OrderExists": 1}))
    broken = run(agreement=replace(AGREEMENT, missing=("aa",)))
    bad = section({"killed": kept(failed, "killed"), "dead": kept(broken, "dead")})
    assert "Failed: OrderExists." in bad
    assert "**1 of 2 runs ended with nodes that do not agree.**" in bad


def test_seconds_are_kept_of_what_is_plotted_only() -> None:
    record = page.slim(record_of(repeated(10)), with_seconds=True)
    assert len(record["median"]["seconds"]) == 10
    assert [other["seconds"] for other in record["others"]] == [[], []]
    assert page.slim(record_of(repeated(10)), with_seconds=False)["median"]["seconds"] == []
    risen = page.slim(record_of(ramp((9, 9), overload=True)), with_seconds=True)
    assert told_run(risen)["seconds"] == risen["overload"]["seconds"] == []


def test_a_page_without_its_marks_is_left_alone() -> None:
    with pytest.raises(SystemExit, match="lacks its marks"):
        page.files_of({}, "# Performance\n")


def test_kept_results_are_read_in_the_order_of_the_set(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "KEPT", tmp_path / "performance.json")
    cases = whole_set()
    page.save_cases(dict(reversed(cases.items())))
    assert list(page.load_cases()) == [case.name for case in CASES]
    assert page.load_cases() == json.loads(json.dumps(cases))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_is_one_that_the_command_takes(case: Any) -> None:
    ran = inside("bench", *case.arguments.split(), "--context", "nowhere", "-o", "json")
    kills = "kill" in case.arguments or "dead" in case.arguments
    assert ran.error["code"] == ("BenchRefused" if kills else "NetworkMissing"), ran.err
    assert not kills or "of its own only" in ran.err


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(None, "", "–"), (0.2049, "%", "20 %"), (0.1333, "ms", "0.133 ms"), (2345.6, "", "2,346")],
)
def test_figures_are_told_shortly(value: float | None, unit: str, words: str) -> None:
    assert told(value, unit) == words
