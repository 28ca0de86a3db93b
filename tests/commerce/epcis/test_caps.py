"""Caps on things and readings: what the dearest document may cost, counted and not timed."""

from typing import Any

import pytest

from commerce.epcis.canonical import event_key
from commerce.epcis.caps import READINGS_MAX, THINGS_MAX, check_caps
from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisTooLarge
from commerce.epcis.lexeme import DOCUMENT_SIZE_MAX
from commerce.epcis.shape import KEY_SIZE_MAX
from commerce.epcis.stored_index import IndexedEvent, entries
from commerce.epcis.summary import summarise
from tests.commerce.epcis.statements import (
    Members,
    blending,
    data,
    document,
    harvest,
    packing,
    serial,
    without,
)

ITEMS = [serial(number) for number in range(THINGS_MAX)]


def elements(count: int, reports: int) -> list[Members]:
    """Sensor elements with some reports each."""
    return [{"sensorReport": [{"type": "Temperature", "value": 4}] * reports}] * count


@pytest.mark.parametrize(
    "events",
    [
        [harvest(epcList=ITEMS)],
        [packing(childEPCs=ITEMS[1:]), harvest(epcList=ITEMS[:1])],
        [without(blending(inputEPCList=ITEMS[2:], transformationID="urn:x:1"), "outputEPCList")],
        [harvest(sensorElementList=elements(1, READINGS_MAX - 1))],
        [harvest(sensorElementList=elements(READINGS_MAX // 4, 1)), harvest()] * 2,
    ],
)
def test_a_document_at_a_cap_is_read(events: list[Members]) -> None:
    assert len(read_document(data(document(*events))).events) == len(events)


@pytest.mark.parametrize(
    "events",
    [
        [harvest(epcList=[*ITEMS, serial(THINGS_MAX)])],
        [packing(childEPCs=ITEMS), harvest(epcList=ITEMS[:1])],
        [blending(inputEPCList=ITEMS)],
        [harvest(sensorElementList=elements(1, READINGS_MAX))],
        [harvest(sensorElementList=elements(READINGS_MAX // 4, 1)), harvest()] * 2
        + [harvest(sensorElementList=elements(1, 1))],
    ],
)
def test_a_document_above_a_cap_is_too_large(events: list[Members]) -> None:
    with pytest.raises(EpcisTooLarge):
        read_document(data(document(*events)))


def test_a_single_event_has_the_caps_too() -> None:
    whole = document()
    single = {"@context": whole["@context"], **harvest(epcList=[*ITEMS, serial(THINGS_MAX)])}
    with pytest.raises(EpcisTooLarge):
        read_document(data(single))


@pytest.mark.parametrize(
    "event", [None, 7, {"epcList": 7}, {"sensorElementList": [7, {}, {"sensorReport": 7}]}]
)
def test_what_has_no_shape_yet_can_be_counted(event: Any) -> None:
    check_caps([event])


def test_the_index_of_a_document_is_not_much_larger_than_a_document() -> None:
    """Rows for every thing and its class, and the longest keys in the most events."""
    longest = "urn:" + "a" * (KEY_SIZE_MAX - 4)
    places = {"id": longest}
    for events in (
        [harvest(epcList=ITEMS)],
        [
            harvest(
                action="OBSERVE",
                epcList=[serial(number)],
                bizStep=longest,
                disposition=longest,
                readPoint=places,
                bizLocation=places,
            )
            for number in range(90)
        ],
    ):
        rows: list[tuple[bytes, bytes]] = []
        for event in read_document(data(document(*events))).events:
            key = event_key(bytes(32), event)
            indexed = IndexedEvent(
                *(summarise(event), bytes(32), bytes(32), bytes(32), None),
                declares_error=False,
                claim=False,
                height=1,
            )
            rows += entries(key, indexed)
        assert sum(len(key) + len(value) for key, value in rows) < 2 * DOCUMENT_SIZE_MAX
