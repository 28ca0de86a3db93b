"""What the steps of a trade and a captured event cost, on fixed keys and numbers: calls counted.

As in `tests.bench.stages`; blocks are executed by a real ledger, their bytes are read before.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from chain.block import OK, Receipt
from chain.genesis import Genesis, GenesisRole
from chain.transaction import ReceivedTransaction, read_transaction
from commerce.checkout import OrderPay
from commerce.confirmation import OrderConfirm
from commerce.epcis.capture import EpcisCapture
from commerce.listings import ListingPublish
from commerce.registry import operation
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShippedLine
from tests.bench.counting import Counting
from tests.bench.stages import fund
from tests.chain.world import World, account, genesis
from tests.commerce.shop import CODE, PRICE_MINOR, TEA, TERMS, create, product
from tests.commerce.world import PREFIX

ORDERS: Final = 10
STOCK: Final = 1_000_000
EVENTS: Final = 100
EPCS_PER_EVENT: Final = 5
MOMENT: Final = "2026-01-01T08:00:00+08:00"
PLACE: Final = {"id": f"urn:epc:id:sgln:{PREFIX}.00001.0"}


def genesis_with_prefix() -> Genesis:
    """The merchant owns a company prefix."""
    plain = genesis()
    role = GenesisRole("merchant", f"gcp:{PREFIX}")
    accounts = tuple(
        replace(one, roles=(*one.roles, role)) if one.name == "merchant" else one
        for one in plain.accounts
    )
    return replace(plain, accounts=accounts)


@dataclass(slots=True)
class Shop:
    """A merchant's chain on which steps are counted."""

    counting: Counting
    world: World

    def open(self) -> list[bytes]:
        """Money for the buyer and a listing for each order: of one, few may stay unpaid."""
        fund(self.world)
        self.decide(self.world.signed("merchant", operation("product.register", product())))
        offer = operation("listing.publish", ListingPublish(TEA, "CNY", STOCK, TERMS))
        offers = [self.world.signed("merchant", offer) for _ in range(ORDERS)]
        return [made_in(receipt, "listing_id") for receipt in self.decide(*offers)]

    def decide(self, *received: ReceivedTransaction, stage: str = "") -> Sequence[Receipt]:
        """A block of these; its execution is counted under the stage's name."""
        header = self.world.header(received)
        if stage:
            with self.counting.stage(stage, len(received)):
                executed = self.world.ledger.execute(header, received)
        else:
            executed = self.world.ledger.execute(header, received)
        self.world.ledger.write(executed, self.world.certify(header))
        receipts = executed.result.receipts
        failed = [receipt.status for receipt in receipts if receipt.status != OK]
        assert not failed, failed
        return receipts

    def step(
        self, name: str, sender: str, payloads: Sequence[object], *others: str
    ) -> Sequence[Receipt]:
        """One step of every order, all in one block."""
        received = [
            self.world.signed(sender, operation(name, payload), with_=others)
            for payload in payloads
        ]
        return self.decide(*received, stage=f"execute, {name}")


def made_in(receipt: Receipt, name: str) -> bytes:
    """The id of what a receipt's first event made."""
    made = receipt.events[0].data[name]
    assert isinstance(made, bytes)
    return made


async def trade(counting: Counting) -> None:
    """Orders from creation to confirmation, a block of each step."""
    shop = Shop(counting, World(made=genesis_with_prefix()))
    listings = shop.open()
    for _ in range(2):
        placed = shop.step("order.create", "buyer", [create((one, 1)) for one in listings])
        orders = [made_in(receipt, "order_id") for receipt in placed]
        shop.step("order.pay", "buyer", [OrderPay(one, PRICE_MINOR) for one in orders])
        lines, to = (ShippedLine(0, 1),), account("carrier")
        parcels = [ShipmentCreate(one, to, lines, None, (), None) for one in orders]
        shipped = shop.step("shipment.create", "merchant", parcels, "carrier")
        ids = [made_in(receipt, "parcel_id") for receipt in shipped]
        delivered = [ShipmentDelivered(one, CODE, None) for one in ids]
        shop.step("shipment.delivered", "carrier", delivered)
        shop.step("order.confirm", "buyer", [OrderConfirm(one, ()) for one in ids])


async def capture(counting: Counting) -> None:
    """A transaction with a hundred events: read, then executed."""
    world = World(made=genesis_with_prefix())
    for turn in range(2):
        document = EpcisCapture(document_of(turn), "public")
        raw = world.signed("merchant", operation("epcis.capture", document)).raw
        with counting.stage("read, an event", EVENTS):
            received = read_transaction(raw, world.rules)
        header = world.header((received,))
        with counting.stage("execute, an event", EVENTS):
            executed = world.ledger.execute(header, (received,))
        (receipt,) = executed.result.receipts
        assert receipt.status == OK
        assert len(receipt.events) == EVENTS
        certificate = world.certify(header)
        with counting.stage("write, an event", EVENTS):
            world.ledger.write(executed, certificate)


def document_of(turn: int) -> bytes:
    """A document of new goods, unlike that of any other turn."""
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-01T00:00:00Z",
        "epcisBody": {"eventList": [_event(turn * EVENTS + at) for at in range(EVENTS)]},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _event(number: int) -> dict[str, Any]:
    serials = (number * EPCS_PER_EVENT + at for at in range(EPCS_PER_EVENT))
    return {
        "type": "ObjectEvent",
        "eventTime": MOMENT,
        "eventTimeZoneOffset": "+08:00",
        "eventID": f"urn:uuid:00000000-0000-4000-8000-{number:012x}",
        "epcList": [f"urn:epc:id:sgtin:{PREFIX}.012345.{serial:08}" for serial in serials],
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "readPoint": PLACE,
        "bizLocation": PLACE,
        "sensorElementList": [
            {
                "sensorMetadata": {"time": MOMENT},
                "sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}],
            }
        ],
    }
