"""What a walk gathers: each event and edge once; what lay in a container, and when."""

from commerce.epcis.containment import Containment
from commerce.epcis.graph import BEGINNING, FOREVER
from commerce.epcis.identifiers import identity
from commerce.epcis.path import Direction, Edge, Path, held
from commerce.epcis.summary import Role
from tests.commerce.epcis.memory_index import MemoryIndex
from tests.commerce.epcis.statements import case, serial
from tests.commerce.epcis.test_spread import on, packed

X, Y, BOX = identity(serial(1)), identity(serial(2)), identity(case(1))


def test_an_event_and_an_edge_that_are_met_twice_are_told_once() -> None:
    index = MemoryIndex()
    late, early = index.capture(packed(2, case(1), serial(1)), packed(1, case(2), serial(2)))
    path = Path((X,), Direction.FORWARD)
    for _ in range(2):
        path.step(late, Role.CHILD)
        path.step(early, Role.CARRIER)
        path.join("containment", late, (late,), (X,), (BOX,))
    path.step(late, Role.CARRIER)
    path.join("containment", late, (late,), (Y,), (BOX,))
    told = path.trace(index)
    assert [(step.key, step.roles) for step in told.steps] == [
        (early, ("carrier",)),
        (late, ("carrier", "child")),
    ]
    assert told.edges == (Edge("containment", (late,), tuple(sorted((X, Y))), (BOX,)),)
    assert (told.roots, told.things, told.complete) == ((X,), (X,), True)


def test_what_a_container_held_is_told_for_the_part_of_the_time_that_is_asked() -> None:
    index = MemoryIndex(
        packed(2, case(1), serial(1)),
        packed(3, case(1), serial(2), action="OBSERVE"),
        packed(5, case(1), serial(1), action="DELETE"),
    )
    containment = Containment(index)

    def times(start: int, stop: int) -> list[tuple[tuple[str, ...], int, int]]:
        return [entry[1:] for entry in held(containment, BOX, start, stop)]

    assert times(BEGINNING, FOREVER) == [((X,), on(2), on(5)), ((Y,), on(3), FOREVER)]
    assert times(on(4), FOREVER) == [((X,), on(4), on(5)), ((Y,), on(4), FOREVER)]
    assert times(on(5), FOREVER) == [((Y,), on(5), FOREVER)]
    assert times(BEGINNING, on(3)) == [((X,), on(2), on(3))]
