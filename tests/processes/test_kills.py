"""Four real processes under load, each killed with SIGKILL in turn, the primary first."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from node.testnet_layout import NodePlace
from tests.processes.history import assert_one_history, assert_served
from tests.processes.net import Load, Net, running, until

DECIDED_AGAIN_S = 2.0


def primary_of(net: Net, asked: NodePlace) -> str:
    return str(net.get(asked, "/v1/status")["primary"])


@pytest.mark.parametrize("store", ["auto", "sqlite"])
def test_each_node_is_killed_in_turn_and_nothing_acknowledged_is_lost(
    tmp_path: Path, store: str, tell: Callable[[str], None]
) -> None:
    with running(tmp_path, store=store) as net, Load(net) as load:
        until(lambda: len(load.acknowledged) > 20, "the load is under way")
        killed: set[str] = set()
        seconds: list[float] = []
        while len(killed) < len(net.testnet.nodes):
            waiting = [node for node in net.testnet.nodes if node.name not in killed]
            leader = primary_of(net, waiting[-1])
            victim = next((node for node in waiting if node.name == leader), waiting[0])
            moment = time.monotonic()
            net.kill(victim)
            killed.add(victim.name)
            # The dead may have given its votes for one height more.
            height = net.height([node for node in net.testnet.nodes if node is not victim]) + 1
            until(lambda at=height: bool(load.beyond(at)), "the others decide again")  # type: ignore[misc]
            seconds.append(load.beyond(height)[0] - moment)
            assert seconds[-1] < DECIDED_AGAIN_S
            net.start(victim)
        # Each came back and votes: with any one other gone, the quorum needs it.
        load.stop()
        net.level()
        assert_served(net, load)
        net.kill_all()
        assert_one_history(net, load)
        tell(f"kills in turn ({store}): decided again after {max(seconds):.2f} s at most")
