"""LevelDB's manifest: a record that it lost, or a log that is lost, never hides rows in silence."""

import random
import shutil
from contextlib import closing
from pathlib import Path

import pytest

import chain.store
from chain.store import LevelStore, StorageFailed, open_store
from chain.store_contract import StoreDamaged
from chain.store_manifest import named_log
from tests.chain.leveldb_log import records

BUFFER_BYTES = 64 * 1024
ROWS = 260


def manifest_of(directory: Path) -> Path:
    return directory / (directory / "CURRENT").read_text().strip()


def numbered_logs(directory: Path) -> list[int]:
    return sorted(int(path.stem) for path in directory.glob("*.log"))


def key_at(number: int) -> bytes:
    return b"row %05d" % number


def fill(store: LevelStore, directory: Path, copies: Path) -> None:
    """Write row after row; a copy, as a crash leaves it, after each change of the manifest."""
    draw, seen = random.Random(1), manifest_of(directory).stat().st_size
    for number in range(ROWS):
        store.write({key_at(number): draw.randbytes(1_000)})
        if manifest_of(directory).stat().st_size == seen:
            continue
        # Its background work ends before it takes a snapshot of what it has.
        store._db.compact_range(start=b"\xfe", stop=b"\xff")
        seen = manifest_of(directory).stat().st_size
        shutil.copytree(directory, copies / f"{number:05}")


@pytest.fixture
def crashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Databases as they lie after a table was made of a log; the name says how many rows."""
    monkeypatch.setattr(chain.store, "WRITE_BUFFER_BYTES", BUFFER_BYTES)
    copies = tmp_path / "copies"
    copies.mkdir()
    LevelStore(tmp_path / "db").close()
    store = LevelStore(tmp_path / "db")
    fill(store, tmp_path / "db", copies)
    store.close()
    found = sorted(copies.iterdir())
    assert len(found) >= 3
    return found


def test_the_manifest_names_the_log_that_is_there(crashed: list[Path]) -> None:
    for copy in crashed:
        assert named_log(manifest_of(copy).read_bytes()) in numbered_logs(copy)


def test_a_manifest_without_any_of_its_records_never_hides_rows(crashed: list[Path]) -> None:
    for copy in crashed:
        manifest, count = manifest_of(copy), int(copy.name) + 1
        whole = manifest.read_bytes()
        for place, (start, end) in enumerate(records(whole)):
            for name, damaged in {
                "cut": whole[:start],
                "flipped": whole[: end - 2] + bytes([whole[end - 2] ^ 4]) + whole[end - 1 :],
            }.items():
                damage = copy.with_name(f"{copy.name} {place} {name}")
                shutil.copytree(copy, damage)
                manifest_of(damage).write_bytes(damaged)
                with pytest.raises(StorageFailed):
                    opened_rows(damage)
        assert opened_rows(copy) == count


def opened_rows(directory: Path) -> int:
    with closing(open_store(directory)) as store:
        return sum(1 for _ in store.scan(b"r", b"s"))


def test_a_lost_log_is_noticed_by_name(crashed: list[Path]) -> None:
    copy = crashed[-1]
    (log,) = copy.glob("*.log")
    log.unlink()
    with pytest.raises(StoreDamaged, match=f"{log.name}, which it names, is lost"):
        open_store(copy)
    # Nothing was changed: with the log it is whole again.
    assert list(copy.glob("*.torn")) == []


def test_an_older_log_that_is_cut_short_is_noticed(tmp_path: Path) -> None:
    store, copy = LevelStore(tmp_path / "db"), tmp_path / "copy"
    for number in range(5):
        store.write({key_at(number): b"x"})
    shutil.copytree(tmp_path / "db", copy)
    store.close()
    (log,) = copy.glob("*.log")
    later = log.with_name(f"{int(log.stem) + 1:06}.log")
    later.touch()
    last = records(log.read_bytes())[-1]
    log.write_bytes(log.read_bytes()[: last[1] - 3])
    with pytest.raises(StoreDamaged, match=f"{log.name}: damaged .* a later log follows"):
        open_store(copy)


def test_what_is_no_manifest_names_no_log() -> None:
    draw = random.Random(3)
    for size in range(0, 400, 7):
        named_log(draw.randbytes(size))
    assert named_log(b"") is None
