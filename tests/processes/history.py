"""What must hold of a test network after any fault: one history, and nothing acknowledged lost."""

from collections.abc import Sequence

from node.testnet_layout import NodePlace
from tests.processes.net import Load, Net

# Whoever was told nothing may try again; any other answer to a payment is a fault.
UNTOLD = {"OutcomeUnknown", "NodeUnreachable"}


def assert_same_history(net: Net, nodes: Sequence[NodePlace] = ()) -> None:
    """All these nodes report one block hash and one state root at each height."""
    height = net.level(nodes)[0]["height"]
    for at in range(height + 1):
        headers = [net.get(node, f"/v1/headers/{at}") for node in nodes or net.testnet.nodes]
        assert len({header["header"]["hash"] for header in headers}) == 1
        assert len({header["header"]["state_root"] for header in headers}) == 1


def assert_nothing_lost(net: Net, load: Load, nodes: Sequence[NodePlace] = ()) -> None:
    """Every receipt that a client was given is on every one of these nodes."""
    for transaction_id, (_, receipt) in load.acknowledged.items():
        for node in nodes or net.testnet.nodes:
            known = net.get(node, f"/v1/receipts/{transaction_id}")
            assert known | {"certified": True} == receipt | {"certified": True}
    assert set(load.refused) <= UNTOLD
