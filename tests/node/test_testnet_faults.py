"""Putting faults between nodes: who dials whom where, what runs, and what is left when it is over.

The nodes of these networks don't run, so that only the relay and the settings are looked at.
"""

import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from node import detached, testnet_faults
from node.config import load_config
from node.faults import NONE, Faults
from node.testnet_faults import NODES_MAX, RelayFailed, TooManyNodes, current, end, follow, put
from node.testnet_genesis import Plan, create
from node.testnet_layout import LocalNetwork, NodePlace
from tests.processes.net import until

CUT = Faults(groups=(("pudong",),))


@pytest.fixture
def network(tmp_path: Path) -> Iterator[LocalNetwork]:
    made = create(Plan(tmp_path / "net", "x", 3))
    yield made
    testnet_faults.discard(made)


def dialled(network: LocalNetwork) -> dict[tuple[str, str], int]:
    """Where each node dials each of its peers."""
    return {
        (node.name, peer.name): peer.port
        for node in network.nodes
        for peer in load_config(network.config_file(node), {}, {}).peers
    }


def texts(network: LocalNetwork) -> list[str]:
    return [network.config_file(node).read_text() for node in network.nodes]


def test_with_a_fault_every_node_dials_through_the_relay_and_afterwards_as_before(
    network: LocalNetwork,
) -> None:
    before, direct = texts(network), dialled(network)
    assert not end(network), "there is nothing to end"
    put(network, CUT)
    relayed = current(network)
    assert relayed is not None
    assert relayed.plan.faults == CUT
    ports = {(way.dialler, way.target): way.port for way in relayed.plan.ways}
    assert dialled(network) == ports
    assert not set(ports.values()) & set(direct.values())
    assert end(network)
    assert texts(network) == before
    assert current(network) is None
    assert not (network.directory / "relay").exists()
    pid = relayed.process.pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_other_faults_take_the_place_of_those_in_force_in_the_same_relay(
    network: LocalNetwork,
) -> None:
    put(network, CUT)
    first = current(network)
    put(network, NONE)
    second = current(network)
    assert first is not None
    assert second is not None
    assert second.process == first.process
    assert second.plan == first.plan.model_copy(update={"faults": NONE})


def test_a_dead_relay_is_told_and_follow_brings_it_back_with_its_faults(
    network: LocalNetwork,
) -> None:
    follow(network)
    assert current(network) is None, "no relay was there, and none is needed"
    put(network, CUT)
    before = current(network)
    assert before is not None
    assert before.words(network) == ["partition: pudong | xuhui jingan"]
    detached.tell(before.process.pid, signal.SIGKILL)
    until(lambda: is_dead(network), "it is told as dead")
    follow(network)
    after = current(network)
    assert after is not None
    assert (after.plan, after.words(network)) == (before.plan, before.words(network))
    assert after.process.pid != before.process.pid


def is_dead(network: LocalNetwork) -> bool:
    relayed = current(network)
    assert relayed is not None
    return "the relay is dead" in relayed.words(network)[-1]


def test_a_node_that_is_new_gets_ways_of_its_own_and_the_others_keep_theirs(
    network: LocalNetwork,
) -> None:
    fewer = replace(network, nodes=network.nodes[:2])
    put(fewer, CUT)
    before = current(network)
    follow(network)
    after = current(network)
    assert before is not None
    assert after is not None
    assert after.plan.ways[: len(before.plan.ways)] == before.plan.ways
    assert len(after.plan.ways) == 6


def test_a_relay_that_cant_listen_says_why_and_changes_no_node(network: LocalNetwork) -> None:
    put(network, NONE)
    relayed = current(network)
    assert relayed is not None
    end(network)
    before = texts(network)
    folder = network.directory / "relay"
    folder.mkdir()
    relayed.plan.save(folder)
    taken = ("127.0.0.1", relayed.plan.ways[0].port)
    with socket.create_server(taken), pytest.raises(RelayFailed, match=r"relay\.log"):
        put(network, CUT)
    assert texts(network) == before
    assert "in use" in (folder / "relay.log").read_text()


def test_a_network_of_many_nodes_is_refused(network: LocalNetwork) -> None:
    many = tuple(NodePlace(n, f"n{n}", n, n) for n in range(NODES_MAX + 1))
    with pytest.raises(TooManyNodes):
        put(replace(network, nodes=many), CUT)
