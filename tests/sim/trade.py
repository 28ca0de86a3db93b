"""Trade: the next step of some order, read from a node's state as a client would.

Short timers (a large `time_scale`) make unpaid orders end by themselves while the simulation runs.
"""

from random import Random

from chain.ledger import Ledger
from chain.transaction import Operation
from commerce.cancellation import OrderCancel
from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.confirmation import OrderConfirm
from commerce.escrow import State
from commerce.listings import LISTINGS, ListingPublish, Terms
from commerce.orders import ORDERS, Order
from commerce.parcels import PARCELS, Parcel
from commerce.products import ProductRegister
from commerce.registry import operation
from commerce.shipments import (
    ShipmentCreate,
    ShipmentDelivered,
    ShippedLine,
    recipient_code_commitment,
)
from tests.sim.cast import PAYERS, PREFIX, account

# Who sends what, and who signs with the sender.
Step = tuple[str, tuple[Operation, ...], tuple[str, ...]]

GTIN = f"0{PREFIX}000016"
CODE = b"the recipient's own code"
PRICE_MINOR = 700
NAMES = {account(name): name for name in PAYERS}


def shop() -> Step:
    """A product and an offer of it."""
    product = ProductRegister(GTIN, "tea", "food", False, "cool and dry", ())  # noqa: FBT003
    offer = ListingPublish(GTIN, "CNY", 10_000, Terms(PRICE_MINOR, 0, None, None))
    steps = operation("product.register", product), operation("listing.publish", offer)
    return "merchant", steps, ()


def next_step(ledger: Ledger, chance: Random) -> Step | None:
    """Something that a party may do now; None where nothing is offered yet."""
    draw = chance.random()
    if draw < 0.4:
        return _order(ledger, chance)
    parcels = [entry for entry in PARCELS.items(ledger.state) if entry[1].due_ms is not None]
    if parcels and draw < 0.7:
        return _receive(ledger, *chance.choice(parcels))
    orders = list(ORDERS.items(ledger.state))
    return _continue(*chance.choice(orders), chance) if orders else _order(ledger, chance)


def _order(ledger: Ledger, chance: Random) -> Step | None:
    listing_id = next((part for part, _ in LISTINGS.items(ledger.state)), None)
    if listing_id is None:
        return None
    wanted = (WantedLine(listing_id, 1, chance.randint(1, 3), False),)  # noqa: FBT003
    order = OrderCreate(wanted, bytes(32), recipient_code_commitment(CODE), None)
    return chance.choice(PAYERS), (operation("order.create", order),), ()


def _continue(order_id: bytes, order: Order, chance: Random) -> Step:
    """Pay, cancel or ship, as far as the order is."""
    buyer, line = NAMES[order.buyer], order.lines[0]
    if line.state == State.HELD and chance.random() < 0.8:
        units = (ShippedLine(0, chance.randint(1, max(1, line.unshipped))),)
        shipment = ShipmentCreate(order_id, account("carrier"), units, None, (), None)
        return "merchant", (operation("shipment.create", shipment),), ("carrier",)
    if chance.random() < 0.8:
        return buyer, (operation("order.pay", OrderPay(order_id, order.total_minor)),), ()
    return buyer, (operation("order.cancel", OrderCancel(order_id, (), "no more")),), ()


def _receive(ledger: Ledger, parcel_id: bytes, parcel: Parcel) -> Step:
    order = ORDERS.load(ledger.state, parcel.order_id)
    if parcel.delivered_ms is None or order is None:
        # The code proves one parcel of the order.
        code, cell = (CODE, None) if parcel.number == 0 else (None, "wtw3s")
        delivered = ShipmentDelivered(parcel_id, code, cell)
        return "carrier", (operation("shipment.delivered", delivered),), ()
    confirmed = OrderConfirm(parcel_id, ())
    return NAMES[order.buyer], (operation("order.confirm", confirmed),), ()
