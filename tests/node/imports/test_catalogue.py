"""Rows of a catalogue: what each needs beside what is there, and the column that is wrong."""

from typing import Any

import pytest

from node.imports.catalogue import Catalogue
from node.imports.plan import ImportDiffers, RowRepeated
from node.imports.sheet import CellRefused, Row
from node.money_text import parse_amount

GTIN = "06901234000016"
CELLS = {"gtin": GTIN, "title": "Tea", "class": "tea", "price": "CNY 1.29", "stock": "3"}
PRODUCT = {
    "gtin": GTIN,
    "title": "Tea",
    "product_class": "tea",
    "storage": "",
    "return_exempt": False,
    "licence_required": False,
}
OFFER = {
    "listing_id": "aa",
    "gtin": GTIN,
    "symbol": "CNY",
    "withdrawn": False,
    "price_minor": "129",
    "freight_minor": "0",
    "ship_within_ms": None,
    "exempt": False,
}


def money(text: str) -> tuple[str, int]:
    found = parse_amount(text, 2, "CNY")
    return found.symbol, found.amount_minor


def types(*, product: bool = False, offer: bool = False, **cells: Any) -> list[str]:
    catalogue = Catalogue(money, [PRODUCT] if product else [], [OFFER] if offer else [])
    return [entry.type for entry in catalogue.plan(Row(2, {**CELLS, **cells}))]


def test_only_what_is_missing_is_done() -> None:
    assert types() == ["product.register", "listing.publish"]
    assert types(product=True) == ["listing.publish"]
    assert types(product=True, offer=True) == []
    assert types(price="", stock="") == ["product.register"]
    assert types(title="", product=True) == ["listing.publish"]


def test_a_gtin_whose_zeros_a_spreadsheet_dropped_is_the_same() -> None:
    assert types(gtin=GTIN.lstrip("0"), product=True, offer=True) == []


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"title": "Other"}, "title"),
        ({"storage": "cold"}, "storage"),
        ({"price": "CNY 2"}, "price"),
        ({"freight": "CNY 2"}, "freight"),
        ({"ship_within": "48 h"}, "ship_within"),
        ({"exempt": "yes"}, "exempt"),
    ],
)
def test_what_the_chain_says_otherwise_is_no_rows_to_change(
    cells: dict[str, Any], column: str
) -> None:
    with pytest.raises(ImportDiffers) as refused:
        types(product=True, offer=True, **cells)
    assert refused.value.column == column


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"gtin": ""}, "gtin"),
        ({"gtin": "06901234000017"}, "gtin"),
        ({"gtin": "tea"}, "gtin"),
        ({"class": ""}, "class"),
        ({"price": "CNY 1.001"}, "price"),
        ({"stock": ""}, "stock"),
        ({"stock": "-1"}, "stock"),
        ({"freight": "many"}, "freight"),
        ({"ship_within": "soon"}, "ship_within"),
        ({"exempt": "x"}, "exempt"),
        ({"title": "", "price": ""}, "title"),
    ],
)
def test_a_wrong_cell_names_its_column(cells: dict[str, Any], column: str) -> None:
    with pytest.raises(CellRefused) as refused:
        types(**cells)
    assert refused.value.column == column


def test_a_thing_stands_in_one_row() -> None:
    catalogue = Catalogue(money, [], [])
    catalogue.plan(Row(2, CELLS))
    with pytest.raises(RowRepeated, match="row 2"):
        catalogue.plan(Row(3, CELLS))


def test_a_withdrawn_offer_is_none() -> None:
    gone: dict[str, Any] = {**OFFER, "withdrawn": True}
    planned = Catalogue(money, [PRODUCT], [gone]).plan(Row(2, CELLS))
    assert [entry.type for entry in planned] == ["listing.publish"]
