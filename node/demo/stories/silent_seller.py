"""The seller vanishes after the sale: what came broken goes back, what never came is refunded.

All the money comes back by clocks alone; the seller signs nothing more.
"""

from typing import Final

from commerce.aftersale.returns import ReturnDelivered, ReturnShip
from node.demo.market import BUYER, CARRIER, SELLER, Bought, Market, open_market
from node.demo.stage import Stage, cny
from node.demo.stories.clockwork import Clock, await_clock, tell_clock
from node.demo.stories.hearing import ask
from node.demo.story import Claim

FUNDS: Final = {SELLER: 5_000, BUYER: 100_000, CARRIER: 0}
PRICE_MINOR: Final = 8_800
FREIGHT_MINOR: Final = 1_200
WAITS: Final = ("ship_ms", "ship_refund_ms")
WINDOWS: Final = ("pay_ms", "return_ship_ms")


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    (lamp,) = market.offer(("a lamp", "ware", PRICE_MINOR))
    broken = market.buy(BUYER, [(lamp, 1)])
    market.tell_bought("The buyer orders a lamp", broken)
    parcel = hand_over(market, broken)
    waiting = market.buy(BUYER, [(lamp, 2)])
    market.tell_bought("The buyer orders two more", waiting)
    case_id = ask(market, broken, parcel, 0, "The lamp is broken")
    agree(market, case_id)
    send_back(market, case_id)
    take_back(market, case_id)
    give_up(market, waiting)
    market.settle(
        "The end: the seller has kept nothing, and signed nothing. What each had, and has:",
        [
            Claim(waiting.path, "/state", "REFUNDED"),
            Claim(waiting.path, "/refunded_minor", str(2 * PRICE_MINOR)),
            Claim(broken.path, "/refunded_minor", str(PRICE_MINOR)),
            Claim(broken.path, "/held_minor", "0"),
            Claim(f"/v1/cases/{case_id}", "/state", "REFUNDED"),
        ],
    )


def hand_over(market: Market, bought: Bought) -> str:
    """The first lamp arrives; its parcel."""
    parcel = market.ship(bought, (0, 1))
    delivered = market.deliver(parcel, bought.code)
    market.stage.tell(
        "It is shipped and delivered. That is the last that anybody hears of the seller.",
        delivered,
        {"parcel": parcel},
        market.stage.event_claims(delivered, 0, "parcel_id", "order_id", "carrier"),
    )
    return parcel


def agree(market: Market, case_id: str) -> None:
    """Silence is to agree."""
    timer = "answer_shipped_ms"
    clock = Clock(f"/v1/cases/{case_id}", "sys.refund.answer", timer, (timer,))
    agreed = await_clock(market, clock, "refund.state", case_id=case_id, state="RETURNING")
    words = "The seller is silent, which is to agree: the lamp is to be sent back for the money."
    tell_clock(market, words, clock, agreed, ["case_id", "order_id", "before", "state"])


def send_back(market: Market, case_id: str) -> None:
    """The carrier takes the lamp back."""
    stage, carrier = market.stage, market.party(CARRIER)
    known_id = bytes.fromhex(case_id)
    sent = ReturnShip(known_id, carrier.account, FREIGHT_MINOR, None)
    stage.send(market.party(BUYER), "return.ship", sent, [carrier])
    back = stage.send(carrier, "return.delivered", ReturnDelivered(known_id))
    freight = cny(FREIGHT_MINOR)
    stage.tell(
        f"The buyer sends it back to the registered address, and pays {freight} for the way"
        " outside the chain.",
        back,
        {"case": case_id, "freight": freight},
        [
            *stage.event_claims(back, 0, "case_id", "state"),
            Claim(f"/v1/cases/{case_id}", "/return_freight_minor", str(FREIGHT_MINOR)),
        ],
    )


def take_back(market: Market, case_id: str) -> None:
    """Silence is to accept what came back."""
    timer = "return_accept_ms"
    clock = Clock(f"/v1/cases/{case_id}", "sys.return.accept", timer, (timer,))
    found = await_clock(market, clock, "refund.settled", case_id=case_id, reason=clock.kind)
    buyer, seller = market.purse(BUYER), market.purse(SELLER)
    buyer.move(PRICE_MINOR, "refunded for the lamp")
    buyer.move(FREIGHT_MINOR, "for the way back")
    seller.move(-FREIGHT_MINOR, "for the way back")
    market.check()
    tell_clock(
        market,
        f"The lamp is back and the seller is silent: the buyer has its {cny(PRICE_MINOR)} again,"
        f" and {cny(FREIGHT_MINOR)} for the way from the seller, whose goods were bad.",
        clock,
        found,
        ["case_id", "order_id", "refunded_minor", "owed_minor", "reason", "to"],
    )


def give_up(market: Market, waiting: Bought) -> None:
    """What was never shipped."""
    order_id, kind = waiting.order_id, "sys.order.ship"
    shipping = Clock(waiting.path, kind, "ship_ms", ("ship_ms",))
    late = await_clock(market, shipping, "order.late", order_id=order_id)
    words = "The other two were never shipped: they are late, and the buyer could cancel alone."
    tell_clock(market, words, shipping, late, ["order_id", "lines"])
    refunding = Clock(waiting.path, kind, "ship_refund_ms", WAITS)
    refunded = await_clock(market, refunding, "order.refunded", order_id=order_id, reason=kind)
    market.purse(BUYER).move(2 * PRICE_MINOR, "refunded by the clock")
    market.check()
    words = f"The buyer needn't: the clock refunds all {cny(2 * PRICE_MINOR)} by itself."
    names = ["order_id", "amount_minor", "reason", "to"]
    tell_clock(market, words, refunding, refunded, names)
