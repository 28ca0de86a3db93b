"""What the API shows of disputes and arbiters: pure reads of the agreed state."""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.codec import Hash
from chain.state import StateReader
from commerce.disputes.arbiters import ARBITERS, Arbiter, arbiter_id
from commerce.disputes.dispute import (
    Dispute,
    Ending,
    Exhibit,
    Ruling,
    Shares,
    Stake,
    Subject,
    load_dispute,
)
from commerce.disputes.errors import ArbiterUnknown
from commerce.disputes.opening import can_gain
from commerce.disputes.phases import EDGES, Cause, Phase, PhaseEdge

_COMMITTING = (Phase.COMMIT.value, Phase.COMMIT_AGAIN.value)
_REVEALING = (Phase.REVEAL.value, Phase.REVEAL_AGAIN.value)


@dataclass(frozen=True, slots=True)
class SeatView:
    """An arbiter of the panel and how far it is; its vote once it is revealed."""

    arbiter: Hash
    commitment: Hash | None
    committed: bool
    revealed: bool
    vote: Shares | None


@dataclass(frozen=True, slots=True)
class DisputeStepView:
    """What may happen next: which transaction, who must sign, and where it leads.

    `accounts` are those who can do it now by their part in the dispute; empty for witnesses,
    members and the clock.
    """

    type: str
    who: str
    accounts: tuple[Hash, ...]
    when: str
    target: str


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute: `clock` says when which system transition acts by itself; None once it ended."""

    dispute_id: Hash
    subject: Subject
    opener: Hash
    claim: Shares
    phase: str
    round: int
    clock_ms: int | None
    clock_kind: str | None
    cap_ms: int
    seats: tuple[SeatView, ...]
    reserves: int
    rulings: tuple[Ruling, ...]
    stakes: tuple[Stake, ...]
    exhibits: tuple[Exhibit, ...]
    ending: Ending | None
    next_steps: tuple[DisputeStepView, ...]


def dispute_view(state: StateReader, dispute_id: bytes) -> DisputeView:
    """The dispute, or `DisputeUnknown`."""
    dispute = load_dispute(state, dispute_id)
    clock_ms, clock_kind = dispute.clock() or (None, None)
    return DisputeView(
        dispute_id=dispute_id,
        subject=dispute.subject,
        opener=dispute.opener,
        claim=dispute.claim,
        phase=dispute.phase,
        round=dispute.round,
        clock_ms=clock_ms,
        clock_kind=clock_kind,
        cap_ms=dispute.cap_ms,
        seats=tuple(
            SeatView(
                arbiter=seat.arbiter,
                commitment=seat.commitment,
                committed=seat.commitment is not None,
                revealed=seat.vote is not None,
                vote=seat.vote,
            )
            for seat in dispute.panel.seats
        ),
        reserves=len(dispute.panel.reserves),
        rulings=dispute.rulings,
        stakes=dispute.stakes,
        exhibits=dispute.exhibits,
        ending=dispute.ending,
        next_steps=tuple(_next_steps(dispute, clock_kind)),
    )


def arbiter_view(state: StateReader, account: bytes) -> Arbiter:
    """The arbiter's record, or `ArbiterUnknown`."""
    arbiter = ARBITERS.load(state, arbiter_id(account))
    if arbiter is None:
        msg = "the account is no arbiter"
        raise ArbiterUnknown(msg)
    return arbiter


def turn_of(dispute: Dispute, arbiter: bytes) -> str | None:
    """Whether it is dispute.commit or dispute.reveal that the panel waits for from an arbiter."""
    position = dispute.seat_of(arbiter)
    if position is None or dispute.panel.seats[position].vote is not None:
        return None
    committed = dispute.panel.seats[position].commitment is not None
    if dispute.phase in _COMMITTING and not committed:
        return Cause.COMMIT.value
    return Cause.REVEAL.value if dispute.phase in _REVEALING and committed else None


def _next_steps(dispute: Dispute, clock_kind: str | None) -> Iterable[DisputeStepView]:
    """Every edge that a party may trigger, then those of the clock that runs."""
    edges = [edge for edge in EDGES if edge.source.value == dispute.phase]
    for edge in edges:
        if edge.who != "–":
            accounts = _actors(dispute, edge)
            if accounts or edge.who in ("M", "B, S or a witness"):
                yield _step(edge, accounts)
    for edge in edges:
        if edge.who == "–" and edge.cause.value == clock_kind:
            yield _step(edge, ())


def _step(edge: PhaseEdge, accounts: tuple[bytes, ...]) -> DisputeStepView:
    return DisputeStepView(edge.cause.value, edge.who, accounts, edge.when.value, edge.target.value)


def _actors(dispute: Dispute, edge: PhaseEdge) -> tuple[bytes, ...]:
    seats, parties = dispute.panel.seats, dispute.parties
    match edge.cause:
        case Cause.RECUSE:
            return tuple(seat.arbiter for seat in seats)
        case Cause.COMMIT:
            return tuple(seat.arbiter for seat in seats if seat.vote is None)
        case Cause.REVEAL:
            waiting = [seat for seat in seats if seat.vote is None]
            return tuple(seat.arbiter for seat in waiting if seat.commitment is not None)
        case Cause.CHALLENGE:
            return tuple(party for party in parties if party not in dispute.panel.challengers)
        case Cause.APPEAL:
            return tuple(party for party in parties if can_gain(dispute, party))
        case Cause.SETTLE:
            return parties
        case _:
            return ()
