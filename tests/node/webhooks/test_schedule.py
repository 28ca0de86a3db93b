"""Tests of schedules: which times match, beside a search second by second."""

from datetime import UTC, datetime, timedelta

import pytest

from node.webhooks.schedule import FIELDS, ScheduleInvalid, read_schedule


def ms(text: str) -> int:
    """UTC milliseconds of a time like 2026-03-01 01:05:00."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000


def run_times(fields: dict[str, str], after: str, count: int) -> list[str]:
    """The next times that match."""
    schedule, at, found = read_schedule(fields), ms(after), []
    for _ in range(count):
        due = schedule.next_after(at)
        assert due is not None
        at = due
        found.append(datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"))
    return found


@pytest.mark.parametrize(
    ("fields", "after", "expected"),
    [
        ({"hour": "1", "minute": "5"}, "2026-03-01 01:04:59", ["2026-03-01 01:05:00"]),
        ({"hour": "1", "minute": "5"}, "2026-03-01 01:05:00", ["2026-03-02 01:05:00"]),
        (
            {"second": "0/30"},
            "2026-12-31 23:59:00",
            ["2026-12-31 23:59:30", "2027-01-01 00:00:00"],
        ),
        ({"minute": "0"}, "2026-03-01 10:00:00", ["2026-03-01 11:00:00"]),
        (
            {"minute": "10,[20-21]"},
            "2026-03-01 10:10:00",
            ["2026-03-01 10:20:00", "2026-03-01 10:21:00", "2026-03-01 11:10:00"],
        ),
        ({"dayOfWeek": "1"}, "2026-03-01 12:00:00", ["2026-03-02 00:00:00", "2026-03-09 00:00:00"]),
        ({"dayOfWeek": "7", "hour": "23"}, "2026-03-01 23:00:00", ["2026-03-08 23:00:00"]),
        ({"month": "2", "dayOfMonth": "29"}, "2026-01-01 00:00:00", ["2028-02-29 00:00:00"]),
        ({"month": "6"}, "2026-06-01 00:00:00", ["2027-06-01 00:00:00"]),
        (
            {"dayOfMonth": "31", "hour": "0"},
            "2026-03-31 00:00:00",
            ["2026-05-31 00:00:00", "2026-07-31 00:00:00"],
        ),
        ({"second": "5", "minute": "*/20"}, "2026-03-01 00:20:05", ["2026-03-01 00:40:05"]),
    ],
)
def test_the_next_times_are_those_that_match(
    fields: dict[str, str], after: str, expected: list[str]
) -> None:
    assert run_times(fields, after, len(expected)) == expected


def test_no_matching_second_is_passed_over() -> None:
    fields = {"second": "7,[40-41]", "minute": "*/17", "hour": "[3-4]"}
    schedule, start = read_schedule(fields), datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
    expected = [
        moment
        for moment in (start + timedelta(seconds=second) for second in range(1, 3 * 3600))
        if moment.second in (7, 40, 41) and moment.minute % 17 == 0 and moment.hour in (3, 4)
    ]
    at, found = int(start.timestamp()) * 1000, []
    for _ in expected:
        due = schedule.next_after(at)
        assert due is not None
        at = due
        found.append(datetime.fromtimestamp(at // 1000, UTC))
    assert found == expected


def test_a_29th_of_february_is_found_across_a_century_without_one() -> None:
    assert run_times({"month": "2", "dayOfMonth": "29"}, "2096-03-01 00:00:00", 1) == [
        "2104-02-29 00:00:00"
    ]


def test_a_day_that_must_also_be_a_weekday_needs_both() -> None:
    found = run_times({"dayOfMonth": "13", "dayOfWeek": "5"}, "2026-01-01 00:00:00", 3)
    assert found == ["2026-02-13 00:00:00", "2026-03-13 00:00:00", "2026-11-13 00:00:00"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"hours": "1"},
        {"hour": "24"},
        {"dayOfMonth": "0"},
        {"dayOfWeek": "8"},
        {"hour": "[5-3]"},
        {"hour": "1-3"},
        {"minute": "*/0"},
        {"minute": ""},
        {"minute": "1,,2"},
        {"minute": "-1"},
        {"minute": "1" * 300},
        {"minute": "٣"},
        {"month": "2", "dayOfMonth": "30"},
    ],
)
def test_what_is_no_schedule_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ScheduleInvalid):
        read_schedule(fields)


def test_every_field_of_the_standard_is_there() -> None:
    assert list(FIELDS) == ["second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek"]
