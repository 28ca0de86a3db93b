"""What f dead members cost: `python -m tests.processes.degraded`.

Throughput of a healthy network, then of the same one with f members dead for good, the primary
among them, measured from their death on: the view change is in it. Prints one JSON object.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node.bench.plan import Load
from node.bench.runner import run, stage_of
from node.testnet_layout import NodePlace
from tests.processes.net import Net, running

RATIO_MIN = 0.5
IN_FLIGHT = 200
BATCH = 50


@dataclass(frozen=True, slots=True)
class Degraded:
    """Decided transactions a second, before and after the deaths."""

    healthy_per_s: float
    degraded_per_s: float
    dead: int
    nodes: int

    @property
    def ratio(self) -> float:
        """What is left of the throughput."""
        return self.degraded_per_s / self.healthy_per_s


def throughput(net: Net, nodes: Sequence[NodePlace], seconds: float) -> float:
    """Decided transactions a second through these nodes; every acknowledged one is on all."""
    stage = stage_of(net.testnet, [node.name for node in nodes])
    measured = run(stage, Load("transfer", seconds, BATCH, None, IN_FLIGHT), lambda _: None)
    assert measured.agreement.holds
    return measured.steady_per_s


def measure(net: Net, seconds: float) -> Degraded:
    """Healthy, then with f dead."""
    nodes = net.testnet.nodes
    f = (len(nodes) - 1) // 3
    healthy_per_s = throughput(net, nodes, seconds)
    leader = net.get(nodes[0], "/v1/status")["primary"]
    dead = sorted(nodes, key=lambda node: node.name != leader)[:f]
    net.kill_at_once(dead)
    alive = [node for node in nodes if node not in dead]
    return Degraded(healthy_per_s, throughput(net, alive, seconds), f, len(nodes))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; exit 1 if less than half is left."""
    parser = argparse.ArgumentParser(prog="python -m tests.processes.degraded", description=__doc__)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args(arguments)
    directory = Path(tempfile.mkdtemp(prefix="hushang-degraded-"))
    try:
        with running(directory, nodes=options.nodes) as net:
            found = measure(net, options.seconds)
    finally:
        shutil.rmtree(directory)
    ok = found.ratio >= RATIO_MIN
    record = {
        "ok": ok,
        "nodes": found.nodes,
        "dead": found.dead,
        "seconds": options.seconds,
        "healthy_per_s": found.healthy_per_s,
        "degraded_per_s": found.degraded_per_s,
        "ratio": round(found.ratio, 2),
    }
    sys.stdout.write(json.dumps(record) + "\n")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
