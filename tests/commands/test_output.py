"""Data on stdout in three forms; nothing is cut, nothing is coloured off a terminal."""

import json
from typing import Any

import pytest

from node.commands.options import Output
from node.commands.output import Printer, format_duration, is_moment, nested_rows, text, with_times

LONG = "ab" * 200
ROWS: list[dict[str, Any]] = [
    {"name": "浦东", "id": LONG, "n": None},
    {"name": "x", "id": "y", "n": 7},
]


def printed(capsys: pytest.CaptureFixture[str], output: Output, rows: list[dict[str, Any]]) -> str:
    Printer(output).records(rows)
    return capsys.readouterr().out


def test_json_is_one_document_and_ndjson_a_line_for_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert json.loads(printed(capsys, Output.JSON, ROWS)) == ROWS
    lines = printed(capsys, Output.NDJSON, ROWS).splitlines()
    assert [json.loads(line) for line in lines] == ROWS
    assert json.loads(printed(capsys, Output.JSON, [])) == []
    assert printed(capsys, Output.NDJSON, []) == ""


def test_a_table_off_a_terminal_cuts_nothing_and_has_no_colours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = printed(capsys, Output.TABLE, ROWS)
    assert LONG in shown
    assert "浦东" in shown
    assert "\x1b" not in shown
    assert "–" in shown


def test_an_empty_table_says_so_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Output.TABLE).records([])
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "nothing\n")


def test_a_record_may_look_otherwise_to_people(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Output.TABLE).record({"a": 1}, {"amount": "CNY 0.01"})
    assert "CNY 0.01" in capsys.readouterr().out
    Printer(Output.JSON).record({"a": 1}, {"amount": "CNY 0.01"})
    assert json.loads(capsys.readouterr().out) == {"a": 1}


def test_markup_in_data_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(Output.TABLE).record({"memo": "[bold]x[/bold] :smile:"})
    assert "[bold]x[/bold] :smile:" in capsys.readouterr().out


def test_a_moment_is_shown_in_shanghai_and_a_duration_in_its_unit() -> None:
    shown = with_times({"time_ms": 1_767_196_800_000, "ship_within_ms": 172_800_000, "x_ms": None})
    assert shown == {"time": "2026-01-01 00:00:00.000 +08:00", "ship_within": "48 h", "x": None}
    assert [format_duration(ms) for ms in (0, 1, 1500, 90_000, 120_000)] == [
        "0 s",
        "1 ms",
        "1500 ms",
        "90 s",
        "2 min",
    ]
    parts = with_times({"held": [{"end_ms": 1_767_196_800_000}], "sync": {"eta_ms": 1500}})
    assert parts == {
        "held": [{"end": "2026-01-01 00:00:00.000 +08:00"}],
        "sync": {"eta": "1500 ms"},
    }
    assert with_times({"valid_from_ms": 0, "late_ms": 0}) == {"valid_from": None, "late": "0 s"}
    assert not is_moment("time_ms", None)
    assert not is_moment("height", 1_767_196_800_000)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        ("", "–"),
        (True, "yes"),
        (False, "no"),
        ([], "–"),
        ({"a": [1, {"c": 2}], "b": None}, "a=[1, (c=2)]"),
        ([{"a": 1}, {"a": 2}], "a=1\na=2"),
        (7, "7"),
    ],
)
def test_every_value_has_its_words(value: Any, shown: str) -> None:
    assert text(value) == shown


def test_what_has_fields_of_its_own_goes_below_its_name() -> None:
    record = {"id": "x", "policy": {"threshold": 1}, "lines": [{"n": 1, "of": [2, 3]}], "none": []}
    assert nested_rows(record) == [
        ("id", "x"),
        ("policy", ""),
        ("  threshold", "1"),
        ("lines 0", ""),
        ("  n", "1"),
        ("  of", "2, 3"),
        ("none", "–"),
    ]
