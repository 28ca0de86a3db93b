"""Rules of shipment.event."""

# ruff: noqa: E501 (the rule table is aligned)

from commerce.tracking import ShipmentEvent
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import Shop

TELL = "shipment.event"


def telling(shop: Shop) -> list[Row]:
    """A parcel on its way, and one that has arrived."""
    parcel, arrived = (shop.ship(shop.paid((shop.tea, 1))) for _ in range(2))
    shop.deliver(arrived)
    told = ShipmentEvent(parcel, "out for delivery", "wtw3s", None)
    # fmt: off
    return [
        Attempt("carrier",  TELL, ShipmentEvent(bytes(32), "lost?", None, None), (), "ParcelUnknown"),
        Attempt("merchant", TELL, told,                                          (), "NotTheCarrier"),
        Attempt("carrier",  TELL, told,                                          (), "ok"),
        Attempt("carrier",  TELL, ShipmentEvent(arrived, "again", None, None),   (), "StateForbids"),
    ]
    # fmt: on


def test_only_its_carrier_tells_where_a_parcel_is_while_it_is_on_its_way() -> None:
    shop = Shop()
    play(shop, telling(shop))


def test_what_a_carrier_tells_changes_nothing() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    before = shop.parcel(parcel)
    shop.done("carrier", (TELL, ShipmentEvent(parcel, "out for delivery", "wtw3s", None)))
    assert shop.parcel(parcel) == before
