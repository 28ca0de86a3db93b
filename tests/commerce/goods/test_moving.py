"""What goes along with the things of a hand-over."""

import pytest

from chain.context import Context
from chain.state import Overlay
from commerce.epcis.identifiers import identity
from commerce.goods import moving
from commerce.goods.errors import ThingNotOwned, ThingNotPossessed, TooManyThings
from commerce.goods.moving import Inside, inside_of, move, require_hands
from commerce.goods.things import owner_of, possessor_of
from tests.commerce.epcis.statements import case, lot
from tests.commerce.goods.handing import CASE, ITEM, OTHER, given, offer, pack, record
from tests.commerce.world import World, account

MERCHANT, CARRIER, BUYER = map(account, ("merchant", "carrier", "buyer"))
BOX, ONE, TWO = map(identity, (CASE, ITEM, OTHER))
LOT = identity(lot("L1"))


def packed() -> World:
    world = World()
    pack(world, "merchant", ITEM, OTHER)
    return world


def context_of(world: World) -> Context:
    return Context(
        Overlay(world.state), world.chain, world.height + 1, world.time_ms, past=world.state
    )


def test_only_what_is_with_the_giver_goes_along_and_each_thing_once() -> None:
    world = packed()
    given(world, "merchant", OTHER, to="buyer", what="both")
    context = context_of(world)
    assert inside_of(context, MERCHANT, [BOX], "both") == Inside((ONE,), (ONE,))
    assert inside_of(context, MERCHANT, [BOX], "owning") == Inside((), (ONE,))
    assert inside_of(context, MERCHANT, [BOX], "possessing") == Inside((ONE,), ())
    assert inside_of(context, MERCHANT, [BOX, ONE], "both") == Inside((), ())
    assert inside_of(context, MERCHANT, [LOT], "both") == Inside((), ())


def test_the_digest_tells_lists_apart() -> None:
    lists = [(), (ONE,), (TWO,), (ONE, TWO)]
    digests = {Inside(a, b).along().digest for a in lists for b in lists}
    assert len(digests) == len(lists) ** 2


def test_a_bound_on_what_lies_inside_holds_for_all_things_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = packed()
    monkeypatch.setattr(moving, "CONTENTS_MAX", 1)
    with pytest.raises(TooManyThings):
        inside_of(context_of(world), MERCHANT, [BOX], "possessing")


def test_boxes_in_boxes_are_not_walked_again_for_each_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = packed()
    pack(world, "merchant", CASE, parent=case(8))
    outer = identity(case(8))
    context = context_of(world)
    # Three things lie in the outer box, two of them in the inner one.
    monkeypatch.setattr(moving, "CONTENTS_MAX", 5)
    assert inside_of(context, MERCHANT, [BOX, outer], "possessing").possessing == (ONE, TWO)
    monkeypatch.setattr(moving, "CONTENTS_MAX", 4)
    assert len(inside_of(context, MERCHANT, [outer], "possessing").possessing) == 3
    with pytest.raises(TooManyThings):
        inside_of(context, MERCHANT, [BOX, outer], "possessing")


def test_rights_are_asked_for_each_thing() -> None:
    world = packed()
    given(world, "merchant", OTHER, to="carrier")
    require_hands(world.state, MERCHANT, [ONE, TWO, LOT], "owning")
    require_hands(world.state, CARRIER, [TWO], "possessing")
    with pytest.raises(ThingNotPossessed, match=TWO):
        require_hands(world.state, MERCHANT, [ONE, TWO], "both")
    with pytest.raises(ThingNotOwned, match=TWO):
        require_hands(world.state, CARRIER, [TWO], "both")
    with pytest.raises(ThingNotOwned):
        require_hands(world.state, CARRIER, [LOT], "owning")


def test_all_of_it_moves() -> None:
    world = packed()
    made = record(world, offer(world, "merchant", CASE, to="buyer", what="both"))
    context = context_of(world)
    move(context, made, inside_of(context, MERCHANT, made.things, "both"))
    for thing in (BOX, ONE, TWO):
        assert possessor_of(context.state, thing) == owner_of(context.state, thing) == BUYER
