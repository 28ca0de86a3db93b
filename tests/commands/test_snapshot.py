"""`hushang snapshot`: a live node makes one, and anybody proves it offline."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from node.client import NodeClient
from node.testnet_layout import GENESIS
from tests.commands.command_line import inside
from tests.commands.conftest import Shop


@dataclass(frozen=True)
class Made:
    """A snapshot of the shop's first node."""

    told: dict[str, Any]
    data_dir: Path
    genesis: Path

    @property
    def folder(self) -> Path:
        return self.data_dir / "snapshots" / str(self.told["height"])


@pytest.fixture
def made(shop: Shop) -> Made:
    """After a payment, so that there is something to wait for or to find."""
    shop.ok("pay", "transfer", "merchant", "CNY 1.00", "--as", "buyer")
    network = shop.network
    data_dir = network.data_dir(network.nodes[0])
    told = shop.ok("snapshot", "create", "--data-dir", str(data_dir)).json
    return Made(told, data_dir, network.directory / GENESIS)


def test_a_live_node_makes_a_snapshot_that_anybody_proves(shop: Shop, made: Made) -> None:
    listed = shop.ok("snapshot", "list", "--data-dir", str(made.data_dir)).json
    assert made.told in listed
    genesis = ("--genesis", str(made.genesis))
    checked = shop.ok("snapshot", "check", str(made.folder), *genesis).json
    assert checked.pop("proven") is True
    assert {name: checked[name] for name in made.told} == made.told
    assert shop.ok("snapshot", "show", str(made.folder)).json == checked
    assert checked["parts_by_kind"]["state"] >= 1
    again = shop.ok("snapshot", "create", "--data-dir", str(made.data_dir)).json
    assert again["height"] >= made.told["height"]


def test_the_node_tells_of_its_snapshots(shop: Shop, made: Made) -> None:
    network = shop.network
    status = NodeClient([network.nodes[0].api], timeout_s=10.0).get("/v1/status")
    told = {name: made.told[name] for name in ("height", "time_ms", "size")}
    assert told in status["snapshots"]


def test_a_damaged_part_is_named_with_exit_code_8(shop: Shop, made: Made, tmp_path: Path) -> None:
    copy = shutil.copytree(made.folder, tmp_path / "copy")
    file = copy / "state-00000"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    ran = shop.run("-o", "json", "snapshot", "check", str(copy), "--genesis", str(made.genesis))
    assert (ran.code, ran.error["code"]) == (8, "SnapshotPartWrong")
    assert "state-00000" in ran.error["message"]
    file.unlink()
    assert shop.run("snapshot", "check", str(copy), "--genesis", str(made.genesis)).code == 2


def test_nobody_who_runs_is_told(tmp_path: Path) -> None:
    ran = inside("-o", "json", "snapshot", "create", "--data-dir", str(tmp_path))
    assert (ran.code, ran.error["code"]) == (5, "ControlUnreachable")


def test_a_directory_without_snapshots_lists_none_and_shows_none(tmp_path: Path) -> None:
    listed = inside("-o", "json", "snapshot", "list", "--data-dir", str(tmp_path))
    assert (listed.code, listed.json) == (0, [])
    for verb in ("show", "check"):
        ran = inside("-o", "json", "snapshot", verb, str(tmp_path))
        assert ran.code == 2
