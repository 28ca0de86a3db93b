"""How fast a cluster goes on with a member missing: nothing may be left to the resend timer."""

from collections.abc import Sequence

from tests.sim.checks import Checks
from tests.sim.node import SimNode
from tests.sim.workload import Workload
from tests.sim.world import MS, Violation, World

PAYMENTS = 60
PAUSE_US = 8 * MS
# From the last payment until all are decided; below the resend timer where disks are fast.
LIMIT_US = 200 * MS
# One slow fsync in a hundred takes fifty times the average, and each member's counts.
LIMIT_FSYNCS = 600


def demand_pace(world: World, checks: Checks, workload: Workload, nodes: Sequence[SimNode]) -> None:
    """Payments come one after another and are decided about as fast."""
    before = len(checks.ids)
    for number in range(PAYMENTS):
        world.run(world.now_us + PAUSE_US)
        workload.submit(workload.pay(), nodes[number % len(nodes)])
    begun_us = world.now_us
    limit_us = LIMIT_US + LIMIT_FSYNCS * nodes[0].setting.fsync_us
    if not world.run(begun_us + limit_us, lambda: len(checks.ids) >= before + PAYMENTS):
        raise Violation("promptness", f"{len(checks.ids) - before} of {PAYMENTS} are decided")
    world.counts["pace_ms"] = (world.now_us - begun_us) // MS
