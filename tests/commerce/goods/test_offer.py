"""Offers as records: what they hold while they are open, and what stays of them."""

import pytest

from commerce.epcis.identifiers import identity
from commerce.goods.errors import OfferUnknown
from commerce.goods.offer import (
    EXPIRY,
    is_offered,
    load_offer,
    offer_clocks,
    offer_deadlines,
    open_offers,
)
from commerce.goods.offers import CustodyReject
from tests.commerce.goods.handing import ITEM, OTHER, REJECT, accept, offer, record
from tests.commerce.world import DAY_MS, World, account

MERCHANT, CARRIER = account("merchant"), account("carrier")


def test_an_open_offer_holds_its_things_and_has_a_clock() -> None:
    world = World()
    known = offer(world, "merchant", ITEM, OTHER)
    made = record(world, known)
    assert made.things == (identity(ITEM), identity(OTHER))
    assert is_offered(world.state, identity(OTHER), MERCHANT) == known
    assert is_offered(world.state, identity(OTHER), CARRIER) is None
    assert open_offers(world.state, MERCHANT) == 1
    assert offer_clocks(world.state, known) == [(known, (world.time_ms + DAY_MS, EXPIRY))]
    assert [deadline.object_id for deadline in offer_deadlines(world.state)] == [known]


def test_an_ended_offer_keeps_its_record_and_nothing_else() -> None:
    world = World()
    first, second = (offer(world, "merchant", thing) for thing in (ITEM, OTHER))
    assert open_offers(world.state, MERCHANT) == 2
    world.time_ms += 1
    accept(world, "carrier", first)
    world.done("carrier", (REJECT, CustodyReject(second, "wet")))
    assert [record(world, known).state for known in (first, second)] == ["ACCEPTED", "REJECTED"]
    assert record(world, first).ended_ms == world.time_ms
    assert record(world, first).due_ms is None
    assert open_offers(world.state, MERCHANT) == 0
    assert is_offered(world.state, identity(ITEM), MERCHANT) is None
    assert offer_clocks(world.state, first) == []
    assert list(offer_deadlines(world.state)) == []


def test_no_offer_is_unknown_and_has_no_clock() -> None:
    world = World()
    assert offer_clocks(world.state, bytes(32)) == []
    with pytest.raises(OfferUnknown):
        load_offer(world.state, bytes(32))


@pytest.mark.parametrize(
    ("what", "possesses", "owns"),
    [("possessing", True, False), ("owning", False, True), ("both", True, True)],
)
def test_an_offer_says_what_changes_hands(what: str, *, possesses: bool, owns: bool) -> None:
    world = World()
    made = record(world, offer(world, "merchant", ITEM, what=what))
    assert (made.possesses, made.owns) == (possesses, owns)
