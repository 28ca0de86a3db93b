"""What bad items have in common, and in which order that is told."""

from typing import Any

import pytest

from commerce.epcis.identifiers import identity
from commerce.epcis.root_cause import Cause, root_cause
from tests.commerce.epcis.memory_index import MemoryIndex
from tests.commerce.epcis.statements import Members, harvest, lot, packing, serial
from tests.commerce.epcis.test_spread import made, packed, turned, when

PLANT = "urn:epc:id:sgln:6901234.00007.0"
X, Y, Z = (identity(serial(number)) for number in (1, 2, 3))


def told(causes: tuple[Cause, ...], kind: str) -> list[tuple[str, int, int]]:
    return [(cause.name, cause.of, cause.distance) for cause in causes if cause.kind == kind]


def at_plant(event: Members) -> Members:
    return event | {"readPoint": {"id": PLANT}}


def plant() -> MemoryIndex:
    """Two mixes of one leaf; X and Y of the first, Z of the second."""
    return MemoryIndex(
        turned(1, [lot("LEAF"), lot("MINT")], [lot("M1")]),
        turned(1, [lot("LEAF"), lot("LIME")], [lot("M2")]),
        at_plant(turned(2, [lot("M1")], [serial(1), serial(2)])),
        turned(3, [lot("M2")], [serial(3)]),
    )


def test_the_nearest_common_ancestor_comes_first() -> None:
    found = root_cause(plant(), [X, Y])
    lots = told(found.causes, "lot")
    assert lots == [
        (identity(lot("M1")), 2, 1),
        *((identity(lot(name)), 2, 2) for name in ("LEAF", "MINT")),
    ]
    assert found.complete
    assert found.causes[0].kind == "event"
    assert [cause.distance for cause in found.causes] == sorted(c.distance for c in found.causes)
    assert told(found.causes, "place") == [(identity(PLANT), 2, 0)]


def test_what_all_items_share_comes_before_what_only_some_do() -> None:
    found = root_cause(plant(), [X, Y, Z])
    assert found.causes[0].name == identity(lot("LEAF"))
    assert [cause.of for cause in found.causes] == sorted(
        (cause.of for cause in found.causes), reverse=True
    )
    assert told(found.causes, "lot")[1] == (identity(lot("M1")), 2, 1)
    assert all(identity(lot("LIME")) != cause.name for cause in found.causes)


def test_a_container_that_they_lay_in_together_is_a_cause() -> None:
    index = MemoryIndex(
        made(1, serial(1)),
        made(1, serial(2)),
        packed(2, "urn:epc:id:grai:6901234.55555.17", serial(1)),
        packed(3, "urn:epc:id:grai:6901234.55555.17", serial(1), action="DELETE"),
        packed(4, "urn:epc:id:grai:6901234.55555.17", serial(2)),
        harvest(eventTime=when(5), action="OBSERVE", epcList=["urn:epc:id:grai:6901234.55555.17"]),
    )
    crate = identity("urn:epc:id:grai:6901234.55555.17")
    assert told(root_cause(index, [X, Y]).causes, "container") == [(crate, 2, 1)]


def test_an_item_may_itself_be_what_others_came_from() -> None:
    index = MemoryIndex(turned(1, [serial(1)], [serial(2), serial(3)]))
    assert told(root_cause(index, [X, Y, Z]).causes, "item") == [(X, 3, 1)]


def test_items_that_share_nothing_have_no_cause() -> None:
    index = MemoryIndex(made(1, serial(1)), made(2, serial(2)))
    found = root_cause(index, [X, Y])
    places = [cause for cause in found.causes if cause.kind != "place"]
    assert places == []


def test_what_is_told_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commerce.epcis.root_cause.CAUSES_MAX", 2)
    found = root_cause(plant(), [X, Y])
    assert len(found.causes) == 2
    assert not found.complete


def test_what_was_declared_erroneous_is_no_cause() -> None:
    index = MemoryIndex()
    key, _ = index.capture(
        packing(childEPCs=[serial(1), serial(2)], eventTime=when(2)), made(1, serial(1))
    )
    before: Any = told(root_cause(index, [X, Y]).causes, "event")
    assert before == [(key.hex(), 2, 0)]
    index.void.add(key)
    assert root_cause(index, [X, Y]).causes == ()
