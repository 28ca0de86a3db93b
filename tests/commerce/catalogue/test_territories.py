"""Codes of GB/T 2260, by form and province."""

import pytest

from commerce.catalogue.errors import TerritoryMalformed
from commerce.catalogue.territories import check_territories


def is_territory(code: str) -> bool:
    """Is it taken?"""
    try:
        check_territories((code,))
    except TerritoryMalformed:
        return False
    return True


def test_provinces_prefectures_and_counties_are_territories() -> None:
    check_territories(())
    check_territories(("310000", "320500", "320581"))


def test_there_are_34_provinces() -> None:
    assert sum(is_territory(f"{province:02}0000") for province in range(100)) == 34


@pytest.mark.parametrize(
    "codes",
    [
        ("0000",),
        ("31000x",),
        ("\uff13\uff11\uff10\uff10\uff10\uff10",),
        ("310000", "310000"),
        ("320000", "310000"),
    ],
)
def test_what_is_no_code_or_not_in_order_is_refused(codes: tuple[str, ...]) -> None:
    with pytest.raises(TerritoryMalformed):
        check_territories(codes)
