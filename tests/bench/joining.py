"""How long a new node takes to join: `python -m tests.bench.joining --transactions 100000`.

A chain is made in process for three of four real nodes; the fourth has nothing and joins twice, by
replaying the blocks and by a snapshot. Timed from the start of its process until its API says that
it has the others' newest block. Prints one line of JSON.
"""

import json
import math
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from node import processes
from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable
from node.control_client import run_job
from node.journal_loss import mark_new
from node.testnet_genesis import Plan, create
from node.testnet_layout import LocalNetwork, NodePlace
from tests.bench import chains
from tests.bench.command import command, say, tell
from tests.processes.net import until

READY_TIMEOUT_S = 120.0


def set_join(testnet: LocalNetwork, node: NodePlace, how: str) -> None:
    """How a stopped node catches up at its next start."""
    file = testnet.config_file(node)
    lines = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("join")]
    file.write_text("\n".join([f"join = {json.dumps(how)}", *lines, ""]), "utf-8")


def forget(testnet: LocalNetwork, node: NodePlace) -> None:
    """A stopped node begins with nothing, as when it was made."""
    shutil.rmtree(testnet.data_dir(node), ignore_errors=True)
    mark_new(testnet.data_dir(node) / "journal")


def height_of(node: NodePlace) -> int:
    """What a node's API says; -1 while it says nothing."""
    try:
        return int(NodeClient([node.api], timeout_s=5.0).get("/v1/status")["height"])
    except (NodeFailed, NodeRefused, NodeUnreachable):
        return -1


def wait_for_height(testnet: LocalNetwork, node: NodePlace, height: int) -> None:
    """Ask a node that was started until it is at this height, however long that takes."""

    def is_there() -> bool:
        assert processes.state_of(testnet, node).pid is not None, "the node ended"
        return height_of(node) >= height

    until(is_there, f"{node.name} is at {height}", timeout_s=math.inf)


def time_join(testnet: LocalNetwork, node: NodePlace, how: str, height: int) -> float:
    """Seconds until a node without anything is at this height; it is stopped again."""
    forget(testnet, node)
    set_join(testnet, node, how)
    began = time.perf_counter()
    try:
        processes.start(testnet, node)
        wait_for_height(testnet, node, height)
        return time.perf_counter() - began
    finally:
        processes.stop(testnet, [node])


def measure(directory: Path, transactions: int, per_block: int) -> dict[str, Any]:
    """Make the chain, and join twice."""
    testnet = create(Plan(directory, "joining"))
    *old, new = testnet.nodes
    tell(f"making a chain of {transactions} transactions in {testnet.directory}")
    chains.build(testnet, transactions, per_block)
    chains.copy(testnet, *old[1:])
    try:
        for node in old:
            processes.start(testnet, node)
        processes.wait_until_ready(testnet, old, READY_TIMEOUT_S)
        height = max(map(height_of, old))
        tell(f"{len(old)} nodes are at height {height}; each makes a snapshot")
        snapshots = [run_job(testnet.data_dir(node), "/snapshot", {}) for node in old]
        tell("joining by replay")
        replay_s = time_join(testnet, new, "replay", height)
        tell(f"{replay_s:.1f} s; joining by snapshot")
        snapshot_s = time_join(testnet, new, "snapshot", height)
        tell(f"{snapshot_s:.1f} s")
    finally:
        processes.stop(testnet, testnet.nodes)
    return {
        "transactions": transactions,
        "height": height,
        "snapshot_bytes": snapshots[0].get("size"),
        "replay_s": round(replay_s, 2),
        "replay_transactions_per_s": round(transactions / replay_s),
        "replay_blocks_per_s": round(height / replay_s, 1),
        "snapshot_s": round(snapshot_s, 2),
        "ratio": round(replay_s / snapshot_s, 1),
    }


def main() -> None:
    """Parse, measure, print."""
    parser = command("joining", __doc__)
    parser.add_argument("--transactions", type=int, default=100_000)
    parser.add_argument("--per-block", type=int, default=50)
    parser.add_argument("--ratio-min", type=float, default=5.0, help="exit 1 below this")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder) / "net", args.transactions, args.per_block)
    say(json.dumps(found))
    sys.exit(found["ratio"] < args.ratio_min)


if __name__ == "__main__":
    main()
