"""What disputes are about, by kind: how each ends, and by which rule when no panel has ruled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chain.block import Event
from chain.context import Context
from chain.state import StateReader
from commerce.aftersale.cases import load_case, save_case, to_state
from commerce.aftersale.outcomes import default_permille, split_case
from commerce.deposits.claim_ending import claim_carriers, claim_default, resolve_claim
from commerce.devices.settling import penalty_carriers, penalty_default, resolve_penalty
from commerce.disputes.dispute import Shares, Subject
from commerce.disputes.limits import PERMILLE
from commerce.escrow import State
from commerce.orders import load_order
from commerce.parcels import load_parcel, parcel_id
from commerce.recalls.blocked import recalled_gtins
from commerce.recalls.notices import noticed_gtins

Split = Callable[[Context, bytes, Shares, bool], tuple[Event, ...]]


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """`split` ends the subject by shares, which a panel ruled or not; `default` are the buyer's
    shares when nobody ruled, of so many lines; `carriers` brought the goods, and may tell of it;
    `mark` notes that there is a ruling, or that it is appealed against.
    """

    split: Split
    default: Callable[[StateReader, bytes, int], Shares]
    carriers: Callable[[StateReader, bytes], Sequence[bytes]]
    mark: Callable[[Context, bytes, State], None]


def _split_case(
    context: Context,
    case_id: bytes,
    shares: Shares,
    ruled: bool,  # noqa: FBT001 - one of a table
) -> tuple[Event, ...]:
    return split_case(context, case_id, load_case(context.state, case_id), shares, ruled=ruled)


def _case_default(state: StateReader, case_id: bytes, _lines: int) -> Shares:
    """By who lacks the goods; recalled ones are refunded, as everywhere, as far as they are held:
    no silence pays for them.
    """
    case = load_case(state, case_id)
    permille = default_permille(state, case)
    order, recalled = load_order(state, case.order_id), recalled_gtins(state)
    recalled |= noticed_gtins(state, case.order_id, case.parcel)
    if case.origin == State.RELEASED:
        recalled = frozenset()
    gtins = [order.lines[entry.line].gtin for entry in case.lines]
    return tuple([PERMILLE if gtin in recalled else permille for gtin in gtins])


def _claim_default(state: StateReader, claim_id: bytes, lines: int) -> Shares:
    return (claim_default(state, claim_id),) * lines


def _case_carriers(state: StateReader, case_id: bytes) -> Sequence[bytes]:
    """Of all parcels of the order, and of the goods' way back."""
    case = load_case(state, case_id)
    count = load_order(state, case.order_id).parcels
    parcels = [load_parcel(state, parcel_id(case.order_id, number)) for number in range(count)]
    carriers = [parcel.carrier for parcel in parcels]
    return carriers if case.returned is None else [*carriers, case.returned.carrier]


def _mark_case(context: Context, case_id: bytes, mark: State) -> None:
    case = load_case(context.state, case_id)
    save_case(context, case_id, case, to_state(case, mark, None))


def _mark_nothing(_context: Context, _claim_id: bytes, _mark: State) -> None:
    """A claim is filed, and a penalty disputed, until it ends."""


KINDS: Mapping[str, SubjectKind] = {
    "case": SubjectKind(_split_case, _case_default, _case_carriers, _mark_case),
    "claim": SubjectKind(resolve_claim, _claim_default, claim_carriers, _mark_nothing),
    "penalty": SubjectKind(resolve_penalty, penalty_default, penalty_carriers, _mark_nothing),
}


def split_subject(
    context: Context, subject_id: bytes, subject: Subject, shares: Shares, *, ruled: bool
) -> tuple[Event, ...]:
    """End the case, claim or penalty: its money goes by these shares."""
    return KINDS[subject.kind].split(context, subject_id, shares, ruled)


def default_shares(state: StateReader, subject_id: bytes, subject: Subject) -> Shares:
    """What holds without a ruling."""
    return KINDS[subject.kind].default(state, subject_id, len(subject.worth_minor))


def carriers_of(state: StateReader, subject_id: bytes, subject: Subject) -> Sequence[bytes]:
    """Who carried what the dispute is about."""
    return KINDS[subject.kind].carriers(state, subject_id)


def mark_decided(context: Context, subject_id: bytes, subject: Subject) -> None:
    """There is a ruling, which can be appealed against."""
    KINDS[subject.kind].mark(context, subject_id, State.DECIDED)


def mark_disputed(context: Context, subject_id: bytes, subject: Subject) -> None:
    """It is appealed against: another panel will rule."""
    KINDS[subject.kind].mark(context, subject_id, State.DISPUTED)
