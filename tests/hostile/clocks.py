"""Clocks that are an hour off on real processes: `python -m tests.hostile.clocks [--faketime LIB]`.

Three acts on four (or more) nodes, under load: f nodes an hour ahead, f nodes an hour behind, and
one more than f, some ahead and some behind. With f the others go on deciding, also when it is the
turn of a skewed primary; the f follow, and every node's status names the skew. With more nothing is
decided, and nothing is wrong: once the clocks are right again, decisions go on. At the end: one
history, nothing acknowledged lost, doubled or contradicted. Prints one JSON object; exit 1 on any
failure, with the network left on disk.

LIB is libfaketime, or `tests/hostile/wall_clock.c`, which says why. Without it the nodes run by
`tests.hostile.skewed_node`, which says what it can't shift.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from chain.genesis import ConsensusParameters
from node import detached, processes
from node.client import NodeRefused
from node.clock import now_ms
from node.testnet_layout import NodePlace
from tests.hostile.chaos import DECIDED_AGAIN_S, until_held
from tests.hostile.rolling import gaps
from tests.processes.figure import in_network
from tests.processes.history import assert_all_well
from tests.processes.net import Load, Net, until
from tests.processes.promises import Promises

HOUR_MS: Final = 3_600_000
ROOT: Final = Path(__file__).resolve().parent.parent.parent
PARAMETERS: Final = ConsensusParameters()
# A faulty primary costs at most the request timer and a view timeout; as much again for the rest.
GAP_S: Final = 2 * (PARAMETERS.request_timeout_ms + PARAMETERS.view_timeout_ms) / 1000
# Every member's turn to lead has come twice, but for those that are blamed for having been away.
TURNS: Final = 2
# Until that is forgotten, and a skewed one leads.
LED_TIMEOUT_S: Final = 3 * PARAMETERS.blame_ms / 1000
STALL_S: Final = 4.0
# The drift itself, and the seconds that its last decisions take.
LAST_S: Final = 3 * PARAMETERS.clock_drift_max_ms / 1000
SKEW_ERROR_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Skewer:
    """Starts nodes with another wall clock: by libfaketime, or by the stand-in."""

    library: Path | None = None

    def start(self, net: Net, node: NodePlace, offset_ms: int) -> None:
        """Restart a node so many ms ahead (or behind); returns when it listens."""
        testnet = net.testnet
        processes.stop(testnet, [node])
        if offset_ms == 0:
            processes.start(testnet, node)
        else:
            self._launch(net, node, offset_ms)
        # Ready it need not be: it may refuse what the others propose.
        until(lambda: "height" in processes.status_of(node), f"{node.name} answers")

    def _launch(self, net: Net, node: NodePlace, offset_ms: int) -> None:
        testnet, config = net.testnet, net.testnet.config_file(node)
        start = ("node", "start", "--config", str(config))
        environ = processes.plain_environment()
        if self.library is None:
            command = [sys.executable, "-m", "tests.hostile.skewed_node", str(offset_ms), *start]
        else:
            command = [sys.executable, str(ROOT / "cli.py"), *start]
            environ |= {
                "LD_PRELOAD": str(self.library),
                "FAKETIME": f"{offset_ms / 1000:+.0f}s",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        detached.launch(
            detached.Footprint(testnet.pid_file(node), config),
            command,
            cwd=ROOT,
            log_file=testnet.log_file(node),
            environ=environ,
        )


def skews(net: Net, node: NodePlace) -> dict[str, int]:
    """What a node says of its peers' clocks, as far as it knows."""
    peers = net.get(node, "/v1/status")["peers"]
    return {p["name"]: p["clock_skew_ms"] for p in peers if p["clock_skew_ms"] is not None}


def is_told(told: Mapping[str, int], name: str, offset_ms: int) -> bool:
    """Does somebody say that this member is so far off?"""
    return name in told and abs(told[name] - offset_ms) <= SKEW_ERROR_MS


def refusal(net: Net, node: NodePlace) -> str:
    """What a client of a skewed node is told: where it is ahead, windows are over there."""
    try:
        return net.decide(node, net.payment()).status
    except NodeRefused as error:
        return error.told_code


def tolerated(
    net: Net, load: Load, skewer: Skewer, offsets: Mapping[str, int], *, led: bool
) -> dict[str, Any]:
    """At most f clocks are off: decisions go on, and the skewed follow and say so.

    `led`: wait until each of them has led. Who is ahead proposes what all refuse; who is behind,
    right after the parent's time, which under load is within the drift.
    """
    began = time.monotonic()
    for name, offset_ms in offsets.items():
        skewer.start(net, net.testnet.node(name), offset_ms)
    right = [node for node in net.testnet.nodes if node.name not in offsets]
    height = net.height(right)
    turns = TURNS * PARAMETERS.leader_period * len(net.testnet.nodes)
    until(lambda: net.height(right) > height + turns, "all members have had their turns", 120.0)
    for name, offset_ms in offsets.items() if led else ():
        has_led = partial(_has_led, net, right[0], name, offset_ms)
        until(has_led, f"{name} has led", LED_TIMEOUT_S)
    ended = time.monotonic()
    longest_s = max(gaps([began, *(at for at in load.after(began) if at < ended), ended]))
    assert longest_s <= GAP_S, f"{longest_s:.2f} s without a decision"
    reached, told = net.height(right), {}
    for name, offset_ms in offsets.items():
        node = net.testnet.node(name)
        until(lambda one=node: net.height([one]) >= reached, f"{name} follows")  # type: ignore[misc]
        found = skews(net, node)
        agreed = [other for other in found if is_told(found, other, -offset_ms)]
        assert len(agreed) >= len(right) - 1, f"{name} is {offset_ms} ms off and says {found}"
        told[name] = {"of_peers_ms": found, "tells_clients": refusal(net, node)}
    return {
        "seconds": round(ended - began, 1),
        "longest_without_decision_s": round(longest_s, 2),
        "skewed": told,
    }


def _newest_is_past(net: Net, node: NodePlace) -> bool:
    """Is the newest block's time too old for a block right after it to be accepted?"""
    time_ms = int(net.get(node, "/v1/headers/latest")["header"]["time_ms"])
    return time_ms + 1 < now_ms() - PARAMETERS.clock_drift_max_ms


def _has_led(net: Net, node: NodePlace, name: str, offset_ms: int) -> bool:
    """Has a node heard a refused proposal of this member, or decided one?"""
    proposer = net.get(node, "/v1/headers/latest")["header"]["proposer"]
    decided = net.testnet.nodes[int(proposer)].name == name
    return decided or is_told(skews(net, node), name, offset_ms)


def too_many(net: Net, load: Load, skewer: Skewer, offsets: Mapping[str, int]) -> dict[str, Any]:
    """More than f clocks are off, no quorum within the drift: safe, and over when mended."""
    for name, offset_ms in offsets.items():
        skewer.start(net, net.testnet.node(name), offset_ms)
    nodes = net.testnet.nodes
    # Who is behind proposes right after the parent's time: while that is within the drift of the
    # right clocks they take it, so decisions end when the newest block has left the drift.
    right = [node for node in nodes if node.name not in offsets]
    until(lambda: all(_newest_is_past(net, node) for node in right), "times are past", LAST_S)
    height = net.height(nodes)
    until_held(STALL_S)
    decided = net.height(nodes) - height
    mended = time.monotonic()
    for name in offsets:
        skewer.start(net, net.testnet.node(name), 0)
    until(lambda: bool(load.beyond(height + decided + 1)), "all decide again", DECIDED_AGAIN_S)
    again_s = load.beyond(height + decided + 1)[0] - mended
    assert decided <= 1, f"{decided} blocks were decided without a quorum of clocks"
    return {"decided_meanwhile": decided, "decided_again_s": round(again_s, 2)}


def run(net: Net, skewer: Skewer, acts: Sequence[str], *, led: bool) -> dict[str, Any]:
    """Play these acts, then check everything; the figures. `led`: as for `tolerated`."""
    names = [node.name for node in net.testnet.nodes]
    f = (len(names) - 1) // 3
    promises = Promises.of(net.testnet)
    figures: dict[str, Any] = {}
    # Clients of those whose clocks are right: the others turn theirs away.
    with Load(net, nodes=net.testnet.nodes[2 * f :]) as load:
        until(lambda: len(load.acknowledged) > len(names), "the load is under way")
        for act in acts:
            sys.stderr.write(f"\r{act:20}")
            if act == "more than f":
                # Half of them on either side of the truth.
                hours = {name: HOUR_MS * (-1) ** at for at, name in enumerate(names[: f + 1])}
                figures[act] = too_many(net, load, skewer, hours)
                continue
            # Others in the second act: those of the first are blamed for longer already.
            offsets = dict.fromkeys(names[:f], HOUR_MS)
            if act == "f behind":
                offsets = dict.fromkeys(names[f : 2 * f], -HOUR_MS)
            figures[act] = tolerated(net, load, skewer, offsets, led=led)
            for name in offsets:
                skewer.start(net, net.testnet.node(name), 0)
        assert_all_well(net, load, promises)
    return figures | {
        "acknowledged": len(load.acknowledged),
        "untold": dict(sorted(Counter(load.refused).items())),
        "conflicting_signatures": 0,
    }


ACTS: Final = ("f ahead", "f behind", "more than f")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.clocks", description=__doc__)
    parser.add_argument("--faketime", type=Path, help="wall_clock.so, or libfaketime.so.1")
    parser.add_argument("--nodes", type=int, default=4)
    options = parser.parse_args(arguments)
    skewer = Skewer(options.faketime)
    return in_network("clocks", lambda net: run(net, skewer, ACTS, led=True), nodes=options.nodes)


if __name__ == "__main__":
    sys.exit(main())
