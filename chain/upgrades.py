"""Protocol versions: rules that a quorum puts in force at a height, on every node at once.

A chain begins with version 1. A release knows the rules of all versions up to its own; what a later
version brings sleeps in it until the chain reaches the height that a quorum has named
(`protocol.upgrade`). So nodes are replaced one by one, in any order, while blocks go on; a node
that is too old for what governs next stops by name, before it would judge a block by rules that are
none any more (docs/adr/0117).
"""

from dataclasses import dataclass

from chain.codec import U32, Height
from chain.errors import HushangError
from chain.state import Overlay, StateReader, Table

FIRST_VERSION = 1
# The newest version whose rules this software has.
PROTOCOL_VERSION = 1


class SoftwareOutdated(HushangError):
    """The chain goes on by rules that this software doesn't have."""

    hint = "install a release that has this protocol version and start again: the data stays as is"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A version and the first height that it governs."""

    version: U32
    height: Height


@dataclass(frozen=True, slots=True)
class ProtocolPlan:
    """`standing` governs, from `planned.height` on `planned`; a plan that is over isn't
    rewritten until the next one, so that a resting chain rests.
    """

    standing: Upgrade
    planned: Upgrade | None

    def governing(self, height: int) -> Upgrade:
        """What governs a height, which is none below `standing.height`."""
        if self.planned is not None and height >= self.planned.height:
            return self.planned
        return self.standing

    def pending(self, height: int) -> Upgrade | None:
        """What will govern later than `height`."""
        if self.planned is not None and height < self.planned.height:
            return self.planned
        return None


PLAN: Table[ProtocolPlan] = Table("protocol", ProtocolPlan)
PLAN_KEY = PLAN.key()

_FOUNDED = ProtocolPlan(Upgrade(FIRST_VERSION, 0), None)


def plan(state: StateReader) -> ProtocolPlan:
    """What governs, and what is planned."""
    return PLAN.load(state) or _FOUNDED


def announce(state: Overlay, height: int, planned: Upgrade | None) -> None:
    """Plan another version, or none, in the block at `height`."""
    PLAN.store(state, ProtocolPlan(plan(state).governing(height), planned))


def require_software(governing: Upgrade, version: int) -> None:
    """`SoftwareOutdated` if rules up to `version` aren't enough for what governs."""
    if governing.version > version:
        msg = (
            f"protocol version {governing.version} governs from height {governing.height}, "
            f"this software has the rules up to version {version}"
        )
        raise SoftwareOutdated(msg)
