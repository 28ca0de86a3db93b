"""One suite that every kind of store passes."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import LedgerError
from chain.store import (
    KEY_SIZE_MAX,
    VALUE_SIZE_MAX,
    Kind,
    KVStore,
    MemoryStore,
    StorageError,
    StorageFailed,
    StoreClosed,
    StoreEntryRefused,
    StoreLocked,
    open_store,
    prefix_stop,
)

ALL_KINDS: tuple[Kind, ...] = ("leveldb", "sqlite", "memory")
END = b"\xff" * 40


@pytest.fixture(params=ALL_KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KVStore]:
    kind: Kind = request.param
    opened = open_store(tmp_path / "db", kind=kind)
    assert opened.kind == kind
    yield opened
    opened.close()


def everything(store: KVStore) -> dict[bytes, bytes]:
    return dict(store.scan(b"", END))


def test_a_written_value_is_read_back_and_a_missing_one_is_none(store: KVStore) -> None:
    store.write({b"a": b"1"})
    assert store.get(b"a") == b"1"
    assert store.get(b"b") is None
    assert store.get(b"") is None


def test_a_batch_overwrites_and_deletes_and_forgives_deleting_nothing(store: KVStore) -> None:
    store.write({b"a": b"1", b"b": b"2"})
    store.write({b"a": b"3", b"b": None, b"never": None})
    assert everything(store) == {b"a": b"3"}


def test_an_empty_batch_changes_nothing(store: KVStore) -> None:
    store.write({})
    assert everything(store) == {}


@pytest.mark.parametrize("sync", [True, False])
def test_a_batch_need_not_be_synced_to_be_seen(store: KVStore, sync: bool) -> None:  # noqa: FBT001
    store.write({b"a": b"1"}, sync=sync)
    assert store.get(b"a") == b"1"


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024])
def test_values_from_nothing_to_a_mebibyte_come_back_whole(store: KVStore, size: int) -> None:
    value = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    store.write({b"k": value})
    assert store.get(b"k") == value
    assert everything(store) == {b"k": value}


def test_the_longest_key_is_kept_and_bytes_of_any_kind_are_ordered_as_bytes(store: KVStore) -> None:
    keys = [b"\0", b"\0\0", b"\0\x01", b"a", b"a\0", b"aa", b"b", b"\x7f", b"\x80", b"\xff"]
    keys.append(b"a" * KEY_SIZE_MAX)
    store.write(dict.fromkeys(keys, b""))
    assert [key for key, _ in store.scan(b"", END)] == sorted(keys)


@pytest.mark.parametrize("key", [b"", b"k" * (KEY_SIZE_MAX + 1)], ids=["empty", "too long"])
def test_a_refused_key_leaves_the_whole_batch_unwritten(store: KVStore, key: bytes) -> None:
    with pytest.raises(StoreEntryRefused):
        store.write({b"a": b"1", key: b"2", b"z": b"3"})
    with pytest.raises(StoreEntryRefused):
        store.write({key: None})
    assert everything(store) == {}
    store.write({b"a": b"1"})
    assert everything(store) == {b"a": b"1"}


def test_a_value_beyond_the_limit_is_refused(
    store: KVStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert VALUE_SIZE_MAX >= 1024 * 1024
    monkeypatch.setattr("chain.store_contract.VALUE_SIZE_MAX", 10)
    store.write({b"a": bytes(10)})
    with pytest.raises(StoreEntryRefused):
        store.write({b"b": bytes(11)})
    assert store.get(b"b") is None


def test_a_scan_includes_its_start_and_excludes_its_stop(store: KVStore) -> None:
    store.write({b"a": b"1", b"b": b"2", b"c": b"3"})
    assert list(store.scan(b"a", b"c")) == [(b"a", b"1"), (b"b", b"2")]
    assert list(store.scan(b"a", b"c", reverse=True)) == [(b"b", b"2"), (b"a", b"1")]
    assert list(store.scan(b"a\0", b"c\0")) == [(b"b", b"2"), (b"c", b"3")]


def test_a_range_of_one_row_is_found_from_both_sides(store: KVStore) -> None:
    store.write({b"a": b"1", b"c": b"3"})
    for start, stop in ((b"a", b"b"), (b"c", b"d"), (b"c", END), (b"", b"b"), (b"b", b"d")):
        rows = list(store.scan(start, stop))
        assert len(rows) == 1
        assert list(store.scan(start, stop, reverse=True)) == rows


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_of_no_range_is_empty(store: KVStore, reverse: bool) -> None:  # noqa: FBT001
    store.write({b"a": b"1", b"b": b"2", b"c": b"3"})
    for start, stop in ((b"b", b"b"), (b"c", b"a"), (b"a", b""), (b"", b"")):
        assert list(store.scan(start, stop, reverse=reverse)) == []


@pytest.mark.parametrize("reverse", [False, True])
def test_a_scan_shows_the_store_as_it_was_when_asked(store: KVStore, reverse: bool) -> None:  # noqa: FBT001
    before = {b"k%03d" % n: b"old" for n in range(300)}
    store.write(before)
    untouched = store.scan(b"k", b"l", reverse=reverse)
    begun = store.scan(b"k", b"l", reverse=reverse)
    first = next(begun)
    store.write({key: None if n % 2 else b"new" for n, key in enumerate(before)})
    store.write({b"k150x": b"added"})
    assert dict(untouched) == before
    assert dict([first, *begun]) == before
    assert store.get(b"k000") == b"new"
    assert len(everything(store)) == 151


def test_an_abandoned_scan_hinders_neither_writing_nor_closing(store: KVStore) -> None:
    store.write({b"a": b"1", b"b": b"2"})
    never_begun = store.scan(b"a", b"c")
    begun = store.scan(b"a", b"c")
    next(begun)
    del never_begun, begun
    kept = store.scan(b"a", b"c")
    for n in range(20):
        store.write({b"a": b"%d" % n})
    store.close()
    with pytest.raises(StoreClosed):
        list(kept)


def test_tails_are_what_follows_each_prefix_in_its_keys(store: KVStore) -> None:
    store.write(dict.fromkeys([b"a", b"a1", b"a2", b"b", b"c\xff", b"c\xff9", b"d1", b"f"], b"v"))
    wanted = [b"a", b"b", b"c\xff", b"d", b"e", b"f1", b"g"]
    expected = [[b"", b"1", b"2"], [b""], [b"", b"9"], [b"1"], [], [], []]
    assert list(store.tails(wanted)) == expected
    assert list(store.tails([b"aa", b"b"])) == [[], [b""]]
    assert list(store.tails([])) == []
    assert next(store.tails(iter([b"c"]))) == [b"\xff", b"\xff9"]


def test_tails_of_many_things_are_those_of_as_many_scans(store: KVStore) -> None:
    names = [b"%03d" % n for n in range(400)]
    store.write({name + b"." + b"x" * n: b"" for name in names[::3] for n in range(3)})
    for wanted in (names, names[::7], names[200:203]):
        scanned = [[key[4:] for key, _ in store.scan(name + b".", name + b"/")] for name in wanted]
        assert list(store.tails(name + b"." for name in wanted)) == scanned


@pytest.mark.parametrize("prefixes", [[b"b", b"a"], [b"a", b"a"], [b"a", b"ab"], [b""]])
def test_tails_are_only_asked_for_prefixes_in_order(store: KVStore, prefixes: list[bytes]) -> None:
    store.write({b"a": b"1", b"b": b"2"})
    with pytest.raises(AssertionError):
        list(store.tails(prefixes))


def test_tails_show_the_store_as_it_was_when_asked(store: KVStore) -> None:
    names = [b"k%03d" % n for n in range(300)]
    store.write(dict.fromkeys(names, b"old"))
    untouched, begun = store.tails(names), store.tails(names)
    first = next(begun)
    store.write({key: None if n % 2 else b"new" for n, key in enumerate(names)})
    store.write({b"k150x": b"added"})
    assert list(untouched) == [first, *begun] == [[b""]] * 300
    assert list(store.tails(names)) == [[] if n % 2 else [b""] for n in range(150)] + [
        [b"", b"x"] if n == 150 else [] if n % 2 else [b""] for n in range(150, 300)
    ]


def test_abandoned_tails_hinder_neither_writing_nor_closing(store: KVStore) -> None:
    store.write({b"a": b"1", b"b": b"2"})
    never_begun, begun = store.tails([b"a"]), store.tails([b"a", b"b"])
    next(begun)
    del never_begun, begun
    kept = store.tails([b"a", b"b"])
    for n in range(20):
        store.write({b"a": b"%d" % n})
    store.close()
    with pytest.raises(StoreClosed):
        list(kept)


def test_readers_in_other_threads_see_whole_batches_only(store: KVStore) -> None:
    keys = [b"k%02d" % n for n in range(20)]
    batches = 150
    store.write(dict.fromkeys(keys, b"0"))

    def read() -> int:
        seen = -1
        while seen < batches - 1:
            values = {int(value) for _, value in store.scan(b"k", b"l")}
            assert len(values) == 1, "a scan saw half a batch"
            newest = values.pop()
            assert newest >= seen, "a later scan saw an earlier batch"
            seen = int(store.get(keys[0]) or b"")
            assert seen >= newest
        return seen

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(2)]

        def write() -> None:
            for n in range(batches):
                store.write(dict.fromkeys(keys, b"%d" % n), sync=False)

        pool.submit(write).result(timeout=60)
        assert [reader.result(timeout=60) for reader in readers] == [batches - 1] * 2


def test_after_close_every_call_names_the_reason(store: KVStore) -> None:
    store.write({b"a": b"1"})
    store.close()
    store.close()
    calls: list[Callable[[], object]] = [
        lambda: store.get(b"a"),
        lambda: list(store.scan(b"a", b"b")),
        lambda: list(store.tails([b"a"])),
        lambda: store.write({b"a": b"2"}),
    ]
    for call in calls:
        with pytest.raises(StoreClosed):
            call()


KEYS = st.binary(min_size=1, max_size=3)
BATCHES = st.dictionaries(KEYS, st.none() | st.binary(max_size=5), max_size=8)


@pytest.mark.parametrize("kind", ALL_KINDS)
@settings(max_examples=30, deadline=None)
@given(steps=st.lists(BATCHES | st.just("reopen"), max_size=12), bounds=st.tuples(KEYS, KEYS))
def test_any_batches_leave_what_a_dict_would_hold(
    kind: Kind, steps: list[Mapping[bytes, bytes | None] | str], bounds: tuple[bytes, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(directory, kind=kind)
        model: dict[bytes, bytes] = {}
        for step in steps:
            if isinstance(step, str):
                if kind != "memory":
                    store.close()
                    store = open_store(directory)
                continue
            store.write(step, sync=False)
            model.update({key: value for key, value in step.items() if value is not None})
            for key in [key for key, value in step.items() if value is None]:
                model.pop(key, None)
        assert everything(store) == model
        assert all(store.get(key) == value for key, value in model.items())
        start, stop = bounds
        within = sorted((k, v) for k, v in model.items() if start <= k < stop)
        assert list(store.scan(start, stop)) == within
        assert list(store.scan(start, stop, reverse=True)) == within[::-1]
        store.close()


def test_a_large_batch_of_new_keys_keeps_the_order(store: KVStore) -> None:
    store.write({b"%05d" % n: b"" for n in range(0, 2000, 2)})
    store.write({b"%05d" % n: b"" for n in range(1, 2000, 2)})
    assert [key for key, _ in store.scan(b"0", b"1")] == [b"%05d" % n for n in range(2000)]


def test_prefix_stop_is_the_least_key_above_the_prefix() -> None:
    assert prefix_stop(b"ab") == b"ac"
    assert prefix_stop(b"a\xff\xff") == b"b"
    assert prefix_stop(b"a\xff\x01") == b"a\xff\x02"


def test_a_store_error_has_a_code_and_is_no_refusal_of_the_ledger() -> None:
    assert StorageFailed("x").code == "StorageFailed"
    assert issubclass(StoreLocked, StorageError)
    assert not issubclass(StorageError, LedgerError)


def test_memory_shares_nothing_between_stores() -> None:
    one, two = MemoryStore(), MemoryStore()
    one.write({b"a": b"1"})
    assert everything(two) == {}
