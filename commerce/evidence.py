"""Evidence on the chain: evidence.submit. Who signed what no correct member signs leads no more.

Anybody may submit a proof; it is checked against the committee of its epoch. A member that is
convicted stays in the committee, whose size was chosen for it, and votes; but it is suspended from
leading, by a change of the epoch, until a quorum replaces its key or removes it.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from chain import committees
from chain.block import Event
from chain.codec import Hash, Height, Name, Size, TimeMs, View
from chain.committee import Committee, Member
from chain.context import Context, event
from chain.errors import EvidenceMalformed
from chain.evidence import Equivocation, Evidence, convicted_vote, decode_evidence, proves
from chain.state import Table, u64
from commerce.committee import decide_committee, require_settled
from commerce.committee_errors import (
    ChangePending,
    EpochUnknown,
    EvidenceRecorded,
    EvidenceUnproven,
)
from commerce.refusals import refuses

# Room for a ViewChange with two certificates of the largest committee, which is about 20 kB.
EVIDENCE_SIZE_MAX = 32 * 1024


@dataclass(frozen=True, slots=True)
class EvidenceSubmit:
    """`proof` is evidence in its canonical form (docs/protocol-consensus.md § Evidence). It is
    accepted once for each member and epoch. A member that has a seat under the same key, and isn't
    suspended yet, is from the second height above this one, unless as many are as may be faulty.
    """

    proof: Annotated[bytes, Size(min=1, max=EVIDENCE_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """Where a member signed what it must not, and who showed it; the proof is in the transaction.

    `kind` is "equivocation" or "hidden-commit"; `height` and `view` are those of the convicting
    vote; `time_ms` is when it was recorded.
    """

    node_key: Hash
    height: Height
    view: View
    kind: Name
    reporter: Hash
    transaction_id: Hash
    time_ms: TimeMs


# Under the member's account and u64(epoch).
EVIDENCE: Table[EvidenceRecord] = Table("evidence", EvidenceRecord)


@refuses(EvidenceMalformed, EpochUnknown, EvidenceUnproven, EvidenceRecorded, ChangePending)
def evidence_submit(op: EvidenceSubmit, context: Context) -> tuple[Event, ...]:
    """Record a proof that a member broke the promise of its votes, and suspend it from leading."""
    evidence = decode_evidence(op.proof)
    member = _convicted(evidence, context)
    # The one that is pending, if any: it may suspend the member already.
    newest = committees.newest(context.state)
    committee = context.chain.committee if newest is None else newest.committee
    suspended = _suspended(committee, member)
    known = EVIDENCE.load(context.state, member.account, u64(evidence.epoch)) is not None
    if known and suspended is None:
        msg = f"{member.name} is convicted in epoch {evidence.epoch} already"
        raise EvidenceRecorded(msg)
    # Whom a pending change concerns is decided when it governs; the proof can wait for that.
    require_settled(context)
    if known:
        # There was no room among the f when it was recorded; now there is.
        assert suspended is not None
        return (decide_committee(context, suspended, suspended=(member.account,)),)
    record = _record(evidence, member, context)
    EVIDENCE.store(context.state, record, member.account, u64(evidence.epoch))
    recorded = event(
        "evidence.recorded",
        account=member.account,
        epoch=evidence.epoch,
        height=record.height,
        view=record.view,
        kind=record.kind,
        node_key=member.node_key,
        reporter=context.sender,
    )
    if suspended is None:
        return (recorded,)
    changed = decide_committee(context, suspended, suspended=(member.account,))
    return (recorded, changed)


def _convicted(evidence: Evidence, context: Context) -> Member:
    """The member that the evidence is against, as it was in that epoch."""
    chain = context.chain
    founders = chain.genesis.committee()
    found = committees.of_epoch(context.state, founders, evidence.epoch)
    if found is None:
        msg = f"no committee of epoch {evidence.epoch}"
        raise EpochUnknown(msg)
    if not proves(evidence, found.committee, chain.genesis_hash, chain.verify):
        msg = f"no proof against a member of epoch {evidence.epoch}"
        raise EvidenceUnproven(msg)
    return found.committee.members[convicted_vote(evidence).member]


def _record(evidence: Evidence, member: Member, context: Context) -> EvidenceRecord:
    vote = convicted_vote(evidence)
    return EvidenceRecord(
        node_key=member.node_key,
        height=vote.height,
        view=vote.view,
        kind="equivocation" if isinstance(evidence, Equivocation) else "hidden-commit",
        reporter=context.sender,
        transaction_id=context.transaction_id,
        time_ms=context.time_ms,
    )


def _suspended(committee: Committee, convicted: Member) -> tuple[Member, ...] | None:
    """The members with this one suspended; None where that changes nothing or would be too many."""
    index = committee.index_of(convicted.node_key)
    if index is None:
        return None
    member = committee.members[index]
    if member.account != convicted.account or member.suspended:
        return None
    if sum(other.suspended for other in committee.members) >= committee.f:
        return None
    changed = replace(member, suspended=True)
    return (*committee.members[:index], changed, *committee.members[index + 1 :])
