"""The tree counted anew: what the tree that was kept up change by change must be, row by row."""

from random import Random

import pytest

from chain import schema
from chain.crypto import sha256
from chain.store_contract import prefix_stop
from chain.store_memory import MemoryStore
from chain.tree import StateTree
from chain.tree_recount import Recount


def kept_up(count: int, removed: int = 0) -> tuple[MemoryStore, bytes]:
    """A state of so many keys, changed in several batches; its root."""
    store, chance = MemoryStore(), Random(count)
    tree = StateTree.open(store, schema.TREE)
    names = [sha256(f"key {number}".encode()) for number in range(count + removed)]
    values: dict[bytes, bytes | None] = {name: b"value of " + name for name in names}
    batches = [dict(list(values.items())[at : at + 500]) for at in range(0, len(values), 500)]
    batches.append(dict.fromkeys(chance.sample(names, removed)))
    for batch in batches:
        staged = tree.stage(batch)
        rows = {schema.STATE + key: value for key, value in batch.items()}
        store.write(dict(staged.writes) | rows)
        tree.commit(staged)
    return store, tree.root


@pytest.mark.parametrize(
    ("count", "removed"),
    [(0, 0), (1, 0), (16, 0), (17, 0), (18, 200), (0, 40), (300, 3), (5_000, 2_000)],
)
def test_it_is_the_tree_that_was_kept_up(count: int, removed: int) -> None:
    store, root = kept_up(count, removed)
    recount = Recount(store)
    assert (recount.count, recount.root) == (count, root)
    assert list(recount.differences()) == []


def test_keys_ground_into_one_prefix_are_no_exception() -> None:
    """Depths below the sixth digit, where paths agree in four bytes of a small search."""
    store = MemoryStore()
    tree = StateTree.open(store, schema.TREE)
    names: list[bytes] = []
    number = 0
    while len(names) < 40:
        name = number.to_bytes(4)
        if sha256(b"\x10" + name)[0] == 7:
            names.append(name)
        number += 1
    batch: dict[bytes, bytes | None] = dict.fromkeys(names, b"x")
    staged = tree.stage(batch)
    store.write(dict(staged.writes) | {schema.STATE + key: b"x" for key in names})
    recount = Recount(store)
    assert recount.root == staged.root
    assert list(recount.differences()) == []


@pytest.mark.parametrize("part", [b"e", b"n", b"r"])
def test_every_changed_added_or_missing_row_of_the_tree_is_a_difference(part: bytes) -> None:
    store, _ = kept_up(700)
    prefix = schema.TREE + part
    key, value = list(store.scan(prefix, prefix_stop(prefix)))[-1]
    for other in (bytes([value[0] ^ 1]) + value[1:], None):
        store.write({key: other})
        assert len(list(Recount(store).differences())) == 1
        store.write({key: value})
    if part != b"r":
        store.write({key[:-1] + bytes([key[-1] ^ 1]): value})
        assert list(Recount(store).differences())


def test_a_state_value_that_changed_is_named_by_its_key() -> None:
    store, root = kept_up(700)
    key, _ = list(store.scan(schema.STATE, prefix_stop(schema.STATE)))[5]
    store.write({key: b"another"})
    recount = Recount(store)
    assert recount.root != root
    assert repr(key[1:]) in next(recount.differences())
