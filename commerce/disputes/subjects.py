"""What disputes are about, by kind: how each ends, and by which rule when no panel has ruled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chain.block import Event
from chain.context import Context
from chain.state import StateReader
from commerce.deposits.claim_ending import claim_carriers, claim_default, resolve_claim
from commerce.disputes.dispute import Shares, Subject


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """`split` ends the subject by shares, which a panel ruled or not; `default` is the buyer's
    share when nobody ruled; `carriers` brought the goods, and may tell of it.
    """

    split: Callable[[Context, bytes, Shares, bool], tuple[Event, ...]]
    default: Callable[[StateReader, bytes], int]
    carriers: Callable[[StateReader, bytes], Sequence[bytes]]


KINDS: Mapping[str, SubjectKind] = {
    "claim": SubjectKind(resolve_claim, claim_default, claim_carriers),
}


def split_subject(
    context: Context, subject_id: bytes, subject: Subject, shares: Shares, *, ruled: bool
) -> tuple[Event, ...]:
    """End the case or claim: its money goes by these shares."""
    return KINDS[subject.kind].split(context, subject_id, shares, ruled)


def default_shares(state: StateReader, subject_id: bytes, subject: Subject) -> Shares:
    """What holds without a ruling: the same share for each line."""
    permille = KINDS[subject.kind].default(state, subject_id)
    return (permille,) * len(subject.worth_minor)


def carriers_of(state: StateReader, subject_id: bytes, subject: Subject) -> Sequence[bytes]:
    """Who carried what the dispute is about."""
    return KINDS[subject.kind].carriers(state, subject_id)
