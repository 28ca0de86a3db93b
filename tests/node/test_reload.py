"""Settings read again while the node runs: what may change does, the rest is told."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from node.config import ConfigInvalid, NodeConfig, PeerAddress, load_config, to_toml
from node.reload import RELOADABLE, Settings

XUHUI = PeerAddress(name="xuhui", host="10.0.0.2", port=26_700)
JINGAN = PeerAddress(name="jingan", host="10.0.0.3", port=26_700)
HONGKOU = PeerAddress(name="hongkou", host="10.0.0.4", port=26_700)


class File:
    """A hushang.toml that changes, and the settings of the node that runs with it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "hushang.toml"
        start = NodeConfig(
            name="pudong",
            data_dir=Path("data"),
            genesis=Path("genesis.json"),
            node_key=Path("node.key"),
            peers=(XUHUI, JINGAN),
        )
        self.path.write_text(to_toml(start))
        self.settings = Settings(self.read(), self.read)
        self.heard: list[NodeConfig] = []

    def read(self) -> NodeConfig:
        return load_config(self.path, {}, {})

    def write(self, **changes: object) -> None:
        self.path.write_text(to_toml(self.read().model_copy(update=changes)))


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path)


def test_all_that_may_change_does_and_followers_hear_of_it_once(file: File) -> None:
    file.write(log_level="debug", webhook_networks=("10.0.0.0/8",), peers=(XUHUI,))
    with file.settings.followed(file.heard.append):
        reloaded = file.settings.reload()
        assert file.settings.reload().record() == {"changed": {}, "needs_restart": []}
    assert set(reloaded.changed) == set(RELOADABLE)
    assert reloaded.changed["log_level"] == {"before": "info", "after": "debug"}
    assert file.heard == [file.settings.config] == [file.read()]


def test_peers_are_told_by_what_became_of_them(file: File) -> None:
    moved = XUHUI.model_copy(update={"port": 26_701})
    file.write(peers=(moved, HONGKOU))
    change = file.settings.reload().changed["peers"]
    assert change == {"added": ["hongkou"], "removed": ["jingan"], "moved": ["xuhui"]}


def test_what_needs_a_restart_is_told_each_time_and_changes_nothing(file: File) -> None:
    file.write(api_port=1, keep_blocks=5_000)
    with file.settings.followed(file.heard.append):
        for _ in range(2):
            reloaded = file.settings.reload()
            assert reloaded.needs_restart == ("api_port", "keep_blocks")
            assert "after a restart: api_port" in reloaded.words
    assert file.heard == []
    assert file.settings.config.api_port == 26_780


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("26700", "266700"),
        lambda text: text + "\n[[peers]]\n",
        lambda text: text.replace("log_level", "loglevel"),
        lambda text: text.replace('"', "", 1),
    ],
)
def test_a_file_that_cant_be_read_whole_changes_nothing(
    file: File, spoil: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    before = file.settings.config
    file.write(log_level="debug")
    file.path.write_text(spoil(file.path.read_text()))
    with file.settings.followed(file.heard.append):
        with pytest.raises(ConfigInvalid):
            file.settings.reload()
        with caplog.at_level(logging.ERROR):
            file.settings.on_hangup()
    assert "ConfigInvalid" in caplog.text
    assert (file.settings.config, file.heard) == (before, [])


def test_who_follows_no_more_hears_no_more(file: File) -> None:
    with file.settings.followed(file.heard.append):
        pass
    file.write(log_level="error")
    file.settings.reload()
    assert file.heard == []
