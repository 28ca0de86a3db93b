"""dispute.open: a party takes a refused request, or a parcel whose delivery it proves, to a panel.

The buyer disputes what the seller refused or countered; the seller too, or with the proof of a
delivery that the carrier didn't report. What a seller contests of a return goes through
return.contest.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Amount, Hash
from chain.context import Context
from chain.state import StateReader
from commerce.aftersale.cases import CASES, Case, case_clocks, load_case
from commerce.aftersale.errors import CaseUnknown, TooManyCases
from commerce.aftersale.outcomes import begin_dispute, case_of_parcel, case_stake
from commerce.clocks import Clock
from commerce.disputes.dispute import Shares, Subject, dispute_clocks
from commerce.disputes.errors import BondTooSmall, ClaimEmpty, SharesMismatch
from commerce.disputes.opening import Plea, open_dispute
from commerce.errors import (
    DelegationExceeded,
    InsufficientFunds,
    NotAParty,
    NotTheSeller,
    StateForbids,
)
from commerce.escrow import Trigger, edge_from
from commerce.orders import load_order
from commerce.parcels import PARCELS, parcel_clocks
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class DisputeOpen:
    """`subject_id` is a case, or for a seller a parcel on its way. `shares` are what the sender
    asks for: the buyer's of each line, in per mille; nobody gets more than it asks. A buyer's bond
    may be 0. `document` is the hash of the evidence.
    """

    subject_id: Hash
    shares: Shares
    bond_minor: Amount
    document: Hash


@refuses(
    CaseUnknown,
    NotAParty,
    NotTheSeller,
    StateForbids,
    SharesMismatch,
    ClaimEmpty,
    BondTooSmall,
    InsufficientFunds,
    DelegationExceeded,
    TooManyCases,
)
def dispute_open(op: DisputeOpen, context: Context) -> tuple[Event, ...]:
    """Let a panel of arbiters decide; the case's clock stops, the dispute's begins."""
    plea = Plea(op.shares, op.bond_minor, op.document)
    if CASES.load(context.state, op.subject_id) is None:
        return _open_parcel(op, context, plea)
    case = load_case(context.state, op.subject_id)
    order = load_order(context.state, case.order_id)
    if context.sender not in (order.buyer, order.seller):
        msg = "only the buyer or the seller disputes"
        raise NotAParty(msg)
    edge_from(case.state, Trigger.DISPUTE)
    return dispute_case(context, op.subject_id, case, plea)


@dataclass(frozen=True, slots=True)
class ReturnContest:
    """What came back is not what was sent: `shares` are what the seller would give the buyer of
    each line, in per mille. `document` is the hash of the evidence.
    """

    case_id: Hash
    shares: Shares
    bond_minor: Amount
    document: Hash


@refuses(
    CaseUnknown,
    NotTheSeller,
    StateForbids,
    SharesMismatch,
    ClaimEmpty,
    BondTooSmall,
    InsufficientFunds,
    DelegationExceeded,
)
def return_contest(op: ReturnContest, context: Context) -> tuple[Event, ...]:
    """Let a panel look at what came back, instead of refunding it in silence."""
    case = load_case(context.state, op.case_id)
    if context.sender != load_order(context.state, case.order_id).seller:
        msg = "only the seller contests a return"
        raise NotTheSeller(msg)
    edge_from(case.state, Trigger.CONTEST)
    plea = Plea(op.shares, op.bond_minor, op.document)
    return dispute_case(context, op.case_id, case, plea)


def dispute_case(context: Context, case_id: bytes, case: Case, plea: Plea) -> tuple[Event, ...]:
    """Take a case to a panel for the sender, a party that may do so in the case's state.

    Refuses as `OPENING_REFUSALS` say.
    """
    order = load_order(context.state, case.order_id)
    funders = {
        funding.funder for entry in case.lines for funding in order.lines[entry.line].funding
    }
    paid_by = funders if order.payer is None else funders | {order.payer}
    subject = Subject(
        kind="case",
        buyer=order.buyer,
        seller=order.seller,
        interested=tuple(sorted(paid_by - {order.buyer, order.seller})),
        symbol=order.symbol,
        parameters=order.parameters,
        worth_minor=case_stake(case),
    )
    begin_dispute(context, case_id, case)
    return open_dispute(context, case_id, subject, context.sender, plea)


def subject_clocks(state: StateReader, subject_id: bytes) -> list[tuple[bytes, Clock]]:
    """The ids and clocks of a dispute, case or parcel and what hangs together with it."""
    return [
        *dispute_clocks(state, subject_id),
        *case_clocks(state, subject_id),
        *parcel_clocks(state, subject_id),
    ]


def _open_parcel(op: DisputeOpen, context: Context, plea: Plea) -> tuple[Event, ...]:
    if PARCELS.load(context.state, op.subject_id) is None:
        msg = f"no case or parcel {op.subject_id.hex()}"
        raise CaseUnknown(msg)
    case_id, case = case_of_parcel(context, op.subject_id)
    return dispute_case(context, case_id, case, plea)
