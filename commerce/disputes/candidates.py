"""Who may be drawn for a dispute: closed when its draw begins, before anybody can know the seed.

Shares of a seed travel by gossip before the block that holds the last of them. A bond posted, a
bond taken back or a trade made from then on changes nothing about who is drawn.
"""

from collections.abc import Sequence

from chain.context import Context
from commerce.disputes.arbiters import all_arbiters, arbiter_of, is_active, is_bonded, is_liable
from commerce.disputes.conflicts import TRADE_MS, is_independent
from commerce.disputes.dispute import Dispute


def candidates(context: Context, dispute: Dispute) -> tuple[Sequence[bytes], Sequence[bytes]]:
    """Accounts that may sit now: those with a bond, and those on the regulator's list alone."""
    symbol = dispute.subject.symbol
    bonded, listed = [], []
    for arbiter in all_arbiters(context.state):
        if is_bonded(arbiter, symbol, context):
            bonded.append(arbiter.account)
        elif arbiter.listed is not None:
            listed.append(arbiter.account)
    return (
        [account for account in bonded if may_sit(context, dispute, account)],
        [account for account in listed if may_sit(context, dispute, account)],
    )


def may_sit(context: Context, dispute: Dispute, arbiter: bytes) -> bool:
    """Is it an arbiter still, with no seat in this dispute before, and independent?"""
    if _sat(dispute, arbiter):
        return False
    subject, state = dispute.subject, context.state
    if not is_active(arbiter_of(state, arbiter), subject.symbol, context):
        return False
    others = (subject.buyer, subject.seller, *subject.interested)
    since_ms = context.time_ms - context.chain.genesis.scaled_ms(TRADE_MS)
    return is_independent(state, arbiter, others, since_ms)


def still_answers(context: Context, dispute: Dispute, candidate: bytes) -> bool:
    """Does a candidate of this draw answer for its votes with so much still, or on the list?

    A bond that is leaving does: nobody leaves a draw whose seed it knows.
    """
    arbiter = arbiter_of(context.state, candidate)
    return is_liable(arbiter, dispute.subject.symbol, context) and not _sat(dispute, candidate)


def _sat(dispute: Dispute, arbiter: bytes) -> bool:
    return arbiter in dispute.panel.former or dispute.seat_of(arbiter) is not None
