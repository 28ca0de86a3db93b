"""Four real processes under load, each killed with SIGKILL in turn, the primary first."""

import time
from pathlib import Path

import pytest

from node.testnet_layout import NodePlace
from tests.processes.net import Load, Net, running, until

DECIDED_AGAIN_S = 2.0


def primary_of(net: Net, asked: NodePlace) -> str:
    return str(net.get(asked, "/v1/status")["primary"])


def assert_same_history(net: Net) -> None:
    """All nodes report one block hash and one state root at each height."""
    height = net.level()[0]["height"]
    for at in range(height + 1):
        headers = [net.get(node, f"/v1/headers/{at}") for node in net.testnet.nodes]
        assert len({header["header"]["hash"] for header in headers}) == 1
        assert len({header["header"]["state_root"] for header in headers}) == 1


@pytest.mark.parametrize("store", ["auto", "sqlite"])
def test_each_node_is_killed_in_turn_and_nothing_acknowledged_is_lost(
    tmp_path: Path, store: str
) -> None:
    with running(tmp_path, store=store) as net, Load(net) as load:
        until(lambda: len(load.acknowledged) > 20, "the load is under way")
        killed: set[str] = set()
        while len(killed) < len(net.testnet.nodes):
            waiting = [node for node in net.testnet.nodes if node.name not in killed]
            leader = primary_of(net, waiting[-1])
            victim = next((node for node in waiting if node.name == leader), waiting[0])
            net.kill(victim)
            killed.add(victim.name)
            moment = time.monotonic()
            until(lambda at=moment: bool(load.after(at)), "the others decide again")  # type: ignore[misc]
            assert load.after(moment)[0] - moment < DECIDED_AGAIN_S
            net.start(victim)
        # Each came back and votes: with any one other gone, the quorum needs it.
        load.stop()
        assert_same_history(net)
        for transaction_id, (_, receipt) in load.acknowledged.items():
            for node in net.testnet.nodes:
                known = net.get(node, f"/v1/receipts/{transaction_id}")
                assert known | {"certified": True} == receipt | {"certified": True}
        assert set(load.refused) <= {"OutcomeUnknown", "NodeUnreachable"}
