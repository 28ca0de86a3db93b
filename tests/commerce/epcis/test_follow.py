"""Which rows of a history concern a window, and what is told of them."""

from commerce.epcis.containment import Containment
from commerce.epcis.follow import Follower, Timeline, Window, parts
from commerce.epcis.graph import BEGINNING, FOREVER, History
from commerce.epcis.identifiers import identity
from commerce.epcis.path import Direction, Path
from commerce.epcis.trace import Limits, _Forward, walk
from tests.commerce.epcis.memory_index import MemoryIndex
from tests.commerce.epcis.statements import case, lot, serial
from tests.commerce.epcis.test_spread import on, packed, seen, turned

X, BOX = identity(serial(1)), identity(case(1))


def story() -> MemoryIndex:
    return MemoryIndex(
        seen(1, serial(1)),
        packed(2, case(1), serial(1)),
        seen(3, serial(1)),
        packed(4, case(1), serial(1), action="DELETE"),
        seen(5, serial(1)),
    )


def days(window: Window) -> list[int]:
    """The days of the rows that concern a window."""
    index = story()
    (history,) = index.histories([X])
    along = Timeline(history, Containment(index).stays(history))
    return [(time_ms - on(1)) // 86_400_000 + 1 for time_ms, _, _ in along.concerned(window)]


def test_a_window_concerns_its_own_rows_and_stays_that_began_before() -> None:
    assert days(Window(BEGINNING, FOREVER)) == [1, 2, 3, 4, 5]
    assert days(Window(on(3), FOREVER)) == [2, 3, 4, 5]
    assert days(Window(on(5), FOREVER)) == [2, 4, 5]
    assert days(Window(on(2), on(4))) == [2, 3]
    assert days(Window(BEGINNING, on(1))) == []


def test_a_container_is_read_once_however_often_it_is_met() -> None:
    index = story()
    follower = Follower(index, _Forward(index, Path((), Direction.FORWARD), Limits()), forward=True)
    window = Window(on(2), on(4), carried=True)
    (first,), (second,) = (list(follower.timelines((BOX,), window)) for _ in range(2))
    assert first is second
    (item,) = follower.timelines((X,), Window(BEGINNING, FOREVER))
    assert item.history == History(tuple(index.rows(X)), (X,))


def test_the_parts_of_a_transformation_are_its_events_that_count() -> None:
    index = MemoryIndex()
    first, second, alone = index.capture(
        turned(1, [lot("A")], [], joined="urn:uuid:t"),
        turned(2, [], [lot("B")], joined="urn:uuid:t"),
        turned(2, [lot("C")], [lot("D")]),
    )
    summary, other = index.summaries[first], index.summaries[alone]
    assert [key for key, _ in parts(index, first, summary)] == [first, second]
    assert parts(index, alone, other) == [(alone, other)]
    index.void.add(second)
    assert [key for key, _ in parts(index, first, summary)] == [first]


def test_many_containers_are_asked_for_at_once_where_the_index_likes_that() -> None:
    boxes = [packed(2, case(n), serial(n)) for n in range(1, 9)]
    plain = MemoryIndex(turned(1, [lot("A")], [serial(n) for n in range(1, 9)]), *boxes)

    class Wishing(MemoryIndex):
        told: tuple[str, ...] = ()

        def expect(self, identities: list[str]) -> None:
            self.told += tuple(identities)

    index = Wishing()
    index.by_identity, index.summaries = plain.by_identity, plain.summaries
    found = walk(index, identity(lot("A")), Direction.FORWARD)
    assert sorted(index.told) == sorted(identity(case(n)) for n in range(1, 9))
    assert found.things == walk(plain, identity(lot("A")), Direction.FORWARD).things
