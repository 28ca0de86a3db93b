"""A whole trade on a fake node: goods with a history, an order from listing to merchant paid."""

import json
from dataclasses import dataclass
from typing import Any

from chain.block import OK
from commerce.catalogue.coupons import CouponTerms
from commerce.catalogue.issuing import CouponIssue
from commerce.catalogue.licences import LicenceGrant
from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.confirmation import OrderConfirm
from commerce.epcis.capture import EpcisCapture
from commerce.listings import ListingPublish, Terms
from commerce.products import ProductRegister
from commerce.registry import operation
from commerce.reviews.posting import ReviewPost
from commerce.reviews.records import Scores
from commerce.rights import GcpGrant
from commerce.roles import RoleGrant
from commerce.shipments import (
    ShipmentCreate,
    ShipmentDelivered,
    ShippedLine,
    recipient_code_commitment,
)
from tests.chain.world import account
from tests.node.api.service import FakeService

GTIN = "06901234000016"
ITEM = "urn:epc:id:sgtin:6901234.000001.7"
LOT = "L-24"
PLACE = "urn:epc:id:sgln:6901234.00001.0"
FOREVER_MS = 2**50
CODE = b"the recipient's own code"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def event(**members: Any) -> dict[str, Any]:
    """An EPCIS event about the tea."""
    return {
        "type": "ObjectEvent",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "readPoint": {"id": PLACE},
        **members,
    }


def document() -> bytes:
    """Leaves become tea of a lot, an item of it is packed and shipped. Numbers are exact."""
    leaves, tea = (f"urn:epc:class:lgtin:6901234.{item}.{LOT}" for item in ("000009", "000001"))
    harvested = event(
        eventTime="2024-04-05T08:30:00.000+08:00",
        action="ADD",
        bizStep="commissioning",
        quantityList=[{"epcClass": leaves, "quantity": 12.5, "uom": "KGM"}],
    )
    made = event(
        type="TransformationEvent",
        eventTime="2024-04-06T08:30:00.000+08:00",
        eventID="urn:uuid:11111111-1111-4111-8111-111111111111",
        inputQuantityList=[{"epcClass": leaves, "quantity": 12.5, "uom": "KGM"}],
        outputQuantityList=[{"epcClass": tea, "quantity": 3, "uom": "KGM"}],
    )
    del made["action"]
    packed = event(
        type="TransformationEvent",
        eventTime="2024-04-07T08:30:00.000+08:00",
        inputQuantityList=[{"epcClass": tea, "quantity": 0.100, "uom": "KGM"}],
        outputEPCList=[ITEM],
    )
    del packed["action"]
    shipped = event(
        eventTime="2024-04-08T08:30:00.000+08:00",
        bizStep="shipping",
        disposition="in_transit",
        bizLocation={"id": PLACE},
        epcList=[ITEM],
    )
    text = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-04-09T00:00:00.000+08:00",
        "epcisBody": {"eventList": [harvested, made, packed, shipped]},
    }
    return json.dumps(text, indent=1).encode()


@dataclass(frozen=True, slots=True)
class Market:
    """What the trade made."""

    listing_id: bytes
    order_id: bytes
    parcel_id: bytes
    capture_id: bytes
    event_keys: tuple[bytes, ...]


async def done(
    service: FakeService, sender: str, name: str, payload: object, *with_: str
) -> tuple[bytes, tuple[dict[str, Any], ...]]:
    """One transaction in a block of its own that must succeed; its id and events' data."""
    sent = service.world.signed(sender, operation(name, payload), with_=with_)
    await service.submit(sent.raw)
    await service.decide()
    decided = service.decided(sent.id)
    assert decided is not None
    assert decided.receipt.status == OK, (name, decided.receipt.status)
    return sent.id, tuple(told.data for told in decided.receipt.events)


async def found(service: FakeService) -> None:
    """The merchant holds its GS1 company prefix and has registered its tea."""
    m3 = account("m3")
    regulator = RoleGrant(m3, "regulator", "", None)
    await done(service, "m0", "role.grant", regulator, "m1", "m2")
    await done(
        service, "m3", "gcp.grant", GcpGrant("6901234", account("merchant"), None), "merchant"
    )
    tea = ProductRegister(GTIN, "tea", "food", False, "cool and dry", ())  # noqa: FBT003
    await done(service, "merchant", "product.register", tea)


async def trade(service: FakeService) -> Market:
    """From nothing to merchant paid."""
    await found(service)
    await service.fund("buyer", 10_000)
    captured, events = await done(
        service, "merchant", "epcis.capture", EpcisCapture(document(), "public")
    )
    offer = ListingPublish(GTIN, "CNY", 10, Terms(1_000, 50, None, None))
    _, (listed, *_) = await done(service, "merchant", "listing.publish", offer)
    order_id, parcel_id = await bought(service, listed["listing_id"], ITEM)
    keys = tuple(told["event_key"] for told in events)
    return Market(listed["listing_id"], order_id, parcel_id, captured, keys)


async def granted(service: FakeService) -> bytes:
    """The merchant's coupon, after a licence of its tea for the buyer."""
    licence = LicenceGrant(account("buyer"), (GTIN,), ("310000",), FOREVER_MS, None)
    await done(service, "merchant", "licence.grant", licence)
    terms = CouponTerms(
        symbol="CNY",
        amount_minor=500,
        permille=None,
        minimum_minor=1_000,
        seller=account("merchant"),
        buyer=None,
        listings=(),
        gtins=(GTIN,),
        valid_from_ms=0,
        valid_until_ms=FOREVER_MS,
        budget_minor=5_000,
        uses_per_buyer=1,
    )
    _, (issued, *_) = await done(service, "merchant", "coupon.issue", CouponIssue(terms))
    coupon_id = issued["coupon_id"]
    assert isinstance(coupon_id, bytes)
    return coupon_id


async def bought(
    service: FakeService, listing_id: bytes, *items: str, number: int = 1
) -> tuple[bytes, bytes]:
    """Two units of a listing, ordered, paid, shipped, delivered and confirmed: order and parcel."""
    wanted = WantedLine(listing_id, 1, 2, False)  # noqa: FBT003
    code = recipient_code_commitment(CODE)
    order = OrderCreate((wanted,), bytes(32), code, f"order {number}")
    _, (ordered, *_) = await done(service, "buyer", "order.create", order)
    order_id = ordered["order_id"]
    await done(service, "buyer", "order.pay", OrderPay(order_id, 2_050))
    lines = (ShippedLine(0, 2),)
    shipment = ShipmentCreate(order_id, account("carrier"), lines, None, items, None)
    _, (shipped, *_) = await done(service, "merchant", "shipment.create", shipment, "carrier")
    parcel_id = shipped["parcel_id"]
    await done(service, "carrier", "shipment.delivered", ShipmentDelivered(parcel_id, CODE, None))
    await done(service, "buyer", "order.confirm", OrderConfirm(parcel_id, ()))
    return order_id, parcel_id


async def reviewed(service: FakeService, order_id: bytes) -> None:
    """The buyer's review of an order's first line."""
    review = ReviewPost(order_id, 0, Scores(5, 4, 3), bytes(32))
    await done(service, "buyer", "review.post", review)
