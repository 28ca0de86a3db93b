"""A backup is of one block boundary, whole or not there, and has nothing secret in it."""

import fcntl
from contextlib import closing
from pathlib import Path

import pytest

from chain import schema
from chain.ledger import Ledger
from chain.store import open_store
from chain.store_contract import Kind, StorageFailed
from chain.store_memory import MemoryStore
from node.backup import (
    BackupExists,
    BackupPlaceMissing,
    BackupSource,
    BackupStopped,
    BackupUnderWay,
    NodeDataMissing,
    NodeRunning,
    Progress,
    check_backup,
    opened,
    stored_genesis,
    write_backup,
)
from node.backup_file import BackupReader, Row
from tests.chain.world import World
from tests.node.parts import issue, payment


def world(store: MemoryStore | None = None) -> World:
    made = World(store=store)
    made.decide(issue(made))
    for _ in range(5):
        made.decide(*(payment(made) for _ in range(20)))
    return made


def rows_of(file: Path) -> list[Row]:
    with BackupReader(file) as reader:
        return [row for frame in reader.frames() for row in frame]


def test_it_holds_all_rows_of_its_moment_but_the_trees(tmp_path: Path) -> None:
    made = world()
    then = [row for row in made.store.scan(b"\x00", b"\xff") if not row[0].startswith(schema.TREE)]
    tip = made.ledger.tip
    source = BackupSource.of(made.ledger, 1)
    made.decide(payment(made))
    backup = write_backup(source, tmp_path / "b")
    assert rows_of(tmp_path / "b") == then
    assert (backup.head.height, backup.head.digest) == (tip.height, tip.digest)
    assert backup.rows == len(then)
    assert check_backup(tmp_path / "b") == backup
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_an_existing_file_is_overwritten_only_when_told_to(tmp_path: Path) -> None:
    made, file = world(), tmp_path / "b"
    file.write_text("mine")
    with pytest.raises(BackupExists):
        write_backup(BackupSource.of(made.ledger, 1), file)
    assert file.read_text() == "mine"
    write_backup(BackupSource.of(made.ledger, 1), file, force=True)
    assert check_backup(file).head.height == 6
    with pytest.raises(BackupExists):
        write_backup(BackupSource.of(made.ledger, 1), tmp_path, force=True)


def test_a_file_that_appeared_meanwhile_is_kept(tmp_path: Path) -> None:
    made, file = world(), tmp_path / "b"

    def told(_: Progress, _s: float) -> None:
        file.write_text("mine")

    with pytest.raises(BackupExists):
        write_backup(BackupSource.of(made.ledger, 1), file, told)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("b", "mine")]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BackupStopped("now"), StorageFailed("x")])
def test_what_ends_it_early_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    def told(_: Progress, _s: float) -> None:
        assert [path.name for path in tmp_path.iterdir()] == ["b.partial"]
        raise error

    with pytest.raises(type(error)):
        write_backup(BackupSource.of(world().ledger, 1), tmp_path / "b", told)
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(BackupPlaceMissing, match="no such directory"):
        write_backup(BackupSource.of(world().ledger, 1), tmp_path / "no" / "b")


def test_two_backups_never_write_one_file_and_a_dead_ones_rest_is_no_hindrance(
    tmp_path: Path,
) -> None:
    made, partial = world(), tmp_path / "b.partial"
    with partial.open("wb") as other:
        other.write(b"half of a backup")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BackupUnderWay):
            write_backup(BackupSource.of(made.ledger, 1), tmp_path / "b")
        assert partial.read_bytes() == b"half of a backup"
    write_backup(BackupSource.of(made.ledger, 1), tmp_path / "b")
    assert check_backup(tmp_path / "b").rows > 0
    assert not partial.exists()


@pytest.mark.parametrize("kind", ["leveldb", "sqlite"])
def test_a_stopped_node_is_opened_by_its_directory_alone(tmp_path: Path, kind: Kind) -> None:
    with closing(open_store(tmp_path / "db", kind=kind)) as store:
        made = World(store=store)
        tip = made.decide(issue(made))
    with opened(tmp_path) as ledger:
        assert ledger.tip == tip
        assert ledger.chain.genesis == made.genesis
        with pytest.raises(NodeRunning), opened(tmp_path):
            pass


def test_a_directory_without_a_database_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(NodeDataMissing), opened(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_genesis_that_is_not_readable_is_a_storage_error() -> None:
    made = world()
    assert stored_genesis(made.store) == made.genesis
    for row in (b"\x01", b"\xff", b"\x92\x01\x90"):
        made.store.write({schema.META_GENESIS: row})
        with pytest.raises(StorageFailed):
            stored_genesis(made.store)
    with pytest.raises(StorageFailed, match="no genesis"):
        stored_genesis(MemoryStore())


def test_the_scans_of_a_source_see_one_boundary(tmp_path: Path) -> None:
    """Also those that are read long after they were opened."""
    made = world()
    source = BackupSource.of(made.ledger, 1)
    for _ in range(3):
        made.decide(*(payment(made) for _ in range(10)))
    write_backup(source, tmp_path / "b")
    copied = MemoryStore()
    copied.write(dict(rows_of(tmp_path / "b")))
    # All of the state, and no row of a later block.
    keys = [key for key, _ in copied.scan(schema.BLOCK, schema.BLOCK + b"\xff")]
    assert keys[-1] == schema.block_key(6)
    assert Ledger(made.store, made.genesis, made.rules).tip.height == 9
