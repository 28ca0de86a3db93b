"""Disputes as records: whom it is between, its phase and clock, panel, rulings and bonds.

A dispute lies under the id of the case, claim or penalty that it is about: one object with one
deadline, which is the earlier of its phase's end and its cap. An ended one keeps its record,
without money and without a deadline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U32, Amount, Hash, Name, PositiveAmount, Range, Size, TimeMs
from chain.context import Context
from chain.state import StateReader, Table
from commerce.clocks import Clock, move_deadline
from commerce.disputes.errors import DisputeUnknown, SharesMismatch
from commerce.disputes.limits import (
    DRAW_TRIES_MAX,
    EXHIBITS_MAX,
    FORMER_MAX,
    PANEL_MAX,
    PERMILLE,
    RESERVES_MAX,
    ROUNDS_MAX,
)
from commerce.disputes.phases import CLOCKS, Cause, Phase
from commerce.indexes import index_dispute, index_seat
from commerce.money import Symbol
from commerce.orders import ORDER_LINES_MAX
from commerce.parameters import timers_of
from commerce.timers import Timers

# The payer, and a funder for each coupon of an order.
INTERESTED_MAX = 16

Permille = Annotated[int, Range(0, PERMILLE)]
# Of each line in dispute, what the buyer's side gets; the rest is the seller's.
Shares = Annotated[tuple[Permille, ...], Size(min=1, max=ORDER_LINES_MAX)]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is in dispute: a "case" after the sale, a "claim" or a "penalty", whose id it has.

    `interested` are others whose money it is (payers, funders of coupons): none of them, of the
    parties or of their friends arbitrates. `worth_minor` is at stake per line. `parameters` is the
    version of the chain's parameters whose timers count.
    """

    kind: Name
    buyer: Hash
    seller: Hash
    interested: Annotated[tuple[Hash, ...], Size(max=INTERESTED_MAX)]
    symbol: Symbol
    parameters: U32
    worth_minor: Annotated[tuple[Amount, ...], Size(min=1, max=ORDER_LINES_MAX)]

    @property
    def stake_minor(self) -> int:
        """What is at stake in all."""
        return sum(self.worth_minor)

    def buyer_minor(self, shares: Shares) -> int:
        """What the buyer's side gets by these shares, each line rounded down."""
        pairs = zip(self.worth_minor, shares, strict=True)
        return sum([worth * share // PERMILLE for worth, share in pairs])


@dataclass(frozen=True, slots=True)
class Seat:
    """An arbiter of the panel. A vote was revealed under its commitment: none without one."""

    arbiter: Hash
    commitment: Hash | None
    vote: Shares | None


@dataclass(frozen=True, slots=True)
class Panel:
    """`seats` of the present round; `reserves` take over, in their order.

    `former` had a seat in this dispute and have none now. `challengers` used their challenge.
    """

    seats: Annotated[tuple[Seat, ...], Size(max=PANEL_MAX)]
    reserves: Annotated[tuple[Hash, ...], Size(max=RESERVES_MAX)]
    former: Annotated[tuple[Hash, ...], Size(max=FORMER_MAX)]
    challengers: Annotated[tuple[Hash, ...], Size(max=2)]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the panel of a round decided, and whose votes it is the median of, at least one."""

    shares: Shares
    arbiters: Annotated[tuple[Hash, ...], Size(min=1, max=PANEL_MAX)]


@dataclass(frozen=True, slots=True)
class Stake:
    """The bond that somebody posted for a round: 0 for the opening, 1 and 2 for appeals."""

    account: Hash
    amount_minor: PositiveAmount
    round: Annotated[int, Range(0, ROUNDS_MAX - 1)]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A piece of evidence: what kind, the hash of the document, and who brought it."""

    account: Hash
    kind: Name
    document: Hash


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended ("ruling", "settlement" or "default"), and the shares."""

    how: Name
    shares: Shares


@dataclass(frozen=True, slots=True)
class Dispute:
    """`claim` is what the opener asks for, as shares of the buyer; nobody gets more than it asked.

    `due_ms` is the end of the phase, None once it is SPLIT. `tries` counts the attempts that are
    left to get a secret for the draw; None when one is reserved, or the panel sits. `rulings` are
    those of the rounds so far, in their order; `stakes` hold money until the end.
    """

    subject: Subject
    opener: Hash
    claim: Shares
    phase: Name
    round: Annotated[int, Range(0, ROUNDS_MAX - 1)]
    due_ms: TimeMs | None
    cap_ms: TimeMs
    tries: Annotated[int, Range(0, DRAW_TRIES_MAX)] | None
    panel: Panel
    rulings: Annotated[tuple[Ruling, ...], Size(max=ROUNDS_MAX)]
    stakes: Annotated[tuple[Stake, ...], Size(max=ROUNDS_MAX)]
    exhibits: Annotated[tuple[Exhibit, ...], Size(max=EXHIBITS_MAX)]
    ending: Ending | None

    def clock(self) -> Clock | None:
        """When and by which system transition it goes on by itself; None: it has ended."""
        if self.due_ms is None:
            return None
        if self.cap_ms <= self.due_ms:
            return self.cap_ms, Cause.CAP_CLOCK.value
        return self.due_ms, CLOCKS[self.phase]

    @property
    def is_drawing(self) -> bool:
        """Is a secret reserved for a draw that hasn't ended?"""
        return self.phase == Phase.DRAWING and self.tries is None

    @property
    def parties(self) -> tuple[bytes, bytes]:
        """Buyer and seller."""
        return self.subject.buyer, self.subject.seller

    def bounds(self) -> tuple[tuple[int, int], ...]:
        """Per line the least and the most that the buyer can get: nobody gets more than it asked.

        (A court doesn't hear what nobody asked for: 不告不理.)
        """
        if self.opener == self.subject.buyer:
            return tuple([(0, share) for share in self.claim])
        return tuple([(share, PERMILLE) for share in self.claim])

    def seat_of(self, arbiter: bytes) -> int | None:
        """The position of an arbiter's seat, or None."""
        for position, seat in enumerate(self.panel.seats):
            if seat.arbiter == arbiter:
                return position
        return None


# Under the id of the case, claim or penalty.
DISPUTES: Table[Dispute] = Table("dispute", Dispute)
EMPTY_PANEL = Panel((), (), (), ())


def load_dispute(state: StateReader, dispute_id: bytes) -> Dispute:
    """The dispute, or `DisputeUnknown`."""
    dispute = DISPUTES.load(state, dispute_id)
    if dispute is None:
        msg = f"no dispute {dispute_id.hex()}"
        raise DisputeUnknown(msg)
    return dispute


def save_dispute(
    context: Context, dispute_id: bytes, before: Dispute | None, after: Dispute
) -> None:
    """Write a dispute, move its deadline, and let its parties and arbiters find it."""
    DISPUTES.store(context.state, after, dispute_id)
    move_deadline(context, dispute_id, None if before is None else before.clock(), after.clock())
    if before is None:
        index_dispute(context, after.subject.buyer, dispute_id, "buyer")
        index_dispute(context, after.subject.seller, dispute_id, "seller")
    had = () if before is None else before.panel.seats
    if had is not after.panel.seats:
        _index_seats(context, dispute_id, had, after.panel.seats)


def _index_seats(
    context: Context, dispute_id: bytes, before: Sequence[Seat], after: Sequence[Seat]
) -> None:
    had, has = ([seat.arbiter for seat in seats] for seats in (before, after))
    for arbiter in had:
        if arbiter not in has:
            index_seat(context, arbiter, dispute_id, seated=False)
    for arbiter in has:
        if arbiter not in had:
            index_seat(context, arbiter, dispute_id, seated=True)


def dispute_clocks(state: StateReader, dispute_id: bytes) -> list[tuple[bytes, Clock]]:
    """The dispute's id and clock, if there is one and it runs."""
    dispute = DISPUTES.load(state, dispute_id)
    clock = None if dispute is None else dispute.clock()
    return [] if clock is None else [(dispute_id, clock)]


def is_disputed(state: StateReader, subject_id: bytes) -> bool:
    """Is there a dispute about this case or claim that hasn't ended?"""
    dispute = DISPUTES.load(state, subject_id)
    return dispute is not None and dispute.due_ms is not None


def timers_for(state: StateReader, dispute: Dispute) -> Timers:
    """The timers of this dispute, in block time."""
    return timers_of(state, dispute.subject.parameters)


def require_lines(subject: Subject, shares: Shares) -> None:
    """`SharesMismatch` unless there is one share for each line."""
    if len(shares) != len(subject.worth_minor):
        msg = f"{len(shares)} shares for {len(subject.worth_minor)} lines"
        raise SharesMismatch(msg)
