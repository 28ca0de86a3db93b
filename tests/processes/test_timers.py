"""Nobody acts: every deadline ends its order by itself on four real processes, exactly once.

The chain's clock runs a day in a second (`time_scale`); the timers stand at legal values that let
all four ends come within a quarter of a minute.
"""

from pathlib import Path
from typing import Any

from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.epcis.identifiers import check_digit
from commerce.listings import ListingPublish, Terms
from commerce.products import ProductRegister
from commerce.registry import operation
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShippedLine
from commerce.timers import DAY_MS, HOUR_MS
from node.client import Outcome
from tests.processes.net import Net, running, timed, until

DAYS_PER_SECOND = 86_400
TIMERS = {
    "pay_ms": DAY_MS,
    "ship_ms": HOUR_MS,
    "ship_refund_ms": 15 * DAY_MS,
    "lost_ms": 15 * DAY_MS,
    "confirm_shipped_ms": 3 * DAY_MS,
    "confirm_delivered_ms": 3 * DAY_MS,
}
PRICE_MINOR = 12_900
GTIN_BODY = "0690123400001"


class Shop:
    """A merchant with one listing, a buyer and a carrier on a running network."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.node = net.testnet.nodes[0]
        self.gtin = GTIN_BODY + str(check_digit(GTIN_BODY))
        product = ProductRegister(self.gtin, "Longjing tea", "tea", False, "dry", ())  # noqa: FBT003
        self.send("merchant", "product.register", product)
        offer = ListingPublish(self.gtin, "CNY", 10, Terms(PRICE_MINOR, 0, None, None))
        published = self.send("merchant", "listing.publish", offer).event("listing.published")
        self.listing = bytes.fromhex(published["listing_id"])

    def send(self, sender: str, name: str, payload: object, *with_: str) -> Outcome:
        """One operation, decided and ok."""
        content = self.net.content(sender, operation(name, payload))
        outcome = self.net.decide(self.node, self.net.sign(content, sender, *with_))
        assert outcome.status == "ok", (name, outcome.status)
        return outcome

    def order(self) -> bytes:
        """An order of one unit."""
        wanted = WantedLine(self.listing, 1, 1, False)  # noqa: FBT003
        created = self.send("buyer", "order.create", OrderCreate((wanted,), bytes(32), None, None))
        return bytes.fromhex(created.event("order.created")["order_id"])

    def paid(self) -> bytes:
        """An order whose money is held."""
        order = self.order()
        self.send("buyer", "order.pay", OrderPay(order, PRICE_MINOR))
        return order

    def shipped(self) -> tuple[bytes, bytes]:
        """A paid order under way, and its parcel."""
        order = self.paid()
        carrier = self.net.account("carrier")
        parcel = ShipmentCreate(order, carrier, (ShippedLine(0, 1),), None, (), None)
        created = self.send("merchant", "shipment.create", parcel, "carrier")
        return order, bytes.fromhex(created.event("shipment.created")["parcel_id"])

    def balance(self, name: str) -> int:
        """Available fen of an account."""
        account = self.net.testnet.account(name).account
        (entry,) = self.net.get(self.node, f"/v1/accounts/{account}/balances")["balances"]
        return int(entry["available_minor"])

    def state(self, order: bytes) -> str:
        """The order's state."""
        return str(self.net.get(self.node, f"/v1/orders/{order.hex()}")["state"])

    def ends(self, order: bytes) -> list[tuple[str, str, int]]:
        """Every ending of the order in the history: event type, reason, amount."""
        events: list[dict[str, Any]] = []
        cursor = "0.0.0"
        while True:
            page = self.net.get(self.node, f"/v1/events?cursor={cursor}&limit=500")
            events += page["events"]
            if page["complete"]:
                break
            cursor = page["next"]
        return [
            (entry["type"], entry["data"]["reason"], int(entry["data"]["amount_minor"]))
            for entry in events
            if entry["data"].get("order_id") == order.hex() and "reason" in entry["data"]
        ]


def test_each_timer_fires_once_and_the_money_lands_where_it_must(tmp_path: Path) -> None:
    with (
        timed(TIMERS),
        running(tmp_path, time_scale=DAYS_PER_SECOND) as net,
    ):
        shop = Shop(net)
        buyer, merchant = shop.balance("buyer"), shop.balance("merchant")
        delivered, parcel = shop.shipped()
        handed_over = ShipmentDelivered(parcel, None, "wtw3s")
        shop.send("carrier", "shipment.delivered", handed_over)
        lost, _ = shop.shipped()
        unshipped = shop.paid()
        unpaid = shop.order()
        assert shop.balance("buyer") == buyer - 3 * PRICE_MINOR
        expected = {
            unpaid: ("CLOSED", ("order.closed", "sys.order.pay", 0)),
            delivered: ("RELEASED", ("order.released", "sys.order.confirm", PRICE_MINOR)),
            lost: ("REFUNDED", ("shipment.lost", "sys.order.lost", PRICE_MINOR)),
            unshipped: ("REFUNDED", ("order.refunded", "sys.order.ship", PRICE_MINOR)),
        }
        until(
            lambda: all(shop.state(order) == end for order, (end, _) in expected.items()),
            "all four orders have ended by themselves",
            timeout_s=60.0,
        )
        for order, (_, ending) in expected.items():
            assert shop.ends(order) == [ending]
        assert shop.balance("buyer") == buyer - PRICE_MINOR
        assert shop.balance("merchant") == merchant + PRICE_MINOR
        # The unit that was sold is gone; those never shipped are back on the shelf.
        listing = net.get(shop.node, f"/v1/listings/{shop.listing.hex()}")
        assert listing["stock"] == 8
        assert len({status["state_root"] for status in net.level()}) == 1
