"""Who comes first inside a block: the published classes, whatever order people submit in."""

import itertools
from collections.abc import Callable, Sequence

import pytest

from chain.block import OK
from chain.deadlines import DEADLINES
from chain.errors import BlockInvalid
from chain.transaction import ReceivedTransaction
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.cancellation import OrderCancel
from commerce.checkout import OrderPay
from commerce.confirmation import OrderConfirm
from commerce.extensions import OrderExtend
from commerce.listings import ListingUpdate
from commerce.recalls.recalls import RecallOpen
from commerce.registry import operation
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShipmentLost, ShippedLine
from tests.commerce.shop import CODE, TEA, Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, Sent, account

SHIP_MS = 72 * HOUR_MS
Made = tuple[Shop, dict[str, ReceivedTransaction]]


def signed(shop: Shop, sender: str, name: str, op: object, *with_: str) -> ReceivedTransaction:
    return shop.transaction(Sent(sender, (operation(name, op),), with_))


def late_order() -> Made:
    """A paid order whose ship deadline falls into the next block, and all that may be done to it.

    One parcel is on its way, two units are not.
    """
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel_id = shop.ship(order_id, (0, 1))
    shop.time_ms += SHIP_MS
    shipment = ShipmentCreate(order_id, account("carrier"), (ShippedLine(0, 2),), None, (), None)
    return shop, {
        "cancel": signed(shop, "buyer", "order.cancel", OrderCancel(order_id, (), "late")),
        "ship": signed(shop, "merchant", "shipment.create", shipment, "carrier"),
        "lost": signed(shop, "carrier", "shipment.lost", ShipmentLost(parcel_id)),
        "deliver": signed(
            shop, "carrier", "shipment.delivered", ShipmentDelivered(parcel_id, CODE, None)
        ),
        "confirm": signed(shop, "buyer", "order.confirm", OrderConfirm(parcel_id, ())),
        "stock": signed(shop, "merchant", "listing.update", ListingUpdate(shop.tea, 1, 1, None)),
    }


def outcome(make: Callable[[], Made], order: Sequence[str]) -> dict[str, str] | None:
    """Each transaction's status; None if no correct replica votes for the block."""
    shop, sent = make()
    try:
        result = shop.block(*(sent[name] for name in order))
    except BlockInvalid:
        return None
    statuses = {receipt.id: receipt.status for receipt in result.receipts}
    return {name: statuses[sent[name].id] for name in order}


def test_all_720_submission_orders_end_by_class_or_make_no_block() -> None:
    rank = {"cancel": 3, "ship": 5, "lost": 6, "deliver": 6, "stock": 6, "confirm": 7}
    valid = 0
    for order in itertools.permutations(rank):
        by_class = sorted(order, key=rank.__getitem__)
        if list(order) != by_class:
            continue
        valid += 1
        outcomes = outcome(late_order, order)
        assert outcomes is not None
        # The deadline made the order late, so the buyer cancels alone, before the seller ships.
        assert (outcomes["cancel"], outcomes["ship"]) == (OK, "StateForbids")
        lost_first = order.index("lost") < order.index("deliver")
        assert outcomes["lost"] == (OK if lost_first else "StateForbids")
        assert outcomes["deliver"] == ("StateForbids" if lost_first else OK)
        assert outcomes["confirm"] == ("StateForbids" if lost_first else OK)
    assert valid == 6


@pytest.mark.parametrize(
    "order",
    [("ship", "cancel"), ("confirm", "deliver"), ("lost", "ship"), ("confirm", "cancel")],
)
def test_a_block_whose_classes_are_out_of_order_is_invalid(order: tuple[str, ...]) -> None:
    assert outcome(late_order, order) is None
    assert outcome(late_order, order[::-1]) is not None


def test_a_deadline_comes_before_the_payment_of_the_same_block() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 1))
    shop.time_ms += 2 * HOUR_MS
    receipts = shop.block(signed(shop, "buyer", "order.pay", OrderPay(order_id, 1_000))).receipts
    assert [receipt.status for receipt in receipts] == [OK, "StateForbids"]
    assert receipts[0].events[0].type == "order.closed"
    assert shop.money("buyer") == FUNDS_MINOR


def test_deadlines_fire_oldest_first_and_the_rest_is_carried_over() -> None:
    shop = Shop()
    orders = []
    for _ in range(3):
        orders.append(shop.order((shop.tea, 1)))
        shop.time_ms += 1_000
    shop.limit_deadlines(2)
    first = shop.wait(DAY_MS)
    second = shop.wait(0)
    closed = [receipt.events[0].data["order_id"] for receipt in (*first, *second)]
    assert (len(first), closed) == (2, orders)
    assert list(DEADLINES.items(shop.state)) == []


def test_nobody_profits_from_the_carry_over() -> None:
    shop = Shop()
    orders = [shop.order((shop.tea, 1), buyer=name) for name in ("buyer", "friend")]
    shop.limit_deadlines(0)
    shop.time_ms += 2 * HOUR_MS
    receipts = shop.block(signed(shop, "friend", "order.pay", OrderPay(orders[1], 1_000))).receipts
    assert [receipt.status for receipt in receipts] == [OK, "StateForbids"]
    # Only the object that was touched had its deadline applied.
    assert [shop.load(order_id).state for order_id in orders] == ["UNFUNDED", "CLOSED"]


def test_a_parcels_operation_applies_the_overdue_deadline_of_its_order_too() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel_id = shop.ship(order_id, (0, 1))
    shop.limit_deadlines(0)
    shop.time_ms += SHIP_MS + 15 * DAY_MS
    confirm = signed(shop, "buyer", "order.confirm", OrderConfirm(parcel_id, ()))
    receipts = shop.block(confirm).receipts
    told = [receipt.events[0].type for receipt in receipts]
    assert told == ["order.late", "order.refunded", "order.released"]
    assert shop.load(order_id).state == "RELEASED"


def contested_order() -> Made:
    """A paid order whose ship deadline falls into the next block, and six people who act on it."""
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel_id = shop.ship(order_id, (0, 1))
    shop.time_ms += SHIP_MS
    shipment = ShipmentCreate(order_id, account("carrier"), (ShippedLine(0, 2),), None, (), None)
    request = RefundRequest(order_id, None, "unshipped", (RequestedLine(0, 2, None),), "", None)
    recalled = RecallOpen(TEA, 2, bytes(32), None)
    return shop, {
        "recall": signed(shop, "merchant", "recall.open", recalled),
        "cancel": signed(shop, "buyer", "order.cancel", OrderCancel(order_id, (), "late")),
        "request": signed(shop, "buyer", "refund.request", request),
        "ship": signed(shop, "merchant", "shipment.create", shipment, "carrier"),
        "extend": signed(shop, "buyer", "order.extend", OrderExtend(parcel_id, 3)),
        "confirm": signed(shop, "buyer", "order.confirm", OrderConfirm(parcel_id, ())),
    }


WITHOUT = [(), ("recall",), ("recall", "cancel"), ("recall", "cancel", "request")]
EXPECTED = {
    (): ("recall",),
    ("recall",): ("cancel", "extend", "confirm"),
    ("recall", "cancel"): ("request", "extend", "confirm"),
    ("recall", "cancel", "request"): ("ship", "extend", "confirm"),
}


@pytest.mark.parametrize("absent", WITHOUT)
def test_whatever_order_people_submit_in_the_published_priority_decides(
    absent: tuple[str, ...],
) -> None:
    shop, sent = contested_order()
    names = [name for name in sent if name not in absent]
    ranks = {name: shop.rules.rank(sent[name].types) for name in names}
    # A primary sorts what it received by class (node/ledger_queue.py); of one class are no two.
    made = {tuple(sorted(p, key=ranks.__getitem__)) for p in itertools.permutations(names)}
    (order,) = made
    outcomes = outcome(lambda: (shop, sent), order)
    assert outcomes is not None
    assert tuple(name for name in order if outcomes[name] == OK) == EXPECTED[absent]
