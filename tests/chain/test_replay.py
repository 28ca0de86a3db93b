"""Remembered ids: the running hash in block order, and when a minute may be forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from chain.crypto import sha256, tagged_hash
from chain.replay import (
    MINUTE_MS,
    REMEMBERED,
    RememberedMinute,
    expired_minutes,
    forget,
    minute_of,
    remember,
)
from chain.state import Overlay, u64
from tests.chain.toy import EmptyState

IDS = [sha256(bytes([i])) for i in range(4)]


def remembered(*blocks: list[tuple[int, bytes]]) -> Overlay:
    state = Overlay(EmptyState())
    for block in blocks:
        remember(state, block)
    return state


def test_the_running_hash_folds_the_ids_of_a_minute_in_block_order() -> None:
    state = remembered([(5, IDS[0]), (6, IDS[1]), (5, IDS[2])])
    first = tagged_hash("remembered", bytes(32) + IDS[0])
    both = tagged_hash("remembered", first + IDS[2])
    assert REMEMBERED.load(state, u64(5)) == RememberedMinute(2, both)
    other = tagged_hash("remembered", bytes(32) + IDS[1])
    assert REMEMBERED.load(state, u64(6)) == RememberedMinute(1, other)


def test_the_order_of_ids_matters_and_the_borders_of_blocks_do_not() -> None:
    one = remembered([(5, IDS[0]), (5, IDS[1])])
    assert remembered([(5, IDS[0])], [(5, IDS[1])]).changes == one.changes
    assert remembered([(5, IDS[1]), (5, IDS[0])]).changes != one.changes


def test_a_block_without_transactions_remembers_nothing() -> None:
    assert remembered([]).changes == {}


def test_only_minutes_that_are_wholly_over_are_forgotten() -> None:
    state = remembered([(4, IDS[0]), (5, IDS[1]), (7, IDS[2])])
    end_of_5 = 6 * MINUTE_MS - 1
    assert list(expired_minutes(state, end_of_5)) == [4]
    assert forget(state, end_of_5 + 1) == (4, 5)
    assert REMEMBERED.load(state, u64(5)) is None
    assert REMEMBERED.load(state, u64(7)) is not None
    assert forget(state, end_of_5 + 1) == ()


@given(st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1))
def test_an_id_is_remembered_for_as_long_as_it_could_be_valid(valid: int, time_ms: int) -> None:
    state = remembered([(minute_of(valid), IDS[0])])
    still_valid = time_ms <= valid
    assert not (still_valid and forget(state, time_ms))
