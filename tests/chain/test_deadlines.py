"""The index of deadlines: oldest first, one entry an object, nothing beyond the time asked for."""

from hypothesis import given
from hypothesis import strategies as st

from chain.deadlines import (
    DEADLINES,
    Deadline,
    cancel,
    due,
    earliest_ms,
    is_scheduled,
    schedule,
)
from chain.state import Overlay
from tests.chain.toy import EmptyState

entries = st.builds(
    Deadline,
    st.integers(0, 2**53 - 1) | st.integers(0, 600),
    st.integers(0, 9).map(lambda i: bytes([i]) * 32),
    st.sampled_from(["sys.a", "sys.b"]),
)


@given(st.lists(entries, max_size=20, unique_by=lambda entry: (entry.time_ms, entry.object_id)))
def test_due_deadlines_come_oldest_first_and_none_before_its_time(made: list[Deadline]) -> None:
    state = Overlay(EmptyState())
    for entry in made:
        schedule(state, entry)
    ordered = sorted(made, key=lambda entry: (entry.time_ms, entry.object_id))
    for time_ms in (0, 300, 2**53 - 1):
        assert list(due(state, time_ms)) == [e for e in ordered if e.time_ms <= time_ms]
    assert earliest_ms(state) == (ordered[0].time_ms if ordered else None)


def test_a_cancelled_deadline_is_neither_due_nor_scheduled() -> None:
    state = Overlay(EmptyState())
    first, second = Deadline(5, bytes(32), "sys.a"), Deadline(6, bytes(32), "sys.a")
    schedule(state, first)
    schedule(state, second)
    cancel(state, first)
    assert not is_scheduled(state, first)
    assert is_scheduled(state, second)
    assert list(due(state, 10)) == [second]
    assert earliest_ms(state) == 6


def test_a_deadline_is_due_at_its_very_millisecond() -> None:
    state = Overlay(EmptyState())
    schedule(state, Deadline(5, bytes(32), "sys.a"))
    assert list(due(state, 4)) == []
    assert len(list(due(state, 5))) == 1


def test_nothing_else_of_the_state_is_taken_for_a_deadline() -> None:
    state = Overlay(EmptyState())
    state.put(b"deadlines/x", b"")
    state.put(b"deadline", b"")
    assert list(DEADLINES.items(state)) == []
