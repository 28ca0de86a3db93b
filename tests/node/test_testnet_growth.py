"""What a growing test network writes, and what it refuses before it writes anything."""

from pathlib import Path

import pytest

from node import keystore
from node.config import load_config
from node.testnet_genesis import Plan, create
from node.testnet_growth import NameRefused, _let_observe, _write, add, remove
from node.testnet_layout import LocalNetwork, NodeUnnamed, load


def never_started(directory: Path, nodes: int = 2) -> LocalNetwork:
    return create(Plan(directory / "net", "x", nodes))


def quiet(_words: str) -> None:
    pass


def test_a_new_node_is_written_once_and_found_again(tmp_path: Path) -> None:
    said: list[str] = []
    grown = _write(never_started(tmp_path), "huangpu", said.append, "sqlite")
    assert load(grown.directory) == grown
    assert _write(grown, "huangpu", said.append, "auto") == grown
    assert len(said) == 1
    node = grown.node("huangpu")
    assert node.number == 3
    config = load_config(grown.config_file(node), {}, {})
    assert (config.name, config.observer, config.store) == ("huangpu", True, "sqlite")
    assert [(peer.name, peer.node_key) for peer in config.peers] == [
        ("pudong", None),
        ("xuhui", None),
    ]
    assert config.node_key.exists()
    assert grown.key_file(grown.account("huangpu")).exists()
    ports = [port for other in grown.nodes for port in (other.p2p_port, other.api_port)]
    assert len(set(ports)) == len(ports)


def test_a_later_newcomer_knows_an_earlier_one_by_its_key(tmp_path: Path) -> None:
    first = _write(never_started(tmp_path), "huangpu", quiet, "auto")
    second = _write(first, "putuo", quiet, "auto")
    config = load_config(second.config_file(second.node("putuo")), {}, {})
    key = keystore.show_key(second.folder(second.node("huangpu")) / "node.key").public_key
    assert [peer.node_key for peer in config.peers] == [None, None, key.hex()]


@pytest.mark.parametrize("name", ["", "A", "1x", "../x", "x" * 33, "buyer", "keys", "a b", "é"])
def test_a_name_that_can_be_no_member_is_refused_and_nothing_written(
    tmp_path: Path, name: str
) -> None:
    network = never_started(tmp_path)
    before = sorted(network.directory.rglob("*"))
    with pytest.raises(NameRefused):
        add(network, name, quiet)
    assert sorted(network.directory.rglob("*")) == before
    assert load(network.directory) == network


def test_nobody_is_removed_who_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NodeUnnamed):
        remove(never_started(tmp_path), "huangpu", quiet)


def test_a_removed_node_may_start_as_an_observer(tmp_path: Path) -> None:
    network = never_started(tmp_path)
    file = network.config_file(network.nodes[0])
    before = load_config(file, {}, {})
    assert not before.observer
    for _ in range(2):
        _let_observe(file)
        assert load_config(file, {}, {}) == before.model_copy(update={"observer": True})
