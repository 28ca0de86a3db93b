"""A rolling restart under load: `python -m tests.hostile.rolling`.

All nodes are restarted one after the other, as `hushang testnet restart --rolling` does it, while
clients pay all the time and go on to another node when theirs is gone. Told: the longest time
between two acknowledged decisions, and between two blocks by their own clocks; nothing acknowledged
may be lost or taken twice. Prints one JSON object; exit 1 on any failure, with the network left on
disk.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from chain.genesis import ConsensusParameters
from node import testnet
from tests.processes.figure import in_network
from tests.processes.history import assert_all_well, ledger_of
from tests.processes.net import Load, Net, until
from tests.processes.promises import Promises
from tests.processes.soak import summary

# docs/hostile.md: "never stops for longer than a view timeout".
GAP_S: Final = ConsensusParameters().view_timeout_ms / 1000
WARM_UP: Final = 50


def gaps(moments: Sequence[float]) -> list[float]:
    """The times between neighbours."""
    return [later - earlier for earlier, later in pairwise(sorted(moments))]


def restart_in_turn(net: Net, load: Load, rounds: int) -> dict[str, Any]:
    """Restart everybody so often; what clients saw meanwhile."""
    took: list[float] = []
    until(lambda: len(load.acknowledged) > WARM_UP, "the load is under way")
    began, first = time.monotonic(), net.height(net.testnet.nodes)
    for number in range(rounds):
        sys.stderr.write(f"\r{number + 1} of {rounds}")
        at = time.monotonic()
        testnet.restart(net.testnet, net.testnet.nodes, lambda _: None)
        took.append(time.monotonic() - at)
    ended = time.monotonic()
    until(lambda: bool(load.after(ended)), "somebody decides afterwards")
    last = net.height(net.testnet.nodes)
    moments = [began, *(at for at in load.after(began) if at <= ended), ended]
    return {
        "restarts": rounds * len(net.testnet.nodes),
        "all_restarted_s": summary(took),
        "longest_without_decision_s": round(max(gaps(moments)), 2),
        "gaps_over_half_a_second": sum(gap > GAP_S / 2 for gap in gaps(moments)),
        "payments_per_s": round((len(moments) - 2) / (ended - began), 1),
        "heights": (first, last),
    }


def longest_between_blocks(net: Net, heights: tuple[int, int]) -> float:
    """By the blocks' own times, from a dead node's store."""
    with ledger_of(net, net.testnet.nodes[0]) as ledger:
        headers = [ledger.header(height) for height in range(heights[0], heights[1] + 1)]
    times = [header.time_ms / 1000 for header in headers if header is not None]
    return round(max(gaps(times)), 2)


def run(net: Net, rounds: int, per_node: int) -> dict[str, Any]:
    """Restart, then check everything; the figures."""
    promises = Promises.of(net.testnet)
    with Load(net, per_node) as load:
        record = restart_in_turn(net, load, rounds)
        assert_all_well(net, load, promises)
    return record | {
        "longest_between_blocks_s": longest_between_blocks(net, record["heights"]),
        "bound_s": GAP_S,
        "acknowledged": len(load.acknowledged),
        "lost": 0,
        "doubled": 0,
        "untold": dict(sorted(Counter(load.refused).items())),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.rolling", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--clients", type=int, default=2, help="at each node")
    options = parser.parse_args(arguments)

    def work(net: Net) -> dict[str, Any]:
        found = run(net, options.rounds, options.clients)
        return found | {"ok": found["longest_without_decision_s"] <= GAP_S}

    return in_network("rolling", work, nodes=options.nodes)


if __name__ == "__main__":
    sys.exit(main())
