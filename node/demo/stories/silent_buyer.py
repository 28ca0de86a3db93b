"""The buyer says nothing: one order closes unpaid, of the other the clock pays the seller."""

from node.demo.chronicle import placed_claims
from node.demo.market import BUYER, CARRIER, SELLER, open_market
from node.demo.stage import Stage, cny
from node.demo.story import Claim

FUNDS = {SELLER: 30_000, BUYER: 100_000, CARRIER: 0}
DEPOSIT_MINOR = 30_000
WAITS = ("confirm_shipped_ms",)
WINDOWS = ("pay_ms",)


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    market.put_deposit(DEPOSIT_MINOR)
    (kettle,) = market.offer(("a kettle", "ware", 19_900))
    bought = market.buy(BUYER, [(kettle, 1)])
    market.tell_bought("The buyer orders a kettle", bought)
    parcel = market.ship(bought, (0, 1))
    delivered = market.deliver(parcel)
    stage.tell(
        "The carrier hands it over at the door. From now on silence pays the seller: the deposit"
        " stands behind the right to return, so nobody has to wait for the end of that.",
        delivered,
        {"parcel": parcel, "clock": market.pacing.rule("confirm_shipped_ms")},
        stage.event_claims(delivered, 0, "parcel_id", "order_id", "confirm_until_ms"),
    )
    created, _ = market.create(BUYER, [(kettle, 2)])
    unpaid = str(created.event("order.created")["order_id"])
    stage.tell(
        "The buyer orders two more, and says nothing any more.",
        created,
        {"order": unpaid},
        stage.event_claims(created, 0, "order_id", "buyer"),
    )
    closed = market.await_clock(("pay_ms",), "order.closed", order_id=unpaid)
    market.check()
    stage.tell_of(
        "Nobody pays that one: the clock closes it, and the two kettles are on sale again.",
        {
            "order": unpaid,
            "clock": market.pacing.rule("pay_ms"),
            "by": closed["data"]["reason"],
            "receipt": closed["receipt_id"],
            "height": str(closed["height"]),
        },
        placed_claims(closed, "order_id", "reason", "amount_minor"),
    )
    released = market.await_clock(WAITS, "order.released", order_id=bought.order_id)
    market.purse(SELLER).move(kettle.price_minor, "paid by the clock")
    market.check()
    stage.tell_of(
        f"Nobody confirms the other: the clock pays the seller {cny(kettle.price_minor)}.",
        {
            "order": bought.order_id,
            "clock": market.pacing.rule("confirm_shipped_ms"),
            "by": released["data"]["reason"],
            "receipt": released["receipt_id"],
            "height": str(released["height"]),
        },
        placed_claims(released, "order_id", "reason", "seller", "amount_minor"),
    )
    market.settle(
        "The end: what each had, and has.",
        [
            Claim(bought.path, "/state", "RELEASED"),
            Claim(bought.path, "/held_minor", "0"),
            Claim(bought.path, "/released_minor", str(kettle.price_minor)),
            Claim(f"/v1/orders/{unpaid}", "/state", "CLOSED"),
            Claim(f"/v1/listings/{kettle.listing_id}", "/stock", 9),
        ],
    )
