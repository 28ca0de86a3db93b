"""What can't be of a single thing is told, with the events that say it."""

from commerce.epcis.doubts import DOUBTS_MAX, Doubt, doubts
from commerce.epcis.identifiers import identity
from tests.commerce.epcis.memory_index import MemoryIndex
from tests.commerce.epcis.statements import Members, case, lot, serial
from tests.commerce.epcis.test_spread import made, packed, seen, turned

X, BOX, PALLET = identity(serial(1)), identity(case(1)), identity(case(2))


def told(*events: Members, of: str = X) -> list[tuple[str, list[int]]]:
    """The kinds of doubts, and which of the events each names."""
    index = MemoryIndex()
    keys = [index.capture(event)[0] for event in events]
    return [(doubt.kind, [keys.index(key) for key in doubt.keys]) for doubt in doubts(index, [of])]


def test_an_ordinary_life_raises_no_doubt() -> None:
    assert (
        told(
            made(1, serial(1)),
            packed(2, case(1), serial(1)),
            packed(3, case(1), serial(1), action="DELETE"),
            packed(3, case(2), serial(1)),
            seen(4, serial(1)),
            turned(5, [serial(1)], [serial(2)]),
        )
        == []
    )


def test_a_thing_is_made_once() -> None:
    assert told(made(1, serial(1)), turned(2, [lot("A")], [serial(1)])) == [("made_twice", [0, 1])]


def test_nothing_happens_to_what_was_used_up() -> None:
    events = made(1, serial(1)), turned(2, [serial(1)], [serial(2)]), seen(3, serial(1))
    assert told(*events) == [("used_before", [1, 2])]


def test_a_thing_lies_in_one_container_at_a_time() -> None:
    inside = packed(1, case(1), serial(1))
    assert told(inside, packed(2, case(2), serial(1))) == [("two_containers", [0, 1])]
    gone = packed(2, case(1), serial(1), action="DELETE")
    assert told(inside, gone, packed(2, case(2), serial(1))) == []
    assert told(inside, packed(2, case(1), serial(1))) == []


def test_nothing_lies_in_itself() -> None:
    events = packed(1, case(1), case(2)), packed(2, case(2), case(1))
    assert told(*events, of=BOX) == [("in_itself", [0])]
    emptied = packed(2, case(1), action="DELETE")
    assert told(events[0], emptied, packed(3, case(2), case(1)), of=BOX) == []
    assert told(packed(1, case(3), case(1)), packed(2, case(3), case(2)), of=BOX) == []


def test_classes_do_all_of_it_and_void_events_say_nothing() -> None:
    again = turned(1, [lot("A")], [lot("B")]), turned(2, [lot("C")], [lot("B")])
    assert told(*again, of=identity(lot("B"))) == []
    index = MemoryIndex()
    _, second = index.capture(made(1, serial(1)), made(2, serial(1)))
    assert [doubt.kind for doubt in doubts(index, [X])] == ["made_twice"]
    index.void.add(second)
    assert doubts(index, [X]) == ()


def test_what_is_told_is_bounded_and_ordered() -> None:
    items = [serial(n) for n in range(150)]
    index = MemoryIndex(made(1, *items), made(2, *items))
    found = doubts(index, [identity(item) for item in items])
    assert len(found) == DOUBTS_MAX
    assert list(found) == sorted(found, key=lambda doubt: (doubt.thing, doubt.kind))
    assert all(isinstance(doubt, Doubt) for doubt in found)
