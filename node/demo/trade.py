"""Scene two: one real trade, from the product to the merchant's money, with the goods' history."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from chain.bech32m import encode_account
from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.confirmation import OrderConfirm
from commerce.epcis.capture import EpcisCapture
from commerce.listings import ListingPublish, Terms
from commerce.products import ProductRegister
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShippedLine
from node.client import Outcome
from node.clock import now_ms
from node.demo import goods
from node.demo.money import ISSUED_MINOR, PAID_MINOR, PAID_WITHOUT_PRIMARY_MINOR, all_equal
from node.demo.proven import prove
from node.demo.stage import SYMBOL, Party, Stage, cny
from node.demo.story import Claim
from node.private_data import code_commitment, commit, new_recipient_code
from node.testnet import FUNDS_MINOR

PRICE_MINOR: Final = 12_900
FREIGHT_MINOR: Final = 800
UNITS: Final = 2
TOTAL_MINOR: Final = UNITS * PRICE_MINOR + FREIGHT_MINOR
ADDRESS: Final = "上海市浦东新区世纪大道1号"


@dataclass(frozen=True, slots=True)
class Trade:
    """The parties, and the moment from which the goods' earlier life is counted back."""

    merchant: Party
    buyer: Party
    carrier: Party
    now_ms: int


def play(stage: Stage) -> None:
    """The whole scene."""
    merchant, buyer, carrier = (stage.party(name) for name in ("merchant", "buyer", "carrier"))
    trade = Trade(merchant, buyer, carrier, now_ms())
    register(stage, trade)
    make_goods(stage, trade)
    listing_id = offer(stage, trade)
    order_id, code = order(stage, trade, listing_id)
    pay(stage, trade, order_id)
    parcel_id = ship(stage, trade, order_id)
    deliver(stage, trade, parcel_id, code)
    confirmed = confirm(stage, trade, order_id, parcel_id)
    settle(stage, trade, order_id)
    prove(stage, confirmed)
    trace_back(stage)
    trace_forward(stage)
    all_equal(stage)


def register(stage: Stage, trade: Trade) -> None:
    """The product."""
    product = ProductRegister(
        gtin=goods.GTIN,
        title="龙井茶 Longjing tea, 250 g",
        product_class="tea",
        return_exempt=False,
        storage="cool, dry, dark",
        documents=(),
    )
    outcome = stage.send(trade.merchant, "product.register", product)
    stage.tell(
        "The merchant, who holds this company prefix, registers a product: Longjing tea, 250 g.",
        outcome,
        {"GTIN": goods.GTIN},
        stage.event_claims(outcome, 0, "gtin", "holder"),
    )


def make_goods(stage: Stage, trade: Trade) -> None:
    """Where the tea comes from."""
    made_ms = trade.now_ms - 48 * goods.HOUR_MS
    events = (goods.harvest(made_ms), goods.roasting(made_ms + goods.HOUR_MS))
    outcome = capture(stage, trade.merchant, *events)
    stage.tell(
        f"It records where the tea comes from: leaves of lot {goods.LOT} are picked and roasted"
        " into two packets.",
        outcome,
        captured_facts(outcome),
        captured_claims(stage, outcome),
    )


def offer(stage: Stage, trade: Trade) -> str:
    """The listing; its id."""
    terms = Terms(PRICE_MINOR, FREIGHT_MINOR, None, None)
    listing = ListingPublish(goods.GTIN, SYMBOL, 100, terms)
    outcome = stage.send(trade.merchant, "listing.publish", listing)
    listing_id = str(outcome.event("listing.published")["listing_id"])
    stage.tell(
        f"The merchant offers it for {cny(PRICE_MINOR)} a packet and {cny(FREIGHT_MINOR)} freight.",
        outcome,
        {"listing": listing_id, "price": cny(PRICE_MINOR), "freight": cny(FREIGHT_MINOR)},
        [
            *stage.event_claims(outcome, 0, "listing_id", "price_minor"),
            Claim(f"/v1/listings/{listing_id}", "/price_minor", str(PRICE_MINOR)),
            Claim(f"/v1/listings/{listing_id}", "/freight_minor", str(FREIGHT_MINOR)),
        ],
    )
    return listing_id


def order(stage: Stage, trade: Trade, listing_id: str) -> tuple[str, str]:
    """The order; its id, and the code that the recipient tells the carrier."""
    code = new_recipient_code()
    line = WantedLine(bytes.fromhex(listing_id), 1, UNITS, exemption_confirmed=False)
    wanted = OrderCreate(
        lines=(line,),
        ship_to_commitment=commit("ship-to", ADDRESS).commitment,
        code_commitment=code_commitment(code),
        client_reference="demo-order-1",
    )
    outcome = stage.send(trade.buyer, "order.create", wanted)
    order_id = str(outcome.event("order.created")["order_id"])
    stage.tell(
        f"The buyer orders {UNITS} packets, {cny(TOTAL_MINOR)} in all. The address stays off the"
        " chain; only its salted hash is there.",
        outcome,
        {"order": order_id, "total": cny(TOTAL_MINOR)},
        [
            *stage.event_claims(outcome, 0, "order_id", "buyer", "seller"),
            Claim(f"/v1/receipts/{outcome.id}", "/events/0/data/total_minor", str(TOTAL_MINOR)),
        ],
    )
    return order_id, code


def pay(stage: Stage, trade: Trade, order_id: str) -> None:
    """The money goes into escrow."""
    payment = OrderPay(bytes.fromhex(order_id), TOTAL_MINOR)
    outcome = stage.send(trade.buyer, "order.pay", payment)
    stage.holds_now(
        [
            Claim(f"/v1/orders/{order_id}", "/state", "HELD"),
            Claim(f"/v1/orders/{order_id}", "/held_minor", str(TOTAL_MINOR)),
        ]
    )
    stage.tell(
        f"The buyer pays {cny(TOTAL_MINOR)} into escrow: it is no longer the buyer's and not yet"
        " the merchant's.",
        outcome,
        {"order": order_id, "in escrow": cny(TOTAL_MINOR)},
        stage.event_claims(outcome, 0, "order_id", "payer", "seller", "amount_minor"),
    )


def ship(stage: Stage, trade: Trade, order_id: str) -> str:
    """The goods leave; the parcel's id."""
    packed_ms = trade.now_ms - goods.HOUR_MS
    events = (goods.packing(packed_ms), goods.shipping(packed_ms + 1000))
    recorded = capture(stage, trade.merchant, *events)
    shipment = ShipmentCreate(
        order_id=bytes.fromhex(order_id),
        carrier=trade.carrier.account,
        lines=(ShippedLine(0, UNITS),),
        sscc=goods.SSCC,
        epcs=goods.PACKETS,
        label_commitment=None,
    )
    outcome = stage.send(trade.merchant, "shipment.create", shipment, [trade.carrier])
    parcel_id = str(outcome.event("shipment.created")["parcel_id"])
    stage.tell(
        "The merchant packs both packets into a carton and records it.",
        recorded,
        captured_facts(recorded),
        captured_claims(stage, recorded),
    )
    stage.tell(
        "Merchant and carrier sign the shipment together; the carton is on its way.",
        outcome,
        {"parcel": parcel_id, "SSCC": goods.SSCC},
        [
            *stage.event_claims(outcome, 0, "parcel_id", "order_id", "carrier", "sscc"),
            Claim(f"/v1/parcels/{parcel_id}", "/sscc", goods.SSCC),
        ],
    )
    return parcel_id


def deliver(stage: Stage, trade: Trade, parcel_id: str, code: str) -> None:
    """The carton arrives."""
    recorded = capture(stage, trade.carrier, goods.arriving(trade.now_ms))
    delivery = ShipmentDelivered(bytes.fromhex(parcel_id), code.encode(), None)
    outcome = stage.send(trade.carrier, "shipment.delivered", delivery)
    stage.tell(
        "The carrier records the arrival at the buyer's door.",
        recorded,
        captured_facts(recorded),
        captured_claims(stage, recorded),
    )
    stage.tell(
        "The recipient tells the carrier the code that only the buyer had: the delivery is proven.",
        outcome,
        {"parcel": parcel_id},
        [
            *stage.event_claims(outcome, 0, "parcel_id", "order_id", "carrier"),
            Claim(f"/v1/receipts/{outcome.id}", "/events/0/data/by_code", value=True),
        ],
    )


def confirm(stage: Stage, trade: Trade, order_id: str, parcel_id: str) -> Outcome:
    """The buyer is content; the merchant is paid in the same block."""
    outcome = stage.send(trade.buyer, "order.confirm", OrderConfirm(bytes.fromhex(parcel_id), ()))
    path = f"/v1/receipts/{outcome.id}"
    stage.tell(
        f"The buyer confirms, and in the same block the escrow pays the merchant"
        f" {cny(TOTAL_MINOR)}. The right to return the goods within seven days remains.",
        outcome,
        {"order": order_id, "parcel": parcel_id, "paid": cny(TOTAL_MINOR)},
        [
            *stage.event_claims(outcome, 0, "order_id", "parcel_id", "seller"),
            Claim(path, "/events/0/data/amount_minor", str(TOTAL_MINOR)),
        ],
    )
    return outcome


def settle(stage: Stage, trade: Trade, order_id: str) -> None:
    """Where the money is at the end, counted by hand and asked of another node."""
    paid_minor = PAID_MINOR + PAID_WITHOUT_PRIMARY_MINOR + TOTAL_MINOR
    buyer_minor = FUNDS_MINOR["buyer"] + ISSUED_MINOR - paid_minor
    merchant_minor = FUNDS_MINOR["merchant"] + paid_minor
    path = f"/v1/orders/{order_id}"
    claims = [
        Claim(path, "/order_id", order_id),
        Claim(path, "/state", "RELEASED"),
        Claim(path, "/held_minor", "0"),
        Claim(path, "/released_minor", str(TOTAL_MINOR)),
        Claim(path, "/refunded_minor", "0"),
        *balance_claims(trade.buyer, buyer_minor),
        *balance_claims(trade.merchant, merchant_minor),
    ]
    facts = {
        "order": order_id,
        "buyer has": cny(buyer_minor),
        "merchant has": cny(merchant_minor),
        "in escrow": cny(0),
    }
    stage.tell_of("The trade is settled; every fen is where it should be.", facts, claims)


def trace_back(stage: Stage) -> None:
    """From a packet to its leaves."""
    packet = goods.PACKETS[0]
    found = stage.client.get("/v1/trace", {"epc": packet, "direction": "back"})
    claims = trace_claims(f"epc={quote(packet, safe='')}&direction=back", found)
    stage.tell_of(
        f"Whoever holds packet 1 asks where it comes from: {steps(found)}, back to the leaves of"
        f" lot {goods.LOT}.",
        {"packet": packet} | trace_facts(found),
        claims,
    )


def trace_forward(stage: Stage) -> None:
    """From the leaves to every packet."""
    query = {"gtin": goods.LEAVES_GTIN, "lot": goods.LOT, "direction": "forward"}
    found = stage.client.get("/v1/trace", query)
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    stage.tell_of(
        f"And where did that lot go? {steps(found)}, to both packets and their carton.",
        {"lot": goods.LEAVES} | trace_facts(found),
        trace_claims(asked, found),
    )


def capture(stage: Stage, capturer: Party, *events: dict[str, Any]) -> Outcome:
    """Record events in one document."""
    document = EpcisCapture(goods.document(now_ms(), *events), "public")
    return stage.send(capturer, "epcis.capture", document)


def captured_facts(outcome: Outcome) -> dict[str, str]:
    """Each event's type and key."""
    return {
        f"{event['data']['type']} {number}": event["data"]["event_key"]
        for number, event in enumerate(outcome.events, 1)
    }


# What a node knows of the event that it tells.
KNOWN: Final = "/hushang:captured/0/hushang"


def captured_claims(stage: Stage, outcome: Outcome) -> list[Claim]:
    """Each event by its key, and that it counts."""
    claims: list[Claim] = []
    for index, event in enumerate(outcome.events):
        key = event["data"]["event_key"]
        path = f"/v1/epcis/events/{key}"
        claims += stage.event_claims(outcome, index, "event_key", "type")
        stated = "/epcisBody/queryResults/resultsBody/eventList/0"
        claims += [Claim(path, f"{stated}/type", event["data"]["type"])]
        claims += [Claim(path, f"{KNOWN}:counts", value=True)]
        claims += [Claim(path, f"{KNOWN}:height", outcome.height)]
    return claims


def trace_claims(query: str, found: dict[str, Any]) -> list[Claim]:
    """The whole trace, step by step."""
    path = f"/v1/trace?{query}"
    keys = [
        Claim(path, f"/steps/{index}/key", step["key"]) for index, step in enumerate(found["steps"])
    ]
    return [*keys, Claim(path, "/things", found["things"]), Claim(path, "/complete", value=True)]


def trace_facts(found: dict[str, Any]) -> dict[str, str]:
    """Each step in order of time."""
    return {
        f"{number}. {step['biz_step'] or step['type']}": step["key"]
        for number, step in enumerate(found["steps"], 1)
    }


def steps(found: dict[str, Any]) -> str:
    """`3 events`."""
    return f"{len(found['steps'])} events"


def balance_claims(party: Party, available_minor: int) -> list[Claim]:
    """What a party has."""
    path = f"/v1/accounts/{encode_account(party.account)}/balances"
    return [
        Claim(path, "/balances/0/symbol", SYMBOL),
        Claim(path, "/balances/0/available_minor", str(available_minor)),
        Claim(path, "/balances/0/frozen_minor", "0"),
    ]
