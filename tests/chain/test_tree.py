"""The state tree against the slow reference, whatever its history, store and cache."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.store import Kind, KVStore, MemoryStore, open_store
from chain.tree import EMPTY_ROOT, Staged, StateTree, StateTreeDamaged, verify_proof
from chain.tree_node import position
from chain.tree_rows import TOP_IDENT_END
from tests.chain.tree_reference import (
    PREFIX,
    Changes,
    Model,
    changed,
    commit,
    entries_of,
    ground_keys,
    ground_path,
    numbered,
    planted,
    real_path,
    reference_proof,
    reference_root,
    rows,
)

# --- the root ---


def test_the_root_of_nothing_is_a_constant() -> None:
    assert StateTree.open(MemoryStore(), PREFIX).root == EMPTY_ROOT == bytes(32)


FROZEN = {
    1: "d3b4d29f",
    16: "95b25ab4",
    17: "a0ca329a",
    300: "53f76e89",
    5000: "c2c5badf",
}


@pytest.mark.parametrize("count", FROZEN)
def test_the_root_is_the_references_and_stays_what_it_was_when_frozen(count: int) -> None:
    _, tree = planted(numbered(count))
    assert tree.root == reference_root(entries_of(numbered(count)))
    assert tree.root.hex()[:8] == FROZEN[count]


def batches_of(seed: int, keys: int, batches: int) -> Iterator[Changes]:
    """Batches of every size, now and then one that deletes nearly all."""
    random = Random(seed)
    for _ in range(batches):
        size = random.choice([1, 2, 5, 30, keys // 2])
        doomed = random.choice([0, 30, 60, 97])
        yield {
            bytes((random.randrange(24),)) + b"%d" % random.randrange(keys // 24): (
                None if random.randrange(100) < doomed else b"%d" % random.randrange(5)
            )
            for _ in range(size)
        }


@pytest.mark.parametrize("path_of", [real_path, ground_path])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), keys=st.sampled_from([48, 700, 3000]), frugal=st.booleans())
def test_any_history_gives_the_root_the_proofs_and_the_rows_of_its_outcome(
    path_of: Callable[[bytes], bytes],
    seed: int,
    keys: int,
    frugal: bool,  # noqa: FBT001
) -> None:
    with patch("chain.tree.path_of", path_of), patch("chain.tree_proof.path_of", path_of):
        store = MemoryStore()
        tree = StateTree.open(store, PREFIX)
        model: Model = {}
        for changes in batches_of(seed, keys, 12):
            model = changed(model, changes)
            commit(store, tree, changes)
            entries = entries_of(model, path_of)
            assert tree.root == reference_root(entries)
            if frugal:
                tree = StateTree.open(store, PREFIX, cache_bytes_max=0)
                assert tree.root == reference_root(entries)
            for key in [*list(changes)[:3], b"\x07never"]:
                proof = tree.prove(key)
                assert proof == reference_proof(entries, path_of(key))
                assert verify_proof(tree.root, key, model.get(key), proof)
        fresh, _ = planted(model)
        assert {**rows(fresh), PREFIX + b"r": b"\x01" + tree.root} == rows(store)


def test_order_and_batching_make_no_difference() -> None:
    model = numbered(2000)
    _, at_once = planted(model)
    for seed, size in ((1, 1), (2, 7), (3, 450)):
        keys = list(model)[: 200 if size == 1 else 2000]
        Random(seed).shuffle(keys)
        store = MemoryStore()
        tree = StateTree.open(store, PREFIX)
        for first in range(0, len(keys), size):
            commit(store, tree, {key: model[key] for key in keys[first : first + size]})
        assert tree.root == (at_once if size > 1 else planted(numbered(200))[1]).root


def test_deleting_what_was_added_returns_to_the_earlier_root_and_rows() -> None:
    with ground_keys():
        for before in (0, 3, 16, 17, 600):
            store, tree = planted({bytes((n % 9,)) + b"%d" % n: b"x" for n in range(before)})
            root, earlier = tree.root, rows(store)
            added = {bytes((n % 9,)) + b"more %d" % n: b"y" for n in range(900)}
            commit(store, tree, added)
            assert tree.root != root
            commit(store, tree, dict.fromkeys(added))
            assert tree.root == root
            assert {**rows(store), PREFIX + b"r": b""} == {**earlier, PREFIX + b"r": b""}


def test_changes_that_change_nothing_keep_the_root() -> None:
    store, tree = planted(numbered(500))
    root = tree.root
    assert tree.stage({}).root == root
    assert not tree.stage({}).writes
    assert tree.stage({b"key 7": b"value 7", b"absent": None}).root == root
    commit(store, tree, {b"key 8": b"value 8", b"never there": None})
    assert tree.root == root


def test_an_empty_value_is_not_an_absent_one() -> None:
    _, tree = planted({b"a": b""})
    proof = tree.prove(b"a")
    assert tree.root != EMPTY_ROOT
    assert verify_proof(tree.root, b"a", b"", proof)
    assert not verify_proof(tree.root, b"a", None, proof)


def test_two_trees_of_one_store_are_apart() -> None:
    store = MemoryStore()
    one, two = StateTree.open(store, b"1"), StateTree.open(store, b"2")
    commit(store, one, numbered(100))
    commit(store, two, numbered(50))
    assert StateTree.open(store, b"1").root == reference_root(entries_of(numbered(100)))
    assert StateTree.open(store, b"2").root == reference_root(entries_of(numbered(50)))


def test_ground_keys_cost_no_more_than_others() -> None:
    count, block = 10_000, 400
    _, plain = planted(numbered(count), cache_bytes_max=1 << 26)
    usual = plain.stage({b"key %d" % n: b"new" for n in range(block)})
    with ground_keys():  # 10^4 keys that share 16 digits
        _, tree = planted({b"\x08%d" % n: b"x" for n in range(count)}, cache_bytes_max=1 << 26)
        attacked = tree.stage({b"\x08%d" % n: b"new" for n in range(block)})
    # Only the 16 nodes of the common prefix come on top, once for the block.
    assert len(attacked.nodes) <= len(usual.nodes) + 16
    assert len(attacked.writes) <= len(usual.writes) + block + 16
    assert max(len(node or b"") for node in attacked.nodes.values()) <= 661 + 256 * 64


# --- staging ---


def test_staging_changes_nothing_and_rivals_may_be_staged_on_one_state() -> None:
    store, tree = planted(numbered(1000))
    root, earlier = tree.root, rows(store)
    first = tree.stage({b"key 1": b"a", b"x": b"1"})
    second = tree.stage({b"key 1": b"b", b"key 2": None})
    assert (tree.root, rows(store)) == (root, earlier)
    assert tree.stage({b"key 1": b"a", b"x": b"1"}).root == first.root
    store.write(second.writes)
    tree.commit(second)
    model = changed(numbered(1000), {b"key 1": b"b", b"key 2": None})
    assert tree.root == reference_root(entries_of(model))
    assert StateTree.open(store, PREFIX).root == tree.root


def test_a_stale_staged_tree_is_never_committed() -> None:
    store, tree = planted(numbered(100))
    stale = tree.stage({b"a": b"1"})
    commit(store, tree, {b"b": b"2"})
    with pytest.raises(AssertionError):
        tree.commit(stale)
    with pytest.raises(AssertionError):
        tree.stage({b"c": b"3"}, parent=stale)


@pytest.mark.parametrize("late", [False, True])
def test_stages_on_stages_are_committed_one_after_the_other(late: bool) -> None:  # noqa: FBT001
    with ground_keys():
        model: Model = {bytes((n % 9,)) + b"%d" % n: b"0" for n in range(400)}
        store, tree = planted(model, cache_bytes_max=0)
        waiting: list[Staged] = []
        for changes in batches_of(11, 700, 20):
            model = changed(model, changes)
            staged = tree.stage(changes, parent=waiting[-1] if waiting else None)
            assert staged.root == reference_root(entries_of(model, ground_path))
            waiting.append(staged)
            if len(waiting) < 3:
                continue
            for ready in waiting[: 1 if late else 3]:
                store.write(ready.writes)
                tree.commit(ready)
                assert StateTree.open(store, PREFIX).root == tree.root == ready.root
            del waiting[: 1 if late else 3]
        for ready in waiting:
            store.write(ready.writes)
            tree.commit(ready)
        assert tree.root == reference_root(entries_of(model, ground_path))
        fresh, _ = planted(model)
        assert rows(fresh) == rows(store)


def test_a_grandchild_is_not_committed_before_its_parent() -> None:
    _, tree = planted(numbered(100))
    parent = tree.stage({b"a": b"1"})
    child = tree.stage({b"b": b"1"}, parent=parent)
    with pytest.raises(AssertionError):
        tree.commit(child)
    tree.commit(parent)
    tree.commit(child)
    assert tree.root == child.root


def test_a_stage_on_a_committed_parent_is_one_on_the_tree() -> None:
    store, tree = planted(numbered(100))
    parent = commit(store, tree, {b"a": b"1"})
    assert tree.stage({b"b": b"2"}, parent=parent).root == tree.stage({b"b": b"2"}).root


# --- store and memory ---


@pytest.mark.parametrize("kind", ["leveldb", "sqlite"])
def test_a_reopened_tree_has_the_same_root_and_proofs(kind: Kind, tmp_path: Path) -> None:
    store = open_store(tmp_path, kind=kind)
    tree = StateTree.open(store, PREFIX)
    assert tree.root == EMPTY_ROOT
    with ground_keys():
        model = {bytes((n % 9,)) + b"%d" % n: b"%d" % n for n in range(3000)}
        commit(store, tree, model)
        commit(store, tree, {key: None for n, key in enumerate(model) if n % 3 == 0})
        asked = [*list(model)[:40], b"\x04absent"]
        proofs = [tree.prove(key) for key in asked]
        store.close()
        store = open_store(tmp_path, kind=kind)
        again = StateTree.open(store, PREFIX)
        assert again.root == tree.root
        assert [again.prove(key) for key in asked] == proofs
        change = {b"\x03new": b"1"}
        assert again.stage(change).root == tree.stage(change).root
    store.close()


def test_the_cache_stays_within_its_limit_and_counts_right() -> None:
    limit = 50_000
    with ground_keys():
        store, tree = planted({b"\x02%d" % n: b"x" for n in range(3000)}, cache_bytes_max=limit)
        for block in range(30):
            commit(store, tree, {b"\x02%d" % n: b"%d" % block for n in range(block, 3000, 71)})
            assert tree._cache_bytes <= limit
            tree.prove(b"\x02%d" % block)
            assert tree._cache_bytes <= limit
            cached = [node for ident, node in tree._nodes.items() if ident >= TOP_IDENT_END]
            assert cached
            assert tree._cache_bytes == sum(len(node) + 140 for node in cached)
        for n in range(3000):
            # On a resting chain only proofs fill it.
            tree.prove(b"\x02%d" % n)
            assert tree._cache_bytes <= limit


def spoiled(store: KVStore, key: bytes, value: bytes | None) -> KVStore:
    copy = MemoryStore()
    copy.write({**rows(store), key: value})
    return copy


def test_no_row_can_be_altered_or_lost_in_silence() -> None:
    with ground_keys():
        model = {bytes((n % 9,)) + b"%d" % n: b"x" for n in range(700)}
        store, _ = planted(model)
        whole = rows(store)
        for key in [*Random(5).sample(sorted(whole), 150), PREFIX + b"r"]:
            flipped = bytes((whole[key][0] ^ 1,)) + whole[key][1:]
            for value in (None, flipped, whole[key][:-1]):
                damaged = spoiled(store, key, value)
                with pytest.raises(StateTreeDamaged):
                    StateTree.open(damaged, PREFIX).stage(dict.fromkeys(model, b"y"))


def test_a_row_too_many_is_noticed() -> None:
    with ground_keys():
        model = {bytes((n % 9,)) + b"%d" % n: b"x" for n in range(700)}
        store, _ = planted(model)
        extra = PREFIX + b"e" + ground_path(b"\x04stranger")
        tree = StateTree.open(spoiled(store, extra, bytes(32)), PREFIX)
        with pytest.raises(StateTreeDamaged):
            tree.prove(b"\x04stranger")
        for depth, place in ((0, b"\x01"), (2, b"\x01\xab"), (4, b"\x01\xab\xab")):
            row = PREFIX + b"n" + bytes((depth,)) + place
            with pytest.raises(StateTreeDamaged):
                StateTree.open(spoiled(store, row, bytes(32) + b"\x03"), PREFIX)


def test_a_path_that_occurs_as_a_value_hash_is_not_taken_for_an_entry() -> None:
    low, middle, high = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32
    entries = low + middle + high + middle
    assert position(entries, middle) == 64
    assert position(low + middle + middle + high, middle) == 64
    assert position(entries, high) == 64
    assert position(entries, bytes([4]) * 32) == 128
    assert position(b"", low) == 0
