"""Reading what lies in a store: all of a block, nothing above the tip, damage by name."""

from collections.abc import Callable

import pytest
from typing_extensions import override

from chain import schema
from chain.block import Block
from chain.codec import decode, encode
from chain.errors import HistoryPruned
from chain.ledger import Ledger
from chain.store_contract import StorageFailed
from chain.store_memory import MemoryStore
from chain.stored_chain import (
    FOUND_MAX,
    KNOWN_MAX,
    KNOWN_VALUE_MAX,
    WHOLE,
    Base,
    ReceiptPlace,
    StoredState,
)
from tests.chain.toy import ToyRules, add, schedule
from tests.chain.toy_world import ToyWorld
from tests.chain.world import genesis


def test_rows_that_are_no_blocks_are_damage_and_no_refusal_of_the_ledger() -> None:
    world = ToyWorld()
    world.run(world.signed("buyer", add("a")))
    receipt = world.ledger.receipts(1)[0]
    for key in (
        schema.block_key(1),
        schema.header_key(1),
        schema.certificate_key(1),
        schema.receipt_key(1, 0),
    ):
        world.store.write({key: b"\xc1"})
    ledger = world.ledger
    for read in (ledger.block, ledger.header, ledger.certificate, ledger.receipts):
        with pytest.raises(StorageFailed):
            read(1)
    with pytest.raises(StorageFailed):
        ledger.find_receipt(receipt.id)
    world.store.write({schema.receipt_key(1, 0): None})
    with pytest.raises(StorageFailed, match="missing"):
        ledger.find_receipt(receipt.id)


# What can be read.


def test_everything_of_a_block_can_be_read_back() -> None:
    world = ToyWorld()
    made = [world.signed("buyer", add("a")), world.signed("buyer", add("b", 1001))]
    tip = world.decide(*made)
    ledger = world.ledger
    assert ledger.block(1) == Block(tip.header, tuple(entry.raw for entry in made))
    assert ledger.header(1) == tip.header
    assert ledger.certificate(1) == tip.certificate
    block = ledger.block_bytes(1)
    assert block is not None
    assert decode(Block, block) == ledger.block(1)
    receipts = ledger.receipts(1)
    assert [receipt.id for receipt in receipts] == [entry.id for entry in made]
    for index, entry in enumerate(made):
        place = ReceiptPlace(1, index)
        assert ledger.find_receipt(entry.id) == (place, receipts[index])
        assert ledger.receipt_row(entry.id) == (place, encode(receipts[index]))
        assert ledger.find_body(place, entry.id) == entry
    assert ledger.find_body(ReceiptPlace(1, 0), bytes(32)) is None


def test_above_the_tip_there_is_nothing() -> None:
    ledger = ToyWorld().ledger
    assert ledger.block(1) is None
    assert ledger.header(1) is None
    assert ledger.certificate(1) is None
    assert ledger.receipts(1) == ()
    assert ledger.find_receipt(bytes(32)) is None
    assert ledger.receipt_row(bytes(32)) is None
    assert ledger.find_body(ReceiptPlace(1, 0), bytes(32)) is None


def test_a_system_transition_has_a_receipt_and_no_body() -> None:
    world = ToyWorld()
    world.run(world.signed("buyer", schedule("d", world.now_ms + 500)))
    (receipt,) = world.run()
    found = world.ledger.find_receipt(receipt.id)
    assert found == (ReceiptPlace(2, 0), receipt)
    assert world.ledger.find_body(found[0], receipt.id) is None


def test_a_body_is_found_behind_the_receipts_of_deadlines_that_fired_before_it() -> None:
    world = ToyWorld()
    world.run(world.signed("buyer", schedule("d", world.now_ms + 500)))
    made = [world.signed("buyer", add("a")), world.signed("buyer", add("b"))]
    world.run(*made)
    for index, entry in enumerate(made):
        found = world.ledger.find_receipt(entry.id)
        assert found is not None
        assert found[0] == ReceiptPlace(2, index + 1)
        assert world.ledger.find_body(found[0], entry.id) == entry


def test_what_a_store_may_lack_is_told_by_its_base() -> None:
    world = ToyWorld()
    for _ in range(3):
        world.decide()
    assert world.ledger.base == WHOLE
    world.store.write({schema.META_BASE: encode(Base(3, 1))})
    ledger = Ledger(world.store, genesis(), ToyRules())
    ledger.require_block(0)
    ledger.require_block(3)
    with pytest.raises(HistoryPruned, match="blocks from 3 on"):
        ledger.require_block(2)


# What state rows a reader keeps.


class _Interrupted(MemoryStore):
    """A store in which a block is written just while a reader has read the value from before."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None

    @override
    def get(self, key: bytes) -> bytes | None:
        value = super().get(key)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return value


def test_a_value_from_before_a_write_never_hides_the_one_after_it() -> None:
    store = _Interrupted()
    state = StoredState(store)

    def write() -> None:
        store.write({schema.STATE + b"k": b"new"})
        state.wrote({b"k": b"new"})

    store.write({schema.STATE + b"k": b"old"})
    store.meanwhile = write
    assert state.get(b"k") == b"old"
    assert state.get(b"k") == b"new"
    state.wrote({})
    assert state.get(b"k") == b"new"


def test_what_was_read_once_is_not_read_again_until_it_is_written() -> None:
    store = MemoryStore()
    state = StoredState(store)
    assert state.get(b"k") is None
    store.write({schema.STATE + b"k": b"behind its back"})
    assert state.get(b"k") is None
    state.wrote({b"k": b"behind its back"})
    assert state.get(b"k") == b"behind its back"
    state.wrote({b"k": None})
    assert state.get(b"k") is None


def test_large_values_are_not_kept_and_small_ones_only_up_to_a_number() -> None:
    store = MemoryStore()
    state = StoredState(store)
    large = bytes(KNOWN_VALUE_MAX + 1)
    state.wrote({b"l": b"small"})
    store.write({schema.STATE + b"l": large})
    state.wrote({b"l": large})
    assert state.get(b"l") == large
    store.write({schema.STATE + b"l": b"other"})
    assert state.get(b"l") == b"other"
    state.wrote({b"%d" % number: b"" for number in range(KNOWN_MAX + 1)})
    assert len(state._known) <= KNOWN_MAX
    for number in range(FOUND_MAX + 10):
        state.get(b"absent %d" % number)
    assert len(state._found) <= FOUND_MAX


def test_index_entries_are_found_one_by_one_and_by_what_follows_many_prefixes() -> None:
    world = ToyWorld()
    entries = {b"a/1": b"x", b"a/2": b"", b"b/1": b"y"}
    world.store.write({schema.INDEX + key: value for key, value in entries.items()})
    ledger = world.ledger
    assert list(ledger.index_tails([b"a/", b"b/", b"c/"])) == [[b"1", b"2"], [b"1"], []]
    assert [ledger.index_value(key) for key in (b"a/1", b"a/2", b"a/")] == [b"x", b"", None]
