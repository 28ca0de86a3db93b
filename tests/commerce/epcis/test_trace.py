"""Traces with known answers: a tea trader's history, and the shapes that go wrong elsewhere."""

import time
from typing import Any

import pytest

from commerce.epcis.identifiers import identity, of_query
from commerce.epcis.summary import Summary
from commerce.epcis.trace import Direction, Limits, Trace, trace
from tests.commerce.epcis.memory_index import MemoryIndex
from tests.commerce.epcis.statements import Members, blending, case, harvest, lot, packing, serial

FORWARD, BACK = Direction.FORWARD, Direction.BACK


def when(day: int) -> str:
    return f"2024-05-{day:02}T08:00:00+08:00"


def seen(day: int, *epcs: str, step: str = "inspecting", **changes: Any) -> Members:
    return harvest(
        eventTime=when(day), epcList=list(epcs), action="OBSERVE", bizStep=step, **changes
    )


def made(day: int, *epcs: str, lot_number: str | None = None) -> Members:
    changes = {} if lot_number is None else {"ilmd": {"cbvmda:lotNumber": lot_number}}
    return harvest(eventTime=when(day), epcList=list(epcs), **changes)


def packed(day: int, parent: str, *children: str, action: str = "ADD") -> Members:
    return packing(eventTime=when(day), parentID=parent, childEPCs=list(children), action=action)


def turned(day: int, inputs: list[str], outputs: list[str], joined: str | None = None) -> Members:
    event: Members = {**blending(eventTime=when(day)), "inputQuantityList": []}
    del event["outputEPCList"]
    event["inputQuantityList"] = [{"epcClass": uri} for uri in inputs if ":class:" in uri]
    event["inputEPCList"] = [uri for uri in inputs if ":class:" not in uri]
    event["outputQuantityList"] = [{"epcClass": uri} for uri in outputs if ":class:" in uri]
    event["outputEPCList"] = [uri for uri in outputs if ":class:" not in uri]
    return event if joined is None else {**event, "transformationID": joined}


def things(found: Trace) -> set[str]:
    return set(found.things)


def ids(*uris: str) -> set[str]:
    return {identity(uri) for uri in uris}


def days(found: Trace) -> list[int]:
    """The days of May on which the steps happened, in the trace's order."""
    first = 1_714_521_600_000
    return [(step.time_ms - first) // 86_400_000 + 1 for step in found.steps]


def go(index: MemoryIndex, query: str, direction: Direction, limits: Limits | None = None) -> Trace:
    return trace(index, of_query(query), direction, limits)


def test_an_item_is_followed_from_commissioning_to_sale() -> None:
    x = serial(1)
    index = MemoryIndex(
        made(1, x, serial(2)),
        packed(2, case(1), x, serial(2)),
        seen(3, case(1), step="shipping"),
        seen(4, case(1), step="receiving"),
        packed(5, case(1), x, action="DELETE"),
        seen(6, case(1), step="shipping"),
        seen(7, x, step="retail_selling"),
        seen(8, serial(2)),
    )
    for direction in Direction:
        found = go(index, x, direction)
        assert days(found) == [1, 2, 3, 4, 5, 7]
        assert things(found) == ids(x)
        assert found.complete
    found = go(index, x, FORWARD)
    roles = [step.roles for step in found.steps]
    assert roles == [("subject",), ("child",), ("carrier",), ("carrier",), ("child",), ("subject",)]
    (edge,) = found.edges
    assert (edge.kind, edge.sources, edge.targets) == (
        "containment",
        (identity(x),),
        (identity(case(1)),),
    )


def test_inputs_become_outputs_and_siblings_stay_clean() -> None:
    index = MemoryIndex(
        turned(1, [lot("A"), lot("B")], [lot("M")]),
        turned(2, [lot("M")], [serial(1), serial(2)]),
        turned(2, [lot("B")], [serial(3)]),
        packed(3, case(1), serial(1), serial(9)),
        seen(4, serial(9)),
    )
    forward = go(index, lot("A"), FORWARD)
    assert things(forward) == ids(lot("A"), lot("M"), serial(1), serial(2))
    assert days(forward) == [1, 2, 3]
    back = go(index, serial(1), BACK)
    assert things(back) == ids(serial(1), lot("M"), lot("A"), lot("B"))
    assert days(back) == [1, 2, 3]
    assert things(go(index, lot("B"), FORWARD)) == ids(
        lot("B"), lot("M"), serial(1), serial(2), serial(3)
    )


def test_a_transformation_id_joins_events() -> None:
    index = MemoryIndex(
        turned(1, [lot("A")], [], joined="urn:uuid:t"),
        turned(2, [lot("B")], [], joined="urn:uuid:t"),
        turned(3, [], [serial(1)], joined="urn:uuid:t"),
        turned(3, [], [serial(2)], joined="urn:uuid:t"),
        turned(3, [lot("C")], [serial(3)], joined="urn:uuid:other"),
    )
    assert things(go(index, lot("A"), FORWARD)) == ids(lot("A"), serial(1), serial(2))
    back = go(index, serial(1), BACK)
    assert things(back) == ids(serial(1), lot("A"), lot("B"))
    (edge,) = back.edges
    assert edge.kind == "transformation"
    assert (set(edge.sources), set(edge.targets)) == (ids(lot("A"), lot("B")), ids(serial(1)))
    assert len(edge.keys) == 3


def test_what_left_a_lot_before_the_bad_batch_is_told_too() -> None:
    # Who writes the times of mixing and filling would else choose what is recalled.
    index = MemoryIndex(
        turned(1, [lot("GOOD")], [lot("TANK")]),
        turned(2, [lot("TANK")], [serial(1)]),
        turned(3, [lot("BAD")], [lot("TANK")]),
        turned(4, [lot("TANK")], [serial(2)]),
    )
    assert things(go(index, lot("BAD"), FORWARD)) == ids(
        lot("BAD"), lot("TANK"), serial(1), serial(2)
    )
    for number in (1, 2):
        assert things(go(index, serial(number), BACK)) == ids(
            serial(number), lot("TANK"), lot("GOOD"), lot("BAD")
        )


def test_a_container_covers_what_lies_in_it_and_only_then() -> None:
    x, inner, outer = serial(1), case(1), case(2)
    index = MemoryIndex(
        seen(1, inner),
        packed(2, inner, x),
        packed(3, outer, inner),
        seen(4, outer, step="shipping"),
        packed(5, inner, x, action="DELETE"),
        seen(6, outer, step="receiving"),
        seen(6, inner),
    )
    found = go(index, x, FORWARD)
    assert days(found) == [2, 3, 4, 5]
    assert things(found) == ids(x)


def test_the_end_of_a_stay_is_exclusive_and_its_beginning_is_not() -> None:
    x = serial(1)
    index = MemoryIndex(
        packed(2, case(1), x),
        seen(2, case(1), step="loading"),
        packed(4, case(1), x, action="DELETE"),
        seen(4, case(1), step="unloading"),
    )
    steps = [step.biz_step for step in go(index, x, FORWARD).steps]
    assert sorted(step or "" for step in steps) == ["loading", "packing", "packing"]


def test_a_container_is_emptied_without_naming_its_children() -> None:
    x = serial(1)
    emptied = packed(4, case(1), action="DELETE")
    index = MemoryIndex(packed(2, case(1), x), seen(3, case(1)), emptied, seen(5, case(1)))
    assert days(go(index, x, FORWARD)) == [2, 3, 4]


def test_what_is_used_up_with_its_container_goes_into_the_product() -> None:
    index = MemoryIndex(
        packed(1, case(1), serial(1)),
        turned(2, [case(1)], [lot("M")]),
        packed(3, case(1), serial(2)),
    )
    assert things(go(index, serial(1), FORWARD)) == ids(serial(1), lot("M"))
    assert things(go(index, serial(2), FORWARD)) == ids(serial(2))
    assert things(go(index, lot("M"), BACK)) == ids(lot("M"), case(1), serial(1))


def test_what_lies_in_a_produced_container_was_produced_if_its_maker_says_so() -> None:
    index = MemoryIndex(
        made(1, serial(1), serial(2)),
        packed(1, case(1), serial(9)),
        packed(1, case(1), serial(1)),
        turned(2, [lot("A")], [case(1)]),
        packed(3, case(1), serial(2)),
    )
    assert things(go(index, lot("A"), FORWARD)) == ids(lot("A"), case(1), serial(1))
    assert things(go(index, serial(1), BACK)) == ids(serial(1), lot("A"))
    assert things(go(index, serial(9), BACK)) == ids(serial(9))


def test_asking_for_a_container_asks_for_what_it_held() -> None:
    index = MemoryIndex(
        made(1, serial(1), serial(2)),
        packed(2, case(1), serial(1), serial(2)),
        packed(3, case(2), case(1)),
        packed(4, case(1), serial(2), action="DELETE"),
        seen(5, serial(1)),
        turned(6, [serial(2)], [lot("M")]),
    )
    forward = go(index, case(2), FORWARD)
    assert things(forward) == ids(case(2), case(1), serial(1), serial(2), lot("M"))
    # The items count for all their life, the pallet and the case since they were asked for.
    assert days(forward) == [1, 2, 3, 4, 5, 6]
    back = go(index, case(2), BACK)
    assert things(back) == ids(case(2), case(1), serial(1), serial(2))
    assert days(back) == [1, 2, 3, 4, 5, 6]


def test_an_item_comes_from_the_lot_it_was_commissioned_with() -> None:
    index = MemoryIndex(
        turned(1, [lot("LEAF", "077777")], [lot("L7")]),
        made(2, serial(1), serial(2), lot_number="L7"),
        made(2, serial(3), lot_number="L8"),
        seen(3, serial(1)),
    )
    forward = go(index, lot("LEAF", "077777"), FORWARD)
    assert things(forward) == ids(lot("LEAF", "077777"), lot("L7"), serial(1), serial(2))
    assert days(forward) == [1, 2, 3]
    back = go(index, serial(1), BACK)
    assert things(back) == ids(serial(1), lot("L7"), lot("LEAF", "077777"))
    assert {edge.kind for edge in back.edges} == {"lot", "transformation"}


def test_a_gtin_stands_for_all_its_lots_and_items() -> None:
    index = MemoryIndex(
        made(1, serial(1)),
        turned(2, [lot("L1")], [serial(5, "077777")]),
        seen(3, serial(6, "077777")),
    )
    found = go(index, "6901234123456", FORWARD)
    assert things(found) == ids(serial(1), lot("L1"), serial(5, "077777")) | {
        of_query("6901234123456")
    }
    assert days(found) == [1, 2]
    assert things(go(index, "06901234123456/10/L1", FORWARD)) == ids(lot("L1"), serial(5, "077777"))


def test_spellings_of_one_thing_meet() -> None:
    link = "https://tea.example/gtin/6901234123456/ser/1"
    index = MemoryIndex(made(1, serial(1)), seen(2, link))
    assert days(go(index, serial(1), FORWARD)) == [1, 2]
    assert days(go(index, link, BACK)) == [1, 2]


def test_events_that_take_no_part_leave_no_trace() -> None:
    index = MemoryIndex()
    keys = index.capture(
        turned(1, [lot("A")], [lot("B")]),
        turned(2, [lot("B")], [lot("C")]),
        packed(2, case(1), serial(1)),
        seen(3, case(1)),
    )
    index.void.update({keys[1], keys[2]})
    assert things(go(index, lot("A"), FORWARD)) == ids(lot("A"), lot("B"))
    assert things(go(index, lot("C"), BACK)) == ids(lot("C"))
    assert go(index, serial(1), FORWARD).steps == ()


def test_a_circle_of_transformations_ends() -> None:
    index = MemoryIndex(
        turned(1, [lot("A")], [lot("B")]),
        turned(2, [lot("B")], [lot("A")]),
        turned(3, [lot("A")], [lot("C")]),
    )
    assert things(go(index, lot("B"), FORWARD)) == ids(lot("A"), lot("B"), lot("C"))
    assert things(go(index, lot("A"), BACK)) == ids(lot("A"), lot("B"))


def test_a_circle_of_containers_ends() -> None:
    index = MemoryIndex(packed(1, case(1), case(2)), packed(2, case(2), case(1)))
    assert things(go(index, case(1), FORWARD)) == ids(case(1), case(2))
    assert go(index, case(1), BACK).complete


def test_an_unknown_thing_has_an_empty_trace() -> None:
    found = go(MemoryIndex(), serial(1), FORWARD)
    assert (found.steps, found.edges, things(found)) == ((), (), ids(serial(1)))


@pytest.mark.parametrize("limits", [Limits(steps_max=2), Limits(things_max=2)])
def test_a_walk_is_bounded_and_says_so(limits: Limits) -> None:
    index = MemoryIndex(*(turned(d, [lot(f"L{d}")], [lot(f"L{d + 1}")]) for d in range(1, 9)))
    assert not go(index, lot("L1"), FORWARD, limits).complete
    assert go(index, lot("L1"), FORWARD).complete


def test_the_order_of_capture_changes_nothing() -> None:
    events = [
        turned(1, [lot("A"), lot("B")], [lot("M")], joined="urn:uuid:t"),
        turned(1, [], [lot("N")], joined="urn:uuid:t"),
        turned(2, [lot("N"), lot("M")], [serial(1), serial(2)]),
        packed(3, case(1), serial(1), serial(2)),
        seen(4, case(1)),
    ]
    expected = go(MemoryIndex(*events), lot("A"), FORWARD)
    assert go(MemoryIndex(*reversed(events)), lot("A"), FORWARD) == expected


ITEMS = 100_000


def plain(kind: str, day: int, action: str = "", **changes: Any) -> Summary:
    base: Members = {
        **dict.fromkeys(("biz_step", "disposition", "read_point", "biz_location")),
        **dict.fromkeys(("items", "inputs", "outputs", "quantities", "lots"), ()),
        **dict.fromkeys(("parent", "transformation_id")),
    }
    return Summary(type=kind, action=action, time_ms=day, **{**base, **changes})


def through_six_levels() -> tuple[MemoryIndex, list[str]]:
    """Leaf, blend, batches, items, cases, pallets: and shipping on top."""
    index = MemoryIndex()
    items = [identity(serial(n)) for n in range(ITEMS)]
    batches = [identity(lot(f"B{n}")) for n in range(100)]
    cases = [identity(case(n)) for n in range(ITEMS // 100)]
    pallets = [identity(case(900_000 + n)) for n in range(len(cases) // 20)]

    def add(summary: Summary) -> None:
        index.add(len(index.summaries).to_bytes(32, "big"), summary)

    leaf, blend = identity(lot("LEAF")), identity(lot("BLEND"))
    add(plain("TransformationEvent", 1, inputs=(leaf,), outputs=(blend,)))
    add(plain("TransformationEvent", 2, inputs=(blend,), outputs=tuple(batches)))
    for n, batch in enumerate(batches):
        outputs = tuple(items[n * 1000 : (n + 1) * 1000])
        add(plain("TransformationEvent", 3, inputs=(batch,), outputs=outputs))
    for n, container in enumerate(cases):
        inside = tuple(items[n * 100 : (n + 1) * 100])
        add(plain("AggregationEvent", 4, "ADD", parent=container, items=inside))
    for n, pallet in enumerate(pallets):
        inside = tuple(cases[n * 20 : (n + 1) * 20])
        add(plain("AggregationEvent", 5, "ADD", parent=pallet, items=inside))
        for day, step in ((6, "shipping"), (7, "receiving")):
            add(plain("ObjectEvent", day, "OBSERVE", items=(pallet,), biz_step=step))
    return index, items


def test_a_contaminated_lot_is_followed_to_a_hundred_thousand_items() -> None:
    index, items = through_six_levels()
    start = time.thread_time()
    found = trace(index, identity(lot("LEAF")), FORWARD)
    elapsed_s = time.thread_time() - start
    assert found.complete
    assert things(found) >= set(items)
    assert len(found.things) == ITEMS + 102
    assert len(found.steps) == len(index.summaries)
    assert elapsed_s < 20, "the walk is no longer linear"
    back = trace(index, items[-1], BACK)
    assert len(back.things) == 4
