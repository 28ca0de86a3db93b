"""`trade`: create, pay, ship, deliver, confirm, each a transaction of those who have to sign it.

The merchant's product and listings are on the chain before the run. Ids follow from the signed
bytes, so all five steps of a trade are signed beforehand too. Buyers take turns.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from chain.block import OK
from chain.crypto import PrivateKey, sha256, tagged_hash
from chain.state import u64
from chain.transaction import OPERATIONS_MAX
from commerce.checkout import UNPAID_ORDERS_MAX, OrderCreate, OrderPay, WantedLine
from commerce.confirmation import OrderConfirm
from commerce.epcis.identifiers import check_digit
from commerce.errors import ProductExists
from commerce.listings import ListingPublish, Terms
from commerce.parcels import parcel_id
from commerce.products import ProductRegister
from commerce.registry import operation
from commerce.shipments import (
    ShipmentCreate,
    ShipmentDelivered,
    ShippedLine,
    recipient_code_commitment,
)
from node.bench.plan import BenchRefused, LoadPlan
from node.bench.workloads.chain import Chain, Setup, Signer, object_id, require_place
from node.bench.workloads.provenance import MERCHANT, PREFIX

CARRIER: Final = "carrier"
STEPS: Final = 5
PRICE_MINOR: Final = 1
STOCK: Final = 1_000_000
LISTINGS_MAX: Final = 10_000
ITEM: Final = "00002"
GTIN: Final = f"0{PREFIX}{ITEM}" + check_digit(f"0{PREFIX}{ITEM}")
CODE_BYTES: Final = 15
# A parcel's number has nine digits after its extension digit and the prefix.
PARCELS_MAX: Final = 10**9


@dataclass(frozen=True, slots=True)
class Parties:
    """Places of those who trade among the plan's `senders`: all but merchant and carrier buy."""

    merchant: int
    carrier: int
    senders: int

    @classmethod
    def of(cls, plan: LoadPlan) -> "Parties":
        """Those of a plan; `BenchRefused` if one part has nobody."""
        merchant, carrier = require_place(plan, MERCHANT), require_place(plan, CARRIER)
        parties = cls(merchant, carrier, len(plan.senders))
        if parties.buyers == 0:
            raise BenchRefused(f"workload {plan.load.workload} needs the key of a buyer")
        return parties

    @property
    def buyers(self) -> int:
        """How many buy."""
        return self.senders - 2

    def buyer(self, turn: int) -> int:
        """Each in turn."""
        place = turn % self.buyers
        for taken in sorted((self.merchant, self.carrier)):
            place += place >= taken
        return place


def check_parties(plan: LoadPlan) -> None:
    """`BenchRefused` unless the senders can trade with each other."""
    Parties.of(plan)


def shop(plan: LoadPlan, keys: Sequence[PrivateKey]) -> Iterator[Setup]:
    """The product, which an earlier run may have registered, and the listings."""
    merchant = Parties.of(plan).merchant
    product = ProductRegister(
        gtin=GTIN,
        title="龙井茶 Longjing tea, 50 g",
        product_class="tea",
        return_exempt=False,
        storage="cool, dry, dark",
        documents=(),
    )
    signer = Signer(plan, keys, plan.setup_ms)
    raw, _ = signer.sign([operation("product.register", product)], merchant)
    yield Setup(raw, (OK, ProductExists.__name__))
    for raw, _, _ in _listings(plan, keys):
        yield Setup(raw, (OK,))


def trades(plan: LoadPlan, keys: Sequence[PrivateKey], now_ms: int) -> Iterator[Chain]:
    """One trade after the other, buyers and listings in turn."""
    parties = Parties.of(plan)
    signer = Signer(plan, keys, now_ms)
    listings = [
        object_id("listing", made, at)
        for _, made, published in _listings(plan, keys)
        for at in range(published)
    ]
    for turn in count(plan.first):
        listing_id = listings[turn // parties.buyers % len(listings)]
        yield _trade(signer, parties, parties.buyer(turn), listing_id)


def listings_of(plan: LoadPlan, buyers: int) -> int:
    """So many that no buyer ever has too many unpaid orders of one, whatever becomes of them."""
    orders = -(-plan.count // STEPS)
    return min(LISTINGS_MAX, -(-orders // (buyers * UNPAID_ORDERS_MAX)))


def _listings(plan: LoadPlan, keys: Sequence[PrivateKey]) -> Iterator[tuple[bytes, bytes, int]]:
    """(raw, id, number of listings) of each transaction that publishes; the same at each call."""
    parties = Parties.of(plan)
    signer = Signer(plan, keys, plan.setup_ms)
    terms = Terms(PRICE_MINOR, 0, None, None)
    publish = operation("listing.publish", ListingPublish(GTIN, plan.symbol, STOCK, terms))
    left = listings_of(plan, parties.buyers)
    while left > 0:
        taken = min(left, OPERATIONS_MAX)
        raw, made = signer.sign([publish] * taken, parties.merchant)
        yield raw, made, taken
        left -= taken


def _trade(signer: Signer, parties: Parties, buyer: int, listing_id: bytes) -> Chain:
    """The five steps of one order of one unit."""
    number = signer.next_serial
    code = _code(signer.plan.run, number)
    line = WantedLine(listing_id, 1, 1, exemption_confirmed=False)
    wanted = OrderCreate(
        lines=(line,),
        ship_to_commitment=tagged_hash("ship-to", code),
        code_commitment=recipient_code_commitment(code),
        client_reference=f"bench-{signer.plan.run}-{number}",
    )
    create, made = signer.step(operation("order.create", wanted), buyer)
    order_id = object_id("order", made)
    pay, _ = signer.step(operation("order.pay", OrderPay(order_id, PRICE_MINOR)), buyer)
    carried = ShipmentCreate(
        order_id=order_id,
        carrier=signer.plan.senders[parties.carrier].account,
        lines=(ShippedLine(0, 1),),
        sscc=_sscc(signer.plan.run + number),
        epcs=(f"urn:epc:id:sgtin:{PREFIX}.0{ITEM}.{signer.plan.run}{number:08}",),
        label_commitment=None,
    )
    ship, _ = signer.step(operation("shipment.create", carried), parties.merchant, parties.carrier)
    parcel = parcel_id(order_id, 0)
    handed = ShipmentDelivered(parcel, code, None)
    deliver, _ = signer.step(operation("shipment.delivered", handed), parties.carrier)
    confirm, _ = signer.step(operation("order.confirm", OrderConfirm(parcel, ())), buyer)
    return Chain((create, pay, ship, deliver, confirm))


def _code(run: int, number: int) -> bytes:
    """What the recipient tells the carrier: as long as a real one, but no secret."""
    return base64.b32encode(sha256(b"a code of the bench" + u64(run) + u64(number))[:CODE_BYTES])


def _sscc(number: int) -> str:
    """A parcel's number; a run takes a stretch of its own."""
    digits = f"1{PREFIX}{number % PARCELS_MAX:09}"
    return digits + check_digit(digits)
