"""Readings are exact, and written in one way."""

from fractions import Fraction

import pytest

from commerce.devices.errors import ReadingMalformed, UnitUnsuitable
from commerce.devices.measures import MEASURED, QUANTITIES, in_unit, require_reading, require_unit
from commerce.epcis.units import UNITS


@pytest.mark.parametrize("text", ["8.0", "8.5", "20", "+1", "-0", "1e0", "08", "NaN", "", " 8"])
def test_a_decimal_has_one_form(text: str) -> None:
    with pytest.raises(ReadingMalformed):
        require_reading(text)


def test_values_are_exact_also_with_as_many_digits_as_there_may_be() -> None:
    assert require_reading("185e-1") == Fraction(37, 2)
    long = "1" * 34
    assert require_reading(f"-{long}e-33") == Fraction(-int(long), 10**33)
    with pytest.raises(ReadingMalformed):
        require_reading("1" * 35)


def test_units_convert_exactly_within_their_quantity() -> None:
    assert in_unit("1", "FAH", "CEL") == Fraction(-155, 9)
    with pytest.raises(UnitUnsuitable):
        in_unit("1", "KGM", "CEL")
    with pytest.raises(UnitUnsuitable):
        require_unit("MON", "Temperature")


def test_a_unit_is_of_the_quantity_that_is_measured() -> None:
    assert {name for names in QUANTITIES.values() for name in names} <= {
        unit.quantity for unit in UNITS.values()
    }
    assert set(MEASURED) <= set(QUANTITIES)
    for unit, measures in (("FAH", "Temperature"), ("P1", "RelativeHumidity"), ("KGM", "Odour")):
        require_unit(unit, measures)
    with pytest.raises(UnitUnsuitable, match="KGM is a unit of mass, not of Temperature"):
        require_unit("KGM", "Temperature")
    # GS1 knows it, and no unit of it can be converted.
    with pytest.raises(UnitUnsuitable, match="not of SurfaceTension"):
        require_unit("KGM", "SurfaceTension")
