"""Kill -9 of random nodes under load, as often as one likes: `python -m tests.processes.soak`.

Mostly one node dies, sometimes two, sometimes all. After each time the network must decide again
and the dead be back within `BACK_S`. At the end: one history in all stores, every receipt that a
client was given in each of them, and no two conflicting signatures in any journal or certificate.
Prints one JSON object; exit 1 on any failure, with the network left on disk for a look.
"""

import argparse
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from chain.errors import HushangError
from node import processes
from node.testnet_layout import NodePlace
from tests.processes.figure import in_network
from tests.processes.history import assert_one_history
from tests.processes.net import Load, Net, until
from tests.processes.promises import Promises, complaints

BACK_S = 10.0
SLOWEST = 5
# Of 20 rounds: in 16 one node dies, in 3 two at once, in 1 all.
ONE, TWO, ALL = 16, 3, 1


@dataclass(frozen=True, slots=True)
class Round:
    """One round; times in seconds."""

    dead: int
    led: bool
    views: tuple[int, int]
    # From the SIGKILL to the next decision; None where no quorum was left.
    decided_again: float | None
    # From the restart until each of the killed may vote and has decided what is new.
    back: float


@dataclass(slots=True)
class Soak:
    """What happened so far."""

    seed: int
    rounds: list[Round] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many nodes were killed."""
        return sum(one.dead for one in self.rounds)

    def record(self) -> dict[str, Any]:
        """For machines."""
        again = [(one, one.decided_again) for one in self.rounds if one.decided_again is not None]
        return {
            "seed": self.seed,
            "kills": self.kills,
            "rounds": len(self.rounds),
            "primaries_killed": sum(one.led for one in self.rounds),
            "decided_again_s": summary([seconds for _, seconds in again]),
            "decided_again_without_primary_s": summary([s for one, s in again if one.led]),
            "back_in_quorum_s": summary([one.back for one in self.rounds]),
            "slowest": [asdict(one) for one in sorted(self.rounds, key=_slowness)[-SLOWEST:]],
        }


def _slowness(one: Round) -> float:
    return one.decided_again or 0.0


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Median and maximum."""
    if not seconds:
        return {}
    return {"median": round(statistics.median(seconds), 2), "max": round(max(seconds), 2)}


def victims(net: Net, draw: random.Random, left: int) -> list[NodePlace]:
    """Who dies next."""
    nodes = list(net.testnet.nodes)
    (count,) = draw.choices([1, 2, len(nodes)], weights=[ONE, TWO, ALL])
    return draw.sample(nodes, min(count, left))


def takes_part(net: Net, node: NodePlace, height: int) -> bool:
    """May the node vote, and has it decided above this height?

    It need not be ready: a slow one is always told of a block more, and its Commit comes after the
    quorum's. That it is of use shows when the next one is killed, and a decision needs it.
    """
    try:
        status = net.get(node, "/v1/status")
    except HushangError:
        # Its API is not there yet.
        return False
    reasons = [str(reason) for reason in status["not_ready_because"]]
    return int(status["height"]) > height and all(r.startswith("catching up") for r in reasons)


def kill_and_restart(
    net: Net, load: Load, dead: Sequence[NodePlace], soak: Soak, promises: Promises
) -> None:
    """One round."""
    alive = [node for node in net.testnet.nodes if node not in dead]
    status = net.get(net.testnet.nodes[0], "/v1/status")
    led = any(node.name == status["primary"] for node in dead)
    moment = time.monotonic()
    net.kill_at_once(dead)
    quorum_is_left = len(dead) <= (len(net.testnet.nodes) - 1) // 3
    for node in dead:
        promises.read_journal(node)
    # Above this height nothing of before counts: the dead may have given their votes for it.
    height = max(promises.height, net.height(alive) + 1 if quorum_is_left else 0)
    # Every other time they come back while the others still change the view.
    if quorum_is_left and len(soak.rounds) % 2:
        until(lambda: bool(load.beyond(height)), "the others decide again", BACK_S)
    restarted = time.monotonic()
    for node in dead:
        processes.start(net.testnet, node)
    for node in dead:
        until(lambda one=node: takes_part(net, one, height), f"{node.name} is back", BACK_S)  # type: ignore[misc]
    back = time.monotonic() - restarted
    until(lambda: bool(load.beyond(height)), "all decide again", BACK_S)
    view = int(net.get(net.testnet.nodes[0], "/v1/status")["view"])
    soak.rounds.append(
        Round(
            dead=len(dead),
            led=led,
            views=(int(status["view"]), view),
            decided_again=load.beyond(height)[0] - moment if quorum_is_left else None,
            back=back,
        )
    )
    assert soak.rounds[-1].back < BACK_S, f"{soak.rounds[-1]}"


def run(net: Net, kills: int, soak: Soak) -> dict[str, Any]:
    """Kill so often, then check everything; the figures."""
    draw = random.Random(soak.seed)
    promises = Promises.of(net.testnet)
    began = time.monotonic()
    with Load(net) as load:
        until(lambda: len(load.acknowledged) > 20, "the load is under way")
        while soak.kills < kills:
            dead = victims(net, draw, kills - soak.kills)
            kill_and_restart(net, load, dead, soak, promises)
            sys.stderr.write(f"\r{soak.kills} of {kills} kills")
        load.stop()
        height = net.level()[0]["height"]
        net.kill_all()
        promises.read_all()
        assert_one_history(net, load)
    assert promises.conflicts == [], "somebody signed two things"
    assert complaints(net.testnet) == [], "a node logged an error"
    return soak.record() | {
        "seconds": round(time.monotonic() - began, 1),
        "height": height,
        "acknowledged": len(load.acknowledged),
        "untold": dict(sorted(Counter(load.refused).items())),
        "statements_compared": len(promises.said),
        "conflicting_signatures": len(promises.conflicts),
        "errors_logged": 0,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.processes.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", default="auto")
    options = parser.parse_args(arguments)
    soak = Soak(options.seed)
    plan = {"nodes": options.nodes, "store": options.store}
    return in_network("soak", lambda net: run(net, options.kills, soak), soak.record, **plan)


if __name__ == "__main__":
    sys.exit(main())
