"""The frame of the demo: a network is raised, and gone at the end unless it is wanted."""

from pathlib import Path

import pytest

from node import processes, testnet
from node.demo.play import Wish, raised


def test_at_the_end_neither_process_nor_data_is_left(tmp_path: Path) -> None:
    said: list[str] = []
    with raised(Wish(nodes=1), tmp_path / "net", said.append) as network:
        assert len(processes.running(network)) == 1
    assert not processes.running(network)
    assert not (tmp_path / "net").exists()


def test_after_a_failure_the_data_stays_and_is_named(tmp_path: Path) -> None:
    said: list[str] = []
    with (
        pytest.raises(RuntimeError),
        raised(Wish(nodes=1), tmp_path / "net", said.append) as network,
    ):
        raise RuntimeError
    assert not processes.running(network)
    assert network.log_file(network.nodes[0]).exists()
    assert str(tmp_path / "net") in said[-1]


def test_whoever_keeps_the_network_is_told_how_to_find_it(tmp_path: Path) -> None:
    said: list[str] = []
    place = tmp_path / "net"
    with raised(Wish(nodes=1, directory=place, keep=True), place, said.append) as network:
        pass
    try:
        assert len(processes.running(network)) == 1
        assert f"--context {place}" in said[-1]
    finally:
        testnet.reset(network)
