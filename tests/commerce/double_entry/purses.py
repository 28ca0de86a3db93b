"""What people might do with money, offers and recalls, beside their orders."""

from tests.commerce.double_entry.chainside import BUYERS, COUPONS, OFFERS, PARTIES, SELLERS
from tests.commerce.double_entry.market import DAY_MS, HOUR_MS, Market
from tests.commerce.double_entry.steps import Step
from tests.commerce.double_entry.stream import Stream

WEIGHTS = {
    "pay.transfer": 12,
    "asset.issue": 10,
    "listing.update": 8,
    "deposit.add": 3,
    "deposit.withdraw.request": 2,
    "deposit.withdraw.execute": 2,
    "recourse.repay": 8,
    "asset.withdraw.request": 4,
    "asset.withdraw.settle": 4,
    "asset.withdraw.cancel": 3,
    "recall": 6,
}
# A coupon ends rarely: a market has only so many.
COUPON_ENDS_PERMILLE = 4


def choose_money(market: Market, draw: Stream, label: int) -> Step:
    """One of them."""
    if draw.below(1_000) < COUPON_ENDS_PERMILLE:
        name = draw.pick(list(COUPONS))
        return Step("coupon.withdraw", COUPONS[name].funder, data=(name,))
    kind = draw.weighed(WEIGHTS)
    if kind == "recall":
        return _recall(market, draw)
    if kind.startswith("asset.withdraw"):
        return _bank(market, draw, kind, label)
    if kind.startswith(("deposit", "recourse")):
        return _deposit(market, draw, kind)
    if kind == "listing.update":
        name = draw.pick(list(OFFERS))
        return Step(kind, OFFERS[name].seller, data=(name, draw.pick((-9, 5, 20, 40))))
    if kind == "asset.issue":
        # Who owes something and has nothing sells nothing any more.
        indebted = [name for name in SELLERS if market.ledger.owed(name)]
        to = draw.pick(indebted if indebted and draw.chance(70) else (*BUYERS, "rival", "brand"))
        return Step(kind, "issuer", data=(to, draw.pick((40, 500, 9_000))))
    sender, to = draw.pick((*BUYERS, *SELLERS)), draw.pick(PARTIES)
    if draw.chance(50):
        # A seller who takes all its money away leaves nothing but its deposit, and debts.
        sender = draw.pick((*SELLERS, "rival", "rival"))
        return Step(kind, sender, data=("aunt", max(1, market.ledger.accounts[sender])))
    return Step(kind, sender, data=(to, 1 + draw.below(_some(market, sender))))


def _some(market: Market, name: str) -> int:
    return market.ledger.accounts[name] // 4 + 2


def _deposit(market: Market, draw: Stream, kind: str) -> Step:
    sender = draw.pick(SELLERS)
    if kind == "deposit.withdraw.execute":
        return Step(kind, sender)
    ledger = market.ledger
    indebted = [name for name in SELLERS if ledger.owed(name)]
    if indebted and kind != "deposit.withdraw.request":
        sender = draw.pick(indebted)
    if kind == "recourse.repay":
        least = min(ledger.owed(sender), ledger.accounts[sender])
        return Step(kind, sender, data=(max(1, least - draw.below(3) + draw.below(2)),))
    asks = kind == "deposit.withdraw.request"
    most = ledger.accounts["deposit", sender] if asks else min(20_000, ledger.accounts[sender] + 9)
    return Step(kind, sender, data=(1 + draw.below(most + 1),))


def _bank(market: Market, draw: Stream, kind: str, label: int) -> Step:
    if kind == "asset.withdraw.request":
        holder = draw.pick((*BUYERS, *SELLERS))
        data = (
            1 + draw.below(_some(market, holder)),
            draw.pick((HOUR_MS, 9 * DAY_MS, 30 * DAY_MS)),
        )
        return Step(kind, holder, label, None, data)
    waiting = list(market.withdrawals)
    known = draw.pick(waiting) if waiting else label
    holder = market.withdrawals[known].holder if waiting else "buyer"
    sender = "issuer" if kind.endswith("settle") else holder
    return Step(kind, sender, known)


def _recall(market: Market, draw: Stream) -> Step:
    sender = draw.pick(("merchant", "regulator", "regulator", "rival"))
    if market.recalls and draw.chance(75):
        return Step("recall.close", sender, data=(draw.pick(list(market.recalls)),))
    gtins = [offer.gtin for offer in OFFERS.values()]
    # Goods that are on their way back, or to be exchanged, are hit more often than by chance.
    back = [
        entry.line.gtin
        for trade in market.active.values()
        for case in trade.cases
        if case.state in ("sent", "back", "exchanging")
        for entry in case.lines * (1 if case.state == "sent" else 4)
    ]
    gtin = draw.pick(back if back and draw.chance(80) else gtins)
    return Step("recall.open", sender, data=(gtin, 1 + draw.below(3)))
