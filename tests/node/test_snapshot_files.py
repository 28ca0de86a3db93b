"""Files: complete or not there; the newest two are kept; what an ended process left is removed."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from chain.snapshot import MANIFEST, Manifest, PartId, PartKind, SnapshotPartWrong
from chain.snapshot_install import install
from chain.snapshot_make import Source, make_parts, manifest_of
from chain.store_contract import DiskRefused
from chain.store_memory import MemoryStore
from node import snapshot_files
from node.snapshot_files import (
    KEPT_MAX,
    HeldSnapshot,
    PartFiles,
    PartWriter,
    SnapshotFolder,
    SnapshotMissing,
    SnapshotStopped,
    check_folder,
    found_in,
)
from tests.chain.toy import add
from tests.chain.toy_world import ToyWorld


def folder_at(path: Path) -> SnapshotFolder:
    folder = SnapshotFolder(path)
    folder.open()
    return folder


def parts_in(folder: SnapshotFolder, world: ToyWorld) -> tuple[PartWriter, Manifest]:
    """All but the manifest of a snapshot after the next block."""
    world.decide(world.signed("buyer", add(f"n{world.ledger.tip.height}")))
    source = Source.of(world.ledger)
    writer = folder.begin(source.below.height, threading.Event())
    made = make_parts(source, world.ledger, writer)
    tip = world.decide()
    return writer, manifest_of(made, world.ledger, tip.header, tip.certificate)


def make(folder: SnapshotFolder, world: ToyWorld) -> HeldSnapshot:
    return folder.finish(*parts_in(folder, world))


def test_a_snapshot_on_disk_is_found_again_and_proves_right(tmp_path: Path) -> None:
    world, folder = ToyWorld(), folder_at(tmp_path)
    held = make(folder, world)
    assert folder_at(tmp_path).held == folder.held == (held,)
    manifest = check_folder(folder.folder(held.height), world.genesis)
    assert (held.height, held.digest) == (1, manifest.digest)
    assert held.parts == len(list(folder.folder(1).iterdir()))
    assert held.size == sum(file.stat().st_size for file in folder.folder(1).iterdir())
    assert held.view().time_ms == manifest.below.time_ms
    store = MemoryStore()
    install(store, world.genesis, world.toy, PartFiles(folder.folder(1)))


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    world, folder = ToyWorld(), folder_at(tmp_path)
    heights = [make(folder, world).height for _ in range(4)]
    assert [held.height for held in folder.held] == heights[:-3:-1]
    assert len(folder.held) == KEPT_MAX
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(map(str, heights[-2:]))


@pytest.mark.parametrize("at", range(6))
def test_an_end_at_any_step_leaves_nothing_half(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses the at-th of what a snapshot asks of it: a file, a sync, the rename."""
    world, folder = ToyWorld(), folder_at(tmp_path)
    kept = make(folder, world)
    steps = 0

    def refuse(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps > at:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(snapshot_files, "sync_directory", refuse)
    with pytest.raises(DiskRefused, match="No space"):
        make(folder, world)
    monkeypatch.undo()
    assert any(entry.name != "1" for entry in tmp_path.iterdir())
    again = folder_at(tmp_path)
    assert kept in again.held
    for held in again.held:
        check_folder(again.folder(held.height), world.genesis)
    assert len(list(tmp_path.iterdir())) == len(again.held)


def test_an_unfinished_snapshot_is_not_offered_and_removed_at_the_next_start(
    tmp_path: Path,
) -> None:
    folder = folder_at(tmp_path)
    writer, _ = parts_in(folder, ToyWorld())
    assert folder.held == ()
    assert found_in(tmp_path) == []
    folder_at(tmp_path)
    assert not writer.folder.exists()


def test_one_that_was_given_up_leaves_nothing(tmp_path: Path) -> None:
    folder = folder_at(tmp_path)
    writer, _ = parts_in(folder, ToyWorld())
    folder.drop(writer)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["manifest gone", "manifest cut", "part gone"])
def test_a_damaged_snapshot_is_removed_at_the_start(damage: str, tmp_path: Path) -> None:
    held = make(folder_at(tmp_path), ToyWorld())
    files = folder_at(tmp_path).folder(held.height)
    if damage == "manifest cut":
        (files / "manifest").write_bytes((files / "manifest").read_bytes()[:-1])
    else:
        (files / ("manifest" if damage == "manifest gone" else "state-00000")).unlink()
    assert folder_at(tmp_path).held == ()
    assert not files.exists()


def test_a_flipped_byte_of_any_file_is_found_by_the_check(tmp_path: Path) -> None:
    world, folder = ToyWorld(), folder_at(tmp_path)
    held = make(folder, world)
    files = folder.folder(held.height)
    for file in sorted(files.iterdir()):
        data = file.read_bytes()
        file.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
        with pytest.raises(SnapshotPartWrong) as refusal:
            check_folder(files, world.genesis)
        assert refusal.value.part.name == file.name
        file.write_bytes(data)
    check_folder(files, world.genesis)


def test_slices_put_together_are_the_part(tmp_path: Path) -> None:
    folder = folder_at(tmp_path)
    make(folder, ToyWorld())
    part = PartId(PartKind.STATE)
    whole = PartFiles(folder.folder(1)).read(part)
    read = b""
    while len(read) < len(whole):
        size, data = folder.read_slice(1, part, len(read), 700)
        assert size == len(whole)
        assert 0 < len(data) <= 700
        read += data
    assert read == whole
    assert folder.read_slice(1, part, len(whole), 700) == (len(whole), b"")
    assert folder.read_slice(1, part, 2**63, 700) == (len(whole), b"")


def test_what_is_not_here_has_no_bytes(tmp_path: Path) -> None:
    folder = folder_at(tmp_path)
    make(folder, ToyWorld())
    assert folder.read_slice(1, PartId(PartKind.STATE, 1), 0, 10) == (0, b"")
    assert folder.read_slice(2, MANIFEST, 0, 10) == (0, b"")
    shutil.rmtree(folder.folder(1))
    assert folder.read_slice(1, MANIFEST, 0, 10) == (0, b"")
    with pytest.raises(SnapshotMissing):
        PartFiles(folder.folder(1)).read(MANIFEST)


def test_a_file_beyond_its_limit_is_not_read_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "manifest").write_bytes(bytes(101))
    monkeypatch.setattr("chain.snapshot.SIZE_MAX", {PartKind.MANIFEST: 100})
    with pytest.raises(SnapshotPartWrong, match="larger"):
        PartFiles(tmp_path).read(MANIFEST)


def test_a_writer_whose_node_ends_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_files, "WORK_S", -1.0)
    stop = threading.Event()
    writer = PartWriter(tmp_path, stop)
    writer.breathe()
    stop.set()
    with pytest.raises(SnapshotStopped):
        writer.breathe()


def test_a_temporary_file_has_no_name(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, threading.Event())
    with writer.temporary() as file:
        file.write(b"rows")
        file.seek(0)
        assert file.read() == b"rows"
        assert list(tmp_path.iterdir()) == []
