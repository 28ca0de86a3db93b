"""What a consortium chooses about deposits and the fund."""

import pytest

from chain.errors import GenesisInvalid
from commerce.deposits.limits import (
    FUND_DEBT_MAX_DEFAULT_MINOR,
    check_deposit_limits,
    deposit_minimum_minor,
    fund_debt_max_minor,
    has_deposit_minima,
    is_deposit_limit,
)
from commerce.founding import check_commerce_genesis
from tests.commerce.world import genesis


def test_minima_are_by_class_and_zero_unless_the_genesis_says_more() -> None:
    chosen = genesis(limits={"deposit_minimum/food": 5_000})
    assert deposit_minimum_minor(chosen, "food") == 5_000
    assert deposit_minimum_minor(chosen, "toys") == 0
    assert deposit_minimum_minor(genesis(), "food") == 0
    assert has_deposit_minima(chosen)
    assert not has_deposit_minima(genesis(limits={"fund_debt_max": 7}))


def test_the_genesis_may_say_how_much_the_fund_lends_a_merchant() -> None:
    assert fund_debt_max_minor(genesis()) == FUND_DEBT_MAX_DEFAULT_MINOR
    assert fund_debt_max_minor(genesis(limits={"fund_debt_max": 7})) == 7


def test_a_minimum_names_its_class() -> None:
    check_deposit_limits({"deposit_minimum/food": 1, "fund_debt_max": 0, "another": 1})
    with pytest.raises(GenesisInvalid):
        check_deposit_limits({"deposit_minimum/": 1})
    with pytest.raises(GenesisInvalid):
        check_commerce_genesis(genesis(limits={"deposit_minimum/": 1}))
    assert is_deposit_limit("deposit_minimum/food")
    assert is_deposit_limit("fund_debt_max")
    assert not is_deposit_limit("deposit")
