"""How fast a node replays what it missed: `python -m tests.bench.catching_up`.

A chain is made in process for three of four real nodes; the fourth was away for all of it. It is
started twice: level with the others, to see what a start alone takes, and with nothing, in both
cases until its API says that it has the others' newest block. The difference is what it replayed:
fetching, checking certificates, executing, writing. CPU is that of its process, all threads.

    python -m tests.bench.catching_up --transactions 100000 --per-block 10 100 500
"""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node import processes
from node.testnet_genesis import Plan, create
from node.testnet_layout import LocalNetwork, NodePlace
from tests.bench import chains
from tests.bench.command import command, say, tell
from tests.bench.joining import READY_TIMEOUT_S, forget, height_of, set_join, wait_for_height

# What a start alone takes varies by so much: no replay is told as shorter.
SHORTEST_S: Final = 0.1
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """From the start of a process until it is level: wall and CPU seconds."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was missed, and what replaying it took besides the start."""

    transactions: int
    blocks: int
    start: Spent
    replay: Spent

    def line(self) -> str:
        """A row of the table."""
        wall_s, cpu_ms = self.replay.wall_s, self.replay.cpu_s * 1000
        return (
            f"{self.transactions / self.blocks:14.1f}{self.blocks:8}{wall_s:8.1f}"
            f"{self.blocks / wall_s:10.1f}{self.transactions / wall_s:8.0f}"
            f"{cpu_ms / self.transactions:15.3f}{cpu_ms / self.blocks:12.2f}"
        )


HEAD: Final = " tx in a block  blocks       s  blocks/s    tx/s  CPU ms of a tx  of a block"


def cpu_s_of(pid: int) -> float:
    """CPU seconds that a process has used, in its own code and in the system's."""
    # The name, in brackets, may hold anything; utime and stime are the 14th and 15th fields.
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def time_start(testnet: LocalNetwork, node: NodePlace, height: int) -> Spent:
    """Start a node and wait until it is at this height; it is stopped again."""
    began = time.perf_counter()
    try:
        processes.start(testnet, node)
        pid = processes.state_of(testnet, node).pid
        assert pid is not None
        wait_for_height(testnet, node, height)
        return Spent(time.perf_counter() - began, cpu_s_of(pid))
    finally:
        processes.stop(testnet, [node])


def measure(directory: Path, transactions: int, per_block: int) -> Replayed:
    """Make the chain, start the fourth node level, then with nothing."""
    testnet = create(Plan(directory, "catching-up"))
    *old, away = testnet.nodes
    tell(f"making a chain of {transactions} transactions, {per_block} in a block")
    blocks = chains.build(testnet, transactions, per_block)
    chains.copy(testnet, *testnet.nodes[1:])
    set_join(testnet, away, "replay")
    try:
        for node in old:
            processes.start(testnet, node)
        processes.wait_until_ready(testnet, old, READY_TIMEOUT_S)
        height = max(map(height_of, old))
        start = time_start(testnet, away, height)
        forget(testnet, away)
        tell("replaying")
        whole = time_start(testnet, away, height)
    finally:
        processes.stop(testnet, testnet.nodes)
    wall_s = max(SHORTEST_S, whole.wall_s - start.wall_s)
    replay = Spent(wall_s, max(0.0, whole.cpu_s - start.cpu_s))
    return Replayed(transactions, blocks, start, replay)


def main() -> None:
    """Parse, measure, print."""
    parser = command("catching_up", __doc__)
    parser.add_argument("--transactions", type=int, default=50_000)
    parser.add_argument("--per-block", type=int, nargs="+", default=[10, 100, 500])
    args = parser.parse_args()
    say(HEAD)
    for per_block in args.per_block:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder) / "net", args.transactions, per_block)
        say(found.line())


if __name__ == "__main__":
    main()
