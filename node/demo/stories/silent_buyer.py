"""The buyer says nothing: one order closes unpaid, of the other the clock pays the seller."""

from typing import Final

from node.demo.market import BUYER, CARRIER, SELLER, Bought, Market, Offer, open_market
from node.demo.stage import Stage, cny
from node.demo.stories.clockwork import Clock, await_clock, tell_clock
from node.demo.story import Claim

FUNDS: Final = {SELLER: 30_000, BUYER: 100_000, CARRIER: 0}
DEPOSIT_MINOR: Final = 30_000
PRICE_MINOR: Final = 19_900
WAITS: Final = ("confirm_shipped_ms",)
WINDOWS: Final = ("pay_ms",)


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    market.put_deposit(DEPOSIT_MINOR)
    (kettle,) = market.offer(("a kettle", "ware", PRICE_MINOR))
    bought = market.buy(BUYER, [(kettle, 1)])
    market.tell_bought("The buyer orders a kettle", bought)
    parcel = hand_over(market, bought)
    unpaid = order_more(market, kettle)
    close(market, unpaid)
    pay_out(market, bought, parcel)
    market.settle(
        "The end: what each had, and has.",
        [
            Claim(bought.path, "/state", "RELEASED"),
            Claim(bought.path, "/held_minor", "0"),
            Claim(bought.path, "/released_minor", str(PRICE_MINOR)),
            Claim(f"/v1/orders/{unpaid}", "/state", "CLOSED"),
            Claim(f"/v1/listings/{kettle.listing_id}", "/stock", 9),
        ],
    )


def hand_over(market: Market, bought: Bought) -> str:
    """The kettle is shipped and delivered; its parcel."""
    parcel = market.ship(bought, (0, 1))
    delivered = market.deliver(parcel)
    market.stage.tell(
        "The carrier hands it over at the door. From now on silence pays the seller: the deposit"
        " stands behind the right to return, so nobody has to wait for the end of that.",
        delivered,
        {"parcel": parcel, "clock": market.pacing.rule("confirm_shipped_ms")},
        market.stage.event_claims(delivered, 0, "parcel_id", "order_id", "confirm_until_ms"),
    )
    return parcel


def order_more(market: Market, kettle: Offer) -> str:
    """An order that will never be paid."""
    created, _ = market.create(BUYER, [(kettle, 2)])
    unpaid = str(created.event("order.created")["order_id"])
    market.stage.tell(
        "The buyer orders two more, and says nothing any more.",
        created,
        {"order": unpaid},
        market.stage.event_claims(created, 0, "order_id", "buyer"),
    )
    return unpaid


def close(market: Market, unpaid: str) -> None:
    """The clock closes it."""
    clock = Clock(f"/v1/orders/{unpaid}", "sys.order.pay", "pay_ms", ("pay_ms",))
    closed = await_clock(market, clock, "order.closed", order_id=unpaid, reason=clock.kind)
    market.check()
    words = "Nobody pays that one: the clock closes it, and the two kettles are on sale again."
    tell_clock(market, words, clock, closed, ["order_id", "reason", "amount_minor"])


def pay_out(market: Market, bought: Bought, parcel: str) -> None:
    """The clock confirms."""
    clock = Clock(f"/v1/parcels/{parcel}", "sys.order.confirm", "confirm_shipped_ms", WAITS)
    released = await_clock(market, clock, "order.released", parcel_id=parcel, reason=clock.kind)
    market.purse(SELLER).move(PRICE_MINOR, "paid by the clock")
    market.check()
    words = f"Nobody confirms the other: the clock pays the seller {cny(PRICE_MINOR)}."
    names = ["order_id", "reason", "seller", "amount_minor"]
    tell_clock(market, words, clock, released, names)
    assert released["data"]["order_id"] == bought.order_id
