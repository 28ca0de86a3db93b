"""One possessor and one owner of each thing, and only who has it gives it away."""

import pytest

from chain.codec import decode
from chain.context import Context
from chain.state import Overlay
from commerce.epcis.identifiers import identity, is_class
from commerce.goods.things import (
    OWNERSHIP,
    POSSESSION,
    SHARE,
    SHARES,
    THINGS,
    HandedOver,
    hand_over,
    has,
    owner_of,
    possessor_of,
)
from commerce.indexes import THING_HISTORY
from tests.commerce.epcis.statements import case, lot, serial
from tests.commerce.world import World, account

ITEM, LOT = identity(serial(1)), identity(lot("L1"))
MERCHANT, CARRIER, BUYER, RIVAL = map(account, ("merchant", "carrier", "buyer", "rival"))
LONG_AGO = "2020-01-01T00:00:00Z"


def context_of(at: World) -> Context:
    return Context(Overlay(at.state), at.chain, at.height + 1, at.time_ms, past=at.state)


def test_what_nobody_was_given_is_with_the_holder_of_its_prefix() -> None:
    at = World()
    assert possessor_of(at.state, ITEM) == owner_of(at.state, ITEM) == MERCHANT
    foreign = identity("urn:epc:id:sgtin:0614141.107346.9")
    assert possessor_of(at.state, foreign) is None
    assert owner_of(at.state, "urn:uuid:9") is None


def test_possession_and_ownership_move_apart() -> None:
    context = context_of(World())
    assert hand_over(context, MERCHANT, [ITEM], possessor=CARRIER) == (ITEM,)
    assert (possessor_of(context.state, ITEM), owner_of(context.state, ITEM)) == (CARRIER, MERCHANT)
    assert hand_over(context, MERCHANT, [ITEM], owner=BUYER) == (ITEM,)
    assert (possessor_of(context.state, ITEM), owner_of(context.state, ITEM)) == (CARRIER, BUYER)
    assert hand_over(context, CARRIER, [ITEM], possessor=BUYER) == (ITEM,)
    ((_, thing),) = THINGS.items(context.state)
    assert (thing.possessor, thing.owner, thing.giver) == (BUYER, BUYER, CARRIER)
    assert thing.since_ms == context.time_ms


@pytest.mark.parametrize("thing", [ITEM, LOT, "urn:uuid:9"])
def test_nobody_gives_what_it_has_not(thing: str) -> None:
    context = context_of(World())
    assert hand_over(context, RIVAL, [thing], possessor=BUYER, owner=BUYER) == ()
    assert not [*THINGS.items(context.state), *SHARES.items(context.state)]


def test_who_gives_some_of_a_lot_keeps_some() -> None:
    context = context_of(World())
    assert hand_over(context, MERCHANT, [LOT], possessor=BUYER) == (LOT,)
    assert has(context.state, MERCHANT, LOT)
    assert has(context.state, BUYER, LOT)
    assert not has(context.state, RIVAL, LOT)
    assert hand_over(context, BUYER, [LOT], possessor=RIVAL) == (LOT,)
    assert has(context.state, RIVAL, LOT)


def test_classes_are_told_from_things() -> None:
    gtin = "https://id.gs1.org/01/06901234123456"
    assert is_class(gtin)
    assert is_class(LOT)
    for link in (ITEM, identity(case(1)), "urn:uuid:9", f"{gtin}/235/x"):
        assert not is_class(link)


def test_every_change_of_hands_is_a_line_of_the_things_history() -> None:
    context = context_of(World())
    hand_over(context, MERCHANT, [ITEM], possessor=CARRIER)
    hand_over(context, MERCHANT, [ITEM, LOT], owner=BUYER)
    hand_over(context, RIVAL, [ITEM], owner=CARRIER)
    lines = []
    for key, value in context.indexes:
        assert value is not None
        line = decode(HandedOver, value)
        assert key.startswith(THING_HISTORY)
        lines.append((key[-1:], line.giver, line.taker, line.time_ms))
    now_ms = context.time_ms
    assert lines == [
        (POSSESSION, MERCHANT, CARRIER, now_ms),
        (OWNERSHIP, MERCHANT, BUYER, now_ms),
        (SHARE, MERCHANT, BUYER, now_ms),
    ]
