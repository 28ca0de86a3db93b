"""What the tests of real processes measured is told at the end of the run."""

from collections.abc import Callable
from functools import partial

import pytest


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Have a line of figures printed after the tests."""
    return partial(record_property, "measured on real processes")
