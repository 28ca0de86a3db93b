"""How a dispute begins, and goes on after a ruling: dispute.open, dispute.appeal.

A seed that doesn't come is not drawn again: whoever knew it early could wait for a better one. A
draw that couldn't begin, for want of secrets, is tried again until `draw_ms` is over.
"""

from dataclasses import dataclass
from itertools import islice

from chain.block import Event
from chain.codec import Amount, Hash
from chain.context import Context, event
from chain.deadlines import Deadline
from commerce.disputes.candidates import candidates
from commerce.disputes.dispute import (
    DISPUTES,
    EMPTY_PANEL,
    Dispute,
    Exhibit,
    Shares,
    Stake,
    Subject,
    load_dispute,
    require_lines,
    save_dispute,
    timers_for,
)
from commerce.disputes.draws import QUEUE, begin
from commerce.disputes.errors import (
    BondTooSmall,
    ClaimEmpty,
    DisputeUnknown,
    NothingToAppeal,
    PhaseForbids,
    SharesMismatch,
)
from commerce.disputes.limits import DRAW_TRIES_MAX, PERMILLE, least_bond_minor
from commerce.disputes.phases import Cause, Phase, When, edge_of, require_phase
from commerce.disputes.rulings import end_by_rule
from commerce.disputes.subjects import mark_disputed
from commerce.errors import DelegationExceeded, InsufficientFunds, NotAParty
from commerce.money import debit
from commerce.parameters import timers_of
from commerce.records import altered
from commerce.refusals import refuses

# Draws that one acknowledgement can begin: a stock of secrets is no larger.
BEGUN_AT_ONCE_MAX = 8
# What `open_dispute` refuses, for those who declare it with their own.
OPENING_REFUSALS = (
    SharesMismatch,
    ClaimEmpty,
    BondTooSmall,
    InsufficientFunds,
    DelegationExceeded,
)


@dataclass(frozen=True, slots=True)
class Plea:
    """What a party brings along: the buyer's share per line that it asks for, its bond, and the
    hash of its evidence.
    """

    shares: Shares
    bond_minor: Amount
    document: Hash


@dataclass(frozen=True, slots=True)
class DisputeAppeal:
    """The bond is at least twice that of a seller's opening, four times for a second appeal."""

    dispute_id: Hash
    bond_minor: Amount


def open_dispute(
    context: Context, subject_id: bytes, subject: Subject, opener: bytes, plea: Plea
) -> tuple[Event, ...]:
    """Begin the one dispute about a case or claim, which has no clock of its own any more.

    The caller has checked that `opener` is a party which may do so now, and signed; it declares
    `OPENING_REFUSALS`.
    """
    assert DISPUTES.load(context.state, subject_id) is None
    require_lines(subject, plea.shares)
    is_buyer = opener == subject.buyer
    if all(share == (0 if is_buyer else PERMILLE) for share in plea.shares):
        msg = "the claim leaves everything to the other party"
        raise ClaimEmpty(msg)
    if not is_buyer:
        _require_bond(context, subject, plea.bond_minor, 0)
    stakes = _post(context, subject, opener, plea.bond_minor, 0)
    opened = Dispute(
        subject=subject,
        opener=opener,
        claim=plea.shares,
        phase=Phase.DRAWING.value,
        round=0,
        due_ms=None,
        cap_ms=context.time_ms + timers_of(context.state, subject.parameters).dispute_cap_ms,
        tries=DRAW_TRIES_MAX,
        panel=EMPTY_PANEL,
        rulings=(),
        stakes=stakes,
        exhibits=(Exhibit(opener, "opening", plea.document),),
        ending=None,
    )
    drawing = _draw(context, subject_id, opened, context.time_ms)
    save_dispute(context, subject_id, None, drawing)
    reported = event(
        "dispute.opened",
        dispute_id=subject_id,
        kind=subject.kind,
        opener=opener,
        buyer=subject.buyer,
        seller=subject.seller,
        symbol=subject.symbol,
        worth_minor=subject.worth_minor,
        claim=plea.shares,
        bond_minor=plea.bond_minor,
        document=plea.document,
        cap_ms=opened.cap_ms,
    )
    return (reported,)


@refuses(
    DisputeUnknown,
    NotAParty,
    PhaseForbids,
    NothingToAppeal,
    BondTooSmall,
    InsufficientFunds,
    DelegationExceeded,
)
def dispute_appeal(op: DisputeAppeal, context: Context) -> tuple[Event, ...]:
    """Who didn't get everything has the case heard by a larger panel of other arbiters."""
    dispute = load_dispute(context.state, op.dispute_id)
    if context.sender not in dispute.parties:
        msg = "only the buyer or the seller appeals"
        raise NotAParty(msg)
    require_phase(dispute.phase, Cause.APPEAL)
    if not can_gain(dispute, context.sender):
        msg = "the ruling gives this party all that it could get"
        raise NothingToAppeal(msg)
    round_ = dispute.round + 1
    _require_bond(context, dispute.subject, op.bond_minor, round_)
    stakes = _post(context, dispute.subject, context.sender, op.bond_minor, round_)
    appealed = altered(
        dispute,
        phase=edge_of(dispute.phase, Cause.APPEAL).target.value,
        round=round_,
        tries=DRAW_TRIES_MAX,
        stakes=dispute.stakes + stakes,
    )
    drawing = _draw(context, op.dispute_id, appealed, context.time_ms)
    save_dispute(context, op.dispute_id, dispute, drawing)
    mark_disputed(context, op.dispute_id, dispute.subject)
    reported = event(
        "dispute.appealed",
        dispute_id=op.dispute_id,
        party=context.sender,
        round=round_,
        symbol=dispute.subject.symbol,
        bond_minor=op.bond_minor,
    )
    return (reported,)


def can_gain(dispute: Dispute, party: bytes) -> bool:
    """Is there a line in which the last ruling gave this party less than it could get?"""
    pairs = zip(dispute.rulings[-1].shares, dispute.bounds(), strict=True)
    if party == dispute.subject.buyer:
        return any(share < most for share, (_, most) in pairs)
    return any(share > least for share, (least, _) in pairs)


def draw_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.dispute.draw: try again to reserve secrets; when that or the seed took too long, end."""
    dispute_id = deadline.object_id
    dispute = load_dispute(context.state, dispute_id)
    when = When.NOT_READY if dispute.tries else When.NO_SEED
    edge = edge_of(dispute.phase, Cause.DRAW_CLOCK, when)
    if edge.target is Phase.SPLIT:
        return end_by_rule(context, dispute_id, dispute, dispute)
    drawing = _draw(context, dispute_id, dispute, deadline.time_ms)
    save_dispute(context, dispute_id, dispute, drawing)
    return ()


def draw_waiting(context: Context) -> None:
    """Secrets are ready: begin the draws that wait for some, as many as there are for.

    So nobody's crowd of disputes keeps another's from a panel: members deal new secrets as long as
    any waits, and none lies idle meanwhile.
    """
    for _, queued in list(islice(QUEUE.items(context.state), BEGUN_AT_ONCE_MAX)):
        dispute_id = queued.dispute_id
        dispute = load_dispute(context.state, dispute_id)
        if not _begin(context, dispute_id, dispute):
            return
        due_ms = context.time_ms + timers_for(context.state, dispute).draw_ms
        drawing = altered(dispute, tries=None, due_ms=due_ms)
        save_dispute(context, dispute_id, dispute, drawing)


def _draw(context: Context, dispute_id: bytes, dispute: Dispute, at_ms: int) -> Dispute:
    """Try to begin the draw of this round: it has `draw_ms` from then on, or is tried again."""
    draw_ms = timers_for(context.state, dispute).draw_ms
    if _begin(context, dispute_id, dispute):
        return altered(dispute, tries=None, due_ms=at_ms + draw_ms)
    assert dispute.tries
    wait_ms = max(1, draw_ms // DRAW_TRIES_MAX)
    return altered(dispute, tries=dispute.tries - 1, due_ms=at_ms + wait_ms)


def _begin(context: Context, dispute_id: bytes, dispute: Dispute) -> bool:
    round_, cap_ms = dispute.round, dispute.cap_ms
    return begin(context, dispute_id, round_, cap_ms, lambda: candidates(context, dispute))


def _require_bond(context: Context, subject: Subject, bond_minor: int, round_: int) -> None:
    least_minor = least_bond_minor(context.chain.genesis, subject.stake_minor, round_)
    if bond_minor < least_minor:
        msg = f"the bond is {least_minor} at least"
        raise BondTooSmall(msg)


def _post(
    context: Context, subject: Subject, account: bytes, bond_minor: int, round_: int
) -> tuple[Stake, ...]:
    """Take a bond into the dispute; none for 0."""
    if not bond_minor:
        return ()
    debit(context, account, subject.symbol, bond_minor)
    return (Stake(account, bond_minor, round_),)
