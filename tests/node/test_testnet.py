"""Raising a network of real processes: funded, refused twice, and nothing left when it fails."""

from pathlib import Path

import pytest

from node import processes, testnet
from node.client import NodeClient
from node.testnet import FUNDS_MINOR
from node.testnet_genesis import Plan, create
from node.testnet_layout import NetworkBroken, NetworkExists, load


def test_a_network_is_raised_funded_stopped_and_raised_again(tmp_path: Path) -> None:
    said: list[str] = []
    network = testnet.up(Plan(tmp_path / "net", "x", 2), said.append)
    try:
        assert len(processes.running(network)) == 2
        heights = [NodeClient([n.api]).get("/v1/status")["height"] for n in network.nodes]
        assert max(heights) >= 1
        with pytest.raises(NetworkExists, match="2 of 2 nodes run"):
            testnet.up(Plan(tmp_path / "net", "x", 2), said.append)
        events = NodeClient([network.nodes[0].api]).get("/v1/events")["events"]
        issued = {e["data"]["to"]: int(e["data"]["amount_minor"]) for e in events}
        wanted = {network.account(name).account: minor for name, minor in FUNDS_MINOR.items()}
        assert issued == wanted

        processes.stop(network, network.nodes)
        assert not processes.running(network)
        with pytest.raises(NetworkExists, match="it is stopped"):
            testnet.up(Plan(tmp_path / "net", "x", 2), said.append)

        testnet.start(network, network.nodes, said.append)
        again = NodeClient([network.nodes[1].api]).get("/v1/events")["events"]
        assert again == events
    finally:
        testnet.reset(network)
    assert not (tmp_path / "net").exists()
    assert any("ready" in words for words in said)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
def test_whatever_interrupts_it_leaves_no_process_and_keeps_the_data(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    said: list[str] = []

    def say(words: str) -> None:
        said.append(words)
        if "pid" in words:
            raise interruption

    with pytest.raises(interruption):
        testnet.up(Plan(tmp_path / "net", "x", 2), say)
    network = load(tmp_path / "net")
    assert not processes.running(network)
    assert network.log_file(network.nodes[0]).exists()
    assert "stopped" in said[-2]
    assert f"hushang testnet start --dir {network.directory}" in said[-1]


def test_what_an_interrupted_up_left_out_is_made_good_once_all_nodes_run(tmp_path: Path) -> None:
    network = create(Plan(tmp_path / "net", "x", 2))
    client = NodeClient([node.api for node in network.nodes])
    said: list[str] = []
    testnet.finish(network, said.append)
    assert said == []
    try:
        testnet.start(network, network.nodes, lambda _: None)
        for _ in range(2):
            testnet.finish(network, said.append)
        assert said == ["accounts are funded"]
        assert int(client.get("/v1/assets/CNY")["issued_minor"]) == sum(FUNDS_MINOR.values())
    finally:
        testnet.reset(network)


def test_the_network_is_described_with_its_processes_as_they_are(tmp_path: Path) -> None:
    network = create(Plan(tmp_path / "net", "x", 1))
    record = testnet.describe(network)
    (node,) = record["nodes"]
    assert (node["number"], node["name"], node["pid"]) == (1, "pudong", None)
    assert Path(node["data_dir"]).parent == network.folder(network.nodes[0])
    roles = {entry["role"] for entry in record["accounts"]}
    assert {"merchant", "buyer", "carrier", "inspector", "arbiter", "regulator"} < roles
    assert all(Path(entry["key_file"]).exists() for entry in record["accounts"])


def test_reset_removes_the_network_and_nothing_of_anybody_else(tmp_path: Path) -> None:
    network = create(Plan(tmp_path / "net", "x", 2))
    mine = (network.directory / "notes.txt", network.directory / "keys" / "own.key")
    for file in mine:
        file.write_text("mine")
    kept = testnet.reset(network)
    assert list(kept) == [network.directory / "keys", network.directory / "notes.txt"]
    assert [path for path in sorted(network.directory.rglob("*")) if path.is_file()] == [
        mine[1],
        mine[0],
    ]


@pytest.mark.parametrize("name", ["..", "../other", ".", "/tmp"])
def test_a_manifest_that_names_what_is_outside_is_refused(tmp_path: Path, name: str) -> None:
    network = create(Plan(tmp_path / "net", "x", 1))
    manifest = network.directory / "testnet.json"
    manifest.write_text(manifest.read_text().replace('"pudong",', f'"{name}",', 1))
    with pytest.raises(NetworkBroken):
        load(network.directory)
