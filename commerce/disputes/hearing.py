"""What parties and witnesses do while a dispute runs: dispute.evidence, dispute.settle; the clocks
that need nobody.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, Name
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.errors import CosignerMissing
from chain.state import StateReader
from commerce.disputes.dispute import (
    Dispute,
    Exhibit,
    Shares,
    load_dispute,
    require_lines,
    save_dispute,
)
from commerce.disputes.errors import (
    DisputeUnknown,
    NotAWitness,
    PhaseForbids,
    SharesMismatch,
    TooMuchEvidence,
)
from commerce.disputes.limits import (
    EXHIBITS_OF_PARTY_MAX,
    EXHIBITS_OF_WITNESS_MAX,
    EXHIBITS_OF_WITNESSES_MAX,
)
from commerce.disputes.phases import Cause, require_phase
from commerce.disputes.rulings import end_by_rule, end_by_settlement
from commerce.disputes.subjects import carriers_of
from commerce.errors import NotAParty
from commerce.records import altered
from commerce.refusals import refuses
from commerce.roles import has_role

# Who may bring evidence about anything: an inspector, and the maker of a device for what it saw.
WITNESS_ROLES = ("inspector", "device_maker")


@dataclass(frozen=True, slots=True)
class DisputeEvidence:
    """`kind` says what it is ("photo", "weighing", "sensor log"), `document` is its hash."""

    dispute_id: Hash
    kind: Name
    document: Hash


@dataclass(frozen=True, slots=True)
class DisputeSettle:
    """`shares` are the buyer's of each line in dispute, in per mille, as both parties agreed."""

    dispute_id: Hash
    shares: Shares


@refuses(DisputeUnknown, PhaseForbids, NotAWitness, TooMuchEvidence)
def dispute_evidence(op: DisputeEvidence, context: Context) -> tuple[Event, ...]:
    """Add a piece of evidence before the arbiters vote. Witnesses can't use up a party's share."""
    dispute = load_dispute(context.state, op.dispute_id)
    require_phase(dispute.phase, Cause.EVIDENCE)
    if not _may_witness(context.state, op.dispute_id, dispute, context.sender):
        msg = "neither a party nor a witness of this order"
        raise NotAWitness(msg)
    _require_room(dispute, context.sender)
    exhibit = Exhibit(context.sender, op.kind, op.document)
    heard = altered(dispute, exhibits=(*dispute.exhibits, exhibit))
    save_dispute(context, op.dispute_id, dispute, heard)
    brought = event(
        "dispute.evidence",
        dispute_id=op.dispute_id,
        account=context.sender,
        kind=op.kind,
        document=op.document,
    )
    return (brought,)


@refuses(DisputeUnknown, NotAParty, CosignerMissing, PhaseForbids, SharesMismatch)
def dispute_settle(op: DisputeSettle, context: Context) -> tuple[Event, ...]:
    """Buyer and seller agree, at any moment before the end. Rulings so far still decide bonds."""
    dispute = load_dispute(context.state, op.dispute_id)
    if context.sender not in dispute.parties:
        msg = "only the buyer and the seller settle"
        raise NotAParty(msg)
    for party in dispute.parties:
        context.require_consent(party, "the other party")
    require_phase(dispute.phase, Cause.SETTLE)
    require_lines(dispute.subject, op.shares)
    return end_by_settlement(context, op.dispute_id, dispute, op.shares)


def appeal_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.dispute.appeal: nobody appealed, so the ruling holds."""
    dispute = load_dispute(context.state, deadline.object_id)
    return end_by_rule(context, deadline.object_id, dispute, dispute)


def cap_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.dispute.cap: it took too long. The last ruling holds; without one the default rule."""
    dispute = load_dispute(context.state, deadline.object_id)
    return end_by_rule(context, deadline.object_id, dispute, dispute)


def _may_witness(state: StateReader, dispute_id: bytes, dispute: Dispute, account: bytes) -> bool:
    if account in dispute.parties:
        return True
    if any(has_role(state, account, role) for role in WITNESS_ROLES):
        return True
    return account in carriers_of(state, dispute_id, dispute.subject)


def _require_room(dispute: Dispute, account: bytes) -> None:
    """`TooMuchEvidence` if this account, or all witnesses together, brought all they may."""
    brought = [exhibit.account for exhibit in dispute.exhibits]
    if account in dispute.parties:
        is_full = brought.count(account) >= EXHIBITS_OF_PARTY_MAX
    else:
        witnesses = [known for known in brought if known not in dispute.parties]
        is_full = len(witnesses) >= EXHIBITS_OF_WITNESSES_MAX
        is_full = is_full or brought.count(account) >= EXHIBITS_OF_WITNESS_MAX
    if is_full:
        msg = "no more evidence of this kind of party"
        raise TooMuchEvidence(msg)
