"""Remembered ids against the state: each minute's ids fold, in their order, to its running hash."""

from collections.abc import Iterator

from chain import replay, schema
from chain.state import u64
from chain.store_contract import KVStore, prefix_stop
from chain.stored_chain import StoredState
from node.audit.findings import require

_MINUTE_END = len(schema.REMEMBERED) + 8


def check_remembered(store: KVStore, height: int, time_ms: int) -> None:
    """`AuditFailed` unless the ids of every minute that isn't over are those of the state.

    What is left of past minutes leaves the store a few rows a block, and nothing reads it.
    """
    living = schema.REMEMBERED + u64(replay.minute_of(time_ms))
    rule = "remembered id"
    expected = dict(replay.REMEMBERED.items(StoredState(store)))
    for minute, ids in _by_minute(store, living):
        known = expected.pop(minute, None)
        name = int.from_bytes(minute, "big")
        require(known is not None, height, rule, f"the state has no minute {name}")
        folded = replay.NONE_REMEMBERED
        for place, transaction_id in sorted(ids):
            in_order = place == u64(folded.count)
            require(in_order, height, rule, f"{transaction_id.hex()} has not the next place")
            folded = replay.remembered(folded, transaction_id)
        words = f"those of minute {name} do not fold to the state's hash"
        require(folded == known, height, rule, words)
    missing = ", ".join(str(int.from_bytes(minute, "big")) for minute in sorted(expected))
    require(not expected, height, rule, f"the ids of the minutes {missing} are missing")


def _by_minute(store: KVStore, start: bytes) -> Iterator[tuple[bytes, list[tuple[bytes, bytes]]]]:
    minute, ids = b"", list[tuple[bytes, bytes]]()
    for key, place in store.scan(start, prefix_stop(schema.REMEMBERED)):
        if key[1:_MINUTE_END] != minute:
            if ids:
                yield minute, ids
            minute, ids = key[1:_MINUTE_END], []
        ids.append((place, key[_MINUTE_END:]))
    if ids:
        yield minute, ids
