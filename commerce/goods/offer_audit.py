"""Custody offers checked from nothing: open ones, and only those, have a clock and hold things."""

from collections import Counter

from chain.state import StateReader
from commerce.checks import require
from commerce.goods.offer import (
    ACCEPTED,
    EXPIRED,
    KINDS,
    OFFERED,
    OFFERS,
    OPEN,
    OPEN_OFFERS,
    REJECTED,
    WITHDRAWN,
    Offer,
    Offered,
    OpenOffers,
)
from commerce.goods.things import name_part

_ENDED = (ACCEPTED, REJECTED, WITHDRAWN, EXPIRED)


def check_offers(state: StateReader) -> None:
    """`InvariantBreach` unless things are held by open offers, and those are counted."""
    held: dict[bytes, Offered] = {}
    expired: set[bytes] = set()
    counted: Counter[bytes] = Counter()
    for offer_id, offer in OFFERS.items(state):
        _check_offer(offer)
        if offer.state == EXPIRED:
            expired.add(offer_id)
        if offer.state != OPEN:
            continue
        counted[offer.giver] += 1
        for thing in offer.things:
            key = name_part(thing) + offer.giver
            require(key not in held, "a thing is in one open offer of its giver")
            held[key] = Offered(offer_id)
    rows = {key: row for key, row in OFFERED.items(state) if row.offer_id not in expired}
    require(rows == held, "the things of open offers are held by them")
    expected = {giver: OpenOffers(count) for giver, count in counted.items()}
    require(dict(OPEN_OFFERS.items(state)) == expected, "open offers are counted")


def _check_offer(offer: Offer) -> None:
    is_open = offer.state == OPEN
    require(is_open or offer.state in _ENDED, "an offer is open or has ended")
    require(is_open == (offer.due_ms is not None), "an open offer has a clock")
    require(is_open == (offer.ended_ms is None), "an offer that has ended says when")
    require(offer.what in KINDS, "an offer is of possession, ownership or both")
    require(offer.giver != offer.taker, "giver and taker are two")
    has_device = offer.taken_device_id is not None
    require(not has_device or offer.state == ACCEPTED, "a device is taken over by who accepts")
    require(len(set(offer.things)) == len(offer.things), "an offer names each thing once")
