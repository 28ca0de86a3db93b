"""What is not so is said by its rule."""

import pytest

from chain.errors import InvariantBreach
from commerce.checks import require


def test_a_rule_that_does_not_hold_is_named() -> None:
    require(True, "water is wet")  # noqa: FBT003
    with pytest.raises(InvariantBreach, match="not so: water is dry"):
        require(False, "water is dry")  # noqa: FBT003
