"""`hushang backup`: of a stopped node by its directory, checked by its file alone."""

from contextlib import closing
from pathlib import Path

import pytest

from chain.store import open_store
from node import words
from node.backup import check_backup
from node.config import NodeConfig, to_toml
from tests.chain.world import World
from tests.commands.command_line import inside
from tests.node.parts import issue


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A stopped node's data of one block."""
    with closing(open_store(tmp_path / "data" / "db")) as store:
        world = World(store=store)
        world.decide(issue(world))
    return tmp_path / "data"


def test_a_stopped_nodes_data_is_copied_and_the_copy_checked(
    data_dir: Path, tmp_path: Path
) -> None:
    file = tmp_path / "b"
    made = inside("backup", str(file), "--data-dir", str(data_dir), "-o", "json")
    assert (made.code, made.json["height"]) == (0, 1)
    checked = inside("backup", "check", str(file), "-o", "json")
    assert (checked.code, checked.json) == (0, made.json)
    again = inside("backup", "create", str(file), "--data-dir", str(data_dir), "--force")
    assert again.code == 0
    assert check_backup(file).head.height == 1


def test_the_settings_name_the_directory_too(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hushang.toml").write_text(
        to_toml(
            NodeConfig(
                name="m0",
                data_dir=Path(data_dir.name),
                genesis=Path("genesis.json"),
                node_key=Path("node.key"),
            )
        )
    )
    config = ("--config", str(tmp_path / "hushang.toml"))
    assert inside("backup", str(tmp_path / "a"), *config).code == 0
    monkeypatch.chdir(tmp_path)
    assert inside("backup", "b").code == 0
    assert check_backup(tmp_path / "b").head.height == 1
    assert inside("backup", "c", "--data-dir", "data", *config).code == 2


def test_each_way_to_get_none_has_its_exit_code(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "b"
    unnamed = inside("backup", str(file))
    assert (unnamed.code, "--data-dir" in unnamed.err) == (2, True)
    empty = inside("backup", str(file), "--data-dir", str(tmp_path))
    assert (empty.code, "NodeDataMissing" in empty.err) == (3, True)
    nowhere = inside("backup", str(tmp_path / "no" / "b"), "--data-dir", str(data_dir))
    assert (nowhere.code, "mkdir -p" in nowhere.err) == (3, True)
    file.write_text("mine")
    taken = inside("backup", str(file), "--data-dir", str(data_dir))
    assert (taken.code, "--force" in taken.err) == (2, True)
    assert file.read_text() == "mine"
    damaged = inside("backup", "check", str(file))
    assert (damaged.code, "BackupDamaged" in damaged.err) == (8, True)
    try:
        chinese = inside("--lang", "zh", "backup", "check", str(file)).err
    finally:
        words.use("en")
    assert "不是此格式的备份" in chinese
    assert "no backup" not in chinese
    missing = inside("backup", "check", str(tmp_path / "nothing"))
    assert (missing.code, "BackupUnreadable" in missing.err) == (3, True)


def test_a_database_that_is_open_elsewhere_is_told_by_name(data_dir: Path, tmp_path: Path) -> None:
    with closing(open_store(data_dir / "db")):
        ran = inside("backup", str(tmp_path / "b"), "--data-dir", str(data_dir))
    assert (ran.code, "NodeRunning" in ran.err) == (7, True)
    assert "control.sock: No such file" in ran.err, "why it wasn't asked"


def test_the_help_ends_with_examples_of_both_forms() -> None:
    told = inside("backup", "--help").out.decode()
    assert "hushang backup create node.backup --config" in told
    assert "hushang backup check node.backup" in told
