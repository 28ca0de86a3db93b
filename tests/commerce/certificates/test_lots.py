"""Which lots an item is of, as those say who may."""

from commerce.certificates.lots import lots_of
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import identity
from commerce.epcis.stored_index import StoredIndex
from tests.commerce.epcis.statements import data, document, harvest, lot, packing, serial
from tests.commerce.world import World

ONE, TWO = identity(serial(1)), identity(serial(2))
LOT = {"cbvmda:lotNumber": "L-7"}


def stated(by: str, *events: dict[str, object]) -> StoredIndex:
    world = World()
    world.done(by, ("epcis.capture", EpcisCapture(data(document(*events)), "public")))
    return StoredIndex(world.state.index)


def test_a_birth_names_the_lot_of_its_items() -> None:
    index = stated("merchant", harvest(ilmd=LOT), packing())
    assert lots_of(index, ONE) == lots_of(index, TWO) == (identity(lot("L-7")),)


def test_an_item_may_be_of_no_lot_and_a_lot_is_of_none() -> None:
    index = stated("merchant", harvest(), packing())
    assert lots_of(index, ONE) == ()
    index = stated("merchant", harvest(ilmd=LOT))
    assert lots_of(index, identity(lot("L-7"))) == ()
    assert lots_of(index, identity(serial(3))) == ()


def test_who_has_no_right_to_says_nothing_about_lots() -> None:
    assert lots_of(stated("rival", harvest(ilmd=LOT)), ONE) == ()
