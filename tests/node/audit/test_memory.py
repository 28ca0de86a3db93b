"""Remembered ids against the state's running hashes."""

import pytest

from chain import schema
from chain.state import u64
from chain.store_contract import KVStore, prefix_stop
from chain.store_memory import MemoryStore
from chain.stored_chain import Tip
from node.audit.findings import AuditFailed
from node.audit.memory import check_remembered
from tests.node.audit.chains import history


@pytest.fixture
def traded() -> tuple[KVStore, Tip]:
    store = MemoryStore()
    return store, history(store, 20).ledger.tip


def check(traded: tuple[KVStore, Tip]) -> None:
    store, tip = traded
    check_remembered(store, tip.height, tip.header.time_ms)


def ids(store: KVStore) -> list[tuple[bytes, bytes]]:
    return list(store.scan(schema.REMEMBERED, prefix_stop(schema.REMEMBERED)))


def test_the_ids_of_a_chain_are_those_of_its_state(traded: tuple[KVStore, Tip]) -> None:
    assert ids(traded[0])
    check(traded)


@pytest.mark.parametrize("kind", ["missing", "added", "swapped", "doubled", "a whole minute"])
def test_any_change_of_them_is_noticed(kind: str, traded: tuple[KVStore, Tip]) -> None:
    store, _ = traded
    minute = ids(store)[-1][0][:9]
    (last, place), (other, before) = ids(store)[-1], ids(store)[-2]
    assert other.startswith(minute)
    changes: dict[str, dict[bytes, bytes | None]] = {
        "missing": {last: None},
        "added": {minute + bytes(32): u64(len([key for key, _ in ids(store) if minute in key]))},
        "swapped": {last: before, other: place},
        "doubled": {last: before},
        "a whole minute": {key: None for key, _ in ids(store) if key.startswith(minute)},
    }
    store.write(changes[kind])
    with pytest.raises(AuditFailed, match="remembered id"):
        check(traded)


def test_what_is_left_of_past_minutes_does_not_matter(traded: tuple[KVStore, Tip]) -> None:
    store, _ = traded
    store.write({schema.remembered_key(1, bytes(32)): u64(0)})
    check(traded)
