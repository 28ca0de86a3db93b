"""How a panel decides: dispute.commit, dispute.reveal, and what silence costs.

A commitment binds dispute, round, arbiter, salt and vote, so that a copied one opens for nobody but
its maker. While votes are committed to none is known; once one is known none can be chosen. (The
arbiters who replace those that didn't vote do know the others' votes: they are told apart by
COMMIT_AGAIN, and the median holds them.)
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash
from chain.context import Context, event
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from commerce.disputes.arbiters import count_seat, slash
from commerce.disputes.dispute import (
    Dispute,
    Seat,
    Shares,
    load_dispute,
    require_lines,
    save_dispute,
    timers_for,
)
from commerce.disputes.errors import (
    CommitmentMismatch,
    CommitmentMissing,
    DisputeUnknown,
    NotOnThePanel,
    PhaseForbids,
    SharesMismatch,
    VoteAlreadyRevealed,
)
from commerce.disputes.panel import seat as seat_reserves
from commerce.disputes.panel import take_reserves
from commerce.disputes.phases import Cause, Phase, When, edge_of, require_phase
from commerce.disputes.rulings import end_by_rule, rule
from commerce.errors import RoleMissing
from commerce.records import altered
from commerce.refusals import refuses
from commerce.roles import require_role

_SHARE_SIZE = 2


@dataclass(frozen=True, slots=True)
class DisputeCommit:
    """`commitment` is H("dispute-vote", dispute ‖ round, one byte ‖ arbiter ‖ salt, 32 bytes ‖ each
    share, two bytes). A second one replaces the first.
    """

    dispute_id: Hash
    commitment: Hash


@dataclass(frozen=True, slots=True)
class DisputeReveal:
    """`shares` are the buyer's of each line in dispute, in per mille; `salt` as committed to."""

    dispute_id: Hash
    shares: Shares
    salt: Hash


def vote_commitment(
    dispute_id: bytes, round_: int, arbiter: bytes, salt: bytes, shares: Shares
) -> bytes:
    """What an arbiter commits to; every part has a fixed width. The salt is 32 random bytes."""
    votes = b"".join([share.to_bytes(_SHARE_SIZE, "big") for share in shares])
    return tagged_hash("dispute-vote", dispute_id + bytes([round_]) + arbiter + salt + votes)


@refuses(RoleMissing, DisputeUnknown, NotOnThePanel, PhaseForbids, VoteAlreadyRevealed)
def dispute_commit(op: DisputeCommit, context: Context) -> tuple[Event, ...]:
    """An arbiter commits to its vote. Once all have, votes are revealed."""
    dispute, position = _own_seat(context, op.dispute_id)
    require_phase(dispute.phase, Cause.COMMIT)
    own = dispute.panel.seats[position]
    if own.vote is not None:
        msg = "this arbiter's vote counts already"
        raise VoteAlreadyRevealed(msg)
    committed = _seated(dispute, position, altered(own, commitment=op.commitment))
    is_all = all(seat.commitment is not None for seat in committed.panel.seats)
    edge = edge_of(dispute.phase, Cause.COMMIT, When.ALL_IN if is_all else When.MORE_TO_COME)
    if is_all:
        due_ms = context.time_ms + timers_for(context.state, dispute).reveal_ms
        committed = altered(committed, phase=edge.target.value, due_ms=due_ms)
    save_dispute(context, op.dispute_id, dispute, committed)
    return (
        event(
            "dispute.committed",
            dispute_id=op.dispute_id,
            round=dispute.round,
            arbiter=context.sender,
            commitment=op.commitment,
            phase=committed.phase,
        ),
    )


@refuses(
    RoleMissing,
    DisputeUnknown,
    NotOnThePanel,
    PhaseForbids,
    VoteAlreadyRevealed,
    CommitmentMissing,
    SharesMismatch,
    CommitmentMismatch,
)
def dispute_reveal(op: DisputeReveal, context: Context) -> tuple[Event, ...]:
    """An arbiter shows its vote and salt. The last vote that is missing makes the ruling."""
    dispute, position = _own_seat(context, op.dispute_id)
    require_phase(dispute.phase, Cause.REVEAL)
    own = dispute.panel.seats[position]
    if own.vote is not None:
        msg = "this arbiter's vote is known"
        raise VoteAlreadyRevealed(msg)
    if own.commitment is None:
        msg = "this arbiter committed to nothing"
        raise CommitmentMissing(msg)
    require_lines(dispute.subject, op.shares)
    sealed = vote_commitment(op.dispute_id, dispute.round, context.sender, op.salt, op.shares)
    if sealed != own.commitment:
        msg = "not what was committed to"
        raise CommitmentMismatch(msg)
    shown = _seated(dispute, position, altered(own, vote=op.shares))
    revealed = event(
        "dispute.revealed",
        dispute_id=op.dispute_id,
        round=dispute.round,
        arbiter=context.sender,
        shares=op.shares,
    )
    if all(seat.vote is not None for seat in shown.panel.seats):
        ruled = rule(context, op.dispute_id, dispute, shown, Cause.REVEAL, context.time_ms)
        return (revealed, *ruled)
    edge = edge_of(dispute.phase, Cause.REVEAL, When.MORE_TO_COME)
    save_dispute(context, op.dispute_id, dispute, altered(shown, phase=edge.target.value))
    return (revealed,)


def evidence_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.dispute.evidence: the arbiters have what they will have; they vote."""
    dispute = load_dispute(context.state, deadline.object_id)
    commit_ms = timers_for(context.state, dispute).commit_ms
    return _next_phase(context, deadline, dispute, Cause.EVIDENCE_CLOCK, commit_ms)


def commit_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.dispute.commit: who committed reveals; whoever didn't has lost its chance."""
    dispute = load_dispute(context.state, deadline.object_id)
    reveal_ms = timers_for(context.state, dispute).reveal_ms
    return _next_phase(context, deadline, dispute, Cause.COMMIT_CLOCK, reveal_ms)


def reveal_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.dispute.reveal: who owes a vote is slashed, and replaced once; then what there is counts.

    Nothing of this waits for anybody: an empty panel leaves the ruling before, or the default rule.
    """
    dispute_id = deadline.object_id
    dispute = load_dispute(context.state, dispute_id)
    owing = [seat.arbiter for seat in dispute.panel.seats if seat.vote is None]
    events = _dismiss(context, owing)
    left, replaced = _replaced(context, dispute, owing)
    events += seat_reserves(context, dispute_id, replaced)
    when = When.REPLACED if replaced else _when_over(left)
    cause = Cause.REVEAL_CLOCK
    if when is When.VOTES:
        ruled = rule(context, dispute_id, dispute, left, cause, deadline.time_ms)
        return (*events, *ruled)
    edge = edge_of(dispute.phase, cause, when)
    if edge.target is Phase.SPLIT:
        return (*events, *end_by_rule(context, dispute_id, dispute, left))
    # The second vote is short: half the phases, both of the length of the first reveal.
    due_ms = deadline.time_ms + timers_for(context.state, dispute).reveal_ms
    again = altered(left, phase=edge.target.value, due_ms=due_ms)
    save_dispute(context, dispute_id, dispute, again)
    return events


def _when_over(dispute: Dispute) -> When:
    return When.VOTES if dispute.panel.seats else When.NO_VOTES


def _own_seat(context: Context, dispute_id: bytes) -> tuple[Dispute, int]:
    require_role(context.state, context.sender, "arbiter")
    dispute = load_dispute(context.state, dispute_id)
    position = dispute.seat_of(context.sender)
    if position is None:
        msg = "no seat in this panel"
        raise NotOnThePanel(msg)
    return dispute, position


def _seated(dispute: Dispute, position: int, seat: Seat) -> Dispute:
    seats = dispute.panel.seats
    changed = (*seats[:position], seat, *seats[position + 1 :])
    return altered(dispute, panel=altered(dispute.panel, seats=changed))


def _next_phase(
    context: Context, deadline: Deadline, dispute: Dispute, cause: Cause, duration_ms: int
) -> tuple[Event, ...]:
    edge = edge_of(dispute.phase, cause)
    due_ms = deadline.time_ms + duration_ms
    moved = altered(dispute, phase=edge.target.value, due_ms=due_ms)
    save_dispute(context, deadline.object_id, dispute, moved)
    reported = event(
        "dispute.phase", dispute_id=deadline.object_id, phase=moved.phase, due_ms=due_ms
    )
    return (reported,)


def _dismiss(context: Context, owing: list[bytes]) -> tuple[Event, ...]:
    """Slash who owes a vote, and take its seat."""
    slashed = []
    for arbiter in owing:
        slashed.append(slash(context, arbiter))
        count_seat(context, arbiter, -1)
    return tuple([entry for entry in slashed if entry is not None])


def _replaced(
    context: Context, dispute: Dispute, owing: list[bytes]
) -> tuple[Dispute, tuple[bytes, ...]]:
    """The dispute without those who owe a vote, with reserves in their place the first time."""
    panel = dispute.panel
    gone = altered(
        dispute,
        panel=altered(
            panel,
            seats=tuple([seat for seat in panel.seats if seat.vote is not None]),
            former=panel.former + tuple(owing),
        ),
    )
    if dispute.phase != Phase.REVEAL:
        return gone, ()
    taken, reserves = take_reserves(context, gone, len(owing))
    new = tuple([Seat(arbiter, None, None) for arbiter in taken])
    seats = gone.panel.seats + new
    return altered(gone, panel=altered(gone.panel, seats=seats, reserves=reserves)), tuple(taken)
