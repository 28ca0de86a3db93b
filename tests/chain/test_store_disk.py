"""What only a store on a disk can do wrong: locks, kinds, lost files, flipped bits, full disks."""

import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chain.store
from chain.store import (
    Kind,
    KVStore,
    LevelStore,
    SqliteStore,
    StorageFailed,
    StoreKindDiffers,
    StoreKindUnavailable,
    StoreLocked,
    open_store,
)

END = b"\xff" * 40

on_disk = pytest.mark.parametrize("kind", ["leveldb", "sqlite"])


def everything(store: KVStore) -> dict[bytes, bytes]:
    return dict(store.scan(b"", END))


@on_disk
def test_what_was_written_is_there_after_reopening(kind: Kind, tmp_path: Path) -> None:
    store = open_store(tmp_path, kind=kind)
    store.write({b"a": b"1", b"b": b"2"})
    store.write({b"b": None})
    store.close()
    again = open_store(tmp_path, kind=kind)
    assert everything(again) == {b"a": b"1"}
    again.close()


@on_disk
def test_a_synced_batch_survives_a_killed_process(kind: Kind, tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom chain.store import open_store\n"
        f"store = open_store(sys.argv[1], kind={kind!r})\n"
        "for n in range(50): store.write({b'k': b'%d' % n, b'%d' % n: b'x'})\n"
        "os.kill(os.getpid(), 9)\n"
    )
    root = Path(chain.store.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == -9
    store = open_store(tmp_path)
    assert store.get(b"k") == b"49"
    assert len(everything(store)) == 51
    store.close()


@on_disk
def test_a_directory_in_use_is_refused_by_name(kind: Kind, tmp_path: Path) -> None:
    store = open_store(tmp_path, kind=kind)
    with pytest.raises(StoreLocked, match=re.escape(str(tmp_path))):
        open_store(tmp_path, kind=kind)
    program = (
        "import sys\nfrom chain.store import StoreLocked, open_store\n"
        "try: open_store(sys.argv[1])\n"
        "except StoreLocked: sys.exit(5)\n"
    )
    root = Path(chain.store.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == 5
    store.write({b"a": b"1"})
    store.close()
    open_store(tmp_path, kind=kind).close()


@on_disk
def test_a_directory_of_another_kind_is_refused_by_name(kind: Kind, tmp_path: Path) -> None:
    open_store(tmp_path, kind=kind).close()
    other: Kind = "sqlite" if kind == "leveldb" else "leveldb"
    with pytest.raises(StoreKindDiffers):
        open_store(tmp_path, kind=other)
    again = open_store(tmp_path, kind="auto")
    assert again.kind == kind
    again.close()


def test_without_plyvel_a_new_directory_gets_sqlite_and_an_old_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    LevelStore(tmp_path / "old").close()
    monkeypatch.setattr(chain.store, "plyvel", None)
    new = open_store(tmp_path / "new")
    assert new.kind == "sqlite"
    new.close()
    with pytest.raises(StoreKindUnavailable):
        open_store(tmp_path / "old")


@on_disk
def test_a_path_that_is_a_file_is_a_storage_failure(kind: Kind, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a directory")
    with pytest.raises(StorageFailed, match="file"):
        open_store(file, kind=kind)


@pytest.mark.parametrize(("kind", "victim"), [("leveldb", "CURRENT"), ("sqlite", "store.sqlite3")])
def test_a_lost_main_file_is_not_taken_for_an_empty_store(
    kind: Kind, victim: str, tmp_path: Path
) -> None:
    store = open_store(tmp_path / "live", kind=kind)
    store.write({b"a": b"1"})
    shutil.copytree(tmp_path / "live", tmp_path / "copy")
    store.close()
    (tmp_path / "copy" / victim).unlink()
    with pytest.raises(StorageFailed, match="missing"):
        open_store(tmp_path / "copy", kind=kind)


FLIPS = 150


@on_disk
def test_a_flipped_bit_in_a_closed_store_never_changes_what_is_read(
    kind: Kind, tmp_path: Path
) -> None:
    want = {b"key %04d" % n: b"value %d" % n * (n % 7) for n in range(2000)}
    store = open_store(tmp_path / "good", kind=kind)
    store.write(want)
    store.close()
    open_store(tmp_path / "good", kind=kind).close()  # LevelDB moves its log into a table
    pattern = "*.ldb" if kind == "leveldb" else "store.sqlite3"
    (table,) = (tmp_path / "good").glob(pattern)
    whole = table.read_bytes()
    noticed = 0
    for flip in range(FLIPS):
        damaged = bytearray(whole)
        # The heads of sqlite's pages first, where a flip can hide rows.
        at = flip % (len(whole) // 4096) * 4096 + flip // 3 if flip % 2 else flip * 7919
        damaged[at % len(whole)] ^= 1 << flip % 8
        copy = tmp_path / "bad"
        shutil.copytree(tmp_path / "good", copy)
        (copy / table.name).write_bytes(damaged)
        try:
            opened = open_store(copy, kind=kind)
            try:
                # Not after a scan of everything, which notices sooner (sqlite alone needs it to).
                if kind == "leveldb" and flip % 3 == 0:
                    some = sorted(want)[:: 1 + flip % 4 * 40]
                    assert list(opened.tails(some)) == [[b""]] * len(some)
                assert everything(opened) == want
                assert len(list(opened.scan(b"", END, reverse=True))) == len(want)
                assert len(list(opened.scan(b"key 1950", b"key 1960"))) == 10
                assert {key: opened.get(key) for key in want} == want
            finally:
                opened.close()
        except StorageFailed:
            noticed += 1
        shutil.rmtree(copy)
    assert noticed > FLIPS // 2


def test_after_a_failed_write_nothing_more_is_written(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store.write({b"a": b"1"})
    store._connections[0].execute("PRAGMA query_only = 1")
    with pytest.raises(StorageFailed, match="readonly"):
        store.write({b"a": b"2"})
    store._connections[0].execute("PRAGMA query_only = 0")
    with pytest.raises(StorageFailed, match="earlier write failed"):
        store.write({b"a": b"3"})
    assert store.get(b"a") == b"1"
    store.close()


def test_a_failed_write_of_leveldb_is_named_and_the_last(tmp_path: Path) -> None:
    class Failing:
        closed = False

        def write_batch(self, *, sync: bool) -> object:
            raise OSError(28, f"No space left on device, sync={sync}")

    store = LevelStore(tmp_path)
    healthy, store._db = store._db, Failing()
    with pytest.raises(StorageFailed, match="No space left"):
        store.write({b"a": b"1"})
    store._db = healthy
    with pytest.raises(StorageFailed, match="earlier write failed"):
        store.write({b"a": b"1"})
    store.close()


def test_a_torn_end_of_sqlites_log_loses_the_last_batch_alone(tmp_path: Path) -> None:
    batches, size = 12, 9_000
    store = SqliteStore(tmp_path / "live")
    ends = []
    log = tmp_path / "live" / "store.sqlite3-wal"
    for n in range(batches):
        store.write({b"newest": b"%d" % n, b"%d" % n: random.Random(n).randbytes(size)})
        ends.append(log.stat().st_size)
    shutil.copytree(tmp_path / "live", tmp_path / "crashed")
    store.close()
    data, last = (tmp_path / "crashed" / log.name).read_bytes(), ends[-2]
    draw = random.Random(7)
    torn = [data[:cut] for cut in draw.sample(range(last, len(data)), 30)]
    for _ in range(30):
        start = draw.randrange(last, len(data), 512)
        filling = draw.choice([b"\0", b"\xff", draw.randbytes(1)]) * 512
        torn.append(data[:start] + filling[: len(data) - start] + data[start + 512 :])
    for n, damaged in enumerate(torn):
        copy = tmp_path / f"try {n}"
        shutil.copytree(tmp_path / "crashed", copy)
        (copy / log.name).write_bytes(damaged)
        opened = SqliteStore(copy)
        newest = int(opened.get(b"newest") or b"")
        assert newest == batches - (1 if damaged == data else 2)
        assert len(everything(opened)) == newest + 2
        opened.close()
