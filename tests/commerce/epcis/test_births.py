"""What an event brings into being, and who said it of a thing."""

from commerce.epcis.births import births, commissions, made_by, makers
from commerce.epcis.identifiers import identity
from tests.commerce.epcis.memory_index import CAPTURER, MemoryIndex
from tests.commerce.epcis.statements import case, lot, serial
from tests.commerce.epcis.test_spread import OTHER, made, packed, seen, turned

X, Y = identity(serial(1)), identity(serial(2))


def test_objects_that_are_added_and_outputs_come_into_being_and_nothing_else_does() -> None:
    index = MemoryIndex()
    keys = index.capture(
        made(1, serial(1)),
        turned(1, [serial(2)], [serial(1)]),
        seen(1, serial(1)),
        packed(1, case(1), serial(1)),
    )
    summaries = [index.summaries[key] for key in keys]
    assert [commissions(summary) for summary in summaries] == [True, False, False, False]
    assert [made_by(summary) for summary in summaries] == [(X,), (X,), (), ()]
    assert sorted(key for key, _ in births(index.summary, index.rows(X))) == sorted(keys[:2])
    assert list(births(index.summary, index.rows(Y))) == []


def test_the_makers_of_a_thing_are_those_whose_word_counts() -> None:
    index = MemoryIndex(made(1, serial(1)))
    (theirs,) = index.capture(turned(2, [lot("A")], [serial(1)]), capturer=OTHER)
    index.capture(seen(3, serial(1)), capturer=bytes(32))
    assert makers(index, index.rows(X)) == {CAPTURER, OTHER}
    index.void.add(theirs)
    assert makers(index, index.rows(X)) == {CAPTURER}
    assert makers(index, index.rows(Y)) == frozenset()
