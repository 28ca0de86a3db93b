"""Orders and parcels: from an offer to money in escrow, goods on their way, the seller paid."""

from collections.abc import Sequence
from typing import Any

from chain.execution import Rank
from chain.state import StateReader
from commerce.amendments import (
    OrderReaddress,
    OrderReprice,
    order_readdress,
    order_reprice,
)
from commerce.cancellation import OrderCancel, order_cancel, pay_timeout, ship_timeout
from commerce.checkout import OrderCreate, OrderPay, order_create, order_pay
from commerce.clocks import Clock
from commerce.confirmation import OrderConfirm, close_timeout, confirm_timeout, order_confirm
from commerce.extensions import OrderExtend, order_extend
from commerce.orders import order_clocks
from commerce.parcels import parcel_clocks
from commerce.shipments import (
    ShipmentCreate,
    ShipmentDelivered,
    ShipmentLost,
    lost_timeout,
    shipment_create,
    shipment_delivered,
    shipment_lost,
)
from commerce.tracking import ShipmentEvent, shipment_event
from commerce.transaction_types import SystemTransition, TransactionType


def _order(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return order_clocks(state, payload.order_id)


def _parcel(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return parcel_clocks(state, payload.parcel_id)


TYPES = (
    TransactionType("order.create", OrderCreate, order_create, "B"),
    TransactionType("order.pay", OrderPay, order_pay, "B or any payer", clocks=_order),
    TransactionType(
        "order.cancel",
        OrderCancel,
        order_cancel,
        "before pay: B or S; paid: B + S; late: B",
        rank=Rank.CANCEL,
        clocks=_order,
    ),
    TransactionType("order.reprice", OrderReprice, order_reprice, "S", clocks=_order),
    TransactionType("order.readdress", OrderReaddress, order_readdress, "B", clocks=_order),
    TransactionType(
        "shipment.create", ShipmentCreate, shipment_create, "S + C", rank=Rank.SHIP, clocks=_order
    ),
    TransactionType(
        "shipment.delivered", ShipmentDelivered, shipment_delivered, "C", clocks=_parcel
    ),
    TransactionType("shipment.lost", ShipmentLost, shipment_lost, "C", clocks=_parcel),
    TransactionType("shipment.event", ShipmentEvent, shipment_event, "C", clocks=_parcel),
    TransactionType("order.extend", OrderExtend, order_extend, "B or S", clocks=_parcel),
    TransactionType(
        "order.confirm", OrderConfirm, order_confirm, "B", rank=Rank.CONFIRM, clocks=_parcel
    ),
)

TRANSITIONS = (
    SystemTransition("sys.order.pay", pay_timeout),
    SystemTransition("sys.order.ship", ship_timeout),
    SystemTransition("sys.order.lost", lost_timeout),
    SystemTransition("sys.order.confirm", confirm_timeout),
    SystemTransition("sys.order.close", close_timeout),
)
