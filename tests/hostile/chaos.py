"""Faults between real processes, as many as one likes: `python -m tests.hostile.chaos`.

Each round draws a fault (a partition into a minority, halves or single nodes; a one-way link;
200 ms of delay; 5 % loss; nodes paused or killed; several at once), holds it while clients pay, and
lifts it. From then on the first new decision must come within twice the cap of the view timeout
(docs/hostile.md), and every node must take part in a newer one. At the end: one history in all
stores, every acknowledged payment there exactly once, and no two conflicting signatures.

Prints one JSON object; exit 1 on any failure, with the network left on disk for a look.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from chain.errors import HushangError
from chain.genesis import ConsensusParameters
from node import processes, testnet_faults
from node.faults import NONE, Delay, Faults, Loss, OneWay
from node.testnet_layout import NodePlace
from tests.processes.figure import in_network
from tests.processes.history import UNTOLD, assert_all_well
from tests.processes.net import Load, Net, until
from tests.processes.promises import Promises
from tests.processes.soak import summary, takes_part

# docs/hostile.md: "first decision < 2 × the view-timeout cap after healing".
DECIDED_AGAIN_S: Final = 2 * ConsensusParameters().view_timeout_max_ms / 1000
BACK_S: Final = 40.0
# How long a fault holds; a long one lets the timers double up to their cap.
HOLD_S: Final = (1.0, 6.0)
LONG_HOLD_S: Final = 40.0
LONG_ONE_IN: Final = 8
SLOWEST: Final = 5
# A client that finds no quorum is told so, and pays again later.
TURNED_AWAY: Final = UNTOLD | {"NodeBusy"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """One round's fault: between nodes, and who stands still or is dead meanwhile."""

    kind: str
    faults: Faults = NONE
    paused: tuple[str, ...] = ()
    killed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """One round; times in seconds since its end began: the lifting itself is in them."""

    kind: str
    held: float
    views: tuple[int, int]
    decided_again: float
    all_back: float


@dataclass(slots=True)
class Chaos:
    """What happened so far."""

    seed: int
    rounds: list[Round] = field(default_factory=list)

    def record(self) -> dict[str, Any]:
        """For machines."""
        kinds = sorted({one.kind for one in self.rounds})
        by_kind = {
            kind: summary([one.decided_again for one in self.rounds if one.kind == kind])
            for kind in kinds
        }
        slowest = sorted(self.rounds, key=lambda one: one.decided_again)[-SLOWEST:]
        return {
            "seed": self.seed,
            "rounds": len(self.rounds),
            "bound_s": DECIDED_AGAIN_S,
            "decided_again_s": summary([one.decided_again for one in self.rounds]),
            "all_back_s": summary([one.all_back for one in self.rounds]),
            "decided_again_by_kind_s": by_kind,
            "slowest": [asdict(one) for one in slowest],
        }


# What may go wrong. Each takes the names of the nodes in a drawn order.


def minority(names: Sequence[str]) -> Trouble:
    """f nodes are cut off; the others go on."""
    return Trouble("minority", Faults(groups=(tuple(names[: _f(names)]),)))


def halves(names: Sequence[str]) -> Trouble:
    """No side has a quorum."""
    return Trouble("halves", Faults(groups=(tuple(names[: len(names) // 2]),)))


def majority_lost(names: Sequence[str]) -> Trouble:
    """So many are alone that the rest is no quorum."""
    alone = tuple((name,) for name in names[: _f(names) + 1])
    return Trouble("majority lost", Faults(groups=alone))


def shattered(names: Sequence[str]) -> Trouble:
    """Everybody is alone; connections are reset, not left to hang."""
    return Trouble("shattered", Faults(groups=tuple((name,) for name in names), reset=True))


def one_way(names: Sequence[str]) -> Trouble:
    """One node isn't heard by another, nor that one by a third."""
    first, second, third, *_ = names
    cuts = OneWay(speaker=first, listener=second), OneWay(speaker=second, listener=third)
    return Trouble("one-way", Faults(one_way=cuts))


def mute(names: Sequence[str]) -> Trouble:
    """One node hears everybody and is heard by nobody."""
    cuts = tuple(OneWay(speaker=names[0], listener=other) for other in names[1:])
    return Trouble("mute", Faults(one_way=cuts))


def far(_: Sequence[str]) -> Trouble:
    """200 ms each way."""
    return Trouble("200 ms", Faults(delay=Delay(delay_ms=200, jitter_ms=20)))


def lossy(_: Sequence[str]) -> Trouble:
    """5 % of segments are lost."""
    return Trouble("5 % loss", Faults(loss=Loss(loss_ppm=50_000)))


def far_and_lossy_halves(names: Sequence[str]) -> Trouble:
    """A bad line, and then none between two halves."""
    bad = Faults(
        groups=halves(names).faults.groups,
        delay=Delay(delay_ms=200, jitter_ms=100),
        loss=Loss(loss_ppm=50_000),
    )
    return Trouble("halves, 200 ms, 5 % loss", bad)


def paused(names: Sequence[str]) -> Trouble:
    """f nodes stand still."""
    return Trouble("paused", paused=tuple(names[: _f(names)]))


def many_paused(names: Sequence[str]) -> Trouble:
    """So many stand still that the rest is no quorum."""
    return Trouble("many paused", paused=tuple(names[: _f(names) + 1]))


def killed_and_cut(names: Sequence[str]) -> Trouble:
    """f are dead, and one more is cut off."""
    f = _f(names)
    cut = Faults(groups=((names[f],),))
    return Trouble("killed and cut", cut, killed=tuple(names[:f]))


def lossy_and_paused(names: Sequence[str]) -> Trouble:
    """f nodes stand still, and the rest has a bad line."""
    bad = Faults(delay=Delay(delay_ms=50), loss=Loss(loss_ppm=50_000))
    return Trouble("paused, 50 ms, 5 % loss", bad, paused=tuple(names[: _f(names)]))


TROUBLES: Final[tuple[Callable[[Sequence[str]], Trouble], ...]] = (
    *(minority, halves, majority_lost, shattered, one_way, mute, far, lossy),
    *(far_and_lossy_halves, paused, many_paused, killed_and_cut, lossy_and_paused),
)


def _f(names: Sequence[str]) -> int:
    return (len(names) - 1) // 3


def schedule(seed: int, names: Sequence[str], rounds: int) -> list[tuple[Trouble, float]]:
    """What goes wrong in each round, and for how many seconds; every kind before any again."""
    draw = random.Random(seed)
    planned: list[tuple[Trouble, float]] = []
    kinds: list[Callable[[Sequence[str]], Trouble]] = []
    while len(planned) < rounds:
        kinds = kinds or draw.sample(TROUBLES, len(TROUBLES))
        order = draw.sample(list(names), len(names))
        hold_s = LONG_HOLD_S if draw.randrange(LONG_ONE_IN) == 0 else draw.uniform(*HOLD_S)
        planned.append((kinds.pop()(order), hold_s))
    return planned


# One round.


def suffer(net: Net, load: Load, trouble: Trouble, hold_s: float, promises: Promises) -> Round:
    """Put a fault into force, hold it, lift it, and wait until everybody decides again."""
    testnet, view = net.testnet, view_of(net, net.testnet.nodes)
    testnet_faults.put(testnet, trouble.faults)
    stood, died = [[testnet.node(n) for n in names] for names in (trouble.paused, trouble.killed)]
    for node in stood:
        processes.pause(testnet, node)
    net.kill_at_once(died)
    for node in died:
        promises.read_journal(node)
    until_held(hold_s)
    # Above the next height all is decided after this moment, whoever has its votes already.
    awake = [node for node in testnet.nodes if node not in (*stood, *died)]
    height = max(height_of(net, node) for node in awake) + 1
    healed = time.monotonic()
    for node in died:
        processes.start(testnet, node)
    for node in stood:
        processes.resume(testnet, node)
    testnet_faults.put(testnet, NONE)
    until(lambda: bool(load.beyond(height)), "all decide again", DECIDED_AGAIN_S)
    again = load.beyond(height)[0] - healed
    for node in testnet.nodes:
        until(lambda one=node: takes_part(net, one, height), f"{node.name} is back", BACK_S)  # type: ignore[misc]
    back = time.monotonic() - healed
    return Round(trouble.kind, hold_s, (view, view_of(net, testnet.nodes)), again, back)


def until_held(hold_s: float) -> None:
    """Let a fault last; there is no event to wait for: time is what it is made of."""
    ends = time.monotonic() + hold_s
    until(lambda: time.monotonic() >= ends, "the fault has lasted", hold_s + 5.0)


def height_of(net: Net, node: NodePlace) -> int:
    """A node's height, or 0 while it can't be asked."""
    return _status(net, node, "height")


def view_of(net: Net, nodes: Sequence[NodePlace]) -> int:
    """The highest view of those that can be asked."""
    return max(_status(net, node, "view") for node in nodes)


def _status(net: Net, node: NodePlace, name: str) -> int:
    try:
        return int(net.get(node, "/v1/status")[name])
    except HushangError:
        return 0


def run(net: Net, planned: Sequence[tuple[Trouble, float]], chaos: Chaos) -> dict[str, Any]:
    """Suffer all of these, then check everything; the figures."""
    promises = Promises.of(net.testnet)
    began = time.monotonic()
    with Load(net) as load:
        until(lambda: len(load.acknowledged) > len(net.testnet.nodes), "the load is under way")
        for number, (trouble, hold_s) in enumerate(planned, 1):
            sys.stderr.write(f"\r{number} of {len(planned)}: {trouble.kind:30}")
            chaos.rounds.append(suffer(net, load, trouble, hold_s, promises))
        height = assert_all_well(net, load, promises, TURNED_AWAY)
    return chaos.record() | {
        "seconds": round(time.monotonic() - began, 1),
        "height": height,
        "acknowledged": len(load.acknowledged),
        "lost": 0,
        "doubled": 0,
        "untold": dict(sorted(Counter(load.refused).items())),
        "statements_compared": len(promises.said),
        "conflicting_signatures": len(promises.conflicts),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=len(TROUBLES))
    parser.add_argument("--nodes", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hold", type=float, help="so many seconds, not drawn ones")
    parser.add_argument("--only", help="only kinds of trouble whose name contains this")
    options = parser.parse_args(arguments)
    chaos = Chaos(options.seed)

    def work(net: Net) -> dict[str, Any]:
        names = [node.name for node in net.testnet.nodes]
        planned = schedule(options.seed, names, options.rounds)
        planned = [one for one in planned if (options.only or "") in one[0].kind]
        if options.hold:
            planned = [(trouble, options.hold) for trouble, _ in planned]
        return {"nodes": options.nodes} | run(net, planned, chaos)

    return in_network("chaos", work, chaos.record, nodes=options.nodes)


if __name__ == "__main__":
    sys.exit(main())
