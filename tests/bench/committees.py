"""What a committee's size costs: `python -m tests.bench.committees`.

First, exactly: the messages and bytes of one block by kind, counted in a simulated cluster in which
nothing goes wrong, beside what theory says; that is the same on every machine. Then, on this one:
`hushang bench` with each size, every node on the same host; `--seconds 0` leaves that out.

    python -m tests.bench.committees --nodes 4 7 --seconds 10 --in-flight 400
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.command import command, say
from tests.bench.quiet import QuietCluster

ROOT: Final = Path(__file__).resolve().parents[2]
SIZES: Final = (4, 7, 10, 16)
KINDS: Final = ("PRE_PREPARE", "PREPARE", "COMMIT")
# Each block of transactions is followed by one that seals it.
BLOCKS: Final = 8
BENCH_OVERHEAD_S: Final = 300.0


def messages_in_theory(nodes: int) -> dict[str, int]:
    """PBFT §4.2, per block: the primary proposes to all others, these prepare, and all commit.

    A vote goes to each other member by itself: there is no multicast between organisations.
    """
    others = nodes - 1
    return {"PRE_PREPARE": others, "PREPARE": others * others, "COMMIT": nodes * others}


def count_messages(nodes: int) -> tuple[dict[str, int], dict[str, int]]:
    """Messages of one block by kind, and their bytes; gossip apart, as "transactions"."""
    cluster = QuietCluster(nodes)
    cluster.decide(cluster.payments(1))
    cluster.forget()
    blocks = sum(cluster.decide(cluster.payments(1)) for _ in range(BLOCKS // 2))
    assert blocks == BLOCKS, blocks
    found = cluster.sent
    messages = {kind: count // blocks for kind, count in found.messages.items()}
    assert all(count % blocks == 0 for kind, count in found.messages.items() if kind in KINDS)
    return messages, {kind: size // blocks for kind, size in found.size.items()}


def measure(nodes: int, seconds: float, in_flight: int) -> dict[str, Any]:
    """The report of `hushang bench` with so many nodes."""
    command = [sys.executable, str(ROOT / "cli.py"), "bench", "-n", str(nodes), "-o", "json"]
    command += ["--in-flight", str(in_flight), "--seconds", f"{seconds:g}"]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, cwd=ROOT, check=True, timeout=seconds + BENCH_OVERHEAD_S
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _print_messages(sizes: Sequence[int]) -> None:
    say(" nodes  pre-prepare  prepare  commit   all  in theory  a node   bytes a node")
    for nodes in sizes:
        messages, size = count_messages(nodes)
        votes = [messages.get(kind, 0) for kind in KINDS]
        theory = sum(messages_in_theory(nodes).values())
        bytes_each = sum(size.get(kind, 0) for kind in KINDS) / nodes
        say(
            f"{nodes:6}{votes[0]:13}{votes[1]:9}{votes[2]:8}{sum(votes):6}{theory:11}"
            f"{sum(votes) / nodes:8.1f}{bytes_each:15.0f}"
        )


def _print_measured(sizes: Sequence[int], seconds: float, in_flight: int) -> None:
    say("\n nodes     tx/s  tx a block  p50 ms  CPU ms a tx and node")
    for nodes in sizes:
        report = measure(nodes, seconds, in_flight)
        decided, cost = report["decided"], report["cost"]["cpu_ms_per_transaction"]
        say(
            f"{nodes:6}{decided['per_s']:9.0f}{decided['transactions_per_block'] or 0:12.0f}"
            f"{report['latency_ms']['p50'] or 0:8.0f}{cost or 0:22.3f}"
        )


def main() -> None:
    """Count, measure, print."""
    parser = command("committees", __doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=SIZES, help="sizes of committees")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each bench; 0: none")
    parser.add_argument("--in-flight", type=int, default=800)
    args = parser.parse_args()
    _print_messages(args.nodes)
    if args.seconds:
        _print_measured(args.nodes, args.seconds, args.in_flight)


if __name__ == "__main__":
    main()
