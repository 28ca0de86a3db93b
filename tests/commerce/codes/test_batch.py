"""Stretches of codes: which one a code lies in, and that batches don't meet."""

from random import Random

from chain.context import Context
from chain.state import Overlay
from commerce.codes.batch import (
    ACTIVE,
    DEAD,
    Stretch,
    mark,
    overlaps,
    since_of,
    stretch_key,
    stretches_of,
)
from tests.commerce.world import World

ONE, NEXT = bytes(32), bytes(31) + b"\x01"


def context(world: World, time_ms: int) -> Context:
    return Context(Overlay(world.state), world.chain, 1, time_ms)


def test_a_code_is_in_the_stretch_that_was_marked_around_it_and_in_no_other_batch() -> None:
    here = context(World(), 7)
    mark(ACTIVE, here, ONE, 3, 5)
    mark(ACTIVE, here, ONE, 9, 9)
    assert [since_of(ACTIVE, here.state, ONE, i) for i in range(2, 11)] == [
        *(None, 7, 7, 7, None, None, None, 7, None)
    ]
    assert since_of(DEAD, here.state, ONE, 4) is None
    assert since_of(ACTIVE, here.state, NEXT, 4) is None
    # The batch before ends here: what follows is another's.
    assert since_of(ACTIVE, here.state, bytes(32), 10) is None
    mark(ACTIVE, here, NEXT, 0, 20)
    assert since_of(ACTIVE, here.state, ONE, 10) is None
    assert list(stretches_of(ACTIVE, here.state, ONE)) == [(3, 5, 7), (9, 9, 7)]


def test_the_key_of_a_stretch_leads_to_its_row() -> None:
    here = context(World(), 7)
    mark(ACTIVE, here, ONE, 3, 5)
    key = stretch_key(ACTIVE, here.state, ONE, 4)
    assert key is not None
    value = here.state.get(key)
    assert value is not None
    assert ACTIVE.read(value) == Stretch(3, 7)
    assert stretch_key(ACTIVE, here.state, ONE, 6) is None
    assert stretch_key(ACTIVE, here.state, NEXT, 4) is None


def test_ranges_overlap_as_sets_of_numbers_do() -> None:
    random = Random(7)
    here, taken = context(World(), 1), set[int]()
    for _ in range(300):
        first = random.randrange(60)
        last = first + random.randrange(4)
        wanted = set(range(first, last + 1))
        assert overlaps(ACTIVE, here.state, ONE, first, last) == bool(wanted & taken)
        if not wanted & taken and random.random() < 0.3:
            mark(ACTIVE, here, ONE, first, last)
            taken |= wanted
    assert taken
