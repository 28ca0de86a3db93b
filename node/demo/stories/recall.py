"""A lot of milk is recalled: what was made of it is found, its orders go back, all others go on."""

from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from commerce.recalls.keeping import OrderKeep
from commerce.recalls.recalls import RecallOpen
from commerce.registry import operation
from commerce.shipments import ShipmentCreate
from node.clock import now_ms
from node.demo import goods
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
from node.demo.trade import capture, captured_claims, captured_facts

FUNDS: Final = {SELLER: 0, BUYER: 100_000, NEIGHBOUR: 50_000, CARRIER: 0}
MILK_MINOR: Final = 9_900
TIN_MINOR: Final = 23_800
CLASS: Final = 2
BAD: Final = "A-0703"
GOOD: Final = "B-0704"
# Serials of tins that are made of each lot.
TINS: Final = {BAD: (1, 2, 3), GOOD: (4, 5)}
WAITS: Final = ("recall_ms",)
WINDOWS: Final = ("pay_ms", "recall_ms")


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    milk, tins = market.offer(("raw milk", "food", MILK_MINOR), ("milk powder", "food", TIN_MINOR))
    made(market, milk, tins)
    silent = market.buy(BUYER, [(tins, 1)])
    market.tell_bought("The buyer orders a tin of milk powder", silent)
    clean = market.buy(BUYER, [(tins, 1)])
    market.tell_bought("It orders another one", clean)
    kept = market.buy(NEIGHBOUR, [(tins, 1)])
    market.tell_bought("The neighbour orders one, too", kept)
    ship(market, silent, tins, 1)
    clean_parcel = ship(market, clean, tins, 4)
    kept_parcel = ship(market, kept, tins, 2)
    delivered = market.deliver(kept_parcel, kept.code)
    stage.tell(
        f"Tins 1 and 2, of lot {BAD}, and tin 4, of lot {GOOD}, leave under their numbers; tin 2"
        " reaches the neighbour.",
        delivered,
        {"parcel": kept_parcel},
        stage.event_claims(delivered, 0, "parcel_id", "order_id"),
    )
    recall_id = recall(market, milk)
    cases = {bought.order_id: stopped(market, bought) for bought in (silent, kept)}
    inherited(market, tins, recall_id)
    keep(market, cases[kept.order_id])
    confirmed = paid(market, clean_parcel, clean)
    goes_on(market, tins)
    refunded(market, cases[silent.order_id])
    market.settle(
        "The end: nobody has lost money on recalled goods but who sold them, and nobody any on"
        " the others.",
        [
            Claim(silent.path, "/state", "REFUNDED"),
            Claim(silent.path, "/refunded_minor", str(TIN_MINOR)),
            Claim(kept.path, "/released_minor", str(TIN_MINOR)),
            Claim(clean.path, "/released_minor", str(TIN_MINOR)),
            Claim(f"/v1/receipts/{confirmed}", "/status", "ok"),
        ],
    )


def made(market: Market, milk: Offer, tins: Offer) -> None:
    """The maker tells of two lots, and what became of them."""
    stage, time_ms = market.stage, now_ms()
    events = [
        event
        for hours, (lot, serials) in enumerate(TINS.items())
        for event in drying(market, milk, tins, lot, serials, time_ms - hours * goods.HOUR_MS)
    ]
    outcome = capture(stage, market.party(SELLER), *events)
    stage.tell(
        f"It tells how they are made: three tins of milk of lot {BAD}, two of lot {GOOD}.",
        outcome,
        captured_facts(outcome),
        captured_claims(stage, outcome),
    )


def drying(
    market: Market, milk: Offer, tins: Offer, lot: str, serials: tuple[int, ...], time_ms: int
) -> list[dict[str, Any]]:
    """A lot of milk comes into being, and becomes tins."""
    stem = epc_stem(market, milk)
    quantity = {"epcClass": f"urn:epc:class:lgtin:{stem}.{lot}", "quantity": 100, "uom": "KGM"}
    milking = {**goods.harvest(time_ms - goods.HOUR_MS), "quantityList": [quantity]}
    powder = {
        **goods.roasting(time_ms),
        "inputQuantityList": [quantity],
        "outputEPCList": [tin(market, tins, serial) for serial in serials],
    }
    return [milking, powder]


def epc_stem(market: Market, offer: Offer) -> str:
    """Company prefix and item reference of a product, as EPCs write them."""
    size = 1 + len(market.prefix)
    return f"{market.prefix}.{offer.gtin[0]}{offer.gtin[size:-1]}"


def tin(market: Market, tins: Offer, serial: int) -> str:
    """The EPC of a tin."""
    return f"urn:epc:id:sgtin:{epc_stem(market, tins)}.{serial}"


def labelled(market: Market, bought: Bought, *epcs: str) -> ShipmentCreate:
    """A parcel with one unit, under these names."""
    return replace(market.shipment(bought, (0, 1)), epcs=epcs)


def ship(market: Market, bought: Bought, tins: Offer, serial: int) -> str:
    """Send a tin under its number; the parcel."""
    shipment = labelled(market, bought, tin(market, tins, serial))
    carrier = [market.party(CARRIER)]
    outcome = market.stage.send(market.party(SELLER), "shipment.create", shipment, carrier)
    return str(outcome.event("shipment.created")["parcel_id"])


def recall(market: Market, milk: Offer) -> str:
    """The brand recalls a lot."""
    stage = market.stage
    opening = RecallOpen(
        milk.gtin, CLASS, document("how to return it"), document("the report"), (BAD,)
    )
    opened = stage.send(market.party(SELLER), "recall.open", opening)
    recall_id = str(opened.event("recall.opened")["recall_id"])
    stage.tell(
        f"The milk's brand, here the seller itself, recalls lot {BAD} (class II). From this very"
        " block on no milk is sold; what was made of that lot the chain finds by itself.",
        opened,
        {"GTIN": milk.gtin, "lot": BAD, "recall": recall_id},
        [
            *stage.event_claims(opened, 0, "recall_id", "gtin", "recall_class", "opener", "lots"),
            Claim(f"/v1/recalls/{recall_id}", "/state", "OPEN"),
        ],
    )
    return recall_id


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


def inherited(market: Market, tins: Offer, recall_id: str) -> None:
    """Every tin tells whether it is recalled; nobody wrote that down for any of them."""
    claims = [
        Claim(
            f"/v1/recalls?thing={quoted(market, tins, serial)}", "/recalls/0/recall_id", recall_id
        )
        for serial in TINS[BAD]
    ]
    claims += [
        Claim(f"/v1/recalls?thing={quoted(market, tins, serial)}", "/recalls", [])
        for serial in TINS[GOOD]
    ]
    market.stage.tell_of(
        "Tins 1 to 3 inherit the recall from what they were made of, tins 4 and 5 don't. Their"
        " buyers stand in a list.",
        {"recall": recall_id},
        [
            *claims,
            Claim(f"/v1/recalls/{recall_id}/notices", "/notices/0/certainty", "named"),
            Claim(f"/v1/recalls/{recall_id}/notices", "/notices/1/certainty", "named"),
            Claim(f"/v1/recalls/{recall_id}", "/outstanding", 2),
        ],
    )


def quoted(market: Market, tins: Offer, serial: int) -> str:
    """A tin's EPC in a query."""
    return quote(tin(market, tins, serial), safe="")


def keep(market: Market, case_id: str) -> None:
    """The neighbour wants its tin."""
    stage = market.stage
    decision = OrderKeep(bytes.fromhex(case_id), keep=True)
    outcome = stage.send(market.party(NEIGHBOUR), "order.keep", decision)
    market.purse(SELLER).move(TIN_MINOR, "kept by the neighbour")
    market.check()
    stage.tell(
        f"The neighbour has read the instruction and keeps the tin: the seller is paid"
        f" {cny(TIN_MINOR)}. (Goods of a class I recall nobody may keep.)",
        outcome,
        {"case": case_id},
        [
            Claim(f"/v1/receipts/{outcome.id}", "/events/0/data/case_id", case_id),
            Claim(f"/v1/receipts/{outcome.id}", "/events/1/data/released_minor", str(TIN_MINOR)),
        ],
    )


def paid(market: Market, parcel_id: str, bought: Bought) -> str:
    """The clean tin goes its way; the receipt of its confirmation."""
    stage = market.stage
    market.deliver(parcel_id, bought.code)
    confirmed = market.confirm(BUYER, parcel_id)
    market.check()
    stage.tell(
        f"Tin 4 is of other milk: it arrives, the buyer confirms, the seller has {cny(TIN_MINOR)}.",
        confirmed,
        {"order": bought.order_id},
        stage.event_claims(confirmed, 0, "order_id", "seller", "amount_minor"),
    )
    return confirmed.id


def goes_on(market: Market, tins: Offer) -> None:
    """Milk powder may be sold again, and leaves under clean numbers only."""
    stage, seller = market.stage, market.party(SELLER)
    bought = market.buy(NEIGHBOUR, [(tins, 1)])
    carrier = [market.party(CARRIER)]
    refused = {
        epcs: stage.decide(
            seller, [operation("shipment.create", labelled(market, bought, *epcs))], carrier
        )
        for epcs in ((tin(market, tins, 3),), ())
    }
    marked, unnamed = refused.values()
    parcel_id = ship(market, bought, tins, 5)
    market.deliver(parcel_id, bought.code)
    confirmed = market.confirm(NEIGHBOUR, parcel_id)
    market.check()
    stage.tell(
        "Milk powder is sold again, for the marks stand: the neighbour buys one. Tin 3 may not"
        f" leave ({marked.status}), nor a tin without a name ({unnamed.status}); tin 5 does, and"
        " is paid for.",
        confirmed,
        {"order": bought.order_id, "tin 3 refused": marked.id, "no name refused": unnamed.id},
        [*receipt_claims(marked), *receipt_claims(unnamed)],
    )


def refunded(market: Market, case_id: str) -> None:
    """The buyer says nothing."""
    clock = Clock(f"/v1/cases/{case_id}", "sys.order.recall", "recall_ms", WAITS)
    found = await_clock(market, clock, "refund.settled", case_id=case_id, reason=clock.kind)
    market.purse(BUYER).move(TIN_MINOR, "refunded by the clock")
    market.check()
    words = f"The buyer of tin 1 says nothing: the clock gives back {cny(TIN_MINOR)}."
    names = ["order_id", "refunded_minor", "reason", "to"]
    tell_clock(market, words, clock, found, names)
