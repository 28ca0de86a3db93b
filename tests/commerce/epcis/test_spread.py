"""Contamination step by step: what follows from a mark, and what a late event carries on."""

from collections import deque
from typing import Any

import pytest

from commerce.epcis.graph import BEGINNING, FOREVER, TraceIndex
from commerce.epcis.identifiers import identity
from commerce.epcis.path import Direction
from commerce.epcis.spread import (
    INSIDE,
    ITEM,
    JOINED,
    LOT,
    MADE,
    OPENED,
    ROWS_MAX,
    Mark,
    continues,
    kind_part,
    mark_part,
    marks_of,
    spread,
    things_of,
)
from commerce.epcis.trace import trace
from tests.commerce.epcis.memory_index import MemoryIndex
from tests.commerce.epcis.statements import Members, blending, case, harvest, lot, packing, serial

DAY_MS = 86_400_000
FIRST_MS = 1_714_521_600_000
A, B, M = (identity(lot(name)) for name in ("A", "B", "M"))
X, Y, Z = (identity(serial(number)) for number in (1, 2, 3))
CASE, PALLET = identity(case(1)), identity(case(2))


def on(day: int) -> int:
    return FIRST_MS + (day - 1) * DAY_MS


def when(day: int) -> str:
    return f"2024-05-{day:02}T08:00:00+08:00"


def made(day: int, *epcs: str, lot_number: str | None = None) -> Members:
    changes: Members = {} if lot_number is None else {"ilmd": {"cbvmda:lotNumber": lot_number}}
    return harvest(eventTime=when(day), epcList=list(epcs), **changes)


def seen(day: int, *epcs: str) -> Members:
    return harvest(eventTime=when(day), epcList=list(epcs), action="OBSERVE", bizStep="storing")


def packed(day: int, parent: str, *children: str, action: str = "ADD", **changes: Any) -> Members:
    told = packing(eventTime=when(day), parentID=parent, action=action, **changes)
    return told | {"childEPCs": list(children)}


def turned(day: int, inputs: list[str], outputs: list[str], joined: str | None = None) -> Members:
    event: Members = {
        **blending(eventTime=when(day)),
        "inputQuantityList": [{"epcClass": uri} for uri in inputs if ":class:" in uri],
        "inputEPCList": [uri for uri in inputs if ":class:" not in uri],
        "outputQuantityList": [{"epcClass": uri} for uri in outputs if ":class:" in uri],
        "outputEPCList": [uri for uri in outputs if ":class:" not in uri],
    }
    return event if joined is None else {**event, "transformationID": joined}


def closure(index: TraceIndex, *roots: Mark, limit: int = ROWS_MAX) -> set[Mark]:
    """Every mark that follows from roots, the calls resumed wherever they stop."""
    known: dict[tuple[str, str], int] = {}
    queue = deque((root, b"") for root in roots)
    while queue:
        mark, cursor = queue.popleft()
        name = mark.kind, mark.name
        if not cursor and known.get(name, FOREVER) <= mark.since_ms:
            continue
        known[name] = min(mark.since_ms, known.get(name, FOREVER))
        marks, rest = spread(index, mark, cursor, limit)
        queue.extend((found, b"") for found in marks)
        if rest is not None:
            queue.appendleft((mark, rest))
    return {Mark(kind, name, since) for (kind, name), since in known.items()}


def reached(index: TraceIndex, *roots: Mark, limit: int = ROWS_MAX) -> set[str]:
    marks = closure(index, *roots, limit=limit)
    return {thing for mark in marks for thing in things_of(index, mark)}


BAD = Mark(LOT, A, BEGINNING)


def test_what_a_lot_goes_into_is_marked_by_the_event_that_made_it() -> None:
    index = MemoryIndex()
    mixing, bottling = index.capture(
        turned(1, [lot("A"), lot("B")], [lot("M")]), turned(2, [lot("M")], [serial(1), serial(2)])
    )
    assert spread(index, BAD) == ((Mark(MADE, mixing.hex(), on(1)),), None)
    follows, _ = spread(index, Mark(MADE, mixing.hex(), on(1)))
    assert follows == (Mark(MADE, bottling.hex(), on(2)),)
    assert things_of(index, follows[0]) == (X, Y)
    assert spread(index, follows[0]) == ((), None)
    assert marks_of(index, X) == ((ITEM, X), (MADE, bottling.hex()))
    assert marks_of(index, M) == ((LOT, M), (MADE, mixing.hex()))
    assert reached(index, BAD) == {A, M, X, Y}
    assert reached(index, Mark(ITEM, X, BEGINNING)) == {X}


def test_only_the_items_of_the_lot_are_marked_in_an_event_of_several() -> None:
    index = MemoryIndex()
    (key,) = index.capture(made(1, serial(1), serial(2), lot_number="A"))
    of_lot = Mark(MADE, f"{key.hex()} {A}", on(1))
    assert spread(index, BAD) == ((of_lot,), None)
    assert things_of(index, of_lot) == (X, Y)
    assert marks_of(index, X) == ((ITEM, X), (MADE, key.hex()), (MADE, of_lot.name))
    assert things_of(index, Mark(MADE, f"{key.hex()} {B}", on(1))) == ()
    assert things_of(index, Mark(MADE, key.hex(), on(1))) == (X, Y)


def test_items_that_a_transformation_declares_of_a_lot_carry_it_on() -> None:
    told = turned(1, [lot("B")], [serial(1), serial(2)])
    index = MemoryIndex(told | {"ilmd": {"cbvmda:lotNumber": "A"}})
    assert reached(index, BAD) == {A, X, Y}
    assert set(trace(index, A, Direction.FORWARD).things) == {A, X, Y}


def test_a_container_is_followed_while_something_bad_lies_in_it() -> None:
    index = MemoryIndex(
        turned(1, [lot("A")], [serial(1)]),
        packed(2, case(1), serial(1), serial(9)),
        packed(3, case(2), case(1)),
        packed(5, case(1), serial(1), action="DELETE"),
        turned(4, [case(2)], [lot("M")]),
        turned(6, [case(2)], [lot("N")]),
    )
    marks = closure(index, BAD)
    assert Mark(INSIDE, f"{CASE} {on(5)}", on(2)) in marks
    assert Mark(INSIDE, f"{PALLET} {on(5)}", on(3)) in marks
    assert {t for m in marks for t in things_of(index, m)} == {A, X, M}


def test_a_transformation_of_several_events_is_one_mark() -> None:
    index = MemoryIndex()
    _, _, third, _ = index.capture(
        turned(1, [lot("A")], [], joined="urn:uuid:t"),
        turned(2, [lot("B")], [], joined="urn:uuid:t"),
        turned(3, [], [serial(1)], joined="urn:uuid:t"),
        turned(3, [], [serial(2)], joined="urn:uuid:other"),
    )
    joined = Mark(JOINED, "urn:uuid:t", BEGINNING)
    assert spread(index, BAD) == ((joined,), None)
    assert spread(index, joined)[0] == (Mark(MADE, third.hex(), on(3)),)
    assert reached(index, BAD) == {A, X}


OTHER = bytes(reversed(range(32)))


def test_of_what_lies_in_a_product_only_what_its_maker_made_is_reached_never_a_class() -> None:
    kilogram = [{"epcClass": lot("M"), "quantity": 1, "uom": "KGM"}]
    index = MemoryIndex(turned(1, [lot("B")], [lot("M")]))
    index.capture(made(1, serial(9)), capturer=OTHER)
    *_, key = index.capture(
        made(1, *(serial(n) for n in (1, 2, 3))),
        packed(1, case(1), serial(1), serial(9), case(2), childQuantityList=kilogram),
        packed(1, case(2), serial(2)),
        packed(3, case(1), serial(3)),
        turned(2, [lot("A")], [case(1)]),
    )
    follows, _ = spread(index, Mark(MADE, key.hex(), on(2)))
    assert follows == (Mark(OPENED, f"{CASE} {key.hex()}", on(2)),)
    inside, _ = spread(index, follows[0])
    # The inner case was made by nobody: it is only carried, and yet what lies in it is looked at.
    opened = Mark(OPENED, f"{PALLET} {key.hex()}", on(2))
    assert set(inside) == {opened, Mark(ITEM, X, BEGINNING)}
    assert reached(index, BAD) == {A, CASE, X, Y}
    back = {thing: set(trace(index, thing, Direction.BACK).things) for thing in (M, X, Y)}
    assert back == {M: {M, B}, X: {X, A}, Y: {Y, A}}
    bought = identity(serial(9))
    assert set(trace(index, bought, Direction.BACK).things) == {bought}


def test_goods_that_are_bad_are_bad_for_all_their_life_whatever_the_times_are() -> None:
    # Who writes the times would else choose what is recalled.
    index = MemoryIndex(
        turned(5, [lot("A")], [lot("M"), serial(1)]),
        turned(2, [lot("M")], [serial(2)]),
        packed(1, case(1), serial(1)),
        turned(2, [case(1)], [serial(3)]),
        packed(3, case(1), serial(1), action="DELETE"),
        turned(4, [case(1)], [serial(4)]),
    )
    assert reached(index, BAD) == {A, M, X, Y, Z}
    for thing in (X, Y, Z):
        assert A in trace(index, thing, Direction.BACK).things


def test_a_container_that_is_made_keeps_its_earlier_trips_clean() -> None:
    crate = "urn:epc:id:grai:6901234.55555.17"
    index = MemoryIndex(
        turned(1, [crate], [serial(1)]),
        turned(2, [lot("A")], [crate, case(1)]),
        turned(2, [case(1)], [serial(2)]),
        turned(3, [crate], [serial(3)]),
    )
    assert reached(index, BAD) == {A, identity(crate), CASE, Y, Z}
    assert set(trace(index, X, Direction.BACK).things) == {X, identity(crate)}


def test_what_was_declared_erroneous_spreads_nothing_but_its_mark_stays() -> None:
    index = MemoryIndex()
    mixing, bottling = index.capture(
        turned(1, [lot("A")], [lot("M")]), turned(2, [lot("M")], [serial(1)])
    )
    index.void.add(bottling)
    assert reached(index, BAD) == {A, M}
    assert (MADE, bottling.hex()) in marks_of(index, X)
    assert things_of(index, Mark(MADE, bottling.hex(), on(2))) == (X,)
    assert continues(index, bottling) == ()
    index.void.add(mixing)
    assert reached(index, BAD) == {A}


STORY = (
    turned(1, [lot("A"), lot("B")], [], joined="urn:uuid:t"),
    turned(2, [], [lot("M"), case(9)], joined="urn:uuid:t"),
    made(3, *(serial(n) for n in range(1, 6)), lot_number="M"),
    packed(4, case(1), *(serial(n) for n in range(1, 5))),
    packed(1, case(9), serial(77, "077777"), case(8)),
    made(1, serial(77, "077777"), case(8)),
    packed(1, case(8), serial(78, "077777")),
    harvest(eventTime=when(4), epcList=[serial(78, "077777")], bizStep="repackaging"),
    packed(5, case(2), case(1)),
    packed(6, case(1), serial(2), action="DELETE"),
    turned(7, [case(2)], [serial(40, "077777")]),
    turned(8, [serial(2)], [serial(41, "077777")]),
    packed(8, case(1), action="DELETE"),
    turned(9, [case(2)], [serial(42, "077777")]),
)
GONE_BAD = {
    *(A, M, identity(case(8)), identity(case(9))),
    *(identity(serial(n, "077777")) for n in (77, 78)),
    *(identity(serial(n)) for n in range(1, 6)),
    *(identity(serial(n, "077777")) for n in (40, 41)),
}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, ROWS_MAX])
def test_the_closure_is_the_trace_however_small_the_steps(limit: int) -> None:
    index = MemoryIndex(*STORY)
    assert reached(index, BAD, limit=limit) == GONE_BAD
    assert set(trace(index, A, Direction.FORWARD).things) == GONE_BAD


@pytest.mark.parametrize("late", range(len(STORY)))
def test_a_late_event_is_carried_on_by_the_marks_it_continues(late: int) -> None:
    index = MemoryIndex(*STORY[:late], *STORY[late + 1 :])
    marks = {(mark.kind, mark.name): mark for mark in closure(index, BAD)}
    (key,) = index.capture(STORY[late])
    again = [
        mark
        for kind, name in continues(index, key)
        for mark in marks.values()
        if mark_part(mark.kind, mark.name).startswith(mark_part(kind, name))
    ]
    known = {thing for mark in marks.values() for thing in things_of(index, mark)}
    queue = deque(again)
    while queue:
        for found in spread(index, queue.popleft())[0]:
            if marks.get((found.kind, found.name), found) is found:
                marks[found.kind, found.name] = found
                queue.append(found)
                known |= set(things_of(index, found))
    # What a late DELETE would have kept clean stays marked.
    assert known >= GONE_BAD
    if STORY[late].get("action") != "DELETE":
        assert known == GONE_BAD


def test_parts_of_marks_tell_marks_apart_and_stays_of_a_container_begin_alike() -> None:
    parts = [mark_part(*named) for named in ((MADE, A), (LOT, A), (ITEM, A), (INSIDE, A))]
    assert len(set(parts)) == 4
    stays = [mark_part(INSIDE, f"{A} {at}") for at in (-5, 5, FOREVER)]
    opened = [mark_part(OPENED, f"{A} {key.hex()}") for key in (bytes(32), OTHER)]
    assert len({*stays, *opened}) == 5
    assert all(part.startswith(mark_part(INSIDE, A)) for part in stays)
    assert all(part.startswith(mark_part(OPENED, A)) for part in opened)
    assert all(part.startswith(kind_part(OPENED)) for part in opened)
    assert {len(part) for part in parts} == {33}
    assert {len(part) for part in stays} == {41}
    assert {len(part) for part in opened} == {65}


def test_circles_of_events_end() -> None:
    index = MemoryIndex(
        turned(1, [lot("A")], [lot("B")]),
        turned(2, [lot("B")], [lot("A")]),
        packed(3, case(1), case(2)),
        packed(3, case(2), case(1)),
        turned(2, [lot("B")], [case(1)]),
    )
    assert reached(index, BAD) == {A, B, CASE}


def test_a_container_that_is_made_again_is_opened_again_at_every_depth() -> None:
    index = MemoryIndex(
        made(1, serial(1), serial(2), serial(3)),
        packed(1, case(1), serial(1)),
        packed(1, case(2), case(1)),
        turned(2, [lot("A")], [case(2)]),
        packed(3, case(1), serial(2)),
        turned(4, [lot("A")], [case(2)]),
        packed(5, case(1), serial(3)),
    )
    assert reached(index, BAD) == {A, PALLET, X, Y}
