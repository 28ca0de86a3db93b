"""Against a penalty: penalty.contest.

Whoever is charged, the custodian or else the seller, takes a penalty to a panel before it is
settled: what the device measured is what holds, unless it is shown that it measured wrongly, or
something else. The buyer is the other side. A seller whose custodian is charged has nothing to lose
by it, so it has no say: else it could contest a thousandth, and leave the custodian without a word.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Amount, Hash
from chain.context import Context
from commerce.devices.errors import PenaltyUnknown
from commerce.devices.penalty import (
    Penalty,
    PenaltyState,
    load_penalty,
    save_penalty,
)
from commerce.devices.watch import load_watch, save_watch
from commerce.disputes.dispute import Shares, Subject
from commerce.disputes.opening import OPENING_REFUSALS, Plea, open_dispute
from commerce.errors import NotAParty, StateForbids
from commerce.orders import Order, load_order
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class PenaltyContest:
    """`shares` are what the sender leaves standing of the penalty, in per mille of each of its
    lines; `document` is the hash of what shows that the rest is wrong. The bond is a seller's.
    """

    penalty_id: Hash
    shares: Shares
    bond_minor: Amount
    document: Hash


@refuses(PenaltyUnknown, NotAParty, StateForbids, *OPENING_REFUSALS)
def penalty_contest(op: PenaltyContest, context: Context) -> tuple[Event, ...]:
    """Let a panel decide whether a penalty stands."""
    penalty = load_penalty(context.state, op.penalty_id)
    order = load_order(context.state, penalty.order_id)
    if context.sender != (penalty.custodian or order.seller):
        msg = "only who is charged contests a penalty"
        raise NotAParty(msg)
    if penalty.state != PenaltyState.PENDING:
        msg = f"the penalty is {penalty.state}"
        raise StateForbids(msg)
    subject = Subject(
        kind="penalty",
        buyer=order.buyer,
        seller=context.sender,
        interested=_interested(context, penalty, order),
        symbol=order.symbol,
        parameters=order.parameters,
        worth_minor=tuple([entry.amount_minor for entry in penalty.lines]),
    )
    disputed = altered(penalty, state=PenaltyState.DISPUTED.value, due_ms=None)
    save_penalty(context, penalty, disputed)
    _begin_another(context, penalty)
    plea = Plea(op.shares, op.bond_minor, op.document)
    return open_dispute(context, op.penalty_id, subject, context.sender, plea)


def _interested(context: Context, penalty: Penalty, order: Order) -> tuple[bytes, ...]:
    """Everybody else whose money it is: none of them arbitrates."""
    own = [order.lines[entry.line] for entry in penalty.lines]
    others = {funding.funder for line in own for funding in line.funding}
    others |= {order.seller, order.payer or order.buyer}
    if penalty.custodian is not None:
        others.add(penalty.custodian)
    return tuple(sorted(others - {order.buyer, context.sender}))


def _begin_another(context: Context, penalty: Penalty) -> None:
    """What is reported from now on is another penalty's."""
    watch = load_watch(context.state, penalty.parcel_id)
    custodies = list(watch.custodies)
    custody = custodies[penalty.custody]
    if custody.penalty == penalty.number:
        custodies[penalty.custody] = altered(custody, penalty=None)
        save_watch(context, watch, altered(watch, custodies=tuple(custodies)))
