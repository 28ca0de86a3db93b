"""The ports that tests are given."""

import socket

import pytest

from node import testnet_genesis
from tests.ports import HOST, PORTS, free_port, share


def test_no_port_is_given_twice_in_a_row_and_none_that_is_taken() -> None:
    given = [free_port() for _ in range(50)]
    assert len(set(given)) == len(given)
    assert set(given) <= set(PORTS)
    # The next in turn, unless something else of this machine has it.
    step = given[1] - given[0]
    with socket.socket() as taken:
        taken.bind((HOST, given[-1] + step if given[-1] + step in PORTS else PORTS[0]))
        assert free_port() != taken.getsockname()[1]


def test_workers_share_ports_and_no_two_have_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_XDIST_WORKER_COUNT", "3")
    shares: list[range] = []
    for worker in ("gw0", "gw1", "gw2"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        shares.append(share(PORTS))
    assert sorted(port for ports in shares for port in ports) == list(PORTS)


def test_who_works_alone_has_all_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER_COUNT", raising=False)
    assert share(PORTS) == PORTS


def test_test_networks_keep_to_this_workers_share() -> None:
    networks = range(20_000, 32_000)
    assert share(networks) == testnet_genesis.PORTS
    assert set(testnet_genesis.free_ports(8)) <= set(share(networks))
    assert not set(PORTS) & set(networks)
