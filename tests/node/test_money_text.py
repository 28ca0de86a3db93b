"""Amounts and times as people write them, exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.money_text import (
    AMOUNT_MAX,
    CALENDAR_END_MS,
    AmountMalformed,
    Money,
    format_amount,
    format_time,
    parse_amount,
)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("CNY 129.00", 12900),
        ("CNY 129", 12900),
        ("CNY 0.1", 10),
        ("CNY 0.01", 1),
        ("129.5", 12950),
        ("CNY 1,129.50", 112950),
        ("CNY 92233720368547758.07", AMOUNT_MAX),
    ],
)
def test_an_amount_becomes_exact_fen(text: str, minor: int) -> None:
    assert parse_amount(text, 2, "CNY") == Money("CNY", minor)


@pytest.mark.parametrize(
    "text",
    [
        *("", "CNY", "CNY ", "CNY  1", " 1", "1 ", "1\n", "CNY1", "cny 1", "+1", "-1", "1.", ".5"),
        *(
            "1.005",
            "1e3",
            "1_000",
            "1,00",
            "1,0000",
            "01",
            "00",
            "0x1",
            "\u0661\u0662",
            "\uff11\uff12",
            "NaN",
        ),
        *("\u0661\u0662", "\uff11\uff12", "CNY 92233720368547758.08"),
    ],
)
def test_what_is_no_amount_is_refused_and_never_rounded(text: str) -> None:
    with pytest.raises(AmountMalformed):
        parse_amount(text, 2, "CNY")


def test_an_amount_without_its_asset_is_refused() -> None:
    with pytest.raises(AmountMalformed, match="names no asset"):
        parse_amount("129.00", 2)


@given(st.integers(0, AMOUNT_MAX), st.integers(0, 18))
def test_an_amount_survives_its_text(amount_minor: int, decimals: int) -> None:
    text = format_amount(amount_minor, decimals, "CNY")
    assert parse_amount(text, decimals) == Money("CNY", amount_minor)


def test_a_time_is_shown_in_shanghai() -> None:
    assert format_time(1_767_196_800_007) == "2026-01-01 00:00:00.007 +08:00"


def test_a_time_beyond_all_calendars_is_told_too() -> None:
    assert format_time(CALENDAR_END_MS - 1) == "9999-12-31 23:59:59.999 +08:00"
    assert format_time(CALENDAR_END_MS).startswith("after the year 9999")
    assert format_time(2**62) == f"after the year 9999 ({2**62} ms)"
