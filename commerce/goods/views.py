"""What the API shows of custody: pure reads of the agreed state."""

from dataclasses import dataclass
from itertools import islice

from chain.codec import Hash, decode
from chain.crypto import HASH_SIZE
from chain.state import StateReader
from commerce.certificates.views import GoodsCertificateView, certificates_of
from commerce.epcis.identifiers import is_class
from commerce.goods.offer import is_offered, load_offer
from commerce.goods.things import (
    OWNERSHIP,
    POSSESSION,
    SHARE,
    SHARES,
    THINGS,
    HandedOver,
    maker_of,
    name_part,
)

# That one answer shows of a class.
SHARES_SHOWN_MAX = 100
_HEIGHT_SIZE = 8
_WORDS = {POSSESSION: "possession", OWNERSHIP: "ownership", SHARE: "share"}


@dataclass(frozen=True, slots=True)
class CustodyOfferView:
    """A custody offer: `things` and what lies in them go from giver to taker. `taken_device_id` is
    what the taker answers for. `due_ms` while it is open.
    """

    offer_id: Hash
    giver: Hash
    taker: Hash
    what: str
    things: tuple[str, ...]
    along_possessing: int
    along_owning: int
    order_id: Hash | None
    device_id: Hash | None
    taken_device_id: Hash | None
    state: str
    offered_ms: int
    due_ms: int | None
    ended_ms: int | None


@dataclass(frozen=True, slots=True)
class ShareView:
    """An account that was given some of a class of things."""

    account: Hash
    since_ms: int


@dataclass(frozen=True, slots=True)
class HandedOverView:
    """Possession, ownership or a share (of a class) changed hands, by the outcome `receipt_id`."""

    what: str
    giver: Hash
    taker: Hash
    time_ms: int
    height: int
    receipt_id: Hash


@dataclass(frozen=True, slots=True)
class ThingView:
    """Who has a thing and who owns it; of a class (a lot, a product) `shares` instead: who was
    given some of it, besides the holder of its company prefix. `giver` had it until `since_ms`;
    `order_id` is the order that its possessor carries it for.
    `offers` are the open ones that name it. `lots` are those that events say an item is of,
    `certificates` what was certified of it, its lots and its product and hasn't run out. `history`
    is newest first; `next` goes on with it.
    """

    epc: str
    is_class: bool
    holder: Hash | None
    possessor: Hash | None
    owner: Hash | None
    giver: Hash | None
    since_ms: int | None
    order_id: Hash | None
    shares: tuple[ShareView, ...]
    offers: tuple[CustodyOfferView, ...]
    lots: tuple[str, ...]
    certificates: tuple[GoodsCertificateView, ...]
    history: tuple[HandedOverView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some lines of a thing's history, and where it goes on."""

    lines: tuple[HandedOverView, ...]
    next: str | None


def offer_view(state: StateReader, offer_id: bytes) -> CustodyOfferView:
    """An offer, or `OfferUnknown`."""
    offer = load_offer(state, offer_id)
    return CustodyOfferView(
        offer_id=offer_id,
        giver=offer.giver,
        taker=offer.taker,
        what=offer.what,
        things=offer.things,
        along_possessing=offer.along.possessing,
        along_owning=offer.along.owning,
        order_id=offer.order_id,
        device_id=offer.device_id,
        taken_device_id=offer.taken_device_id,
        state=offer.state,
        offered_ms=offer.offered_ms,
        due_ms=offer.due_ms,
        ended_ms=offer.ended_ms,
    )


def handed_over(rest: bytes, value: bytes) -> HandedOverView:
    """A line of a thing's history: an entry of `indexes.THING_HISTORY`, less the thing's part."""
    line = decode(HandedOver, value)
    return HandedOverView(
        what=_WORDS[rest[-1:]],
        giver=line.giver,
        taker=line.taker,
        time_ms=line.time_ms,
        height=int.from_bytes(rest[:_HEIGHT_SIZE], "big"),
        receipt_id=rest[_HEIGHT_SIZE : _HEIGHT_SIZE + HASH_SIZE],
    )


def thing_view(
    state: StateReader,
    thing: str,
    time_ms: int,
    history: HistoryPage,
    lots: tuple[str, ...] = (),
) -> ThingView:
    """What is known of a thing, by its identity, at the time of the newest block; `lots` are those
    that it is of.
    """
    maker = maker_of(state, thing)
    known = None if is_class(thing) else THINGS.load(state, name_part(thing))
    possessor = owner = None
    if not is_class(thing):
        possessor = maker if known is None else known.possessor
        owner = maker if known is None else known.owner
    shares = _shares(state, thing)
    givers = dict.fromkeys((possessor, owner, maker, *[share.account for share in shares]))
    return ThingView(
        epc=thing,
        is_class=is_class(thing),
        holder=maker,
        possessor=possessor,
        owner=owner,
        giver=None if known is None else known.giver,
        since_ms=None if known is None else known.since_ms,
        order_id=None if known is None else known.order_id,
        shares=shares,
        offers=_offers(state, thing, [giver for giver in givers if giver is not None]),
        lots=lots,
        certificates=certificates_of(state, thing, time_ms, lots),
        history=history.lines,
        next=history.next,
    )


def _shares(state: StateReader, thing: str) -> tuple[ShareView, ...]:
    if not is_class(thing):
        return ()
    rows = islice(SHARES.items(state, name_part(thing)), SHARES_SHOWN_MAX)
    return tuple([ShareView(key[-HASH_SIZE:], share.since_ms) for key, share in rows])


def _offers(state: StateReader, thing: str, givers: list[bytes]) -> tuple[CustodyOfferView, ...]:
    found = [is_offered(state, thing, giver) for giver in givers]
    return tuple([offer_view(state, known) for known in found if known is not None])
