"""Bounded resources: what an honest node keeps, whatever it was sent."""

from collections import deque
from collections.abc import Mapping, Sized
from typing import Protocol

from consensus.input import Input
from consensus.replica import Replica
from consensus.slot import AHEAD_PER_MEMBER_MAX, PROPOSALS_PER_MEMBER_MAX
from consensus.state import EVIDENCE_HEIGHTS, PROVEN_MAX
from consensus.views import VIEW_CHANGES_PER_MEMBER_MAX, WAITING_MAX
from consensus.votes import VOTES_PER_MEMBER_MAX
from node.driver import INBOX_MAX
from node.ledger_queue import EXECUTED_MAX, LedgerQueue
from node.sync import AHEAD_MAX, Sync
from tests.sim.world import Violation

# Blocks of one height that were proposed or prepared; a view change adds one at most.
BLOCKS_PER_VIEW_MAX = 2


class Owner(Protocol):
    """What this file needs of a node."""

    place: int
    replica: Replica
    queue: LedgerQueue
    sync: Sync
    inbox: deque[tuple[Input, int | None]]


def check_bounds(node: Owner) -> None:
    """Raise `Violation` if something has outgrown its limit. Runs at every event: kept flat."""
    state = node.replica._state
    n = state.config.committee.n
    slot, views = state.slot, state.views
    sizes = (
        ("inbox", len(node.inbox), INBOX_MAX),
        ("executed", len(node.queue._executed), EXECUTED_MAX),
        ("fetched", len(node.sync._ahead), AHEAD_MAX),
        ("proposals", len(slot.proposals), PROPOSALS_PER_MEMBER_MAX * n),
        ("blocks", len(slot.blocks), BLOCKS_PER_VIEW_MAX * (views.view + 2) + n),
        ("votes", _longest(slot.votes._by_member), VOTES_PER_MEMBER_MAX),
        ("past", len(state.past), EVIDENCE_HEIGHTS),
        ("proven", len(state.errands.proven), PROVEN_MAX),
        ("waiting", len(views.waiting), WAITING_MAX),
        ("begun", len(views.begun), WAITING_MAX),
        ("complaints", len(views._complaints), n),
        ("changes", _longest(views._changes), VIEW_CHANGES_PER_MEMBER_MAX),
        ("ahead", _longest(state.ahead._by_member), AHEAD_PER_MEMBER_MAX),
    )
    for name, size, limit in sizes:
        if size > limit:
            detail = f"{node.place} keeps {size} of {name}, not {limit}"
            raise Violation("bounded resources", detail)


def _longest(by_member: Mapping[int, Sized]) -> int:
    return max(map(len, by_member.values()), default=0)
