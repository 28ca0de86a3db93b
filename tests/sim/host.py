"""What goes wrong on a host: its disk refuses, is damaged or loses the journal; its clock is wrong.

Any disk may refuse writes for a while: its node stops with a storage error's name and comes back. A
disk that is damaged is one of a member that counts among the f (`Plan.damaged`): its node must
refuse by name from then on, or have lost nothing. Who loses its journal or gets an older one
(`Plan.forgetful`) counts among the f too, keeps silent as long as it must, and comes back. Any
clock is stepped within a quarter of the drift that consensus allows; those of `Plan.skewed` members
jump by up to an hour, both ways, and run a fifth too fast or too slow.
"""

from functools import partial

from chain.errors import HushangError
from tests.sim.faults import restart
from tests.sim.node import SimNode
from tests.sim.profile import Plan
from tests.sim.world import MS, SECOND, World

HOUR_MS = 3_600_000
RATE_ERROR = 0.005
SKEWED_RATE_ERROR = 0.2


class HostFaults:
    """Draws and does what happens to disks and clocks, until it is healed."""

    def __init__(self, world: World, nodes: list[SimNode], plan: Plan) -> None:
        self._world = world
        self._nodes = nodes
        self._plan = plan
        self._chance = world.stream("hosts")
        self._running = False
        self._damaged: set[int] = set()
        for node in nodes:
            node.stopped = self._stopped
            self._set_clock(node)
            most = SKEWED_RATE_ERROR if node.member in plan.skewed else RATE_ERROR
            node.clock.rate = 1 + self._chance.uniform(-most, most)
            if node.member in plan.skewed:
                self._jump(node)

    def begin(self) -> None:
        """From now on disks and clocks fail."""
        self._running = True
        for member, kind in (*self._plan.damaged, *self._plan.forgetful):
            at_us = self._chance.randint(SECOND, self._plan.chaos_us)
            self._world.after(at_us, partial(self._damage, self._nodes[member], kind))
        if self._plan.host_faults:
            self._later()

    def heal(self) -> None:
        """Disks take writes again and clocks are right, but for what stays wrong."""
        self._running = False
        for node in self._nodes:
            node.disk.mend()
            if node.member not in self._plan.skewed:
                self._set_clock(node)

    def _later(self) -> None:
        pause = int(self._chance.expovariate(1 / self._plan.host_pause_us))
        self._world.after(max(10 * MS, pause), self._step)

    def _step(self) -> None:
        if not self._running:
            return
        names = [name for name, _ in self._plan.host_faults]
        weights = [weight for _, weight in self._plan.host_faults]
        (name,) = self._chance.choices(names, weights)
        self._world.note(f"host fault {name}")
        getattr(self, f"_{name}")()
        self._later()

    # Disks.

    def _disk_error(self) -> None:
        """The next write fails (EIO)."""
        node = self._chance.choice(self._nodes)
        if not node.disk.refuses:
            self._world.count("disk_errors")
            node.disk.refuse("[Errno 5] Input/output error")

    def _disk_full(self) -> None:
        """Every write fails for a while (ENOSPC)."""
        node = self._chance.choice(self._nodes)
        if not node.disk.refuses:
            self._world.count("disks_full")
            node.disk.refuse("[Errno 28] No space left on device")
            self._world.after(self._chance.randint(200, 2_500) * MS, node.disk.mend)

    def _stopped(self, place: int, error: HushangError) -> None:
        """A node has ended by name; unless its disk is damaged, it is started again."""
        node = self._nodes[place]
        self._world.note(f"{place} stops: {error.code}")
        if place in self._damaged:
            self._world.count("refusals")
            return
        self._world.count("stops")
        if self._chance.random() < 0.5:
            # It was one error only.
            node.disk.mend()
        self._come_back_later(node)

    def _come_back_later(self, node: SimNode) -> None:
        incarnation = node.incarnation

        def come_back() -> None:
            if not node.alive and node.incarnation == incarnation:
                restart(self._world, node)

        self._world.after(self._chance.randint(100, 1_000) * MS, come_back)

    def _damage(self, node: SimNode, kind: str) -> None:
        """Power off, and what comes up again is damaged, or has forgotten."""
        if not self._running:
            return
        if node.alive:
            self._world.count("crashes")
            node.crash()
        disk = node.disk
        damages = {
            "journal_flips": disk.flip_journal,
            "store_flips": disk.flip_store,
            "journals_lost": disk.lose_journal,
            "journals_aged": disk.age_journal,
            "stores_lost": disk.lose_store,
        }
        if damages[kind](self._chance):
            self._world.count(kind)
            self._world.note(f"{kind} at {node.place}")
            if kind == "journals_aged":
                node.setting.checks.forgetful.add(node.member)
            if node.member not in dict(self._plan.forgetful):
                self._damaged.add(node.place)
        self._come_back_later(node)

    # Clocks.

    def _set_clock(self, node: SimNode) -> None:
        most_ms = self._plan.parameters.clock_drift_max_ms // 4
        node.clock.set_error(self._world.now_us, self._chance.randint(-most_ms, most_ms))

    def _clock_step(self) -> None:
        """A clock is set to about the right time, forwards or backwards."""
        self._world.count("clock_steps")
        node = self._chance.choice(self._nodes)
        if node.member not in self._plan.skewed:
            self._set_clock(node)

    def _clock_jump(self) -> None:
        """A useless clock is off by something else now."""
        for node in self._nodes:
            if node.member in self._plan.skewed:
                self._world.count("clock_jumps")
                self._jump(node)

    def _jump(self, node: SimNode) -> None:
        drift_ms = self._plan.parameters.clock_drift_max_ms
        most_ms = self._chance.choice((drift_ms, 10 * drift_ms, HOUR_MS, HOUR_MS))
        error_ms = most_ms if most_ms == HOUR_MS else self._chance.randint(0, most_ms)
        node.clock.set_error(self._world.now_us, self._chance.choice((-1, 1)) * error_ms)
