"""One, two and three members (f = 0) as real processes: what the README promises, and no more."""

from pathlib import Path

import pytest

from node.client import OutcomeUnknown
from node.testnet_layout import NodePlace
from tests.processes.history import assert_same_history
from tests.processes.net import Net, running

UNDECIDED_S = 3.0


def pay(net: Net, node: NodePlace) -> None:
    assert net.decide(node, net.payment()).status == "ok"


def leader(net: Net) -> NodePlace:
    name = net.get(net.testnet.nodes[0], "/v1/status")["primary"]
    return net.testnet.node(str(name))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_small_committee_decides_before_and_after_its_primary_was_killed(
    tmp_path: Path, n: int
) -> None:
    with running(tmp_path, nodes=n) as net:
        for node in net.testnet.nodes:
            pay(net, node)
        dead = leader(net)
        net.kill(dead)
        net.start(dead)
        for node in net.testnet.nodes:
            pay(net, node)
        assert_same_history(net)


def test_one_of_two_decides_nothing_alone_and_forgets_nothing(tmp_path: Path) -> None:
    with running(tmp_path, nodes=2) as net:
        dead = leader(net)
        (alive,) = (node for node in net.testnet.nodes if node is not dead)
        pay(net, alive)
        height = net.at_rest()[0]["height"]
        net.kill(dead)
        raw = net.payment()
        with pytest.raises(OutcomeUnknown):
            net.client(alive).submit(raw, timeout_s=UNDECIDED_S)
        assert net.height([alive]) == height
        net.start(dead)
        assert net.decide(alive, raw).status == "ok"
        assert_same_history(net)


def test_any_two_of_three_decide(tmp_path: Path) -> None:
    with running(tmp_path, nodes=3) as net:
        for _ in range(2):
            dead = leader(net)
            net.kill(dead)
            pay(net, next(node for node in net.testnet.nodes if node is not dead))
            net.start(dead)
        assert_same_history(net)
