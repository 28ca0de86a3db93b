"""Rules of shipment.event."""

# ruff: noqa: E501 (the rule table is aligned)

from commerce.tracking import ShipmentEvent
from tests.commerce.attempts import Attempt, play
from tests.commerce.shop import Shop

TELL = "shipment.event"


def test_only_its_carrier_tells_where_a_parcel_is_while_it_is_on_its_way() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    before = shop.parcel(parcel)
    told = ShipmentEvent(parcel, "out for delivery", "wtw3s", None)
    # fmt: off
    play(shop, [
        Attempt("carrier",  TELL, ShipmentEvent(bytes(32), "lost?", None, None), (), "ParcelUnknown"),
        Attempt("merchant", TELL, told,                                          (), "NotTheCarrier"),
        Attempt("carrier",  TELL, told,                                          (), "ok"),
    ])
    # fmt: on
    assert shop.parcel(parcel) == before
    shop.deliver(parcel)
    play(shop, [Attempt("carrier", TELL, told, (), "StateForbids")])
