"""How fast a cluster goes on with a member missing: hardly anything is left to the resend timer."""

from collections.abc import Sequence

from tests.sim.checks import Checks
from tests.sim.node import SimNode
from tests.sim.workload import Workload
from tests.sim.world import MS, SECOND, Violation, World

PAYMENTS = 60
PAUSE_US = 8 * MS
# So long everybody could go on, and yet nothing is decided; the resend timer takes longer.
IDLE_MAX_US = 300 * MS
# Where more than a quorum is up, one may lag by two heights: it has dropped the votes between, and
# hears them when they are said again (consensus.md § Shape). As its turn to lead comes that is an
# idle time, seldom and never long; where every vote is needed there is none.
IDLES_MAX = 2
LIMIT_US = 20 * SECOND


def demand_pace(
    world: World, checks: Checks, workload: Workload, nodes: Sequence[SimNode], missing: SimNode
) -> None:
    """Payments come one after another and are decided about as fast; `missing` is down."""

    def waits() -> bool:
        """For a disk, or for the turn of the one who is down to end."""
        return any(node._busy or node.leader == missing.member for node in nodes)

    spare = len(nodes) > nodes[0].replica._state.committee.quorum
    idles_max = IDLES_MAX if spare else 0
    wanted = len(checks.ids) + PAYMENTS
    submitted, known, begun_us = 0, len(checks.ids), world.now_us
    moved_us, idles = begun_us, 0
    while known < wanted:
        if submitted < PAYMENTS:
            workload.submit(workload.pay(), nodes[submitted % len(nodes)])
            submitted += 1
        world.run(world.now_us + PAUSE_US)
        if len(checks.ids) > known or waits():
            moved_us = world.now_us
        known = len(checks.ids)
        if world.now_us > moved_us + IDLE_MAX_US:
            moved_us, idles = world.now_us, idles + 1
        if idles > idles_max or world.now_us > begun_us + LIMIT_US:
            raise Violation("promptness", f"with {wanted - known} payments to go, nobody moves")
