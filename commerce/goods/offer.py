"""Custody offers as records: what a giver would hand over to a taker, and until when.

An open offer has a clock, and each thing that it names a row that says so; both go when it is
answered or withdrawn.
The record stays: with the transactions of giver and taker it shows who signed for what.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U16, Hash, Name, Range, Size, TimeMs
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.goods.contents import CONTENTS_MAX
from commerce.goods.errors import OfferUnknown
from commerce.goods.things import name_part
from commerce.parcels import EPC_SIZE_MAX
from commerce.records import altered
from commerce.timers import DAY_MS, MINUTE_MS

POSSESSING, OWNING, BOTH = "possessing", "owning", "both"
# CBV 2.0 §7.4: a source or destination is a possessing or an owning party.
KINDS = (POSSESSING, OWNING, BOTH)
OPEN, ACCEPTED, REJECTED = "OPEN", "ACCEPTED", "REJECTED"
WITHDRAWN, EXPIRED = "WITHDRAWN", "EXPIRED"
EXPIRY = "sys.custody.expire"

THINGS_MAX = 100
OFFER_MIN_MS = 5 * MINUTE_MS
OFFER_MAX_MS = 30 * DAY_MS
# Of one giver.
OPEN_OFFERS_MAX = 1_000

OfferTime = Annotated[int, Range(OFFER_MIN_MS, OFFER_MAX_MS)]
# What an EPC URI leaves as it is may be escaped in a link.
Identity = Annotated[str, Size(max=3 * EPC_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class Along:
    """How many things inside the named ones go along, and a digest of which."""

    possessing: Annotated[int, Range(0, CONTENTS_MAX)]
    owning: Annotated[int, Range(0, CONTENTS_MAX)]
    digest: Hash


@dataclass(frozen=True, slots=True)
class Offer:
    """`things` are identities. `device_id` is the giver's word on what watches them, and
    `taken_device_id` the taker's. `due_ms` while it is open, `ended_ms` from then on.
    """

    giver: Hash
    taker: Hash
    what: Name
    things: Annotated[tuple[Identity, ...], Size(min=1, max=THINGS_MAX)]
    along: Along
    order_id: Hash | None
    device_id: Hash | None
    taken_device_id: Hash | None
    state: Name
    offered_ms: TimeMs
    due_ms: TimeMs | None
    ended_ms: TimeMs | None

    @property
    def possesses(self) -> bool:
        """Does possession change hands?"""
        return self.what != OWNING

    @property
    def owns(self) -> bool:
        """Does ownership?"""
        return self.what != POSSESSING

    def clock(self) -> Clock | None:
        """When it expires; None once it has ended."""
        return None if self.due_ms is None else (self.due_ms, EXPIRY)


@dataclass(frozen=True, slots=True)
class Offered:
    """A thing is named by an offer that is open, or was until it expired."""

    offer_id: Hash


@dataclass(frozen=True, slots=True)
class OpenOffers:
    """How many open offers a giver has."""

    count: U16


OFFERS: Table[Offer] = Table("custody-offer", Offer)
# By the hash of the thing's name and the giver: a possessor and an owner may each offer theirs, and
# so may all who have some of a lot.
OFFERED: Table[Offered] = Table("custody-offered", Offered)
# By giver.
OPEN_OFFERS: Table[OpenOffers] = Table("custody-open", OpenOffers)


def load_offer(state: StateReader, offer_id: bytes) -> Offer:
    """The offer, or `OfferUnknown`."""
    offer = OFFERS.load(state, offer_id)
    if offer is None:
        msg = f"no custody offer {offer_id.hex()}"
        raise OfferUnknown(msg)
    return offer


def is_offered(state: StateReader, thing: str, giver: bytes) -> bytes | None:
    """The open offer by which this account offers the thing, or None."""
    row = OFFERED.load(state, name_part(thing), giver)
    if row is None or load_offer(state, row.offer_id).state != OPEN:
        return None
    return row.offer_id


def open_offers(state: StateReader, giver: bytes) -> int:
    """How many open offers the account has made."""
    row = OPEN_OFFERS.load(state, giver)
    return 0 if row is None else row.count


def add_offer(context: Context, offer_id: bytes, offer: Offer) -> None:
    """Enter an open offer."""
    assert offer.state == OPEN
    OFFERS.store(context.state, offer, offer_id)
    move_deadline(context, offer_id, None, offer.clock())
    for thing in offer.things:
        OFFERED.store(context.state, Offered(offer_id), name_part(thing), offer.giver)
    _count(context, offer.giver, 1)


def end_offer(
    context: Context, offer_id: bytes, offer: Offer, state: str, device: bytes | None = None
) -> None:
    """An open offer ends in another state."""
    assert offer.state == OPEN
    # A clock that has fired is out of the index, and says when it was to.
    ended_ms = offer.due_ms if state == EXPIRED else context.time_ms
    if state != EXPIRED:
        move_deadline(context, offer_id, offer.clock(), None)
    ended = altered(offer, state=state, due_ms=None, ended_ms=ended_ms, taken_device_id=device)
    OFFERS.store(context.state, ended, offer_id)
    # A block fires thousands of clocks, each of which might let go of a hundred things: what an
    # expired offer held is free all the same, and the rows wait for the next offer of them.
    for thing in () if state == EXPIRED else offer.things:
        OFFERED.remove(context.state, name_part(thing), offer.giver)
    _count(context, offer.giver, -1)


def _count(context: Context, giver: bytes, change: int) -> None:
    count = open_offers(context.state, giver) + change
    if count:
        OPEN_OFFERS.store(context.state, OpenOffers(count), giver)
    else:
        OPEN_OFFERS.remove(context.state, giver)


def offer_clocks(state: StateReader, offer_id: bytes) -> list[tuple[bytes, Clock]]:
    """The clock of an offer, if it has one."""
    offer = OFFERS.load(state, offer_id)
    clock = None if offer is None else offer.clock()
    return [] if clock is None else [(offer_id, clock)]


def offer_deadlines(state: StateReader) -> Iterator[Deadline]:
    """The deadlines of all open offers."""
    for offer_id, offer in OFFERS.items(state):
        clock = offer.clock()
        if clock is not None:
            yield deadline_of(offer_id, clock)


def told(name: str, offer_id: bytes, offer: Offer, **more: object) -> Event:
    """An event about an offer: whose it is, to whom, and what changes hands."""
    return event(
        f"custody.{name}",
        offer_id=offer_id,
        giver=offer.giver,
        taker=offer.taker,
        what=offer.what,
        **more,
    )
