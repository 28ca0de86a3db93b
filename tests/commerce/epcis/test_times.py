"""EPCIS times: formats, offsets, calendar, rounding."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.epcis.times import Instant, is_zone_offset, read_instant, utc_text


def utc(text: str) -> str:
    instant = read_instant(text)
    assert instant is not None
    return utc_text(instant)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-04-05T08:30:00+08:00", "2024-04-05T00:30:00.000Z"),
        ("2024-04-05T08:30:00.1Z", "2024-04-05T08:30:00.100Z"),
        ("2024-04-05t08:30:00z", "2024-04-05T08:30:00.000Z"),
        ("2023-02-02T11:04:03.1415Z", "2023-02-02T11:04:03.142Z"),
        ("2023-02-02T11:04:03.1414999999Z", "2023-02-02T11:04:03.141Z"),
        # The reference implementation rounds halves to even: 142.5 would stay 142.
        ("2023-02-02T11:04:03.1425Z", "2023-02-02T11:04:03.143Z"),
        ("2024-02-28T23:59:59.9995Z", "2024-02-29T00:00:00.000Z"),
        ("2023-12-31T23:59:59.9995-01:00", "2024-01-01T01:00:00.000Z"),
        ("2020-02-29T00:00:00+14:00", "2020-02-28T10:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_written_in_utc_and_rounded_half_up(text: str, expected: str) -> None:
    assert utc(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-04-05",
        "2024-04-05T08:30:00",
        "2024-04-05 08:30:00Z",
        "2024-04-05T08:30Z",
        "2024-4-5T08:30:00Z",
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-04-00T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-04-05T24:00:00Z",
        "2024-04-05T23:60:00Z",
        "2024-04-05T23:59:60Z",
        "2024-04-05T08:30:00+24:00",
        "2024-04-05T08:30:00+08:60",
        "2024-04-05T08:30:00+0800",
        "2024-04-05T08:30:00.Z",
        "2024-04-05T08:30:00,5Z",
        "2024-04-05T08:30:00Z ",
        "2024-04-05T08:30:00Z\n",
        "\u0662024-04-05T08:30:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59.9995Z",
        "2024-04-05T08:30:00." + "1" * 35 + "Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    assert read_instant(text) is None


def test_instants_compare_to_the_last_digit() -> None:
    texts = ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.49Z", "2024-01-01T00:00:00.5Z"]
    instants = [read_instant(text) for text in texts]
    assert instants == sorted(instants, key=lambda i: i or Instant(0, ""))
    assert read_instant("2024-01-01T00:00:00.50Z") == instants[2]
    assert read_instant("2024-01-01T08:00:00+08:00") == instants[0]


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),  # noqa: DTZ001
    st.integers(-840, 840),
)
def test_the_calendar_is_that_of_the_world(moment: datetime, offset_min: int) -> None:
    zone = timezone(timedelta(minutes=offset_min))
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=zone)
    instant = read_instant(moment.isoformat())
    assert instant is not None
    expected = moment.astimezone(UTC)
    assert (
        utc_text(instant)
        == expected.strftime("%Y-%m-%dT%H:%M:%S.").rjust(20, "0")
        + f"{expected.microsecond // 1000:03}Z"
    )


@pytest.mark.parametrize("text", ["+08:00", "-00:00", "+14:00", "-13:59"])
def test_an_offset_is_at_most_fourteen_hours(text: str) -> None:
    assert is_zone_offset(text)


@pytest.mark.parametrize("text", ["08:00", "+14:01", "+8:00", "+0800", "Z", "+08:60", "+08:00\n"])
def test_what_is_no_offset_is_refused(text: str) -> None:
    assert not is_zone_offset(text)
