"""What lies in a container goes along with it, as far as that can be told at once."""

import pytest

from commerce.custody import Hands
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import identity
from commerce.goods import contents
from commerce.goods.contents import CONTENTS_MAX, contents_of
from commerce.goods.errors import TooManyThings
from tests.commerce.epcis.statements import case, data, document, harvest, lot, packing, serial
from tests.commerce.goods.test_things import LONG_AGO, context_of
from tests.commerce.shop import Shop
from tests.commerce.test_custody import OTHER, SSCC, shipped
from tests.commerce.world import PREFIX, World, account

LOT = identity(lot("L1"))
CRATE = f"urn:epc:id:sscc:{PREFIX}.1000000007"


def test_contents_are_known_as_of_the_block_before_and_bounded() -> None:
    at = World()
    for stated in (
        packing(parentID=case(1), childEPCs=[serial(1), case(2)], eventTime=LONG_AGO),
        packing(parentID=case(2), childEPCs=[serial(3), serial(2)], eventTime=LONG_AGO),
    ):
        at.done("merchant", ("epcis.capture", EpcisCapture(data(document(stated)), "public")))
    context = context_of(at)
    inside = tuple(sorted(map(identity, (serial(1), serial(2), serial(3), case(2)))))
    assert contents_of(context, identity(case(1))) == inside
    assert len(contents_of(context, identity(case(1)), limit=2)) == 3
    assert contents_of(context, LOT) == ()
    assert len(inside) <= CONTENTS_MAX


def test_a_forged_packing_list_puts_nothing_into_a_container() -> None:
    at = World()
    stated = data(document(packing(parentID=case(1), childEPCs=[serial(1)], eventTime=LONG_AGO)))
    at.done("rival", ("epcis.capture", EpcisCapture(stated, "public")))
    at.done("merchant", ("epcis.capture", EpcisCapture(data(document(harvest())), "public")))
    assert contents_of(context_of(at), identity(case(1))) == ()


def test_a_parcel_is_not_held_up_by_the_history_of_its_crate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(contents, "READ_MAX", 5)
    at = Shop()
    packed = packing(parentID=CRATE, childEPCs=[OTHER], eventTime=LONG_AGO)
    at.done("merchant", ("epcis.capture", EpcisCapture(data(document(packed)), "public")))
    with pytest.raises(TooManyThings):
        contents_of(context_of(at), identity(CRATE))
    at.deliver(shipped(at, at.tea, "merchant", "buyer"))
    buyer = Hands(at.state, account("buyer"))
    assert buyer.has(identity(CRATE), at.time_ms)
    assert not buyer.has(identity(OTHER), at.time_ms)
    assert CRATE.endswith(SSCC[8:-1])
