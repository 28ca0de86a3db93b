"""The bonds of a dispute: who gets which of them at the end.

The opener has lost when it gets less than half of what it asked for; an appellant has lost when the
last ruling isn't nearer to it than the one that it appealed against. Who lost pays the arbiters who
revealed a vote in the round that its bond was posted for, in equal parts; what is left over goes to
the mutual fund. Every other bond returns: nobody pays for a panel that didn't rule.
"""

from collections.abc import Sequence

from chain.context import Context
from commerce.deposits.fund import fund_add
from commerce.disputes.dispute import Dispute, Stake
from commerce.money import credit


def settle_stakes(context: Context, dispute: Dispute) -> Sequence[dict[str, object]]:
    """Pay out every bond, and tell how, in the order of the rounds."""
    return tuple([_settle(context, dispute, stake) for stake in dispute.stakes])


def is_lost(dispute: Dispute, stake: Stake) -> bool:
    """Did who posted this bond lose by the rulings? A settlement takes nothing back from them."""
    if stake.round >= len(dispute.rulings):
        return False
    subject, last = dispute.subject, dispute.rulings[-1]
    got_minor = subject.buyer_minor(last.shares)
    base_minor = 0
    if stake.round:
        base_minor = subject.buyer_minor(dispute.rulings[stake.round - 1].shares)
    if stake.account != subject.buyer:
        got_minor = subject.stake_minor - got_minor
        base_minor = subject.stake_minor - base_minor if stake.round else 0
    if stake.round:
        return got_minor <= base_minor
    asked_minor = subject.buyer_minor(dispute.claim)
    if stake.account != subject.buyer:
        asked_minor = subject.stake_minor - asked_minor
    return 2 * got_minor < asked_minor


def _settle(context: Context, dispute: Dispute, stake: Stake) -> dict[str, object]:
    symbol = dispute.subject.symbol
    arbiters: Sequence[bytes] = ()
    paid_minor = 0
    if is_lost(dispute, stake):
        arbiters = dispute.rulings[stake.round].arbiters
        paid_minor = stake.amount_minor // len(arbiters)
        for arbiter in arbiters:
            credit(context, arbiter, symbol, paid_minor)
        fund_add(context, symbol, stake.amount_minor - paid_minor * len(arbiters))
    else:
        credit(context, stake.account, symbol, stake.amount_minor)
    return {
        "account": stake.account,
        "amount_minor": stake.amount_minor,
        "arbiters": tuple(arbiters),
        "each_minor": paid_minor,
        "lost": bool(arbiters),
        "round": stake.round,
    }
