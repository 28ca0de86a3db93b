"""Who sits: the draw by the beacon's seed, dispute.recuse, dispute.challenge, and reserves.

A seed orders the arbiters who had no conflict of interest when the draw began; the first of them
sit, the next ones are the reserves of this round, in this order. Nobody chooses anybody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from chain.block import Event
from chain.codec import Hash, Text
from chain.context import Context, event
from commerce.disputes.arbiters import count_seat
from commerce.disputes.candidates import may_sit, still_answers
from commerce.disputes.dispute import (
    Dispute,
    Panel,
    Seat,
    load_dispute,
    save_dispute,
    timers_for,
)
from commerce.disputes.draws import Waiting, take_drawn
from commerce.disputes.errors import ChallengeUsed, DisputeUnknown, NotOnThePanel, PhaseForbids
from commerce.disputes.limits import PANEL_SIZES, RESERVES_MAX
from commerce.disputes.phases import Cause, Phase, When, edge_of, require_phase
from commerce.disputes.rulings import end_by_rule
from commerce.disputes.sampling import draw_seed, ranked
from commerce.errors import NotAParty
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class DisputeRecuse:
    """An arbiter gives up its seat, before votes are committed to."""

    dispute_id: Hash
    reason: Text


@dataclass(frozen=True, slots=True)
class DisputeChallenge:
    """A party refuses one arbiter without giving a reason, once in a dispute."""

    dispute_id: Hash
    arbiter: Hash


def panel_drawn(context: Context, draw_id: bytes, seed: bytes) -> tuple[Event, ...]:
    """The beacon's seed is there: seat the panel, or end when there are too few arbiters.

    Called once for each draw that `start_draw` began and nobody abandoned.
    """
    waiting = take_drawn(context, draw_id)
    if waiting is None:
        return ()
    dispute_id = waiting.dispute_id
    dispute = load_dispute(context.state, dispute_id)
    assert dispute.is_drawing
    size = PANEL_SIZES[dispute.round]
    order_seed = draw_seed(dispute_id, dispute.round, seed)
    drawn = _drawn(context, dispute, waiting, order_seed, size)
    when = When.PANEL if len(drawn) >= size else When.TOO_FEW
    edge = edge_of(dispute.phase, Cause.SEED, when)
    if edge.target is Phase.SPLIT:
        # The secret is spent: nothing is left to abandon.
        return end_by_rule(context, dispute_id, altered(dispute, tries=0), dispute)
    seated = drawn[:size]
    for arbiter in seated:
        count_seat(context, arbiter, 1)
    panel = altered(
        dispute.panel,
        seats=tuple([Seat(arbiter, None, None) for arbiter in seated]),
        reserves=tuple(drawn[size:]),
    )
    due_ms = context.time_ms + timers_for(context.state, dispute).evidence_ms
    heard = altered(dispute, phase=edge.target.value, due_ms=due_ms, panel=panel)
    save_dispute(context, dispute_id, dispute, heard)
    return (
        event(
            "dispute.panel",
            dispute_id=dispute_id,
            round=dispute.round,
            seed=seed,
            arbiters=tuple(seated),
            due_ms=due_ms,
        ),
    )


@refuses(DisputeUnknown, PhaseForbids, NotOnThePanel)
def dispute_recuse(op: DisputeRecuse, context: Context) -> tuple[Event, ...]:
    """An arbiter declares itself partial; a reserve takes its seat."""
    dispute = load_dispute(context.state, op.dispute_id)
    require_phase(dispute.phase, Cause.RECUSE)
    _require_seat(dispute, context.sender)
    left = event(
        "dispute.recused", dispute_id=op.dispute_id, arbiter=context.sender, reason=op.reason
    )
    left_events = _unseat(context, op.dispute_id, dispute, context.sender, Cause.RECUSE)
    return (left, *left_events)


@refuses(DisputeUnknown, NotAParty, PhaseForbids, NotOnThePanel, ChallengeUsed)
def dispute_challenge(op: DisputeChallenge, context: Context) -> tuple[Event, ...]:
    """The one peremptory challenge of a party; a reserve takes the seat."""
    dispute = load_dispute(context.state, op.dispute_id)
    if context.sender not in dispute.parties:
        msg = "only the buyer or the seller challenges"
        raise NotAParty(msg)
    require_phase(dispute.phase, Cause.CHALLENGE)
    _require_seat(dispute, op.arbiter)
    challengers = dispute.panel.challengers
    if context.sender in challengers:
        msg = "one challenge for each party"
        raise ChallengeUsed(msg)
    panel = altered(dispute.panel, challengers=(*challengers, context.sender))
    challenged = event(
        "dispute.challenged",
        dispute_id=op.dispute_id,
        party=context.sender,
        arbiter=op.arbiter,
    )
    changed = altered(dispute, panel=panel)
    return (
        challenged,
        *_unseat(context, op.dispute_id, changed, op.arbiter, Cause.CHALLENGE),
    )


def take_reserves(
    context: Context, dispute: Dispute, count: int
) -> tuple[Sequence[bytes], tuple[bytes, ...]]:
    """Up to so many reserves who may still sit, and those that remain behind them."""
    taken: list[bytes] = []
    reserves = dispute.panel.reserves
    for position, arbiter in enumerate(reserves):
        if len(taken) == count:
            return taken, reserves[position:]
        if may_sit(context, dispute, arbiter):
            taken.append(arbiter)
    return taken, ()


def seat(context: Context, dispute_id: bytes, arbiters: Sequence[bytes]) -> tuple[Event, ...]:
    """Count and tell the seats of reserves that take over."""
    for arbiter in arbiters:
        count_seat(context, arbiter, 1)
    return tuple(
        [event("dispute.seated", dispute_id=dispute_id, arbiter=arbiter) for arbiter in arbiters]
    )


def _require_seat(dispute: Dispute, arbiter: bytes) -> None:
    if dispute.seat_of(arbiter) is None:
        msg = "no seat in this panel"
        raise NotOnThePanel(msg)


def _unseat(
    context: Context, dispute_id: bytes, dispute: Dispute, arbiter: bytes, cause: Cause
) -> tuple[Event, ...]:
    """Put the next reserve in an arbiter's place, or leave it empty; end if nobody sits."""
    count_seat(context, arbiter, -1)
    taken, reserves = take_reserves(context, dispute, 1)
    events = seat(context, dispute_id, taken)
    kept = [known for known in dispute.panel.seats if known.arbiter != arbiter]
    panel = Panel(
        seats=(*kept, *[Seat(new, None, None) for new in taken]),
        reserves=reserves,
        former=(*dispute.panel.former, arbiter),
        challengers=dispute.panel.challengers,
    )
    changed = altered(dispute, panel=panel)
    when = When.SOMEBODY if panel.seats else When.NOBODY
    if edge_of(dispute.phase, cause, when).target is Phase.SPLIT:
        return (*events, *end_by_rule(context, dispute_id, dispute, changed))
    save_dispute(context, dispute_id, dispute, changed)
    return events


def _drawn(
    context: Context, dispute: Dispute, waiting: Waiting, seed: bytes, size: int
) -> Sequence[bytes]:
    """Panel and reserves, in the seed's order; who is only on the list if the others don't do."""
    count_max = size + RESERVES_MAX
    drawn = list(islice(_fit(context, dispute, ranked(seed, waiting.bonded)), count_max))
    if len(drawn) < size:
        fit = _fit(context, dispute, ranked(seed, waiting.listed))
        drawn += islice(fit, count_max - len(drawn))
    return drawn


def _fit(context: Context, dispute: Dispute, drawn: Sequence[bytes]) -> Iterator[bytes]:
    return (account for account in drawn if still_answers(context, dispute, account))
