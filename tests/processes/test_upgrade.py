"""An upgrade of four real nodes: replaced one by one, new rules at a height, one too old."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chain.transaction import Operation
from node import processes
from node.client import NodeRefused
from node.testnet_layout import NodePlace
from tests.commands.command_line import hushang
from tests.processes.net import Load, Net, running, until

NEXT = Path(__file__).parent / "next_release"
AHEAD = 12


@contextmanager
def next_release(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nodes that are started inside have the software of protocol version 2."""
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", str(NEXT))
        yield


def replaced(net: Net, node: NodePlace) -> None:
    """Stop a node and start it with the software of now; returns when it is ready."""
    assert processes.stop(net.testnet, [node]) == []
    net.start(node)


def pin(net: Net, title: str) -> bytes:
    """A transaction of the type that only version 2 has."""
    return net.signed("buyer", Operation("notice.pin", (title, "9 to 18")))


def spoken(net: Net, node: NodePlace) -> tuple[int, int]:
    """The version that governs by this node, and the newest that it has."""
    told = net.get(node, "/v1/status")["protocol"]
    return int(told["version"]), int(told["software"])


def last_words(net: Net, node: NodePlace) -> str:
    """The last line of a node's log."""
    lines = net.testnet.log_file(node).read_text("utf-8").splitlines()
    return str(json.loads(lines[-1])["message"])


def test_nodes_are_replaced_one_by_one_and_new_rules_come_at_the_height_that_a_quorum_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as net:
        *renewed, old = net.testnet.nodes
        with Load(net) as load, next_release(monkeypatch):
            for node in renewed:
                replaced(net, node)
            # Old and new software agree on every block meanwhile.
            load.stop()
        net.level()
        assert [spoken(net, node) for node in net.testnet.nodes] == [(1, 2)] * 3 + [(1, 1)]
        with pytest.raises(NodeRefused) as early:
            net.decide(renewed[0], pin(net, "too early"))
        assert early.value.told_code == "OperationNotInForce"

        where = ("--context", str(net.testnet.directory), "-o", "json")
        proposed = hushang("upgrade", "propose", "2", "--after", str(AHEAD), "--force", *where)
        assert proposed.code == 0, proposed.err
        assert f"{old.name} would stop before that height" in proposed.err
        height = int(proposed.json["first_height"])
        while net.height(renewed) < height - 1:
            net.decide(renewed[0], net.payment())

        pid = processes.state_of(net.testnet, old)
        until(lambda: processes.state_of(net.testnet, old).pid is None, f"{pid} has ended")
        assert f"stopped: SoftwareOutdated: protocol version 2 governs from height {height}" in (
            last_words(net, old)
        )
        assert net.decide(renewed[1], pin(net, "opening hours")).status == "ok"

        with next_release(monkeypatch):
            net.start(old)
        statuses = net.level()
        assert {entry["height"] >= height for entry in statuses} == {True}
        assert [spoken(net, node) for node in net.testnet.nodes] == [(2, 2)] * 4
        assert net.decide(old, pin(net, "and by the last")).status == "ok"
