"""A restored directory is proven or isn't there, and vouches for nothing that was signed since."""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chain import schema
from chain.codec import encode
from chain.crypto import sha256
from chain.ledger import Ledger
from chain.store import LevelStore
from chain.store_contract import DiskRefused
from commerce.committee import CommitteeChange
from commerce.registry import operation
from consensus.records import SilenceRecord, decode_record
from node.backup import BackupSource, Progress, opened, write_backup
from node.backup_file import BackupDamaged, BackupReader, BackupWriter, Row, frames_of
from node.journal import Journal
from node.journal_loss import mark_new, open_journal
from node.restore import (
    BUILDING,
    BackupOfAnotherChain,
    BackupRefused,
    RestoreFailed,
    RestoreTargetOccupied,
    restore,
)
from tests.chain.world import World, account, genesis
from tests.node.parts import issue, payment

OWNER = bytes(range(32))


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """A chain of six blocks, and its backup."""
    world = World()
    world.decide(issue(world))
    for _ in range(5):
        world.decide(*(payment(world) for _ in range(20)))
    file = tmp_path_factory.mktemp("backup") / "b"
    write_backup(BackupSource.of(world.ledger, 1), file)
    return world, file


def altered(file: Path, target: Path, change: Callable[[dict[bytes, bytes]], None]) -> Path:
    """A whole backup of other rows."""
    with BackupReader(file) as reader, target.open("wb") as stream:
        rows = dict(row for frame in reader.frames() for row in frame)
        change(rows)
        writer = BackupWriter(stream, reader.head)
        ordered: list[Row] = sorted(rows.items())
        for frame in frames_of(ordered):
            writer.add(frame)
        writer.finish()
    return target


def test_the_restored_chain_is_the_one_that_was_backed_up(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = backup
    told: list[Progress] = []
    restored = restore(file, tmp_path / "new" / "data", world.genesis, told.append)
    assert restored.state_root == world.ledger.tip.state_root
    assert [path.name for path in (tmp_path / "new" / "data").iterdir()] == ["db"]
    assert told[-1].size <= told[-1].size_max == file.stat().st_size
    with opened(tmp_path / "new" / "data") as ledger:
        assert ledger.tip == world.ledger.tip
        assert list(ledger.store.scan(b"\x00", b"\xff")) == list(world.store.scan(b"\x00", b"\xff"))
        # It goes on, on the tree that was made anew.
        twin = World(store=ledger.store, made=world.genesis)
        twin.decide(payment(twin))


def test_what_is_restored_is_its_owners_alone_whatever_the_umask(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = backup
    before = os.umask(0)
    try:
        restore(file, tmp_path / "data", world.genesis)
        assert os.umask(0) == 0, "it is put back"
    finally:
        os.umask(before)
    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert len(made) > 2
    assert not [path for path in made if path.stat().st_mode & 0o077]


def test_the_committee_is_followed_from_the_genesis(tmp_path: Path) -> None:
    world = World()
    change = CommitteeChange(0, (), (account("m3"),), ())
    world.decide(world.signed("m0", operation("committee.change", change), with_=["m1", "m2"]))
    for _ in range(3):
        world.decide()
    assert world.ledger.chain.committee.epoch > 0
    write_backup(BackupSource.of(world.ledger, 1), tmp_path / "b")
    restored = restore(tmp_path / "b", tmp_path / "data", world.genesis)
    assert restored.state_root == world.ledger.tip.state_root

    def forge(rows: dict[bytes, bytes]) -> None:
        for height in range(1, world.ledger.tip.height):
            rows.pop(schema.certificate_key(height), None)

    altered(tmp_path / "b", tmp_path / "forged", forge)
    with pytest.raises(BackupRefused, match="committee of epoch 1"):
        restore(tmp_path / "forged", tmp_path / "other", world.genesis)


def test_a_backup_of_another_chain_is_refused(backup: tuple[World, Path], tmp_path: Path) -> None:
    _, file = backup
    with pytest.raises(BackupOfAnotherChain):
        restore(file, tmp_path / "data", replace(genesis(), chain_id="another"))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_backup_leaves_nothing_that_looks_complete(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = backup
    data, draw = file.read_bytes(), random.Random(2)
    # Behind the head, which is asked before anything is made.
    for place in [*draw.sample(range(2_000, len(data)), 20), len(data) - 1]:
        damaged = bytearray(data)
        damaged[place] ^= 1
        (tmp_path / "b").write_bytes(damaged)
        with pytest.raises(BackupDamaged):
            restore(tmp_path / "b", tmp_path / "data", world.genesis)
        assert list((tmp_path / "data").iterdir()) == []
    assert restore(file, tmp_path / "data", world.genesis).rows > 0


def state_changed(rows: dict[bytes, bytes]) -> None:
    key = max(key for key in rows if key.startswith(schema.STATE))
    rows[key] = rows[key][:-1] + bytes([rows[key][-1] ^ 1])


def state_row_gone(rows: dict[bytes, bytes]) -> None:
    del rows[max(key for key in rows if key.startswith(schema.STATE))]


def state_row_added(rows: dict[bytes, bytes]) -> None:
    rows[schema.STATE + b"zzz"] = b"\x01"


def header_changed(rows: dict[bytes, bytes]) -> None:
    rows[schema.header_key(6)] = rows[schema.header_key(5)]


def tip_gone(rows: dict[bytes, bytes]) -> None:
    del rows[schema.META_TIP]


def genesis_gone(rows: dict[bytes, bytes]) -> None:
    del rows[schema.META_GENESIS]


def tree_told(rows: dict[bytes, bytes]) -> None:
    rows[schema.TREE + b"r"] = b"\x01" + bytes(32)


@pytest.mark.parametrize(
    "change",
    [
        *(state_changed, state_row_gone, state_row_added),
        *(header_changed, tip_gone, genesis_gone, tree_told),
    ],
    ids=lambda change: change.__name__,
)
def test_rows_that_prove_wrong_are_refused(
    backup: tuple[World, Path], tmp_path: Path, change: Callable[[dict[bytes, bytes]], None]
) -> None:
    world, file = backup
    forged = altered(file, tmp_path / "forged", change)
    with pytest.raises(BackupRefused):
        restore(forged, tmp_path / "data", world.genesis)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_newest_block_that_nobody_certified_is_refused(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = backup

    def forge(rows: dict[bytes, bytes]) -> None:
        tip = world.ledger.tip
        bare = replace(tip.certificate, signatures=tip.certificate.signatures[:1])
        rows[schema.META_TIP] = encode(replace(tip, certificate=bare))

    with pytest.raises(BackupRefused, match="CertificateInvalid"):
        restore(altered(file, tmp_path / "forged", forge), tmp_path / "data", world.genesis)


def test_a_head_that_is_not_its_rows_is_refused(backup: tuple[World, Path], tmp_path: Path) -> None:
    world, file = backup
    with BackupReader(file) as reader, (tmp_path / "b").open("wb") as stream:
        writer = BackupWriter(stream, replace(reader.head, digest=sha256(b"another")))
        for frame in reader.frames():
            writer.add(frame)
        writer.finish()
    with pytest.raises(BackupRefused, match="its head"):
        restore(tmp_path / "b", tmp_path / "data", world.genesis)


def test_a_directory_with_a_nodes_data_or_promises_is_not_touched(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = backup
    for name in ("db", "snapshots", "letters.txt"):
        held = tmp_path / name / "data"
        (held / name).mkdir(parents=True)
        with pytest.raises(RestoreTargetOccupied, match=name):
            restore(file, held, world.genesis)
        assert [path.name for path in held.iterdir()] == [name]
    promised = tmp_path / "promised"
    Journal(promised / "journal", OWNER).close()
    with pytest.raises(RestoreTargetOccupied, match="journal/journal"):
        restore(file, promised, world.genesis)
    (tmp_path / "file").write_text("x")
    with pytest.raises(RestoreTargetOccupied, match="no directory"):
        restore(file, tmp_path / "file", world.genesis)


def test_the_rest_of_a_killed_restore_is_replaced(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = backup
    shutil.copytree(Path(__file__).parent, tmp_path / BUILDING)
    restore(file, tmp_path, world.genesis)
    assert [path.name for path in tmp_path.iterdir()] == ["db"]


def test_a_restored_node_is_silent_until_it_knows_what_it_forgot(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    """Also where the directory's mark vouched for a new key: the backup's may be an old one."""
    world, file = backup
    mark_new(tmp_path / "journal")
    restore(file, tmp_path, world.genesis)
    journal = open_journal(tmp_path / "journal", OWNER, others_can_tell=True)
    journal.close()
    assert [decode_record(data) for data in journal.records] == [SilenceRecord(None)]


def test_a_directory_that_cannot_be_made_is_told_by_name(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = backup
    (tmp_path / "file").write_text("x")
    with pytest.raises(RestoreFailed, match="Not a directory"):
        restore(file, tmp_path / "file" / "data", world.genesis)


def test_the_genesis_block_can_be_restored(tmp_path: Path) -> None:
    world = World()
    write_backup(BackupSource.of(world.ledger, 1), tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "data", world.genesis)
    with opened(tmp_path / "data") as ledger:
        assert ledger.tip == Ledger(world.store, world.genesis, world.rules).tip


def test_the_store_is_of_the_kind_that_the_node_is_set_to(
    backup: tuple[World, Path], tmp_path: Path
) -> None:
    world, file = backup
    assert restore(file, tmp_path / "data", world.genesis, kind="sqlite").kind == "sqlite"
    with opened(tmp_path / "data") as ledger:
        assert (ledger.store.kind, ledger.tip) == ("sqlite", world.ledger.tip)


def test_a_disk_that_refuses_leaves_nothing(
    backup: tuple[World, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, file = backup

    def full(*_: object, **__: object) -> None:
        raise DiskRefused("no space left on device")

    monkeypatch.setattr(LevelStore, "write", full)
    with pytest.raises(RestoreFailed, match="no space") as refused:
        restore(file, tmp_path / "data", world.genesis, kind="leveldb")
    assert "make room" in refused.value.hint
    assert list((tmp_path / "data").iterdir()) == []
