"""How much memory a node holds under a long load: `python -m tests.bench.memory`.

Four real node processes on this host, and `hushang bench` against them in rounds: after each round
RssAnon (without the files that LevelDB maps) of every node, and what they have on disk.

    python -m tests.bench.memory --transactions 1000000 --in-flight 400

`--trace` runs four nodes inside this process instead, and prints which lines of the code have taken
memory between two moments and not given it back: what grows with every transaction stands on top.

    python -m tests.bench.memory --trace --transactions 10000
"""

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from chain.store_contract import Kind
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import operation
from node import processes, testnet
from node.node import Node
from node.testnet_genesis import Plan
from node.testnet_layout import LocalNetwork
from tests.bench.command import command, say, tell
from tests.bench.memory_use import anonymous_mib
from tests.chain.world import account
from tests.node.cluster import Cluster, cluster

ROOT: Final = Path(__file__).resolve().parents[2]
MIB: Final = 1024 * 1024
ROUND_MAX_S: Final = 600.0
TRACED_BATCH: Final = 200
TRACED_LINES: Final = 25
NODES: Final = 4
WAIT_MS: Final = 60_000
FUNDS_MINOR: Final = 1_000_000_000
PAYERS: Final = ("buyer", "merchant", "carrier", "issuer")


@contextmanager
def network() -> Iterator[LocalNetwork]:
    """Four node processes; nothing of them is left."""
    with tempfile.TemporaryDirectory() as folder:
        made = testnet.up(Plan(Path(folder) / "net", "memory"), tell)
        try:
            yield made
        finally:
            testnet.reset(made)


def offer(made: LocalNetwork, in_flight: int, seconds: float) -> dict[str, Any]:
    """One round of `hushang bench`; its report."""
    command = [sys.executable, str(ROOT / "cli.py"), "bench", "--context", str(made.directory)]
    command += ["--in-flight", str(in_flight), "--seconds", f"{seconds:g}", "-o", "json"]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        check=True,
        timeout=seconds + ROUND_MAX_S,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def held(made: LocalNetwork) -> list[float]:
    """RssAnon of each node, MiB."""
    pids = [processes.state_of(made, node).pid for node in made.nodes]
    return [anonymous_mib(pid) for pid in pids if pid is not None]


def on_disk(made: LocalNetwork) -> float:
    """What the first node keeps, MiB."""
    data = made.data_dir(made.nodes[0])
    return sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) / MIB


def load(made: LocalNetwork, transactions: int, in_flight: int, round_s: float) -> list[float]:
    """Offer rounds until so many are decided, and print; the most that any node held each time."""
    say("transactions    tx/s  on disk, MiB  RssAnon by node, MiB")
    decided, per_s = 0, 0.0
    peaks = []
    while True:
        now = held(made)
        peaks.append(max(now))
        each = " ".join(f"{mib:7.1f}" for mib in now)
        say(f"{decided:12}{per_s:8.0f}{on_disk(made):14.1f}  {each}")
        if decided >= transactions:
            return peaks
        report = offer(made, in_flight, round_s)
        per_s = report["decided"]["per_s"]
        decided += report["decided"]["transactions"]


async def trace(
    folder: Path, transactions: int, kind: Kind = "leveldb"
) -> list[tracemalloc.StatisticDiff]:
    """What four nodes in this process hold after as many again that they didn't hold before.

    The first half fills what has a limit and a start; the second should leave nothing.
    """
    async with cluster(folder, kind=kind) as net:
        # From the start: what is dropped in the second half must be known to it.
        tracemalloc.start()
        await _decide(net.nodes[0], _issues(net))
        await _pay(net, transactions)
        first = _snapshot()
        await _pay(net, transactions)
        return _snapshot().compare_to(first, "lineno")


def _snapshot() -> tracemalloc.Snapshot:
    gc.collect()
    ours = tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__)
    return tracemalloc.take_snapshot().filter_traces([ours])


def _issues(net: Cluster) -> list[bytes]:
    issues = (AssetIssue("CNY", account(to), FUNDS_MINOR, to) for to in PAYERS)
    return [net.signed("issuer", operation("asset.issue", one)) for one in issues]


async def _pay(net: Cluster, transactions: int) -> None:
    """Payments, handed to all nodes in turn, in batches that are waited for."""
    turns = cycle(net.nodes)
    for first in range(0, transactions, TRACED_BATCH):
        raws = []
        for turn in range(first, min(transactions, first + TRACED_BATCH)):
            sender, payee = PAYERS[turn % len(PAYERS)], PAYERS[(turn + 1) % len(PAYERS)]
            pay = PayTransfer(account(payee), "CNY", 1, None)
            raws.append(net.signed(sender, operation("pay.transfer", pay)))
        await _decide(next(turns), raws)


async def _decide(node: Node, raws: Sequence[bytes]) -> None:
    submitted = await asyncio.gather(*(node.submit(raw) for raw in raws))
    waits = (node.wait_decided(one.id, WAIT_MS) for one in submitted)
    outcomes = await asyncio.gather(*waits)
    assert all(outcomes), "not decided in time"


def _print_trace(found: Sequence[tracemalloc.StatisticDiff], transactions: int) -> None:
    total = sum(entry.size_diff for entry in found)
    say(f"{total / transactions / NODES:.0f} bytes more a transaction and node; of these:")
    for entry in sorted(found, key=lambda entry: -entry.size_diff)[:TRACED_LINES]:
        frame = entry.traceback[0]
        name = Path(frame.filename)
        place = name.relative_to(ROOT) if name.is_relative_to(ROOT) else name.name
        each = entry.size_diff / transactions / NODES
        say(f"{each:9.1f} bytes, {entry.count_diff:+8} objects  {place}:{frame.lineno}")


def main() -> None:
    """Parse, load, print."""
    parser = command("memory", __doc__)
    parser.add_argument("--transactions", type=int, default=100_000)
    parser.add_argument("--in-flight", type=int, default=400)
    parser.add_argument("--round", type=float, default=25.0, help="seconds between two looks")
    parser.add_argument("--mib-max", type=float, default=300.0, help="exit 1 above this")
    parser.add_argument("--trace", action="store_true", help="which lines hold what has grown")
    args = parser.parse_args()
    if args.trace:
        with tempfile.TemporaryDirectory() as folder:
            found = asyncio.run(trace(Path(folder), args.transactions))
        _print_trace(found, args.transactions)
        return
    with network() as made:
        peaks = load(made, args.transactions, args.in_flight, args.round)
    sys.exit(max(peaks) > args.mib_max)


if __name__ == "__main__":
    main()
