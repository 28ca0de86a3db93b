"""The audit finds what no handler writes."""

from collections.abc import Callable

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.epcis.identifiers import identity
from commerce.goods.offer import (
    OFFERED,
    OFFERS,
    OPEN_OFFERS,
    Offered,
    OpenOffers,
    load_offer,
)
from commerce.goods.offer_audit import check_offers
from commerce.goods.things import name_part
from commerce.records import altered
from tests.commerce.goods.handing import ITEM, OTHER, offer
from tests.commerce.world import World, account

MERCHANT = account("merchant")
ROW = (name_part(identity(ITEM)), MERCHANT)


def change(**fields: object) -> Callable[[Overlay, bytes], None]:
    """The open offer with other fields."""

    def damage(state: Overlay, offer_id: bytes) -> None:
        changed = altered(load_offer(state, offer_id), **fields)  # type: ignore[arg-type]  # any
        OFFERS.store(state, changed, offer_id)

    return damage


def free(state: Overlay, _: bytes) -> None:
    OFFERED.remove(state, *ROW)


def hold_by_another(state: Overlay, _: bytes) -> None:
    OFFERED.store(state, Offered(bytes(32)), *ROW)


def hold_more(state: Overlay, offer_id: bytes) -> None:
    OFFERED.store(state, Offered(offer_id), name_part(identity(OTHER)), MERCHANT)


def hold_twice(state: Overlay, offer_id: bytes) -> None:
    OFFERS.store(state, load_offer(state, offer_id), bytes(32))


def miscount(state: Overlay, _: bytes) -> None:
    OPEN_OFFERS.store(state, OpenOffers(2), MERCHANT)


def count_nothing(state: Overlay, _: bytes) -> None:
    OPEN_OFFERS.remove(state, MERCHANT)


@pytest.mark.parametrize(
    "damage",
    [
        change(state="ENDED"),
        change(state="ACCEPTED"),
        change(due_ms=None),
        change(ended_ms=1),
        change(what="lending"),
        change(taker=MERCHANT),
        change(taken_device_id=bytes(32)),
        change(things=(identity(ITEM), identity(ITEM))),
        *(free, hold_by_another, hold_more, hold_twice, miscount, count_nothing),
    ],
)
def test_a_breach_is_found(damage: Callable[[Overlay, bytes], None]) -> None:
    world = World()
    known = offer(world, "merchant", ITEM)
    check_offers(world.state)
    state = Overlay(world.state)
    damage(state, known)
    with pytest.raises(InvariantBreach):
        check_offers(state)
