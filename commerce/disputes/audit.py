"""Whole-state checks of disputes and arbiters: for `commerce.audit.full_check`."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.aftersale.cases import CASES, OF_DISPUTE
from commerce.checks import require
from commerce.clocks import deadline_of
from commerce.disputes.arbiters import ARBITERS, Arbiter, arbiter_deadlines, arbiter_id
from commerce.disputes.dispute import DISPUTES, Dispute
from commerce.disputes.draws import WAITING, draw_id_of
from commerce.disputes.phases import Phase
from commerce.escrow import State
from commerce.money import asset_part

_VOTING = (Phase.EVIDENCE, Phase.COMMIT, Phase.REVEAL, Phase.COMMIT_AGAIN, Phase.REVEAL_AGAIN)


def dispute_deadlines(state: StateReader) -> Iterator[Deadline]:
    """Of every dispute that hasn't ended."""
    for dispute_id, dispute in DISPUTES.items(state):
        clock = dispute.clock()
        if clock is not None:
            yield deadline_of(dispute_id, clock)


def check_disputes(state: StateReader) -> None:
    """Phases, panels, clocks and money of every dispute agree, and seats are counted."""
    seats: Counter[bytes] = Counter()
    draws: dict[bytes, bytes] = {}
    for dispute_id, dispute in DISPUTES.items(state):
        _check_dispute(dispute)
        seats.update(seat.arbiter for seat in dispute.panel.seats)
        if dispute.is_drawing:
            draws[draw_id_of(dispute_id, dispute.round)] = dispute_id
    _check_cases(state)
    waiting = {draw_id: entry.dispute_id for draw_id, entry in WAITING.items(state)}
    require(waiting == draws, "each draw under way is for a dispute that waits for it")
    counted = {}
    for known_id, arbiter in ARBITERS.items(state):
        require(known_id == arbiter_id(arbiter.account), "an arbiter's id is its own")
        require((arbiter.symbol is None) == (arbiter.held_minor == 0), "a bond has its asset")
        leaves = arbiter.due_ms is not None
        require(leaves == (arbiter.leaving_minor > 0), "what leaves has its time")
        if arbiter.seats:
            counted[arbiter.account] = arbiter.seats
    require(counted == dict(seats), "seats of arbiters are counted")


def _check_cases(state: StateReader) -> None:
    """A case is in dispute as long as there is a dispute about it, and decided as long as that."""
    for case_id, case in CASES.items(state):
        dispute = DISPUTES.load(state, case_id)
        if dispute is None or dispute.due_ms is None:
            require(case.state not in OF_DISPUTE, "a disputed case has its dispute")
            continue
        decided = dispute.phase == Phase.DECIDED
        expected = State.DECIDED if decided else State.DISPUTED
        require(case.state == expected, "a case tells whether its dispute is decided")


def _check_dispute(dispute: Dispute) -> None:
    phase, panel = Phase(dispute.phase), dispute.panel
    ended = phase is Phase.SPLIT
    require(ended == (dispute.due_ms is None), "a dispute has a clock until it ends")
    require(ended == (dispute.ending is not None), "an ended dispute says how it ended")
    require(not (ended and dispute.stakes), "an ended dispute holds nothing")
    require((phase in _VOTING) == bool(panel.seats), "a panel sits while it is needed")
    require(phase is Phase.DRAWING or dispute.tries is None, "only a draw is tried again")
    decided = phase is Phase.DECIDED
    require(not decided or len(dispute.rulings) == dispute.round + 1, "DECIDED has a ruling")
    seated = [seat.arbiter for seat in panel.seats]
    known = [*seated, *panel.reserves, *panel.former]
    require(len(set(known)) == len(known), "nobody has two places in a dispute")
    for seat in panel.seats:
        require(seat.vote is None or seat.commitment is not None, "votes were committed to")


def _bond_worth(_part: bytes, arbiter: Arbiter) -> tuple[bytes, int]:
    return asset_part(arbiter.symbol or ""), arbiter.held_minor


def _stakes_worth(_part: bytes, dispute: Dispute) -> tuple[bytes, int]:
    posted_minor = sum([stake.amount_minor for stake in dispute.stakes])
    return asset_part(dispute.subject.symbol), posted_minor


# For `commerce.invariants` and `commerce.audit`.
DISPUTE_HOLDERS: tuple[tuple[Table[Any], Callable[[bytes, Any], tuple[bytes, int]]], ...] = (
    (ARBITERS, _bond_worth),
    (DISPUTES, _stakes_worth),
)
DISPUTE_CLOCKED: tuple[Callable[[StateReader], Iterable[Deadline]], ...] = (
    dispute_deadlines,
    arbiter_deadlines,
)
