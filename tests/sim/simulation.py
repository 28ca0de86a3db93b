"""One seed: build the cluster, chaos, heal, judge."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache

from chain import account as chain_account
from chain import crypto
from chain import genesis as chain_genesis
from chain.errors import HushangError
from commerce.registry import Registry
from tests.sim.byzantine import corrupt
from tests.sim.cast import Signatures, genesis, node_name, private_key
from tests.sim.checks import Checks
from tests.sim.council import Council, count_changes
from tests.sim.disk import Disk
from tests.sim.ending import check_ending
from tests.sim.faults import Faults, restart
from tests.sim.host import HostFaults
from tests.sim.network import Network
from tests.sim.node import SimNode
from tests.sim.origin import check_origin
from tests.sim.pace import demand_pace
from tests.sim.profile import Plan, for_blocks, plan
from tests.sim.shared import Reader, Setting, found
from tests.sim.workload import Workload
from tests.sim.world import MS, SECOND, Violation, World

MARGIN_US = 5 * SECOND
# Request timer, complaints, view change, proposal (consensus.md, Defaults).
PROMPT_US = 2 * SECOND
NODES_WITH_A_FAULT_MIN = 4
# As long as these a disk may stall (tests.sim.node); a proposal that waits for longer than the
# drift is refused as too old.
SLOW_FSYNCS = 250
# What a planted bug may make the product raise, beside what it raises on purpose.
FAILURES = (
    Violation,
    HushangError,
    AssertionError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    RecursionError,
)


@dataclass
class Verdict:
    """What became of a seed."""

    seed: int
    nodes: int
    profile: str
    ok: bool = True
    violation: str = ""
    trace: str = ""
    heights: int = 0
    virtual_s: float = 0.0
    first_decision_ms: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    # What else was asked for than seed, nodes and profile.
    options: str = ""

    def command(self) -> str:
        """What replays this seed."""
        return (
            f"python -m tests.sim --seed {self.seed} --nodes {self.nodes}"
            f" --profile {self.profile}{self.options}"
        )


class Simulation:
    """The cluster of one seed."""

    def __init__(self, seed: int, drawn: Plan, trace_lines_max: int = 0) -> None:
        self.plan = drawn
        self.world = World(seed, trace_lines_max)
        self.network = Network(self.world, drawn.chaos)
        self.checks = Checks(self.world)
        rules = Registry()
        signatures = Signatures(real=drawn.real_signatures)
        founders = drawn.organisations[: drawn.nodes]
        strangers = [name for name in drawn.newcomers if name not in founders]
        made = genesis(drawn.nodes, drawn.parameters, drawn.time_scale, strangers)
        hosts = range(len(drawn.organisations))
        self.setting = Setting(
            world=self.world,
            network=self.network,
            checks=self.checks,
            genesis=made,
            rules=rules,
            signatures=signatures,
            founded=found(made, rules),
            reader=Reader(rules, signatures),
            fsync_us=drawn.fsync_us,
            journal_size_max=drawn.journal_size_max,
            byzantine=frozenset(member for member, _ in drawn.byzantine),
            keys=tuple(private_key(node_name(number)).public_key for number in hosts),
        )
        self.nodes = [SimNode(self.setting, i, i, Disk(self.setting.founded)) for i in hosts]
        corrupt(self.setting, self.nodes, drawn.byzantine)
        self.hosts = HostFaults(self.world, self.nodes, drawn)
        self.workload = Workload(
            self.world,
            made.hash(),
            signatures,
            [node for node in self.nodes if node.honest],
            drawn.pause_us,
        )
        # How long after healing the first block was decided.
        self.first_decision_ms = 0
        self.faults = Faults(self.world, self.network, self.nodes, drawn)
        self.council = Council(self.setting, self.workload, self.nodes, drawn)

    def run(self) -> None:
        """Chaos, then calm with progress demanded, then the final account."""
        self.faults.switch_sides()
        for node in self.nodes:
            # Newcomers start when they are registered (tests.sim.council).
            if not self.plan.nodes <= node.place < len(self.plan.organisations):
                node.start()
        self.workload.begin()
        self.council.begin()
        self.faults.begin()
        self.hosts.begin()
        wanted = self.plan.blocks
        self.world.run(self.plan.chaos_us, lambda: 0 < wanted <= self.checks.height)
        self.world.note("heal")
        self._heal()
        self._demand_progress()
        self._demand_promptness()
        check_ending(self.setting, self.well())
        check_origin(self.well()[0], self.workload.sent)
        count_changes(self.setting, self.well()[0].ledger)

    def well(self) -> list[SimNode]:
        """The honest copies from which progress is demanded."""
        useless = {*self.plan.dead, *self.plan.skewed}
        there = [node for node in self.nodes if node.has_started]
        return [node for node in there if node.honest and node.member not in useless]

    def _heal(self) -> None:
        self.faults.running = False
        self.workload.running = False
        self.council.running = False
        self.hosts.heal()
        self.network.heal()
        self.network.quality = self.plan.calm
        for node in self.nodes:
            if node.member in self.plan.dead:
                if node.alive:
                    node.crash()
            elif not node.alive and node.has_started:
                restart(self.world, node)

    def _demand_progress(self) -> None:
        """A new decision within twice the cap, then every probe everywhere, then rest."""
        world, well = self.world, self.well()
        cap_us = self.plan.parameters.view_timeout_max_ms * MS
        begun_us = world.now_us
        start = self.checks.height
        for node in well:
            self.workload.submit(self.workload.pay(), node)
        if not world.run(begun_us + 2 * cap_us + MARGIN_US, lambda: self.checks.height > start):
            raise Violation("liveness", f"no decision after healing: {self.where()}")
        self.first_decision_ms = (world.now_us - begun_us) // MS
        self._demand_rest(4 * cap_us + 4 * MARGIN_US, "healing")

    def _demand_promptness(self) -> None:
        """With everybody well, a dead primary costs no more than `PROMPT_US` to the next decision.

        The node is killed with the request in the pools, so no timer has run before.
        """
        plan, world = self.plan, self.world
        committee = self.nodes[0].ledger.chain.committee
        faulty = (*plan.byzantine, *plan.dead, *plan.skewed, *plan.forgetful)
        if faulty or committee.n < NODES_WITH_A_FAULT_MIN:
            return
        # Who stands at an old view learns of it by a Status.
        world.run(world.now_us + 2 * plan.parameters.resend_ms * MS)
        if len({node.replica.view for node in self.well()}) > 1:
            # Views only grow: who is ahead alone is as good as dead until the others come after.
            world.count("uneven_views")
            return
        start = self.checks.height
        primary = self.nodes[self.nodes[0].leader or 0]
        world.note(f"the primary {primary.place} dies")
        primary.crash()
        others = [node for node in self.well() if node is not primary]
        for node in others:
            self.workload.submit(self.workload.pay(), node)
        if not world.run(world.now_us + PROMPT_US, lambda: self.checks.height > start):
            raise Violation("promptness", f"a dead primary costs too much: {self.where()}")
        if not plan.blocks and self._has_quick_disks():
            demand_pace(world, self.checks, self.workload, others, primary)
        restart(world, primary)
        self._demand_rest(4 * MARGIN_US, "a dead primary")

    def _has_quick_disks(self) -> bool:
        drift_us = self.plan.parameters.clock_drift_max_ms * MS
        return drift_us > SLOW_FSYNCS * self.plan.fsync_us

    def _demand_rest(self, within_us: int, after: str) -> None:
        """All pools become empty, all chains equal."""
        if not self.world.run(self.world.now_us + within_us, self._settled):
            raise Violation("liveness", f"no rest after {after}: {self.where()}")

    def _settled(self) -> bool:
        heights = {node.ledger.tip.height for node in self.well()}
        if len(heights) > 1:
            return False
        return all(
            not node.ledger.tip.needs_seal
            and not self._has_due_deadlines(node)
            and not len(node.mempool)
            and node.replica.height == node.ledger.tip.height
            for node in self.well()
        )

    def _has_due_deadlines(self, node: SimNode) -> bool:
        deadline_ms = node.ledger.next_deadline_ms()
        return deadline_ms is not None and deadline_ms <= node.clock_ms()

    def where(self) -> str:
        """Where everybody stands, for people."""
        return "; ".join(
            f"{node.place}{'' if node.alive else ' dead'}: height {node.replica.height}"
            f" written {node.ledger.tip.height} view {node.replica.view} pool {len(node.mempool)}"
            for node in self.nodes
            if node.has_started
        )


def simulate(
    seed: int,
    *,
    nodes: int | None = None,
    profile: str = "all",
    real_signatures: bool | None = None,
    blocks: int = 0,
    trace_lines_max: int = 0,
) -> tuple[Verdict, Simulation]:
    """Run one seed; with `blocks` the chaos lasts until so many are decided."""
    drawn = plan(seed, nodes, profile, real_signatures=real_signatures)
    options = " --real-signatures" if real_signatures else ""
    if blocks:
        drawn = for_blocks(drawn, blocks)
        options += f" --blocks {blocks}"
    verdict = Verdict(seed, drawn.nodes, profile, options=options)
    with _keys_checked_once():
        simulation = Simulation(seed, drawn, trace_lines_max)
        try:
            simulation.run()
        except FAILURES as failure:
            verdict.ok = False
            verdict.violation = f"{type(failure).__name__}: {failure}"
            if not isinstance(failure, Violation):
                verdict.violation += f" ({_place_of(failure)})"
    world = simulation.world
    verdict.trace = world.trace.digest()
    verdict.heights = simulation.checks.height
    verdict.virtual_s = round(world.now_us / SECOND, 3)
    verdict.first_decision_ms = simulation.first_decision_ms
    counts = world.counts
    counts["view_changes"] = counts.pop("view_change", 0)
    counts["new_views"] = counts.pop("new_view", 0)
    counts["byzantine"] = len(drawn.byzantine)
    verdict.counts = dict(sorted(counts.items()))
    return verdict, simulation


_enrollable = lru_cache(maxsize=1_024)(crypto.enrollable)


@contextmanager
def _keys_checked_once() -> Iterator[None]:
    """Every restart reads the genesis and checks its keys: a third of the time, and always true."""
    places = (chain_account, chain_genesis)
    for place in places:
        setattr(place, "enrollable", _enrollable)  # noqa: B010 - no module exports it
    try:
        yield
    finally:
        for place in places:
            setattr(place, "enrollable", crypto.enrollable)  # noqa: B010


def _place_of(failure: BaseException) -> str:
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "nowhere"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}"
