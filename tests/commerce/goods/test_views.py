"""What the API shows of things and offers."""

from chain.codec import decode
from commerce.epcis.identifiers import identity
from commerce.goods.things import HandedOver
from commerce.goods.views import (
    SHARES_SHOWN_MAX,
    HistoryPage,
    handed_over,
    offer_view,
    thing_view,
)
from commerce.indexes import THING_HISTORY
from tests.commerce.epcis.statements import lot
from tests.commerce.goods.handing import CASE, ITEM, OTHER, given, offer, pack
from tests.commerce.world import World, account

NONE = HistoryPage((), None)
LOT = identity(lot("L1"))


def test_an_offer_is_shown_with_what_goes_along() -> None:
    world = World()
    pack(world, "merchant", ITEM, OTHER)
    known = offer(world, "merchant", CASE, what="both")
    view = offer_view(world.state, known)
    assert (view.giver, view.taker) == (account("merchant"), account("carrier"))
    assert (view.along_possessing, view.along_owning) == (2, 2)
    assert (view.state, view.ended_ms) == ("OPEN", None)


def test_a_thing_shows_the_offers_of_its_possessor_and_of_its_owner() -> None:
    world = World()
    given(world, "merchant", ITEM, to="carrier")
    sale = offer(world, "merchant", ITEM, to="buyer", what="owning")
    way = offer(world, "carrier", ITEM, to="buyer")
    view = thing_view(world.state, identity(ITEM), world.time_ms, NONE)
    assert [entry.offer_id for entry in view.offers] == [way, sale]
    assert (view.possessor, view.owner) == (account("carrier"), account("merchant"))
    assert (view.giver, view.since_ms) == (account("merchant"), world.time_ms)


def test_a_thing_of_nobody_is_shown_so() -> None:
    view = thing_view(World().state, "urn:uuid:9", 0, NONE)
    assert (view.holder, view.possessor, view.owner) == (None, None, None)
    assert (view.shares, view.offers, view.certificates) == ((), (), ())


def test_a_class_shows_who_has_some_of_it_and_their_offers() -> None:
    world = World()
    given(world, "merchant", LOT, to="buyer")
    known = offer(world, "buyer", LOT, to="friend")
    view = thing_view(world.state, LOT, world.time_ms, NONE)
    assert (view.is_class, view.possessor, view.owner) == (True, None, None)
    assert [share.account for share in view.shares] == [account("buyer")]
    assert [entry.offer_id for entry in view.offers] == [known]
    assert len(view.shares) < SHARES_SHOWN_MAX


def test_lines_of_the_history_are_read_from_the_index() -> None:
    world = World()
    given(world, "merchant", ITEM, to="carrier", what="both")
    rows = {key: value for key, value in world.indexes.items() if key.startswith(THING_HISTORY)}
    lines = [handed_over(key[len(THING_HISTORY) + 32 :], value) for key, value in rows.items()]
    assert sorted(line.what for line in lines) == ["ownership", "possession"]
    for line, value in zip(lines, rows.values(), strict=True):
        assert (line.giver, line.taker) == (account("merchant"), account("carrier"))
        assert (line.height, line.time_ms) == (world.height, decode(HandedOver, value).time_ms)
        assert line.receipt_id == world.receipts[-1].id
