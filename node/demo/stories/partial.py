"""One order, a coupon and three parcels: one is confirmed, one lost, one comes damaged.

Cups 3 × 29.90, a teapot at 159.00, a tray at 80.05: 328.75, of which a platform's coupon pays
50.00, by largest remainder 13.64 + 24.18 + 12.18. So each part of the money has two funders, and
every refund goes back to both.
"""

from typing import Final

from commerce.catalogue.coupons import CouponTerms
from commerce.catalogue.issuing import CouponIssue
from commerce.shipments import ShipmentLost
from node.clock import now_ms
from node.demo.court import Court
from node.demo.market import BUYER, CARRIER, PLATFORM, SELLER, Bought, Market, open_market
from node.demo.stage import SYMBOL, Stage, cny
from node.demo.stories.clockwork import Clock, await_clock, tell_clock
from node.demo.stories.hearing import ask, dispute, refuse
from node.demo.story import Claim

FUNDS: Final = {SELLER: 0, BUYER: 100_000, PLATFORM: 20_000, CARRIER: 0}
CUP_MINOR, TEAPOT_MINOR, TRAY_MINOR = 2_990, 15_900, 8_005
COUPON_MINOR: Final = 5_000
# Of the coupon on the teapot and the tray; the cups have 1364.
TEAPOT_FUNDED_MINOR, TRAY_FUNDED_MINOR = 2_418, 1_218
VOTES: Final = (400, 350, 600)
RULING: Final = 400
# 400 per mille of 8005, and of that the platform's part of the tray, 1218 of 8005.
TRAY_REFUNDED_MINOR, TRAY_REFUNDED_TO_PLATFORM_MINOR = 3_202, 487
COUPON_FOR_MS: Final = 86_400_000

WAITS: Final = ("evidence_ms", "appeal_ms")
WINDOWS: Final = ("pay_ms", "answer_shipped_ms", "counter_ms", "commit_ms", "reveal_ms")


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    court = Court(market)
    court.open()
    cups, teapot, tray = market.offer(
        ("cups", "ware", CUP_MINOR),
        ("a teapot", "ware", TEAPOT_MINOR),
        ("a tray", "ware", TRAY_MINOR),
    )
    coupon = issue_coupon(market)
    bought = market.buy(BUYER, [(cups, 3), (teapot, 1), (tray, 1)], [coupon])
    market.purse(PLATFORM).move(-COUPON_MINOR, "its coupon")
    tell_order(market, bought)
    first = market.ship(bought, (0, 2))
    second = market.ship(bought, (1, 1))
    third = market.ship(bought, (0, 1), (2, 1))
    market.deliver(first, bought.code)
    keep(market, first, 2, "Three parcels leave. The first comes with two cups")
    lose(market, bought, second)
    market.deliver(third)
    case_id = ask(market, bought, third, 2, "The third parcel comes with a cup and a cracked tray")
    keep(market, third, 1, "The cup is whole")
    refuse(market, case_id)
    dispute(market, case_id, 0)
    judge(market, court, case_id)
    split(market, case_id)
    market.settle(
        "The end: what each had, and has; nothing is left in escrow.",
        [
            Claim(bought.path, "/held_minor", "0"),
            # 59.80 + 29.90 + 48.03, and 159.00 + 32.02.
            Claim(bought.path, "/released_minor", "13773"),
            Claim(bought.path, "/refunded_minor", "19102"),
            Claim(f"/v1/cases/{case_id}", "/state", "SPLIT"),
        ],
    )


def keep(market: Market, parcel: str, cups: int, words: str) -> None:
    """The buyer confirms cups of a parcel."""
    stage = market.stage
    confirmed = market.confirm(BUYER, parcel, (0, cups))
    market.check()
    stage.tell(
        f"{words}: the buyer confirms, and the same block pays the seller {cny(cups * CUP_MINOR)}.",
        confirmed,
        {"parcel": parcel},
        stage.event_claims(confirmed, 0, "parcel_id", "order_id", "amount_minor"),
    )


def issue_coupon(market: Market) -> str:
    """The platform's coupon; its id."""
    now = now_ms()
    terms = CouponTerms(
        symbol=SYMBOL,
        amount_minor=COUPON_MINOR,
        permille=None,
        minimum_minor=30_000,
        seller=market.party(SELLER).account,
        buyer=market.party(BUYER).account,
        listings=(),
        gtins=(),
        valid_from_ms=now - COUPON_FOR_MS,
        valid_until_ms=now + COUPON_FOR_MS,
        budget_minor=COUPON_MINOR,
        uses_per_buyer=1,
    )
    stage = market.stage
    outcome = stage.send(market.party(PLATFORM), "coupon.issue", CouponIssue(terms))
    coupon_id = str(outcome.event("coupon.issued")["coupon_id"])
    stage.tell(
        f"The platform gives the buyer a coupon of {cny(COUPON_MINOR)}, which it pays itself.",
        outcome,
        {"coupon": coupon_id},
        stage.event_claims(outcome, 0, "coupon_id", "funder", "budget_minor"),
    )
    return coupon_id


def tell_order(market: Market, bought: Bought) -> None:
    """Who paid what of the order."""
    market.check()
    stage, paid = market.stage, bought.paid
    stage.tell(
        f"The buyer orders three cups, a teapot and a tray, 328.75 in all: it pays"
        f" {cny(bought.payable_minor)} into escrow, the platform {cny(COUPON_MINOR)}.",
        paid,
        {"order": bought.order_id},
        [
            *stage.event_claims(paid, 0, "order_id", "payer", "amount_minor", "funded_minor"),
            Claim(bought.path, "/lines/0/funded_minor", "1364"),
            Claim(bought.path, "/lines/1/funded_minor", str(TEAPOT_FUNDED_MINOR)),
            Claim(bought.path, "/lines/2/funded_minor", str(TRAY_FUNDED_MINOR)),
        ],
    )


def lose(market: Market, bought: Bought, parcel: str) -> None:
    """The carrier has lost the teapot."""
    stage = market.stage
    lost = stage.send(market.party(CARRIER), "shipment.lost", ShipmentLost(bytes.fromhex(parcel)))
    market.purse(BUYER).move(TEAPOT_MINOR - TEAPOT_FUNDED_MINOR, "refunded for the teapot")
    market.purse(PLATFORM).move(TEAPOT_FUNDED_MINOR, "its part of the teapot")
    market.check()
    stage.tell(
        f"The second, with the teapot, is lost, and the carrier says so. Its {cny(TEAPOT_MINOR)} go"
        f" back to who paid them, {cny(TEAPOT_FUNDED_MINOR)} of it to the platform.",
        lost,
        {"order": bought.order_id, "parcel": parcel},
        stage.event_claims(lost, 0, "parcel_id", "order_id", "amount_minor"),
    )


def judge(market: Market, court: Court, case_id: str) -> None:
    """Three arbiters."""
    drawn, panel = court.panel(case_id, 0)
    court.tell_panel("The nodes draw a panel of three.", drawn, panel)
    votes = {party: (vote,) for party, vote in zip(panel, VOTES, strict=True)}
    court.await_vote(case_id, drawn)
    ruled = court.reveal(case_id, court.commit(case_id, 0, votes))
    index = [entry["type"] for entry in ruled.events].index("dispute.ruled")
    market.stage.tell(
        f"They vote 400, 350 and 600: the ruling gives {RULING} ‰ of the tray back.",
        ruled,
        {"dispute": case_id, "clock": market.pacing.rule("appeal_ms")},
        [
            *market.stage.event_claims(ruled, index, "dispute_id", "arbiters"),
            Claim(f"/v1/receipts/{ruled.id}", f"/events/{index}/data/shares", [RULING]),
        ],
    )


def split(market: Market, case_id: str) -> None:
    """Nobody appeals."""
    clock = Clock(f"/v1/cases/{case_id}", "sys.dispute.appeal", "appeal_ms", WAITS)
    settled = await_clock(market, clock, "refund.settled", case_id=case_id)
    to_platform, to_seller = TRAY_REFUNDED_TO_PLATFORM_MINOR, TRAY_MINOR - TRAY_REFUNDED_MINOR
    market.purse(BUYER).move(TRAY_REFUNDED_MINOR - to_platform, "refunded for the tray")
    market.purse(PLATFORM).move(to_platform, "its part of the tray")
    market.purse(SELLER).move(to_seller, "released by the ruling")
    market.check()
    words = (
        f"Nobody appeals: the clock splits the tray's price. {cny(TRAY_REFUNDED_MINOR)} go back to"
        f" buyer and platform, by what each had paid of it; the seller has {cny(to_seller)}."
    )
    names = ["case_id", "refunded_minor", "released_minor", "reason"]
    tell_clock(market, words, clock, settled, names)
