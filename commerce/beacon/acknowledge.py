"""beacon.acknowledge: a seat says that it has its share; a quorum of them makes a secret ready."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated

from chain.block import Event
from chain.codec import U64, Hash, Size
from chain.context import Context, event
from chain.state import StateReader, u64
from commerce.beacon.errors import DealOutdated, DealsUnknown, DealsUnsorted, SeatMissing
from commerce.beacon.records import DEALERS, DEALS, Deal, Reserved, require_seat
from commerce.disputes.opening import draw_waiting
from commerce.refusals import refuses

ACKNOWLEDGED_MAX = 256


@dataclass(frozen=True, slots=True)
class BeaconAcknowledge:
    """`deals`, ascending, are such of `epoch` whose sealed share for the sender's seat opens to the
    scalar of the seat's point. Those that are not in stock any more, or acknowledged already, are
    passed over, as long as one counts.
    """

    epoch: U64
    deals: Annotated[tuple[Reserved, ...], Size(min=1, max=ACKNOWLEDGED_MAX)]


@refuses(DealsUnsorted, SeatMissing, DealOutdated, DealsUnknown)
def beacon_acknowledge(op: BeaconAcknowledge, context: Context) -> tuple[Event, ...]:
    """Acknowledge dealt shares. A secret is ready for a draw when a quorum of the seats, its dealer
    among them, has it: then f+1 correct members can reveal it.
    """
    names = [(deal.dealer, deal.number) for deal in op.deals]
    if any(a >= b for a, b in pairwise(names)):
        msg = "deals ascend by dealer, then number"
        raise DealsUnsorted(msg)
    committee = context.chain.committee
    seat = require_seat(committee, context.sender)
    if op.epoch != committee.epoch:
        msg = f"deals of epoch {op.epoch}, {committee.epoch} governs"
        raise DealOutdated(msg)
    found = [
        (name, deal) for name, deal in _in_stock(context.state, op) if seat not in deal.acknowledged
    ]
    if not found:
        msg = f"none of {len(names)} deals waits for seat {seat}"
        raise DealsUnknown(msg)
    ready = [name for name, deal in found if _acknowledge(context, name, deal, seat)]
    if ready:
        draw_waiting(context)
    told = event(
        "beacon.acknowledged",
        account=context.sender,
        epoch=op.epoch,
        deals=tuple({"dealer": name.dealer, "number": name.number} for name, _ in found),
    )
    return (told, *(ready_event(name.dealer, name.number) for name in ready))


def _in_stock(state: StateReader, op: BeaconAcknowledge) -> Iterator[tuple[Reserved, Deal]]:
    for name in op.deals:
        dealer = DEALERS.load(state, name.dealer)
        if dealer is None or dealer.epoch != op.epoch:
            continue
        deal = DEALS.load(state, name.dealer, u64(name.number))
        if deal is not None:
            yield name, deal


def _acknowledge(context: Context, name: Reserved, deal: Deal, seat: int) -> bool:
    """Note the seat; has this made the secret ready?"""
    seats = tuple(sorted((*deal.acknowledged, seat)))
    DEALS.store(context.state, replace(deal, acknowledged=seats), name.dealer, u64(name.number))
    dealer = DEALERS.load(context.state, name.dealer)
    assert dealer is not None
    if name.number not in dealer.waiting or len(seats) < context.chain.committee.quorum:
        return False
    waiting = _without(dealer.waiting, name.number)
    ready = replace(dealer, waiting=waiting, ready=(*dealer.ready, name.number))
    DEALERS.store(context.state, ready, name.dealer)
    return True


def _without(numbers: Sequence[int], number: int) -> tuple[int, ...]:
    return tuple(one for one in numbers if one != number)


def ready_event(dealer: Hash, number: int) -> Event:
    """A secret may be used from now on."""
    return event("beacon.ready", dealer=dealer, number=number)
