"""Kills and restarts nodes of a network of its own while it is measured, and says what it cost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from node import processes
from node.bench.measured import Fault, LoadResult
from node.bench.plan import BenchRefused
from node.bench.probes import Node
from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable
from node.testnet_layout import LocalNetwork, NodePlace

# A pause that begins later after a kill than this has another cause.
CAUSED_WITHIN_S: Final = 5.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What goes wrong: who is dead from the start on, and when the primary is killed, restarted."""

    dead: int = 0
    kill_primary_at_s: float | None = None
    restart_at_s: float | None = None


def check_faults(plan: FaultPlan, nodes: int, seconds: float) -> None:
    """Raise `BenchRefused` for faults that no network could live with, or that never happen."""
    tolerated = (nodes - 1) // 3
    wanted = plan.dead + (plan.kill_primary_at_s is not None)
    if plan.dead < 0:
        raise BenchRefused("--dead: how many members, not less than none")
    if wanted > tolerated:
        words = f"{nodes} members decide with at most {tolerated} dead, not {wanted}"
        raise BenchRefused(f"{words}: -n {3 * wanted + 1} has room for so many")
    kill_s, restart_s = plan.kill_primary_at_s, plan.restart_at_s
    if restart_s is not None and kill_s is None:
        raise BenchRefused("--restart-at needs --kill-primary-at: who would be restarted?")
    if kill_s is not None and not 0 <= kill_s < seconds:
        raise BenchRefused(f"--kill-primary-at: within the {seconds:g} s of the run")
    if restart_s is not None and not (kill_s or 0) < restart_s < seconds:
        raise BenchRefused(f"--restart-at: after the kill, within the {seconds:g} s of the run")


def kill_before(network: LocalNetwork, count: int, progress: Progress) -> Sequence[str]:
    """Kill so many members for good, the primary among them; their names."""
    if not count:
        return ()
    leader = primary_of([node.api for node in network.nodes])
    victims = sorted(network.nodes, key=lambda node: node.name != leader)[:count]
    for node in victims:
        processes.kill(network, node)
        progress(f"{node.name} is dead")
    return [node.name for node in victims]


def primary_of(urls: Sequence[str]) -> str:
    """Who leads, as the first of these nodes that answers says."""
    return str(NodeClient(urls).get("/v1/status")["primary"])


@dataclass(slots=True)
class Faults:
    """The kills and restarts of one run; `advance` is called often, with the time of the run."""

    plan: FaultPlan
    network: LocalNetwork | None
    nodes: Sequence[Node]
    progress: Progress
    _victim: NodePlace | None = None
    _killed_at_s: float = 0.0
    _restarted_at_s: float | None = None
    _back_s: float | None = None

    def advance(self, now_s: float) -> None:
        """Do what is due."""
        plan, network = self.plan, self.network
        if network is None or plan.kill_primary_at_s is None or now_s < plan.kill_primary_at_s:
            return
        if self._victim is None:
            self._victim = network.node(primary_of([node.url for node in self.nodes]))
            processes.kill(network, self._victim)
            self._killed_at_s = now_s
            self.progress(f"  killed {self._victim.name}, the primary, at {now_s:.1f} s")
        if plan.restart_at_s is None or now_s < plan.restart_at_s:
            return
        if self._restarted_at_s is None:
            self._restarted_at_s = now_s
            processes.start(network, self._victim)
            self.progress(f"  restarted {self._victim.name} at {now_s:.1f} s")
        elif self._back_s is None and _is_ready(self._victim):
            self._back_s = now_s - self._restarted_at_s
            self.progress(f"  {self._victim.name} is ready again after {self._back_s:.1f} s")

    @property
    def is_restarting(self) -> bool:
        """Was a node restarted that isn't back yet?"""
        return self._restarted_at_s is not None and self._back_s is None

    @property
    def dead(self) -> Sequence[str]:
        """Who was killed in the run and is still dead."""
        victim = self._victim
        return [] if victim is None or self._restarted_at_s is not None else [victim.name]

    def told(self, result: LoadResult) -> Sequence[Fault]:
        """What happened, and what it cost."""
        if self._victim is None:
            return ()
        fault = Fault(
            node=self._victim.name,
            was_primary=True,
            killed_at_s=self._killed_at_s,
            decided_again_s=decided_again_s(result, self._killed_at_s),
            restarted_at_s=self._restarted_at_s,
            back_s=self._back_s,
        )
        return (fault,)


def decided_again_s(result: LoadResult, killed_at_s: float) -> float | None:
    """From a kill to the first decision after the longest pause that it caused.

    None if nothing was decided any more; 0 if it made no pause worth the name.
    """
    if result.decided_s < killed_at_s:
        return None
    caused = [
        pause
        for pause in result.pauses
        if pause.end_s > killed_at_s and pause.begin_s < killed_at_s + CAUSED_WITHIN_S
    ]
    if not caused:
        return 0.0
    longest = max(caused, key=lambda pause: pause.took_s)
    return None if longest.end_s > result.decided_s else longest.end_s - killed_at_s


def _is_ready(place: NodePlace) -> bool:
    try:
        return bool(NodeClient([place.api], timeout_s=2.0).get("/v1/status")["ready"])
    except (NodeUnreachable, NodeRefused, NodeFailed):
        return False
