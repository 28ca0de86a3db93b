"""What a panel's votes come to, and how a dispute ends."""

from collections.abc import Sequence

from chain.block import Event
from chain.context import Context, event
from commerce.disputes.arbiters import count_seat
from commerce.disputes.dispute import (
    Dispute,
    Ending,
    Panel,
    Ruling,
    Shares,
    save_dispute,
    timers_for,
)
from commerce.disputes.draws import give_up
from commerce.disputes.limits import APPEALS_MAX
from commerce.disputes.phases import Cause, Phase, When, edge_of
from commerce.disputes.stakes import settle_stakes
from commerce.disputes.subjects import default_shares, mark_decided, split_subject
from commerce.records import altered


def lower_median(values: Sequence[int]) -> int:
    """The middle one; of two middle ones the lower. No minority moves it beyond the others."""
    return sorted(values)[(len(values) - 1) // 2]


def ruling_of(dispute: Dispute) -> Ruling:
    """The lower median per line of the votes revealed, within what was asked for."""
    voted = [seat for seat in dispute.panel.seats if seat.vote is not None]
    votes = [seat.vote for seat in voted if seat.vote is not None]
    medians = [lower_median(line) for line in zip(*votes, strict=True)]
    bounds = zip(medians, dispute.bounds(), strict=True)
    shares = tuple([min(max(median, low), high) for median, (low, high) in bounds])
    return Ruling(shares, tuple(seat.arbiter for seat in voted))


def rule(
    context: Context, dispute_id: bytes, before: Dispute, dispute: Dispute, cause: Cause, at_ms: int
) -> tuple[Event, ...]:
    """The votes of this round are all that come: decide, and let the loser appeal if it may.

    `before` is what the state holds, `dispute` what has become of it since.
    """
    ruling = ruling_of(dispute)
    when = When.VOTES if dispute.round < APPEALS_MAX else When.VOTES_LAST
    edge = edge_of(dispute.phase, cause, when)
    decided = altered(dispute, rulings=(*dispute.rulings, ruling))
    ruled = event(
        "dispute.ruled",
        dispute_id=dispute_id,
        round=dispute.round,
        shares=ruling.shares,
        arbiters=ruling.arbiters,
    )
    if edge.target is Phase.SPLIT:
        return (ruled, *end_by_rule(context, dispute_id, before, decided))
    due_ms = at_ms + timers_for(context.state, dispute).appeal_ms
    decided = altered(
        decided,
        phase=edge.target.value,
        due_ms=due_ms,
        panel=_dismissed(context, dispute.panel),
    )
    save_dispute(context, dispute_id, before, decided)
    mark_decided(context, dispute_id, dispute.subject)
    return (ruled,)


def end_by_rule(
    context: Context, dispute_id: bytes, before: Dispute, dispute: Dispute
) -> tuple[Event, ...]:
    """End with the last ruling; without any by the default rule: the goods' holder doesn't gain.

    The default rule gives the money to whoever lacks the goods (commerce.md, Timers).
    """
    if dispute.rulings:
        ending = Ending("ruling", dispute.rulings[-1].shares)
    else:
        shares = default_shares(context.state, dispute_id, dispute.subject)
        ending = Ending("default", shares)
    return end(context, dispute_id, before, dispute, ending)


def end_by_settlement(
    context: Context, dispute_id: bytes, dispute: Dispute, shares: Shares
) -> tuple[Event, ...]:
    """End as the parties agreed."""
    return end(context, dispute_id, dispute, dispute, Ending("settlement", shares))


def end(
    context: Context, dispute_id: bytes, before: Dispute, dispute: Dispute, ending: Ending
) -> tuple[Event, ...]:
    """Enter SPLIT: bonds paid out, seats given up, and the subject's money divided."""
    if before.phase == Phase.DRAWING:
        give_up(context, dispute_id, before.round, before.cap_ms)
    bonds = settle_stakes(context, dispute)
    ended = altered(
        dispute,
        phase=Phase.SPLIT.value,
        due_ms=None,
        tries=None,
        panel=_dismissed(context, dispute.panel),
        stakes=(),
        ending=ending,
    )
    save_dispute(context, dispute_id, before, ended)
    reported = event(
        "dispute.ended",
        dispute_id=dispute_id,
        how=ending.how,
        shares=ending.shares,
        symbol=dispute.subject.symbol,
        bonds=tuple(bonds),
    )
    split = split_subject(
        context, dispute_id, dispute.subject, ending.shares, ruled=ending.how == "ruling"
    )
    return (reported, *split)


def _dismissed(context: Context, panel: Panel) -> Panel:
    """The panel without its arbiters: they have a seat less."""
    for seat in panel.seats:
        count_seat(context, seat.arbiter, -1)
    former = (*panel.former, *[seat.arbiter for seat in panel.seats])
    return Panel((), (), former, panel.challengers)
