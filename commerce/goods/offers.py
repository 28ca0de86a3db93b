"""custody.offer, accept, reject, withdraw: goods change hands when both sides have signed.

The giver's signature is on the offer, the taker's on its answer: no operation of the one needs the
other at the same time. Nothing moves before the taker accepts, then all of it does or none. What
the giver no longer has by then (a parcel took it, it went elsewhere in its container) isn't given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Name, Size, Text
from chain.context import Context
from chain.deadlines import Deadline
from commerce.accounts import require_account
from commerce.carriers import check_epcs
from commerce.devices.device import load_device
from commerce.devices.errors import DeviceUnknown
from commerce.devices.watch import RESERVING_REFUSALS, reserve_for
from commerce.epcis.identifiers import identity
from commerce.errors import AccountUnknown, IdentifierMalformed, ItemRepeated, OrderUnknown
from commerce.goods.errors import (
    ContentsChanged,
    CustodyUnclear,
    NotTheGiver,
    NotTheTaker,
    OfferEnded,
    OfferOfNoOrder,
    OfferUnknown,
    TakerIsGiver,
    ThingNotOwned,
    ThingNotPossessed,
    ThingOffered,
    TooManyOffers,
    TooManyThings,
)
from commerce.goods.moving import inside_of, move, require_hands
from commerce.goods.offer import (
    ACCEPTED,
    EXPIRED,
    KINDS,
    OPEN,
    OPEN_OFFERS_MAX,
    REJECTED,
    THINGS_MAX,
    WITHDRAWN,
    Offer,
    OfferTime,
    add_offer,
    end_offer,
    is_offered,
    load_offer,
    open_offers,
    told,
)
from commerce.indexes import index_activity, index_offer
from commerce.orders import load_order
from commerce.parcels import Epc
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class CustodyOffer:
    """`things` are EPC URIs or GS1 Digital Links; what lies in a container goes along, up to 1,000
    things in all. `what` is possessing, owning or both. `order_id` is the order that they are
    carried for: with its delivery the taker's possession ends. `device_id` is what watches them on
    their way. The offer expires after `within_ms` (commercial time, five minutes to 30 days).
    """

    things: Annotated[tuple[Epc, ...], Size(min=1, max=THINGS_MAX)]
    what: Name
    taker: Hash
    order_id: Hash | None
    device_id: Hash | None
    within_ms: OfferTime


@dataclass(frozen=True, slots=True)
class CustodyAccept:
    """`device_id`: the taker has seen this device among the goods and answers with its deposit for
    what it reports from now on.
    """

    offer_id: Hash
    device_id: Hash | None


@dataclass(frozen=True, slots=True)
class CustodyReject:
    """`reason` is for the giver to read; everybody can."""

    offer_id: Hash
    reason: Text


@dataclass(frozen=True, slots=True)
class CustodyWithdraw:
    """The giver keeps what it offered."""

    offer_id: Hash


@refuses(
    CustodyUnclear,
    TakerIsGiver,
    IdentifierMalformed,
    ItemRepeated,
    AccountUnknown,
    OrderUnknown,
    DeviceUnknown,
    ThingOffered,
    ThingNotPossessed,
    ThingNotOwned,
    TooManyThings,
    TooManyOffers,
)
def custody_offer(op: CustodyOffer, context: Context) -> tuple[Event, ...]:
    """Offer things that are with the sender, or its own, to somebody who isn't asked yet."""
    if op.what not in KINDS:
        msg = f"{op.what!r} is none of {', '.join(KINDS)}"
        raise CustodyUnclear(msg)
    if op.taker == context.sender:
        msg = "the taker is the sender"
        raise TakerIsGiver(msg)
    check_epcs(op.things)
    require_account(context, op.taker, "the taker")
    if op.order_id is not None:
        load_order(context.state, op.order_id)
    if op.device_id is not None:
        load_device(context.state, op.device_id)
    things = tuple([identity(epc) for epc in op.things])
    _require_unoffered(context, things)
    require_hands(context.state, context.sender, things, op.what)
    inside = inside_of(context, context.sender, things, op.what)
    if open_offers(context.state, context.sender) >= OPEN_OFFERS_MAX:
        msg = f"at most {OPEN_OFFERS_MAX} open offers"
        raise TooManyOffers(msg)
    offer = Offer(
        giver=context.sender,
        taker=op.taker,
        what=op.what,
        things=things,
        along=inside.along(),
        order_id=op.order_id,
        device_id=op.device_id,
        taken_device_id=None,
        state=OPEN,
        offered_ms=context.time_ms,
        due_ms=context.time_ms + context.chain.genesis.scaled_ms(op.within_ms),
        ended_ms=None,
    )
    return (_open(context, offer),)


def _require_unoffered(context: Context, things: Sequence[str]) -> None:
    for thing in things:
        known = is_offered(context.state, thing, context.sender)
        if known is not None:
            msg = f"{thing} is offered by {known.hex()}"
            raise ThingOffered(msg)


def _open(context: Context, offer: Offer) -> Event:
    offer_id = context.new_id("custody")
    add_offer(context, offer_id, offer)
    index_offer(context, offer.giver, offer.taker, offer_id)
    return told(
        "offered",
        offer_id,
        offer,
        things=offer.things,
        along=offer.along.possessing,
        order_id=offer.order_id,
        device_id=offer.device_id,
        until_ms=offer.due_ms,
    )


@refuses(
    OfferUnknown,
    NotTheTaker,
    OfferEnded,
    OfferOfNoOrder,
    ThingNotPossessed,
    ThingNotOwned,
    TooManyThings,
    ContentsChanged,
    *RESERVING_REFUSALS,
)
def custody_accept(op: CustodyAccept, context: Context) -> tuple[Event, ...]:
    """Take over all that was offered, as it was offered: it is with the sender from now on."""
    offer = _answerable(context, op.offer_id)
    if op.device_id is not None and offer.order_id is None:
        msg = "the offer names no order"
        raise OfferOfNoOrder(msg)
    require_hands(context.state, offer.giver, offer.things, offer.what)
    inside = inside_of(context, offer.giver, offer.things, offer.what)
    if inside.along() != offer.along:
        msg = "what lies in these things has changed since they were offered"
        raise ContentsChanged(msg)
    reserved: tuple[Event, ...] = ()
    if op.device_id is not None and offer.order_id is not None:
        reserved = reserve_for(
            context,
            order_id=offer.order_id,
            device_id=op.device_id,
            things=(*offer.things, *inside.possessing),
            taker=context.sender,
        )
    move(context, offer, inside)
    end_offer(context, op.offer_id, offer, ACCEPTED, op.device_id)
    index_activity(context, offer.giver)
    taken = told(
        "accepted",
        op.offer_id,
        offer,
        things=offer.things,
        along=offer.along.possessing,
        device_id=op.device_id,
    )
    return (taken, *reserved)


@refuses(OfferUnknown, NotTheTaker, OfferEnded)
def custody_reject(op: CustodyReject, context: Context) -> tuple[Event, ...]:
    """Refuse what was offered: it stays where it is."""
    offer = _answerable(context, op.offer_id)
    end_offer(context, op.offer_id, offer, REJECTED)
    index_activity(context, offer.giver)
    return (told("rejected", op.offer_id, offer, reason=op.reason),)


@refuses(OfferUnknown, NotTheGiver, OfferEnded)
def custody_withdraw(op: CustodyWithdraw, context: Context) -> tuple[Event, ...]:
    """Take an open offer back."""
    offer = load_offer(context.state, op.offer_id)
    if context.sender != offer.giver:
        msg = "only the giver withdraws its offer"
        raise NotTheGiver(msg)
    _require_open(offer)
    end_offer(context, op.offer_id, offer, WITHDRAWN)
    index_activity(context, offer.taker)
    return (told("withdrawn", op.offer_id, offer),)


def custody_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.custody.expire: nobody answered, and everything stays where it is."""
    offer = load_offer(context.state, deadline.object_id)
    end_offer(context, deadline.object_id, offer, EXPIRED)
    for party in (offer.giver, offer.taker):
        index_activity(context, party)
    return (told("expired", deadline.object_id, offer),)


def _answerable(context: Context, offer_id: bytes) -> Offer:
    """An open offer to the sender."""
    offer = load_offer(context.state, offer_id)
    if context.sender != offer.taker:
        msg = "only the taker answers an offer"
        raise NotTheTaker(msg)
    _require_open(offer)
    return offer


def _require_open(offer: Offer) -> None:
    if offer.state != OPEN:
        msg = f"the offer is {offer.state}"
        raise OfferEnded(msg)
