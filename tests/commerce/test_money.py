"""Amounts and key parts of assets."""

import pytest

from commerce.errors import AmountTooLarge
from commerce.money import AMOUNT_MAX, add_amounts, asset_part, is_symbol, symbol_of


def test_no_sum_leaves_63_bits() -> None:
    assert add_amounts(AMOUNT_MAX - 1, 1) == AMOUNT_MAX
    with pytest.raises(AmountTooLarge):
        add_amounts(AMOUNT_MAX, 1)


@pytest.mark.parametrize("symbol", ["A", "CNY", "ABCDEFGHIJ12"])
def test_a_symbol_is_a_key_part_of_fixed_width(symbol: str) -> None:
    assert is_symbol(symbol)
    assert len(asset_part(symbol)) == 12
    assert symbol_of(asset_part(symbol)) == symbol


@pytest.mark.parametrize("symbol", ["", "cny", "CN Y", "ABCDEFGHIJ123", "人民币", "CNY\n"])
def test_what_is_no_symbol(symbol: str) -> None:
    assert not is_symbol(symbol)
