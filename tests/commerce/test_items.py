"""Rules about the items that a parcel names."""

# ruff: noqa: E501 (the rule table is aligned)

from commerce.escrow import State
from commerce.shipments import ShipmentCreate, ShipmentLost, ShippedLine
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import DAY_MS, PREFIX, account

CREATE, LOST = "shipment.create", "shipment.lost"
LINK = f"https://id.gs1.org/01/{TEA}"
LOT = f"{LINK}/10/L1"


def urn(serial: int) -> str:
    """A packet of tea."""
    return f"urn:epc:id:sgtin:{PREFIX}.{TEA[0]}{TEA[8:13]}.{serial}"


def packing(order_id: bytes, *epcs: str, units: int = 1, line: int = 0) -> ShipmentCreate:
    """A parcel of tea."""
    lines = (ShippedLine(line, units),)
    return ShipmentCreate(order_id, account("carrier"), lines, None, epcs, None)


def shipping(shop: Shop) -> list[Row]:
    """Two orders of tea; the first has two lines of it."""
    other = shop.publish(TEA)
    order = shop.paid((shop.tea, 9), (other, 2))
    second = shop.paid((shop.tea, 1))
    with_ = ("carrier",)
    two_lines = ShipmentCreate(
        order,
        account("carrier"),
        (ShippedLine(0, 1), ShippedLine(1, 1)),
        None,
        (urn(6), urn(7)),
        None,
    )
    # fmt: off
    return [
        #       sender      type    payload                                         with   outcome
        Attempt("merchant", CREATE, packing(order, urn(1), urn(1), units=2),        with_, "ItemRepeated"),
        Attempt("merchant", CREATE, packing(order, urn(1), f"{LINK}/21/1", units=2), with_, "ItemRepeated"),
        Attempt("merchant", CREATE, packing(order, urn(1), urn(2)),                 with_, "TooManyItems"),
        Attempt("merchant", CREATE, packing(order, urn(1), LOT),                    with_, "TooManyItems"),
        Attempt("merchant", CREATE, packing(order, urn(1), urn(2), units=2),        with_, "ok"),
        Attempt("merchant", CREATE, packing(order, urn(2)),                         with_, "ItemInParcel"),
        Attempt("merchant", CREATE, packing(order, f"{LINK}/10/L1/21/2"),           with_, "ItemInParcel"),
        Attempt("merchant", CREATE, packing(order, urn(3), LOT, units=2),           with_, "ok"),
        Attempt("merchant", CREATE, packing(order, urn(4), LOT, units=2),           with_, "ok"),
        Attempt("merchant", CREATE, packing(order, f"{LINK}/235/5"),                with_, "ok"),
        Attempt("merchant", CREATE, packing(order, f"{LINK}/235/5", line=1),        with_, "ItemInParcel"),
        Attempt("merchant", CREATE, two_lines,                                      with_, "ok"),
        # Another order is another sale: the item may have come back.
        Attempt("merchant", CREATE, packing(second, urn(1)),                        with_, "ok"),
    ]
    # fmt: on


def test_an_item_is_named_once_and_no_oftener_than_there_are_units() -> None:
    shop = Shop()
    play(shop, shipping(shop))


def test_a_delivered_item_is_never_in_a_second_parcel_and_a_lost_one_may_be() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 4))
    again = Attempt("merchant", CREATE, packing(order_id, urn(1)), ("carrier",), "ItemInParcel")

    def first() -> bytes:
        made = shop.done("merchant", (CREATE, packing(order_id, urn(1))), with_=("carrier",))
        parcel_id = made[0].data["parcel_id"]
        assert isinstance(parcel_id, bytes)
        return parcel_id

    lost = first()
    play(shop, [again, Attempt("carrier", LOST, ShipmentLost(lost), (), "ok")])
    second = first()
    play(shop, [again, Do(lambda _: shop.deliver(second)), again])
    play(shop, [Do(lambda _: shop.confirm(second)), again])
    assert shop.parcel(second).state == State.RELEASED


def test_items_of_a_parcel_that_nobody_delivered_may_travel_again() -> None:
    shop = Shop()
    order_id = shop.paid((shop.promised(44 * DAY_MS), 2))
    op = packing(order_id, urn(1))
    shop.done("merchant", (CREATE, op), with_=("carrier",))
    shop.wait(30 * DAY_MS)
    shop.done("merchant", (CREATE, op), with_=("carrier",))
