"""`hushang testnet pause|partition|delay|loss|heal`, as on a day of rehearsing."""

from pathlib import Path
from typing import Any

from node.client import NotFound
from tests.commands.command_line import Ran, inside
from tests.processes.net import Net, running, until


def on(net: Net, *words: str) -> Ran:
    """One command line on the network."""
    return inside(
        "testnet", words[0], "--dir", str(net.testnet.directory), "-o", "json", *words[1:]
    )


def connected(net: Net, number: int) -> set[str]:
    """Whom a node is connected to."""
    status = net.get(net.testnet.nodes[number - 1], "/v1/status")
    return {peer["name"] for peer in status["peers"] if peer["connected"]}


def test_faults_are_put_shown_and_lifted_by_commands(tmp_path: Path) -> None:
    with running(tmp_path) as net:
        check_partition(net)
        check_pause(net)
        check_bad_lines(net)
        check_growth_and_end(net)


def check_partition(net: Net) -> None:
    cut = on(net, "partition", "1,xuhui")
    assert cut.code == 0, cut.err
    assert cut.json["words"] == ["partition: pudong xuhui | jingan hongkou"]
    until(lambda: connected(net, 1) == {"xuhui"}, "the halves have parted")
    until(lambda: connected(net, 3) == {"hongkou"}, "the halves have parted")
    sent = net.client(net.testnet.nodes[0]).submit(net.payment(), decided=False)
    one_way = on(net, "partition", "--one-way", "3", "4").json
    assert one_way["words"][1] == "one way: hongkou doesn't hear jingan"
    assert on(net, "status").json["faults"] == one_way
    healed = on(net, "heal")
    assert (healed.code, healed.json["words"]) == (0, [])
    outcome = net.client(net.testnet.nodes[0]).get(f"/v1/transactions/{sent.id}")
    assert outcome["id"] == sent.id
    until(lambda: decided(net, sent.id), "what was handed in meanwhile is decided")
    assert on(net, "status").json["faults"] is None


def decided(net: Net, transaction_id: str) -> bool:
    try:
        told: Any = net.get(net.testnet.nodes[2], f"/v1/transactions/{transaction_id}")
    except NotFound:
        # It was handed in on the other side, and gossip has not crossed yet.
        return False
    return told["receipt"] is not None


def check_pause(net: Net) -> None:
    assert on(net, "pause", "1").code == 0
    status = on(net, "status").json
    assert [node["paused"] for node in status["nodes"]] == [True, False, False, False]
    assert net.decide(net.testnet.nodes[1], net.payment()).status == "ok"
    assert on(net, "resume", "1").code == 0
    assert on(net, "pause", "2").code == 0
    # A fault reaches the paused one too: its settings lead through the relay when it goes on.
    assert on(net, "partition", "2").code == 0
    assert "xuhui goes on" in on(net, "heal").err
    net.level()


def check_bad_lines(net: Net) -> None:
    late = on(net, "delay", "20", "--jitter", "5", "--rate", "512", "1").json
    assert late["faults"]["delay"] == {"delay_ms": 20, "jitter_ms": 5, "nodes": ["pudong"]}
    lossy = on(net, "loss", "0.5").json
    assert lossy["words"][-2:] == ["loss: 0.5 %", "rate: 524288 bytes/s at pudong"]
    assert net.decide(net.testnet.nodes[0], net.payment()).status == "ok"
    on(net, "delay", "0")
    assert on(net, "loss", "0").json == {"relay_pid": None, "faults": {}, "words": []}
    for wrong in (
        ("partition", "1", "1"),
        ("partition", "--one-way", "1"),
        ("partition", "--one-way", "1", "1"),
        ("loss", "51"),
        ("delay", "-1"),
    ):
        assert on(net, *wrong).code == 2, wrong
    assert on(net, "partition", "nobody").error["code"] == "NodeUnnamed"


def check_growth_and_end(net: Net) -> None:
    on(net, "delay", "5")
    restarted = on(net, "restart", "--rolling", "4")
    assert restarted.code == 0, restarted.err
    assert net.decide(net.testnet.nodes[3], net.payment()).status == "ok"
    assert "no faults are in force any more" in on(net, "stop").err
    assert not (net.testnet.directory / "relay").exists()
