"""A backup brings what a node keeps for others beside the chain, and for nobody else's eyes."""

import stat
from pathlib import Path

import pytest

from node.backup import NODE_FILES, BackupSource, check_backup, write_backup
from node.backup_file import FRAME_SIZE_AIM, PIECE_COST, BackupDamaged, BackupReader, BackupWriter
from node.backup_note import read_note
from node.restore import BUILDING, BackupRefused, RestoreTargetOccupied, restore
from tests.chain.world import World


@pytest.fixture
def world() -> World:
    made = World()
    made.decide()
    return made


def kept(directory: Path) -> dict[str, bytes]:
    """A node's own files: one of several frames, one that is empty."""
    files = {
        "epcis-captures": bytes(range(256)) * (FRAME_SIZE_AIM // 256) * 2 + b"end",
        "epcis-subscriptions": b"secret",
        "capture-tokens.json": b"",
    }
    directory.mkdir()
    for name, data in files.items():
        (directory / name).write_bytes(data)
    (directory / "node.key").write_bytes(b"never")
    return files


def test_what_a_node_keeps_comes_back_and_nothing_else(world: World, tmp_path: Path) -> None:
    files = kept(tmp_path / "data")
    made = write_backup(BackupSource.of(world.ledger, 7, tmp_path / "data"), tmp_path / "b")
    assert set(made.files) == set(files) == set(check_backup(tmp_path / "b").files)
    restored = restore(tmp_path / "b", tmp_path / "new", world.genesis)
    assert set(restored.files) == set(files)
    found = {name: (tmp_path / "new" / name) for name in NODE_FILES}
    assert {name: path.read_bytes() for name, path in found.items() if path.exists()} == files
    assert not (tmp_path / "new" / "node.key").exists()
    modes = {stat.S_IMODE(found[name].stat().st_mode) for name in files}
    assert modes == {0o600}


def test_the_backup_itself_is_for_its_owner_alone(world: World, tmp_path: Path) -> None:
    (tmp_path / "b.partial").touch(mode=0o666)
    write_backup(BackupSource.of(world.ledger, 7), tmp_path / "b")
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600


def test_a_backup_is_noted_beside_the_node_it_is_of(world: World, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_backup(BackupSource.of(world.ledger, 7_000, tmp_path / "data"), tmp_path / "b")
    note = read_note(tmp_path / "data")
    assert note is not None
    assert (note.made_ms, note.height, note.file) == (7_000, 1, str(tmp_path / "b"))


def test_files_that_are_there_are_not_overwritten(world: World, tmp_path: Path) -> None:
    kept(tmp_path / "data")
    write_backup(BackupSource.of(world.ledger, 7, tmp_path / "data"), tmp_path / "b")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "epcis-queries").write_bytes(b"mine")
    with pytest.raises(RestoreTargetOccupied, match="epcis-queries"):
        restore(tmp_path / "b", tmp_path / "new", world.genesis)
    # What a killed restore has put there is no hindrance.
    (tmp_path / "new" / BUILDING).mkdir()
    restore(tmp_path / "b", tmp_path / "new", world.genesis)


def test_a_file_that_no_node_keeps_is_refused_and_nothing_is_left(
    world: World, tmp_path: Path
) -> None:
    source = BackupSource.of(world.ledger, 7)
    with (tmp_path / "b").open("wb") as stream:
        writer = BackupWriter(stream, source.head)
        writer.add(source.rows)
        writer.add_file("epcis-queries", b"fine")
        writer.add_file("../evil", b"x")
        writer.finish()
    with pytest.raises(BackupRefused, match=r"\.\./evil"):
        restore(tmp_path / "b", tmp_path / "new", world.genesis)
    assert list((tmp_path / "new").iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_files_without_end_are_damage_however_small_each_is(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = BackupSource.of(world.ledger, 7)
    with (tmp_path / "b").open("wb") as stream:
        writer = BackupWriter(stream, source.head)
        writer.add(source.rows)
        for number in range(11):
            writer.add_file(f"name-{number}", b"")
        writer.finish()
    monkeypatch.setattr("node.backup_file.FILES_SIZE_MAX", 10 * PIECE_COST)
    with BackupReader(tmp_path / "b") as reader, pytest.raises(BackupDamaged, match="more than"):
        list(reader.frames())


def test_rows_after_a_file_are_damage(world: World, tmp_path: Path) -> None:
    source = BackupSource.of(world.ledger, 7)
    rows = list(source.rows)
    with (tmp_path / "b").open("wb") as stream:
        writer = BackupWriter(stream, source.head)
        writer.add(rows[:1])
        writer.add_file("epcis-queries", b"x")
        writer.add(rows[1:])
        writer.finish()
    with BackupReader(tmp_path / "b") as reader, pytest.raises(BackupDamaged, match="kind 2"):
        list(reader.frames())
