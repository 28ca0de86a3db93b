"""`hushang restore`: a checked data directory, and what to do next."""

from pathlib import Path

import pytest

from node.backup import BackupSource, opened, write_backup
from node.genesis_file import genesis_text
from tests.chain.world import World
from tests.commands.command_line import inside
from tests.node.parts import issue


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One block, backed up to `b`, its genesis beside it."""
    made = World()
    made.decide(issue(made))
    write_backup(BackupSource.of(made.ledger, 1), tmp_path / "b")
    (tmp_path / "genesis.json").write_text(genesis_text(made.genesis), "utf-8")
    return made


def test_a_backup_becomes_a_data_directory(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = inside("restore", "b", "data", "--store", "sqlite", "-o", "json")
    assert (ran.code, ran.json["height"], ran.json["store"]) == (0, 1, "sqlite")
    assert ran.json["state_root"] == world.ledger.tip.state_root.hex()
    assert "hushang node start" in ran.err
    assert "stop no other node" in ran.err
    assert "accept-loss" not in ran.err
    with opened(tmp_path / "data") as ledger:
        assert ledger.tip == world.ledger.tip


def test_where_no_other_member_can_tell_the_operator_is_told_so(tmp_path: Path) -> None:
    world = World(members=1)
    write_backup(BackupSource.of(world.ledger, 1), tmp_path / "b")
    genesis = tmp_path / "genesis.json"
    genesis.write_text(genesis_text(world.genesis), "utf-8")
    data = str(tmp_path / "data")
    ran = inside("restore", str(tmp_path / "b"), data, "--genesis", str(genesis))
    assert (ran.code, "hushang node accept-loss" in ran.err) == (0, True)


def test_each_refusal_has_its_exit_code(world: World, tmp_path: Path) -> None:
    genesis = ("--genesis", str(tmp_path / "genesis.json"))
    data = str(tmp_path / "data")
    raw = (tmp_path / "b").read_bytes()
    (tmp_path / "cut").write_bytes(raw[:-1])
    cut = inside("restore", str(tmp_path / "cut"), data, *genesis)
    assert (cut.code, "BackupDamaged" in cut.err) == (8, True)
    missing = inside("restore", str(tmp_path / "nothing"), data, *genesis)
    assert (missing.code, "BackupUnreadable" in missing.err) == (3, True)
    assert inside("restore", str(tmp_path / "b"), data, *genesis).code == 0
    twice = inside("restore", str(tmp_path / "b"), data, *genesis)
    assert (twice.code, "RestoreTargetOccupied" in twice.err) == (2, True)
    (tmp_path / "other.json").write_text(genesis_text(World(members=7).genesis), "utf-8")
    other = ("--genesis", str(tmp_path / "other.json"))
    foreign = inside("restore", str(tmp_path / "b"), str(tmp_path / "new"), *other)
    assert (foreign.code, "BackupOfAnotherChain" in foreign.err) == (8, True)
    assert world.genesis.hash().hex() in foreign.err
