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
from node.ledger_queue import EXECUTED_MAX, LedgerQueue
from node.mailbox import MESSAGES_MAX
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
    n = state.committee.n
    slot, views = state.slot, state.views
    if (
        len(node.inbox) > MESSAGES_MAX * n
        or len(node.queue._executed) > EXECUTED_MAX
        or len(node.sync._ahead) > AHEAD_MAX
        or len(slot.proposals) > PROPOSALS_PER_MEMBER_MAX * n
        or len(slot.blocks) > BLOCKS_PER_VIEW_MAX * (views.view + 2) + n
        or len(state.past) > EVIDENCE_HEIGHTS
        or len(state.errands.proven) > PROVEN_MAX
        or len(views.waiting) > WAITING_MAX
        or len(views.begun) > WAITING_MAX
        or len(views._complaints) > n
        or _is_over(slot.votes._by_member, VOTES_PER_MEMBER_MAX)
        or _is_over(views._changes, VIEW_CHANGES_PER_MEMBER_MAX)
        or _is_over(state.ahead._by_member, AHEAD_PER_MEMBER_MAX)
    ):
        raise Violation("bounded resources", f"{node.place} keeps {_sizes(node)}")


def _is_over(by_member: Mapping[int, Sized], limit: int) -> bool:
    return any(len(kept) > limit for kept in by_member.values()) if by_member else False


def _sizes(node: Owner) -> dict[str, int]:
    """What there is how much of, for people."""
    state = node.replica._state
    slot, views = state.slot, state.views
    tables: dict[str, Sized] = {
        "inbox": node.inbox,
        "executed": node.queue._executed,
        "fetched": node.sync._ahead,
        "proposals": slot.proposals,
        "blocks": slot.blocks,
        "past": state.past,
        "proven": state.errands.proven,
        "waiting": views.waiting,
        "begun": views.begun,
        "complaints": views._complaints,
    }
    by_member: dict[str, Mapping[int, Sized]] = {
        "votes": slot.votes._by_member,
        "changes": views._changes,
        "ahead": state.ahead._by_member,
    }
    sizes = {name: len(kept) for name, kept in tables.items()}
    longest = {name: max(map(len, kept.values()), default=0) for name, kept in by_member.items()}
    return sizes | longest
