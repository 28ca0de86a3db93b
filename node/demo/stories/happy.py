"""Everybody does what they should: the seller is paid the moment the buyer confirms."""

from typing import Final

from commerce.reviews.posting import ReviewPost
from commerce.reviews.records import Scores
from node.demo.market import BUYER, CARRIER, SELLER, open_market
from node.demo.stage import Stage, cny
from node.demo.story import Claim

FUNDS: Final = {SELLER: 0, BUYER: 100_000, CARRIER: 0}
WAITS: Final[tuple[str, ...]] = ()
WINDOWS: Final = ("pay_ms",)


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    tea, bowl = market.offer(("龙井茶 Longjing tea", "tea", 12_900), ("a bowl", "ware", 4_550))
    bought = market.buy(BUYER, [(tea, 2), (bowl, 1)])
    market.tell_bought("The buyer orders two packets of tea and a bowl", bought)
    parcel = market.ship(bought, (0, 2), (1, 1))
    delivered = market.deliver(parcel, bought.code)
    stage.tell(
        "Seller and carrier sign the shipment; the recipient proves the delivery by the code.",
        delivered,
        {"parcel": parcel},
        [
            *stage.event_claims(delivered, 0, "parcel_id", "order_id", "carrier"),
            Claim(f"/v1/receipts/{delivered.id}", "/events/0/data/by_code", value=True),
        ],
    )
    confirmed = market.confirm(BUYER, parcel)
    market.check()
    stage.tell(
        f"The buyer confirms: the same block pays the seller {cny(bought.payable_minor)}.",
        confirmed,
        {"order": bought.order_id, "paid": cny(bought.payable_minor)},
        stage.event_claims(confirmed, 0, "order_id", "seller", "amount_minor"),
    )
    review = ReviewPost(bytes.fromhex(bought.order_id), 0, Scores(5, 5, 4), None)
    posted = stage.send(market.party(BUYER), "review.post", review)
    stage.tell(
        "A line that was paid for is a right to review it: five, five and four stars for the tea.",
        posted,
        {"order": bought.order_id},
        stage.event_claims(posted, 0, "order_id", "goods", "service", "logistics"),
    )
    market.settle(
        "The end: what each had, and has.",
        [
            Claim(bought.path, "/state", "RELEASED"),
            Claim(bought.path, "/held_minor", "0"),
            Claim(bought.path, "/released_minor", str(bought.payable_minor)),
        ],
    )
