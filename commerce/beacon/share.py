"""beacon.share: a member of the committee deals a single-use secret to its seats."""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import U64, PublicKey
from chain.committee import Committee
from chain.context import Context, event
from chain.group import PointRefused, require_point
from chain.state import u64
from commerce.beacon.acknowledge import ready_event
from commerce.beacon.errors import (
    DealOutdated,
    DealOutOfTurn,
    DealsInStock,
    DealSizeWrong,
    DealUneven,
    DegreeWrong,
    SeatMissing,
)
from commerce.beacon.records import (
    DEALERS,
    DEALS,
    STOCK_MAX,
    Deal,
    Dealer,
    Points,
    Sealed,
    forget_stock,
    require_seat,
)
from commerce.beacon.sharing import fits_degree
from commerce.disputes.opening import draw_waiting
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class BeaconShare:
    """The `number`-th deal of the sender in `epoch`, from 0. By seat of that epoch's committee:
    `points` are the shares times the base point of Ed25519, on one polynomial of degree f; `sealed`
    are the shares, encrypted by the X25519 key `ephemeral` to the seat's node key
    (docs/protocol-beacon.md).
    """

    epoch: U64
    number: U64
    points: Points
    ephemeral: PublicKey
    sealed: Sealed


@refuses(
    DealUneven,
    SeatMissing,
    DealOutdated,
    DealOutOfTurn,
    DealSizeWrong,
    PointRefused,
    DegreeWrong,
    DealsInStock,
)
def beacon_share(op: BeaconShare, context: Context) -> tuple[Event, ...]:
    """Share a secret for a later draw among the seats of the committee; the sender has its own
    share and needn't acknowledge it.
    """
    if len(op.points) != len(op.sealed):
        msg = f"{len(op.points)} points and {len(op.sealed)} shares"
        raise DealUneven(msg)
    committee = context.chain.committee
    seat = require_seat(committee, context.sender)
    dealer = _dealer(op, committee, context)
    _check_points(op, committee)
    if len(dealer.waiting) + len(dealer.ready) >= STOCK_MAX:
        msg = f"{STOCK_MAX} deals are unused"
        raise DealsInStock(msg)
    if dealer.next_number == 0:
        _forget_past(context, committee.epoch)
    is_ready = committee.quorum <= 1
    waiting = dealer.waiting if is_ready else (*dealer.waiting, op.number)
    ready = (*dealer.ready, op.number) if is_ready else dealer.ready
    stock = Dealer(committee.epoch, op.number + 1, waiting, ready)
    DEALERS.store(context.state, stock, context.sender)
    deal = Deal(op.points, op.ephemeral, op.sealed, (seat,))
    DEALS.store(context.state, deal, context.sender, u64(op.number))
    shared = event("beacon.shared", dealer=context.sender, epoch=op.epoch, number=op.number)
    if not is_ready:
        return (shared,)
    draw_waiting(context)
    return (shared, ready_event(context.sender, op.number))


def _dealer(op: BeaconShare, committee: Committee, context: Context) -> Dealer:
    """The sender's stock in this epoch, for which the deal is the next; or why it isn't."""
    if op.epoch != committee.epoch:
        msg = f"a deal for epoch {op.epoch}, {committee.epoch} governs"
        raise DealOutdated(msg)
    known = DEALERS.load(context.state, context.sender)
    dealer = known if known and known.epoch == op.epoch else Dealer(op.epoch, 0, (), ())
    if op.number != dealer.next_number:
        msg = f"deal {op.number}, the next is {dealer.next_number}"
        raise DealOutOfTurn(msg)
    return dealer


def _check_points(op: BeaconShare, committee: Committee) -> None:
    if len(op.points) != committee.n:
        msg = f"a deal for {len(op.points)} seats, there are {committee.n}"
        raise DealSizeWrong(msg)
    for point in op.points:
        require_point(point)
    if not fits_degree(op.points, committee.f):
        msg = f"the points are on no polynomial of degree {committee.f}"
        raise DegreeWrong(msg)


def _forget_past(context: Context, epoch: int) -> None:
    """With each dealer's first deal of an epoch goes all that was in stock before it."""
    past = [(key, dealer) for key, dealer in DEALERS.items(context.state) if dealer.epoch != epoch]
    for account, dealer in past:
        forget_stock(context, account, dealer)
