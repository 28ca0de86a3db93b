"""Things of one history are one group."""

from commerce.epcis.graph import Expecting, grouped
from commerce.epcis.stored_index import StoredIndex
from commerce.epcis.summary import Role
from tests.commerce.epcis.memory_index import MemoryIndex

ONE, TWO = (1, b"a", Role.CHILD), (2, b"b", Role.INPUT)


def test_things_with_the_same_rows_are_one_history_in_the_order_given() -> None:
    named = [("b", [ONE]), ("a", [ONE]), ("c", [ONE, TWO]), ("d", []), ("e", [ONE])]
    histories = grouped(named)
    assert [(history.rows, history.things) for history in histories] == [
        ((ONE,), ("b", "a", "e")),
        ((ONE, TWO), ("c",)),
    ]


def test_only_an_index_over_a_store_wants_to_know_beforehand() -> None:
    assert isinstance(StoredIndex(lambda _prefix, _start: iter(())), Expecting)
    assert not isinstance(MemoryIndex(), Expecting)
