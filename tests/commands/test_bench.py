"""`hushang bench`: what it refuses before it starts anything, and one short run of real nodes."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commands.command_line import hushang, inside


def test_it_measures_a_network_of_its_own_and_draws_what_it_saw(tmp_path: Path) -> None:
    file = tmp_path / "run.svg"
    ran = hushang(
        *("bench", "--rate", "40", "--seconds", "1", "-n", "1", "-o", "json", "--plot", str(file))
    )
    assert ran.code == 0, ran.err
    assert ElementTree.parse(file).getroot().get("aria-label") == (
        "transfer, 1 node, 40 a second for 1 s"
    )
    record = ran.json
    assert record["offered"]["transactions"] == 40
    assert record["decided"]["transactions"] == 40
    assert (record["refused"], record["failed"]) == ({}, {})
    assert record["agreement"]["holds"]
    assert record["latency_ms"]["p50"] > 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--rate", "40", "--in-flight", "4"),
        ("--rate", "40", "--ramp"),
        ("--in-flight", "40", "--overload", "2"),
        ("--overload", "1"),
        ("--ramp", "--repeat", "3"),
        ("--repeat", "0"),
        ("--workload", "transfers"),
        ("--dead", "2"),
        ("-n", "3", "--dead", "1"),
        ("--dead", "1", "--kill-primary-at", "1"),
        ("--restart-at", "1"),
        ("--kill-primary-at", "10"),
        ("--kill-primary-at", "5", "--restart-at", "4"),
        ("--kill-primary-at", "5", "--repeat", "2"),
        ("--accounts", "-1"),
        ("--context", "nowhere", "--dead", "1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_started(
    arguments: tuple[str, ...],
) -> None:
    ran = inside("bench", *arguments, "-o", "json")
    assert (ran.error["code"], ran.code) == ("BenchRefused", 2), ran.err
    assert "pid" not in ran.err


def test_a_plot_that_can_t_be_written_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing" / "run.svg"):
        ran = inside("bench", "--rate", "40", "--plot", str(place), "-o", "json")
        assert ran.code == 2, ran.err
        assert "pid" not in ran.err
