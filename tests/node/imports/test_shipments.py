"""Rows of parcels: what each ships beside what is shipped."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chain.bech32m import encode_account
from chain.codec import encode, from_value
from commerce.shipments import ShipmentCreate
from node.client import NotFound
from node.imports.plan import ParcelDiffers, RowRepeated
from node.imports.sheet import CellRefused, Row
from node.imports.shipments import Shipments
from node.private_data import label_of

ORDER = "ab" * 32
CARRIER = b"c" * 32
KEY = b"k" * 32
TRACKING = "SF1234567890123"
SSCC = "169012340000000075"


def parcel(**changes: Any) -> dict[str, Any]:
    made = {
        "parcel_id": "aa",
        "carrier": encode_account(CARRIER),
        "state": "IN_TRANSIT",
        "sscc": None,
        "label_commitment": None,
        "lines": [{"line": 0, "quantity": 2}],
    }
    return made | changes


def planner(*parcels: dict[str, Any], unshipped: int = 3) -> Shipments:
    order = {"lines": [{"index": 0, "unshipped": unshipped}]}

    def known(order_id: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
        if order_id != ORDER:
            raise NotFound(404, {"detail": "no order"})
        return order, parcels

    return Shipments(lambda text: ("CNY", int(text)), lambda _: CARRIER, known, label)


def label(order_id: bytes, tracking: str) -> bytes:
    return label_of(KEY, order_id, tracking).commitment


def row(number: int = 2, **cells: Any) -> Row:
    return Row(number, {"order": ORDER, "carrier": "carrier", **cells})


def shipped(own: Shipments, given: Row) -> list[tuple[int, int]] | None:
    planned = own.plan(given)
    if not planned:
        return None
    made = from_value(ShipmentCreate, planned[0].payload)
    return [(line.line, line.quantity) for line in made.lines]


def test_a_row_ships_its_lines_or_all_that_is_left() -> None:
    assert shipped(planner(), row(lines="0:1")) == [(0, 1)]
    own = planner()
    assert shipped(own, row(lines="0:1")) == [(0, 1)]
    assert shipped(own, row(3)) == [(0, 2)]
    with pytest.raises(CellRefused, match="no units"):
        own.plan(row(4))


def test_a_parcel_that_exists_is_not_made_again() -> None:
    assert shipped(planner(parcel(sscc=SSCC)), row(sscc=SSCC)) is None
    assert shipped(planner(parcel()), row(lines="0:2")) is None
    assert shipped(planner(parcel()), row()) is None
    assert shipped(planner(parcel(state="LOST")), row(lines="0:2")) == [(0, 2)]


def test_the_second_row_alike_needs_a_second_parcel() -> None:
    own = planner(parcel())
    assert shipped(own, row(lines="0:2")) is None
    assert shipped(own, row(3, lines="0:2")) == [(0, 2)]


def test_another_parcel_under_the_same_number_is_told() -> None:
    with pytest.raises(ParcelDiffers):
        planner(parcel(sscc=SSCC)).plan(row(sscc=SSCC, lines="0:1"))
    with pytest.raises(ParcelDiffers):
        planner(parcel(sscc=SSCC, carrier=encode_account(b"d" * 32))).plan(row(sscc=SSCC))
    own = planner()
    own.plan(row(sscc=SSCC))
    with pytest.raises(RowRepeated):
        own.plan(row(3, sscc=SSCC))


def labelled(tracking: str = TRACKING, **changes: Any) -> dict[str, Any]:
    return parcel(label_commitment=label(bytes.fromhex(ORDER), tracking).hex(), **changes)


def test_a_tracking_number_names_its_parcel_and_only_its_salted_hash_is_sent() -> None:
    (made,) = planner().plan(row(tracking=TRACKING))
    sent = from_value(ShipmentCreate, made.payload)
    assert sent.label_commitment == label(bytes.fromhex(ORDER), TRACKING)
    assert TRACKING.encode() not in encode(made)
    assert label_of(b"o" * 32, bytes.fromhex(ORDER), TRACKING).commitment != sent.label_commitment
    # The same again is that parcel; another number, or one where none was, is another parcel.
    assert shipped(planner(labelled()), row(tracking=TRACKING, lines="0:2")) is None
    assert shipped(planner(labelled()), row(tracking="SF2", lines="0:2")) == [(0, 2)]
    assert shipped(planner(parcel()), row(tracking=TRACKING, lines="0:2")) == [(0, 2)]
    assert shipped(planner(labelled()), row(lines="0:2")) == [(0, 2)]


def test_numbers_that_contradict_each_other_are_told() -> None:
    both = row(sscc=SSCC, tracking=TRACKING)
    assert planner(labelled(sscc=SSCC)).plan(both) == ()
    for known, column in ((labelled("SF2", sscc=SSCC), "tracking"), (labelled(), "sscc")):
        with pytest.raises(ParcelDiffers) as refused:
            planner(known).plan(both)
        assert refused.value.column == column
    own = planner()
    own.plan(row(tracking=TRACKING, lines="0:1"))
    with pytest.raises(RowRepeated, match=TRACKING):
        own.plan(row(3, tracking=TRACKING, lines="0:1"))


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"order": "x"}, "order"),
        ({"order": "cd" * 32}, "order"),
        ({"carrier": ""}, "carrier"),
        ({"sscc": "1"}, "sscc"),
        ({"lines": "0-1"}, "lines"),
        ({"tracking": "x" * 65}, "tracking"),
    ],
)
def test_a_wrong_cell_names_its_column(cells: dict[str, Any], column: str) -> None:
    with pytest.raises(CellRefused) as refused:
        planner().plan(row(**cells))
    assert refused.value.column == column
