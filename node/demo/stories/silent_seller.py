"""The seller vanishes twice: one order is never shipped, of another the goods come back broken.

All the money comes back by clocks alone; the seller signs nothing after the sale.
"""

from typing import Any

from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.aftersale.returns import ReturnDelivered, ReturnShip
from node.demo.chronicle import Placed, placed_claims
from node.demo.market import BUYER, CARRIER, SELLER, Bought, Market, document, open_market
from node.demo.stage import Stage, cny
from node.demo.story import Claim

FUNDS = {SELLER: 5_000, BUYER: 100_000, CARRIER: 0}
FREIGHT_MINOR = 1_200
WAITS = ("ship_ms", "ship_refund_ms")
WINDOWS = ("pay_ms", "return_ship_ms")


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    (lamp,) = market.offer(("a lamp", "ware", 8_800))
    broken = market.buy(BUYER, [(lamp, 1)])
    market.tell_bought("The buyer orders a lamp", broken)
    parcel = market.ship(broken, (0, 1))
    delivered = market.deliver(parcel, broken.code)
    stage.tell(
        "It is shipped and delivered. That is the last that anybody hears of the seller.",
        delivered,
        {"parcel": parcel},
        stage.event_claims(delivered, 0, "parcel_id", "order_id", "carrier"),
    )
    waiting = market.buy(BUYER, [(lamp, 2)])
    market.tell_bought("The buyer orders two more", waiting)
    case_id = complain(market, broken, parcel)
    agreed = told_by_clock(
        market,
        "answer_shipped_ms",
        "The seller is silent, which is to agree: the lamp is to be sent back for the money.",
        "refund.state",
        case_id=case_id,
        state="RETURNING",
    )
    assert agreed["data"]["before"] == "REFUND_PENDING"
    send_back(market, case_id)
    told_by_clock(
        market,
        "return_accept_ms",
        f"The lamp is back and the seller is silent: the buyer has its {cny(8_800)} again, and"
        f" {cny(FREIGHT_MINOR)} for the way back from the seller, whose goods were bad.",
        "refund.settled",
        case_id=case_id,
    )
    market.purse(BUYER).move(8_800, "refunded for the lamp")
    market.purse(BUYER).move(FREIGHT_MINOR, "for the way back")
    market.purse(SELLER).move(-FREIGHT_MINOR, "for the way back")
    market.check()
    told_by_clock(
        market,
        "ship_ms",
        "The other two were never shipped: they are late, and the buyer could cancel alone.",
        "order.late",
        order_id=waiting.order_id,
    )
    told_by_clock(
        market,
        "ship_refund_ms",
        f"The buyer needn't: the clock refunds all {cny(17_600)} by itself.",
        "order.refunded",
        order_id=waiting.order_id,
    )
    market.purse(BUYER).move(17_600, "refunded by the clock")
    market.settle(
        "The end: the seller has kept nothing, and signed nothing. What each had, and has:",
        [
            Claim(waiting.path, "/state", "REFUNDED"),
            Claim(waiting.path, "/refunded_minor", "17600"),
            Claim(broken.path, "/refunded_minor", "8800"),
            Claim(broken.path, "/held_minor", "0"),
            Claim(f"/v1/cases/{case_id}", "/state", "REFUNDED"),
        ],
    )


def complain(market: Market, bought: Bought, parcel: str) -> str:
    """The buyer wants its money for the broken lamp; the case."""
    request = RefundRequest(
        order_id=bytes.fromhex(bought.order_id),
        parcel_id=bytes.fromhex(parcel),
        kind="quality",
        lines=(RequestedLine(0, 1, None),),
        reason="it is broken",
        evidence=document("a photograph"),
    )
    stage = market.stage
    outcome = stage.send(market.party(BUYER), "refund.request", request)
    case_id = str(outcome.event("refund.requested")["case_id"])
    amount = cny(bought.payable_minor)
    stage.tell(
        f"The lamp is broken: the buyer wants to return it for {amount}.",
        outcome,
        {"case": case_id, "asked": amount, "clock": market.pacing.rule("answer_shipped_ms")},
        stage.event_claims(outcome, 0, "case_id", "amount_minor", "kind"),
    )
    return case_id


def send_back(market: Market, case_id: str) -> None:
    """The carrier takes the lamp back."""
    stage, carrier = market.stage, market.party(CARRIER)
    known_id = bytes.fromhex(case_id)
    sent = ReturnShip(known_id, carrier.account, FREIGHT_MINOR, None)
    stage.send(market.party(BUYER), "return.ship", sent, [carrier])
    back = stage.send(carrier, "return.delivered", ReturnDelivered(known_id))
    stage.tell(
        f"The buyer sends it back to the registered address, and pays {cny(FREIGHT_MINOR)} to the"
        " carrier outside the chain.",
        back,
        {"case": case_id, "freight": cny(FREIGHT_MINOR)},
        [
            *stage.event_claims(back, 0, "case_id", "state"),
            Claim(f"/v1/cases/{case_id}", "/return_freight_minor", str(FREIGHT_MINOR)),
        ],
    )


def told_by_clock(market: Market, timer: str, words: str, type_: str, **data: Any) -> Placed:
    """Wait for what the clock does, and tell it with what the specification says."""
    found = market.await_clock((*WAITS, timer), type_, **data)
    names = [name for name in found["data"] if name.endswith(("_id", "_minor", "state", "reason"))]
    market.stage.tell_of(
        words,
        {
            "clock": market.pacing.rule(timer),
            "by": found["data"].get("reason", "the clock"),
            "receipt": found["receipt_id"],
            "height": str(found["height"]),
        },
        placed_claims(found, *names),
    )
    return found
