"""Overlays against a model, and tables that refuse what they could not give back."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.codec import Amount, Text, encode
from chain.errors import LedgerError, ResultMalformed
from chain.state import KNOWN_MAX, STATE_KEY_MAX, Overlay, StateDamaged, Table, u64
from tests.chain.toy import EmptyState


class Base:
    """A state reader over a dict."""

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        self.pairs = pairs

    def get(self, key: bytes) -> bytes | None:
        return self.pairs.get(key)

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        for key in sorted(self.pairs):
            if key.startswith(prefix) and key >= start:
                yield key, self.pairs[key]


keys = st.lists(st.sampled_from(b"ab\xff"), min_size=1, max_size=3).map(bytes)
writes = st.lists(st.tuples(keys, st.none() | st.binary(max_size=2)), max_size=12)


@given(st.dictionaries(keys, st.binary(max_size=2)), writes, writes, st.booleans())
def test_overlays_read_like_a_dictionary_that_was_written_to(
    base: dict[bytes, bytes],
    first: list[tuple[bytes, bytes | None]],
    second: list[tuple[bytes, bytes | None]],
    merge: bool,  # noqa: FBT001
) -> None:
    model = dict(base)
    outer = Overlay(Base(base))
    inner = Overlay(outer)
    for overlay, batch in ((outer, first), (inner, second)):
        for key, value in batch:
            if value is None:
                overlay.delete(key)
                model.pop(key, None)
            else:
                overlay.put(key, value)
                model[key] = value
    if merge:
        outer.merge(inner)
    reader = outer if merge else inner
    for key in {*base, *model}:
        assert reader.get(key) == model.get(key)
    for prefix in (b"", b"a", b"ab", b"b", b"\xff", b"\xff\xff"):
        for start in (b"", b"a", b"aa", b"b", b"\xff\xff"):
            expected = [(k, model[k]) for k in sorted(model) if k.startswith(prefix) and k >= start]
            assert list(reader.scan(prefix, start)) == expected


def test_a_dropped_overlay_leaves_its_parent_as_it_was() -> None:
    outer = Overlay(EmptyState())
    outer.put(b"k", b"1")
    inner = Overlay(outer)
    inner.put(b"k", b"2")
    inner.put(b"l", b"3")
    inner.delete(b"k")
    assert outer.changes == {b"k": b"1"}
    assert list(outer.scan(b"")) == [(b"k", b"1")]


def test_deletions_are_remembered_as_changes() -> None:
    overlay = Overlay(Base({b"k": b"1"}))
    overlay.delete(b"k")
    assert overlay.changes == {b"k": None}
    assert overlay.get(b"k") is None


@dataclass(frozen=True, slots=True)
class Purse:
    owner: Text
    amount_minor: Amount


PURSES: Table[Purse] = Table("purse", Purse)
BOXES: Table[Purse] = Table("purses", Purse)


def test_a_table_gives_back_what_was_stored_and_nothing_of_another_table() -> None:
    state = Overlay(EmptyState())
    purse = Purse("王", 7)
    PURSES.store(state, purse, u64(1), b"x")
    BOXES.store(state, Purse("李", 8), u64(1), b"x")
    assert PURSES.load(state, u64(1), b"x") == purse
    assert list(PURSES.items(state)) == [(u64(1) + b"x", purse)]
    assert list(PURSES.items(state, u64(2))) == []
    PURSES.remove(state, u64(1), b"x")
    assert PURSES.load(state, u64(1), b"x") is None
    assert len(list(BOXES.items(state))) == 1


def test_items_come_in_the_order_of_numbers() -> None:
    state = Overlay(EmptyState())
    for number in (300, 2, 1, 256, 2**63):
        PURSES.store(state, Purse("", number % 2**63), u64(number))
    assert [int.from_bytes(key, "big") for key, _ in PURSES.items(state)] == [
        1,
        2,
        256,
        300,
        2**63,
    ]


@pytest.mark.parametrize(
    "broken",
    [
        Purse("x", -1),
        Purse("x", 2**63),
        Purse("x", 2**70),
        Purse("x", True),  # noqa: FBT003
        Purse("x" * 513, 1),
        Purse("e\u0301", 1),
        Purse("a\x00b", 1),
    ],
    ids=["negative", "63 bits", "70 bits", "a bool", "long", "not NFC", "a control character"],
)
def test_an_object_out_of_its_bounds_never_enters_the_state(broken: Purse) -> None:
    state = Overlay(EmptyState())
    with pytest.raises(ResultMalformed):
        PURSES.store(state, broken, b"k")
    assert state.changes == {}


def test_a_text_of_a_subclass_never_enters_the_state() -> None:
    class Loud(str):
        __slots__ = ()

    with pytest.raises(ResultMalformed):
        PURSES.store(Overlay(EmptyState()), Purse(Loud("x"), 1), b"k")


def test_a_key_that_some_store_could_not_hold_is_refused() -> None:
    state = Overlay(EmptyState())
    state.put(bytes(STATE_KEY_MAX), b"")
    for key in (b"", bytes(STATE_KEY_MAX + 1)):
        with pytest.raises(ResultMalformed):
            state.put(key, b"")


def test_a_stored_value_that_cannot_be_read_is_damage_and_no_broken_rule() -> None:
    state = Base({b"purse/k": b"\xc1"})
    with pytest.raises(StateDamaged) as caught:
        PURSES.load(state, b"k")
    assert not isinstance(caught.value, LedgerError)
    with pytest.raises(StateDamaged):
        list(PURSES.items(state))


def test_a_table_is_read_by_several_threads_whatever_step_another_one_stands_at() -> None:
    table: Table[Purse] = Table("purse", Purse)
    rows = [encode(Purse("", number)) for number in range(KNOWN_MAX + 1)]
    for row in rows[:-1]:
        table.read(row)
    others = 0

    def another_thread(frame: FrameType, event: str, _: object) -> Any:
        """Remembers an object between two steps of the one that makes room."""
        nonlocal others
        if frame.f_code is Table._remember.__code__:
            frame.f_trace_opcodes = True
            others += event == "opcode"
            table._known[b"another's %d" % others] = Purse("another's", 1)
            return another_thread
        return None

    before = sys.gettrace()
    sys.settrace(another_thread)
    try:
        read = table.read(rows[-1])
    finally:
        sys.settrace(before)
    assert read == Purse("", KNOWN_MAX)
    assert others
