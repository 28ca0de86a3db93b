"""Columns of both kinds of file: unambiguous names, and templates that are taken in as they are."""

import pytest

from node.imports.catalogue import Catalogue
from node.imports.columns import Column, aliases, template
from node.imports.plan import check_form
from node.imports.sheet import REPORTED, read_sheet
from node.imports.shipments import Shipments

KINDS = (Catalogue.columns, Shipments.columns)


@pytest.mark.parametrize("columns", KINDS)
def test_no_name_means_two_columns(columns: list[Column]) -> None:
    names = [name for column in columns for name in (column.name, *column.chinese)]
    assert len({*names, *REPORTED}) == len(names) + len(REPORTED)
    assert all(name == name.strip().lower() for name in names)
    assert all(column.chinese for column in columns)


@pytest.mark.parametrize("columns", KINDS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_template_is_a_file_of_all_columns(columns: list[Column], language: str) -> None:
    names = [column.name for column in columns]
    needed = [column.name for column in columns if column.is_needed]
    table = read_sheet(template(columns, language), needed, names, aliases(columns))
    assert list(table.columns) == names
    assert table.written[0].isascii() == (language == "en")
    assert len(table.rows) == 1


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_row_of_each_template_can_be_planned(language: str) -> None:
    columns = Catalogue.columns
    names = [column.name for column in columns]
    (row,) = read_sheet(template(columns, language), (), names, aliases(columns)).rows
    planned = Catalogue(lambda text: ("CNY", len(text)), [], []).plan(row)
    check_form(planned)
    assert [entry.type for entry in planned] == ["product.register", "listing.publish"]
    columns = Shipments.columns
    names = [column.name for column in columns]
    (row,) = read_sheet(template(columns, language), (), names, aliases(columns)).rows
    shipments = Shipments(
        lambda _: ("CNY", 1),
        lambda _: bytes(32),
        lambda _: ({"lines": []}, ()),
        lambda order_id, _: order_id,
    )
    planned = shipments.plan(row)
    check_form(planned)
    assert [entry.type for entry in planned] == ["shipment.create"]
