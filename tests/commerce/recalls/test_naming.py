"""What may leave and be confirmed while a recall of lots is open, as rule tables."""

import pytest

from commerce.aftersale.exchanges import ExchangeShip
from commerce.confirmation import OrderConfirm
from commerce.recalls import sweeping
from commerce.shipments import ShipmentCreate, ShippedLine
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.recalls.dairy import Dairy, milk, tea
from tests.commerce.world import account


def naming(at: Dairy) -> list[Row]:
    """Tea 1 is marked, tea 2 isn't, of tea 99 nothing is known; tea 3 is with a buyer."""
    at.make([milk("M1")], [tea(1)])
    at.make([milk("M2")], [tea(2), tea(3), tea(4)])
    waiting = at.paid((at.tea, 1))
    _, gone = at.send_items(at.tea, tea(3))
    at.deliver(gone)
    at.confirm(gone)
    _, parcel = at.send_items(at.tea, tea(4), quantity=1)
    at.deliver(parcel)
    case_id = at.complain(parcel, "exchange")
    at.sent_back(case_id)
    at.receive(case_id)
    at.recall("M1")
    at.settle()

    def ship(*epcs: str) -> ShipmentCreate:
        return ShipmentCreate(waiting, account("carrier"), (ShippedLine(0, 1),), None, epcs, None)

    def again(*epcs: str) -> ExchangeShip:
        return ExchangeShip(case_id, account("carrier"), None, epcs, None)

    # fmt: off
    return [
        Attempt("merchant", "shipment.create", ship(tea(1)),  ("carrier",), "GoodsRecalled"),
        Attempt("merchant", "shipment.create", ship(),        ("carrier",), "GoodsNotNamed"),
        Attempt("merchant", "shipment.create", ship(tea(99)), ("carrier",), "GoodsNotNamed"),
        Attempt("merchant", "shipment.create", ship(tea(3)),  ("carrier",), "GoodsNotNamed"),
        Attempt("merchant", "shipment.create", ship(tea(2)),  ("carrier",), "ok"),
        Attempt("merchant", "exchange.ship",   again(tea(1)), ("carrier",), "GoodsRecalled"),
        Attempt("merchant", "exchange.ship",   again(),       ("carrier",), "GoodsNotNamed"),
    ]
    # fmt: on


def confirming(at: Dairy) -> list[Row]:
    """Where no sweep has looked at any order yet; `unswept` makes it so."""
    at.make([milk("M1")], [tea(1)])
    _, parcel = at.send_items(at.tea, tea(1))
    at.deliver(parcel)
    before = sweeping.SWEEP_ORDERS_MAX
    confirm = OrderConfirm(parcel, ())

    def unswept(_: object) -> None:
        sweeping.SWEEP_ORDERS_MAX = 0
        try:
            at.recall("M1")
        finally:
            sweeping.SWEEP_ORDERS_MAX = before

    return [
        Do(unswept),
        Attempt("buyer", "order.confirm", confirm, (), "GoodsRecalled"),
    ]


@pytest.mark.parametrize("table", [naming, confirming])
def test_what_is_marked_neither_leaves_nor_is_confirmed(
    table: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SWEEP_ORDERS_MAX", sweeping.SWEEP_ORDERS_MAX)
    at = Dairy()
    assert callable(table)
    play(at, table(at))


def test_without_recalls_of_lots_nothing_has_to_be_named() -> None:
    at = Dairy()
    order_id = at.paid((at.tea, 1))
    at.ship_items(order_id, quantity=1)
    at.recall(code="".join(at.load(at.paid((at.cake, 1))).lines[0].gtin))
    at.ship_items(at.paid((at.tea, 1)), quantity=1)


def test_a_lot_names_all_its_units() -> None:
    lot = "urn:epc:class:lgtin:6901234.000001.T1"
    at = Dairy()
    at.make([milk("M2")], [], classes=[lot])
    at.make([milk("M1")], [tea(1)])
    at.recall("M1")
    at.settle()
    at.ship_items(at.paid((at.tea, 5)), lot, quantity=5)
