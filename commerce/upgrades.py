"""protocol.upgrade: a quorum puts the rules of a later protocol version in force at a height.

Whoever signs says that the members' nodes are ready: those that don't have these rules when the
height comes stop there, and the chain with them if they are more than f (chain/upgrades.py).
"""

from dataclasses import dataclass

from chain import upgrades
from chain.block import Event
from chain.codec import U32, Height
from chain.context import Context, event
from chain.errors import CosignerMissing
from chain.upgrades import Upgrade
from commerce.errors import UpdateEmpty
from commerce.refusals import refuses
from commerce.upgrade_errors import UpgradeTooFar, UpgradeTooSoon, VersionGone

# So many heights lie between the block that says so and the first that is judged by the new rules:
# every pool and every client can know.
NOTICE_HEIGHTS_MIN = 10
NOTICE_HEIGHTS_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class ProtocolUpgrade:
    """`version` governs from `height` on, instead of what was planned before. With the version that
    governs already, and any height, a plan that waits is withdrawn.
    """

    version: U32
    height: Height


@refuses(CosignerMissing, VersionGone, UpdateEmpty, UpgradeTooSoon, UpgradeTooFar)
def protocol_upgrade(op: ProtocolUpgrade, context: Context) -> tuple[Event, ...]:
    """Plan a protocol version from a height on, by a quorum of the members."""
    context.require_member_quorum()
    plan = upgrades.plan(context.state)
    current, pending = plan.governing(context.height), plan.pending(context.height)
    if op.version < current.version:
        msg = f"version {current.version} has governed since height {current.height}"
        raise VersionGone(msg)
    if op.version == current.version:
        if pending is None:
            msg = f"version {current.version} governs, and no other is planned"
            raise UpdateEmpty(msg)
        upgrades.announce(context.state, context.height, None)
        return (event("protocol.withdrawn", version=pending.version, height=pending.height),)
    notice = op.height - context.height
    if notice < NOTICE_HEIGHTS_MIN:
        msg = f"height {op.height}, this block's is {context.height}: at least {NOTICE_HEIGHTS_MIN}"
        raise UpgradeTooSoon(msg)
    if notice > NOTICE_HEIGHTS_MAX:
        msg = f"height {op.height}, this block's is {context.height}: at most {NOTICE_HEIGHTS_MAX}"
        raise UpgradeTooFar(msg)
    following = Upgrade(op.version, op.height)
    if following == pending:
        msg = f"version {op.version} is planned for height {op.height} already"
        raise UpdateEmpty(msg)
    upgrades.announce(context.state, context.height, following)
    return (event("protocol.announced", version=op.version, height=op.height),)
