"""Units of measure: exact both ways, known by their codes, and never mixed up."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.epcis.lexeme import read_number
from commerce.epcis.units import _LISTED, CODE_SIZE_MAX, UNITS, convert, exact, same_quantity

CODES = sorted(UNITS)
VALUES = st.fractions(min_value=-(10**40), max_value=10**40, max_denominator=10**20)


@pytest.mark.parametrize(
    ("value", "unit", "other", "expected"),
    [
        ("26", "CEL", "KEL", "299.15"),
        ("299.15", "KEL", "CEL", "26"),
        ("212", "FAH", "CEL", "100"),
        ("-40", "FAH", "CEL", "-40"),
        ("491.67", "A48", "CEL", "0"),
        ("1", "LBR", "GRM", "453.59237"),
        ("16", "ONZ", "LBR", "1"),
        ("36", "KMH", "MTS", "10"),
        ("1", "HM", "MTS", "0.44704"),
        ("1", "KNT", "KMH", "1.852"),
        ("1", "ATM", "KPA", "101.325"),
        ("760", "UA", "PAL", "101325"),
        ("1", "GLL", "LTR", "3.785411784"),
        ("1", "GLI", "LTR", "4.54609"),
        ("1", "GII", "OZI", "5"),
        ("1", "ACR", "MTK", "4046.8564224"),
        ("1", "KWH", "3B", "3.6"),
        ("1", "E14", "JOU", "4186.8"),
        ("90", "DD", "A91", "100"),
        ("1", "P71", "P72", "1000"),
        ("12.5", "H61", "D10", "1.25"),
        ("1", "E63", "AD", "1048576"),
        ("1", "A93", "KMQ", "0.001"),
        ("1", "C35", "C36", "1000"),
        ("50", "P1", "C62", "0.5"),
        ("1", "HJ", "WTT", "735.49875"),
        ("1", "WEE", "HUR", "168"),
    ],
)
def test_a_value_in_another_unit(value: str, unit: str, other: str, expected: str) -> None:
    assert convert(Fraction(value), unit, other) == Fraction(expected)
    assert convert(Fraction(expected), other, unit) == Fraction(value)


@given(VALUES, st.sampled_from(CODES), st.sampled_from(CODES))
def test_there_and_back_is_where_it_began(value: Fraction, unit: str, other: str) -> None:
    there = convert(value, unit, other)
    if there is None:
        assert not same_quantity(unit, other)
    else:
        assert convert(there, other, unit) == value


@pytest.mark.parametrize(
    ("unit", "other"),
    [("CEL", "PAL"), ("DD", "C81"), ("P1", "60"), ("KGM", "NEW"), ("XX", "KGM"), ("XX", "YY")],
)
def test_different_quantities_are_not_converted(unit: str, other: str) -> None:
    assert not same_quantity(unit, other)
    assert convert(Fraction(1), unit, other) is None


def test_an_unknown_unit_is_itself() -> None:
    assert same_quantity("XYZ", "XYZ")
    assert convert(Fraction(7), "XYZ", "XYZ") == 7


def test_a_difference_of_temperatures_has_no_zero_point() -> None:
    assert convert(Fraction(2), "CEL", "KEL", difference=True) == 2
    assert convert(Fraction(9), "FAH", "CEL", difference=True) == 5


def test_no_code_is_listed_twice_and_every_code_can_stand_in_an_event() -> None:
    listed = [code for words in _LISTED.values() for code in words.split()[::2]]
    assert len(set(listed)) == len(listed)
    assert all(2 <= len(code) <= CODE_SIZE_MAX for code in CODES)
    assert all(code.isascii() and code == code.upper() and code.isalnum() for code in CODES)
    assert all(unit.factor > 0 for unit in UNITS.values())


@pytest.mark.parametrize("text", ["0", "26.1", "-1e-128", "9999999999999999999999999999999999e94"])
def test_a_number_of_epcis_is_exact(text: str) -> None:
    assert exact(read_number(text)) == Fraction(text)
