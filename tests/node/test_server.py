"""The node's process: its exit codes, each with the reason's name as the last word of its log."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from chain.ledger import Ledger
from chain.store import open_store
from chain.store_contract import StorageError, StoreDamaged
from commerce.registry import Registry
from node import logs, server
from node.client import NodeClient
from node.config import NodeConfig, PeerAddress, load_config
from node.genesis_file import load_genesis
from node.journal import Journal
from node.keystore import new_seed, write_key
from node.notify import Notifier
from node.reload import Settings
from node.testnet_genesis import Plan, create
from node.testnet_layout import LocalNetwork
from tests.commands.command_line import inside
from tests.processes.net import until

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 60.0
PEER = PeerAddress(name="jingan", host="10.0.0.3", port=26_700)


@pytest.fixture
def network(tmp_path: Path) -> LocalNetwork:
    """A network of one node that was never started."""
    return create(Plan(tmp_path / "net", "server", 1))


def command(network: LocalNetwork) -> list[str]:
    config = network.config_file(network.nodes[0])
    return [sys.executable, str(ROOT / "cli.py"), "node", "start", "--config", str(config)]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HUSHANG_")}


def end(network: LocalNetwork) -> tuple[int, dict[str, Any]]:
    """Start a node that can't run: its exit code and the last line of its log."""
    done = subprocess.run(
        command(network), capture_output=True, env=environment(), timeout=PATIENCE_S, check=False
    )
    assert done.stdout == b""
    return done.returncode, json.loads(done.stderr.splitlines()[-1])


@contextmanager
def started(network: LocalNetwork) -> Iterator["subprocess.Popen[bytes]"]:
    """A node that is ready."""
    (node,) = network.nodes
    with (network.folder(node) / "log").open("ab") as log:
        process = subprocess.Popen(command(network), stdout=log, stderr=log, env=environment())
    try:
        client, deadline = NodeClient([node.api]), time.monotonic() + PATIENCE_S
        while not client.is_ready():
            assert process.poll() is None, (network.folder(node) / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def log_of(network: LocalNetwork) -> list[str]:
    text = (network.folder(network.nodes[0]) / "log").read_text()
    return [json.loads(line)["message"] for line in text.splitlines()]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_signal_ends_a_node_with_0_and_all_that_it_made_is_its_owners(
    network: LocalNetwork,
) -> None:
    with started(network) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert log_of(network)[-1] == "stopped by a signal at height 0"
    data = network.folder(network.nodes[0]) / "data"
    made = [data, *data.rglob("*")]
    assert {path.name for path in made} >= {"data", "db", "journal"}
    assert not [path for path in made if path.stat().st_mode & 0o077]


def test_settings_are_read_again_by_command_and_by_sighup_and_bad_ones_change_nothing(
    network: LocalNetwork,
) -> None:
    config = network.config_file(network.nodes[0])
    reload = ("node", "reload", "--config", str(config), "-o", "json")
    assert inside(*reload).code == 5, "nobody runs"
    with started(network) as process:
        edit(config, 'log_level = "info"', 'log_level = "debug"')
        edit(config, "observer = false", "observer = true")
        done = inside(*reload)
        assert (done.code, done.json["needs_restart"]) == (0, ["observer"])
        assert done.json["changed"] == {"log_level": {"before": "info", "after": "debug"}}
        assert b"after a restart" in inside(*reload[:-2]).out
        # What comes next in the log tells that the signal was heard, and the node goes on.
        edit(config, 'log_level = "debug"', 'log_level = "loud"')
        process.send_signal(signal.SIGHUP)
        refused = "settings not read again: ConfigInvalid"
        until(lambda: any(line.startswith(refused) for line in log_of(network)), "it is refused")
        done = inside(*reload)
        assert (done.code, done.error["code"]) == (9, "ConfigInvalid")
        edit(config, 'log_level = "loud"', 'log_level = "info"')
        process.send_signal(signal.SIGHUP)
        read = "settings read again; changed: log_level; after a restart: observer"
        until(lambda: log_of(network).count(read) == 2, "it is read")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_a_store_that_fails_while_settings_are_read_again_ends_the_node(
    network: LocalNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "set_level", lambda _: None)
    config = load_config(network.config_file(network.nodes[0]), {}, {})
    damage = StoreDamaged("a row of the members")
    node, desk = Mock(), Mock()
    node.set_peers.side_effect = damage
    told: list[StorageError] = []
    settings = Settings(config, lambda: config.model_copy(update={"peers": (PEER,)}))

    def renewed(config: NodeConfig) -> None:
        server._renew(config, node, desk, Notifier(None), told.append)

    with settings.followed(renewed):
        settings.on_hangup()
    assert told == [damage]


def test_a_signal_ends_a_node_that_joins_with_0_and_it_says_so(network: LocalNetwork) -> None:
    joining = [*command(network), "--join", "snapshot"]
    with subprocess.Popen(joining, stderr=subprocess.PIPE, env=environment()) as process:
        assert process.stderr is not None
        try:
            lines = map(json.loads, process.stderr)
            waits = next(line["message"] for line in lines if "waiting" in line["message"])
            process.send_signal(signal.SIGTERM)
            last = [line["message"] for line in lines][-1]
            code = process.wait(PATIENCE_S)
        finally:
            process.kill()
    assert "no peer can be asked for a snapshot" in waits
    assert (code, last) == (0, "stopped by a signal while joining; the next start goes on")


def test_a_wrong_key_file_mode_is_refused_with_9(network: LocalNetwork) -> None:
    (network.folder(network.nodes[0]) / "node.key").chmod(0o644)
    code, line = end(network)
    assert code == 9
    assert line["level"] == "critical"
    assert line["message"].startswith("stopped: KeyFileTooOpen: ")


def test_a_missing_key_file_is_refused_with_9(network: LocalNetwork) -> None:
    (network.folder(network.nodes[0]) / "node.key").unlink()
    code, line = end(network)
    assert (code, line["message"].split(":")[1].strip()) == (9, "KeyFileMissing")


def test_a_key_that_is_no_members_is_refused_with_9(network: LocalNetwork) -> None:
    path = network.folder(network.nodes[0]) / "node.key"
    path.unlink()
    write_key(path, new_seed())
    code, line = end(network)
    assert (code, line["message"].split(":")[1].strip()) == (9, "NodeKeyUnknown")


def test_a_broken_genesis_is_refused_with_9(network: LocalNetwork) -> None:
    (network.directory / "genesis.json").write_text("{")
    code, line = end(network)
    assert (code, line["message"].split(":")[1].strip()) == (9, "GenesisFileInvalid")


def test_the_genesis_of_another_chain_beside_the_data_is_refused_with_9(
    network: LocalNetwork,
) -> None:
    with founded(network):
        pass
    edit(network.directory / "genesis.json", f'"{network.chain_id}"', '"test-another"')
    code, line = end(network)
    assert (code, line["message"].split(":")[1].strip()) == (9, "StoreOfAnotherChain")
    assert "hushang doctor" in line["message"]


def test_an_unknown_setting_is_refused_with_9(network: LocalNetwork) -> None:
    config = network.config_file(network.nodes[0])
    edit(config, "data_dir", "data_dri")
    done = subprocess.run(
        command(network), capture_output=True, env=environment(), timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 9
    assert b"did you mean data_dir" in done.stderr


def test_a_port_that_is_taken_ends_it_by_name(network: LocalNetwork) -> None:
    (node,) = network.nodes
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", node.api_port))
        taken.listen()
        code, line = end(network)
    # Not 9, after which a unit starts nothing again: a port may be taken for a moment.
    assert (code, line["message"].split(":")[1].strip()) == (1, "AddressUnusable")
    assert str(node.api_port) in line["message"]


@contextmanager
def founded(network: LocalNetwork) -> Iterator[Path]:
    """The node's database with its first block, open."""
    directory = network.data_dir(network.nodes[0]) / "db"
    with closing(open_store(directory)) as store:
        Ledger(store, load_genesis(network.directory / "genesis.json"), Registry())
        yield directory


def test_a_locked_database_ends_it_with_1(network: LocalNetwork) -> None:
    with founded(network):
        code, line = end(network)
    assert (code, line["message"].split(":")[1].strip()) == (1, "StoreLocked")


def test_a_damaged_database_ends_it_with_1(network: LocalNetwork) -> None:
    # At the second opening LevelDB moves its log into a table.
    with founded(network):
        pass
    with founded(network) as directory:
        pass
    flip_a_bit(directory)
    code, line = end(network)
    assert code == 1
    assert line["message"].startswith("stopped: StoreDamaged: ")
    assert "check the disk" in line["message"]


def flip_a_bit(directory: Path) -> None:
    """In the middle of each file that holds what the database was given."""
    kept = {".log", ".ldb", ".sst", ".sqlite", ".db"}
    files = [path for path in directory.rglob("*") if path.suffix in kept and path.stat().st_size]
    assert files
    for path in files:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))


def test_anothers_journal_ends_it_with_1(network: LocalNetwork) -> None:
    Journal(network.data_dir(network.nodes[0]) / "journal", bytes(32)).close()
    code, line = end(network)
    assert (code, line["message"].split(":")[1].strip()) == (1, "JournalDamaged")


def test_a_key_in_no_committee_is_told_how_to_follow_without_a_vote(network: LocalNetwork) -> None:
    path = network.folder(network.nodes[0]) / "node.key"
    path.unlink()
    write_key(path, new_seed())
    _, line = end(network)
    assert "committee of epoch 0" in line["message"]
    assert "observer = true" in line["message"]
