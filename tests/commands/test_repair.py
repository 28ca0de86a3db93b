"""`hushang repair`: tells what is damaged, asks, moves it aside; exit 8 where damage is left."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain.store_contract import StorageError
from node.commands.explain import every_code
from node.damage import NodeData
from node.genesis_file import genesis_text
from node.keystore import write_key
from tests.chain.world import key
from tests.commands.command_line import Ran, hushang, inside
from tests.node.test_repair import Made, make, ruin, ruin_database, shorten_journal


@dataclass(frozen=True)
class Site:
    """A stopped node's files."""

    directory: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def node_data(self, made: Made) -> NodeData:
        """As the node's own code sees it."""
        return NodeData(self.data, made.genesis, key("node of m0").public_key)

    def flags(self) -> list[str]:
        named = {"data-dir": "data", "genesis": "genesis.json", "node-key": "node.key"}
        return [w for n, file in named.items() for w in (f"--{n}", str(self.directory / file))]

    def repair(self, *words: str) -> Ran:
        return inside("repair", *self.flags(), "-o", "json", *words)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return asyncio.run(make(tmp_path_factory.mktemp("made"), 4))


@pytest.fixture
def site(made: Made, tmp_path: Path) -> Site:
    made.copy(tmp_path / "data")
    (tmp_path / "genesis.json").write_text(genesis_text(made.genesis))
    write_key(tmp_path / "node.key", key("node of m0").seed)
    return Site(tmp_path)


def test_whole_data_is_told_part_by_part(site: Site) -> None:
    ran = site.repair()
    assert ran.code == 0, ran.err
    assert {part["part"]: part["state"] for part in ran.json["parts"]} == {
        "db": "whole",
        "journal": "whole",
        "evidence": "whole",
    }
    assert (ran.json["done"], ran.json["to_move"]) == (False, [])
    assert "nothing is damaged" in ran.err
    assert "next:" not in ran.err


def test_a_dry_run_tells_and_exits_8_and_moves_nothing(site: Site) -> None:
    ruin_database(site.data)
    ran = site.repair("--dry-run")
    assert (ran.code, ran.error["code"]) == (8, "VerificationFailed")
    assert "move db aside" in ran.error["message"]
    assert ran.json["to_move"] == ["db"]
    assert not list(site.data.glob("damaged-*"))


def test_what_would_be_done_and_what_comes_of_it_is_told_in_chinese(site: Site) -> None:
    ruin_database(site.data)
    ran = inside("--lang", "zh", "repair", *site.flags(), "--dry-run")
    assert "把 db 移到一旁；不带 --dry-run 即执行" in ran.err
    done = inside("--lang", "zh", "repair", *site.flags(), "--yes")
    assert done.code == 0, done.err
    assert "节点将从对等节点取回链，然后重新投票" in done.err
    assert "快照不含此前的区块和回执" in done.err


def test_with_yes_the_damaged_part_is_moved_and_the_next_run_finds_nothing(
    site: Site, made: Made
) -> None:
    ruin_database(site.data)
    shorten_journal(site.node_data(made), 5)
    ran = site.repair("--yes")
    assert ran.code == 0, ran.err
    assert (ran.json["done"], ran.json["silent_until"]) == (True, 5)
    assert ran.json["moved_to"] == str(site.data / "damaged-1")
    assert "hushang node start" in ran.err
    assert 'join = "replay"' in ran.err
    assert "stop no other node" in ran.err
    again = site.repair()
    assert again.code == 0
    assert "nothing left to move; missing: db\n" in again.err
    assert "nothing is damaged" not in again.err


def test_an_emptied_directory_is_told_what_comes_from_whom(site: Site) -> None:
    shutil.rmtree(site.data / "db")
    shutil.rmtree(site.data / "journal")
    ran = site.repair()
    assert ran.code == 0, ran.err
    assert "nothing left to move; missing: db and journal" in ran.err
    assert "fetches the chain from its peers" in ran.err
    assert "the others have told it what it had promised" in ran.err
    assert "nothing is damaged" not in ran.err


def test_without_an_answer_nothing_is_moved(site: Site) -> None:
    ruin(site.data / "evidence")
    ran = hushang("repair", *site.flags(), stdin=b"n\n")
    assert ran.code == 1
    assert "move evidence aside?" in ran.err
    assert "EvidenceBookDamaged" in ran.err
    assert (site.data / "evidence").exists()


def test_what_nobody_else_has_is_refused_with_what_helps(tmp_path: Path) -> None:
    (tmp_path / "lonely").mkdir()
    lonely = asyncio.run(make(tmp_path / "lonely", 1))
    shutil.copytree(lonely.directory, tmp_path / "data")
    (tmp_path / "genesis.json").write_text(genesis_text(lonely.genesis))
    write_key(tmp_path / "node.key", key("node of m0").seed)
    site = Site(tmp_path)
    ruin_database(site.data)
    shorten_journal(site.node_data(lonely), lonely.height)
    ran = site.repair("--yes")
    assert (ran.code, ran.error["code"]) == (8, "RepairRefused")
    assert "hushang restore" in ran.error["hint"]


def test_settings_or_all_three_flags_are_needed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = inside("repair", "--data-dir", str(site.data), "-o", "json")
    assert (ran.code, ran.error["code"]) == (2, "UsageWrong")
    (tmp_path / "hushang.toml").write_text(
        'name = "m0"\ndata_dir = "data"\ngenesis = "genesis.json"\nnode_key = "node.key"\n'
    )
    assert inside("repair", "-o", "json").code == 0


def test_the_data_of_another_chain_exits_9(site: Site) -> None:
    write_key(site.directory / "other.key", key("node of m1").seed)
    words = ["--data-dir", str(site.data), "--genesis", str(site.directory / "genesis.json")]
    ran = inside("repair", *words, "--node-key", str(site.directory / "other.key"), "-o", "json")
    assert (ran.code, ran.error["code"]) == (9, "DataOfAnother")


# No damage of a node's data: another process, another engine, a journal that only people can vouch
# for, files that are filed away.
WITHOUT_REPAIR = {
    "ArchiveDamaged",
    "ArchiveRefused",
    "StoreLocked",
    "StoreKindDiffers",
    "StoreKindUnavailable",
    "StoreClosed",
    "StoreEntryRefused",
    "FrameTooLarge",
    "JournalMissing",
}


def test_every_storage_error_is_explained_with_repair() -> None:
    codes = every_code()
    named = {code for code, cls in codes.items() if issubclass(cls, StorageError)}
    assert len(named) > len(WITHOUT_REPAIR) + 5
    for code in sorted(named - WITHOUT_REPAIR | {"JournalIncomplete", "StateDiverged"}):
        assert "hushang repair" in codes[code].hint, code
    ran = inside("explain", "StoreDamaged", "-o", "json")
    assert "hushang repair" in ran.json["hint"]
