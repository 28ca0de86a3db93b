"""Calendar days as people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.days import EPOCH, read_day


@given(st.dates(EPOCH, date(2400, 1, 1)))
def test_a_day_is_counted_from_1970(day: date) -> None:
    assert read_day(day.isoformat()) == (day - EPOCH).days


@pytest.mark.parametrize(
    "text", ["", "2027-13-01", "2027-02-29", "20271001", "1969-12-31", "2027-W40-5", "2027-10-1"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|month|1970"):
        read_day(text)
