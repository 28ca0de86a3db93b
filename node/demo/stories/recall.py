"""A product is recalled: blocked at once, what is in flight goes back, all else goes on.

The recall is of a product as a whole; lots and what became of them come with provenance.
"""

from typing import Final

from commerce.recalls.keeping import OrderKeep
from commerce.recalls.recalls import RecallOpen
from commerce.registry import operation
from node.demo.chronicle import placed_claims
from node.demo.market import (
    BUYER,
    CARRIER,
    NEIGHBOUR,
    SELLER,
    Bought,
    Market,
    Offer,
    document,
    open_market,
)
from node.demo.stage import Stage, cny
from node.demo.stories.clockwork import Clock, await_clock, tell_clock
from node.demo.story import Claim, receipt_claims

FUNDS: Final = {SELLER: 0, BUYER: 100_000, NEIGHBOUR: 50_000, CARRIER: 0}
MILK_MINOR: Final = 23_800
RICE_MINOR: Final = 5_990
CLASS: Final = 2
WAITS: Final = ("recall_ms",)
WINDOWS: Final = ("pay_ms", "recall_ms")


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    milk, rice = market.offer(("milk powder", "food", MILK_MINOR), ("rice", "food", RICE_MINOR))
    waiting = market.buy(BUYER, [(milk, 2)])
    market.tell_bought("The buyer orders two tins of milk powder", waiting)
    other = market.buy(BUYER, [(rice, 1)])
    market.tell_bought("It orders a bag of rice too", other)
    rice_parcel = market.ship(other, (0, 1))
    kept = market.buy(NEIGHBOUR, [(milk, 1)])
    market.tell_bought("The neighbour orders one tin of milk powder", kept)
    milk_parcel = market.ship(kept, (0, 1))
    delivered = market.deliver(milk_parcel, kept.code)
    stage.tell(
        "The neighbour's tin is delivered, the rice is on its way, the buyer's tins wait.",
        delivered,
        {"parcel": milk_parcel},
        stage.event_claims(delivered, 0, "parcel_id", "order_id"),
    )
    recall(market, milk)
    blocked(market, milk, waiting)
    case_ids = {bought.order_id: stopped(market, bought) for bought in (waiting, kept)}
    keep(market, case_ids[kept.order_id])
    market.deliver(rice_parcel)
    confirmed = market.confirm(BUYER, rice_parcel)
    market.check()
    stage.tell(
        f"The rice is no milk: it arrives, the buyer confirms, the seller has {cny(RICE_MINOR)}.",
        confirmed,
        {"order": other.order_id},
        stage.event_claims(confirmed, 0, "order_id", "seller", "amount_minor"),
    )
    refunded(market, case_ids[waiting.order_id])
    market.settle(
        "The end: nobody has lost money on recalled goods but who sold them.",
        [
            Claim(waiting.path, "/state", "REFUNDED"),
            Claim(waiting.path, "/refunded_minor", str(2 * MILK_MINOR)),
            Claim(kept.path, "/released_minor", str(MILK_MINOR)),
            Claim(other.path, "/released_minor", str(RICE_MINOR)),
        ],
    )


def recall(market: Market, milk: Offer) -> None:
    """The brand recalls its product."""
    stage = market.stage
    opening = RecallOpen(milk.gtin, CLASS, document("how to return it"), document("the report"))
    opened = stage.send(market.party(SELLER), "recall.open", opening)
    recall_id = str(opened.event("recall.opened")["recall_id"])
    stage.tell(
        "The milk powder's brand, here the seller itself, recalls it (class II). From this very"
        " block on nobody sells, ships or confirms any.",
        opened,
        {"GTIN": milk.gtin, "recall": recall_id},
        [
            *stage.event_claims(opened, 0, "recall_id", "gtin", "recall_class", "opener"),
            Claim(f"/v1/recalls/{recall_id}", "/state", "OPEN"),
        ],
    )


def blocked(market: Market, milk: Offer, waiting: Bought) -> None:
    """What is refused now."""
    stage = market.stage
    wanted = market.order_of([(milk, 1)])[0]
    refused = stage.decide(market.party(BUYER), [operation("order.create", wanted)])
    shipment = operation("shipment.create", market.shipment(waiting, (0, 2)))
    unshipped = stage.decide(market.party(SELLER), [shipment], [market.party(CARRIER)])
    stage.tell(
        f"A new order is refused ({refused.status}), and so is a parcel for the one that waits"
        f" ({unshipped.status}): the chain has taken its tins out already.",
        refused,
        {"shipment refused": unshipped.id},
        receipt_claims(unshipped),
    )


def stopped(market: Market, bought: Bought) -> str:
    """An order in flight is stopped by the chain itself; its case."""
    found = market.await_clock((), "order.recalled", order_id=bought.order_id)
    case_id = str(found["data"]["case_id"])
    market.stage.tell_of(
        f"The chain stops the order of {cny(bought.payable_minor)} by itself: the buyer keeps the"
        " goods or has the money back, which is what silence means.",
        {
            "order": bought.order_id,
            "case": case_id,
            "clock": market.pacing.rule("recall_ms"),
            "receipt": found["receipt_id"],
            "height": str(found["height"]),
        },
        [
            *placed_claims(found, "order_id", "case_id", "buyer", "seller"),
            Claim(bought.path, "/total_minor", str(bought.payable_minor)),
        ],
    )
    return case_id


def keep(market: Market, case_id: str) -> None:
    """The neighbour wants its tin."""
    stage = market.stage
    decision = OrderKeep(bytes.fromhex(case_id), keep=True)
    outcome = stage.send(market.party(NEIGHBOUR), "order.keep", decision)
    market.purse(SELLER).move(MILK_MINOR, "kept by the neighbour")
    market.check()
    stage.tell(
        f"The neighbour has read the instruction and keeps the tin: the seller is paid"
        f" {cny(MILK_MINOR)}. (Goods of a class I recall nobody may keep.)",
        outcome,
        {"case": case_id},
        [
            Claim(f"/v1/receipts/{outcome.id}", "/events/0/data/case_id", case_id),
            Claim(f"/v1/receipts/{outcome.id}", "/events/1/data/released_minor", str(MILK_MINOR)),
        ],
    )


def refunded(market: Market, case_id: str) -> None:
    """The buyer says nothing."""
    clock = Clock(f"/v1/cases/{case_id}", "sys.order.recall", "recall_ms", WAITS)
    found = await_clock(market, clock, "refund.settled", case_id=case_id, reason=clock.kind)
    market.purse(BUYER).move(2 * MILK_MINOR, "refunded by the clock")
    market.check()
    words = f"The buyer says nothing: the clock gives back {cny(2 * MILK_MINOR)}."
    names = ["order_id", "refunded_minor", "reason", "to"]
    tell_clock(market, words, clock, found, names)
