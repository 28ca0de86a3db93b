"""Files of raw readings: exact, in order, each line a leaf."""

import pytest

from chain import merkle
from node.readings import (
    ReadingsUnreadable,
    decimal_text,
    read_decimal,
    read_measure,
    read_readings,
)

FILE = b"""# a night in a lorry
2026-05-01T08:00:00+08:00,4.5

1777593900000,4.50
2026-05-01T00:10:00Z,-1e1
"""


def test_a_file_comes_to_its_ends_least_largest_mean_and_root() -> None:
    found = read_readings(FILE)
    assert (found.start_ms, found.end_ms) == (1_777_593_600_000, 1_777_594_200_000)
    assert (found.least, found.largest, found.count) == ("-1e1", "45e-1", 3)
    assert found.mean == "-3333333e-7"
    assert (found.hole_ms, found.hole_line) == (300_000, 4)
    lines = [b"2026-05-01T08:00:00+08:00,4.5", b"1777593900000,4.50", b"2026-05-01T00:10:00Z,-1e1"]
    assert found.root == merkle.root(lines)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "2 readings"),
        (b"1,4\n", "2 readings"),
        (b"1,4\n1,5\n", "ascend"),
        (b"1,4\n2;5\n", "line 2: no comma"),
        (b"1,4\n2026-05-01T00:10:00,5\n", "line 2: 2026-05-01T00:10:00 has no offset"),
        (b"1,4\nnoon,5\n", "line 2"),
        (b"1,4\n2,warm\n", "line 2"),
        (b"1,4\n2,\xc2\xbd\n", "line 2"),
    ],
)
def test_what_is_no_file_of_readings_is_told_by_its_line(data: bytes, words: str) -> None:
    with pytest.raises(ReadingsUnreadable, match=words):
        read_readings(data)


def test_a_mean_of_long_decimals_stays_between_them() -> None:
    digits = "1" * 33
    found = read_readings(f"1,0.{digits}1\n2,0.{digits}2\n".encode())
    assert found.least <= found.mean <= found.largest


def test_decimals_are_read_and_told_as_people_write_them() -> None:
    assert read_decimal("8.50") == "85e-1"
    assert decimal_text("85e-1") == "8.5"
    with pytest.raises(ValueError, match="no decimal"):
        read_decimal("8,5")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("temperature", "Temperature"),
        ("gs1:Temperature", "Temperature"),
        ("https://gs1.org/voc/relativehumidity", "RelativeHumidity"),
        ("odour", "odour"),
    ],
)
def test_what_is_measured_is_named_as_the_standard_does(text: str, name: str) -> None:
    assert read_measure(text) == name
