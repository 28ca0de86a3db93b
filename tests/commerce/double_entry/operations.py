"""Who may do what with orders and money, as commerce.md says; each returns nothing or refuses."""

from collections.abc import Callable, Mapping

from tests.commerce.double_entry.goods import Line, Parcel, Trade, Unit, distinct
from tests.commerce.double_entry.ledger import MINT, Withdrawal, require
from tests.commerce.double_entry.market import HOUR_MS, Market, Recall
from tests.commerce.double_entry.steps import Step

UNPAID_MAX = 3
REQUESTS_MAX = 16
BRAND, ISSUER, REGULATOR = "merchant", "issuer", "regulator"
Operation = Callable[[Market, Step], None]


def trade_of(market: Market, step: Step) -> Trade:
    """The order, if there is one."""
    require(step.trade in market.trades, "order")
    return market.trades[step.trade]


def parcel_of(trade: Trade, step: Step) -> Parcel:
    """The parcel of the order."""
    known = step.number is not None and step.number < len(trade.parcels)
    require(known, "parcel")
    return trade.parcels[step.number or 0]


def first(units: list[Unit], line: int, count: int) -> list[Unit]:
    """The first so many units of a line, which must be there."""
    some = [unit for unit in units if unit.line.index == line]
    require(len(some) >= count, "quantity")
    return some[:count]


def create(market: Market, step: Step) -> None:
    """(listing, quantity, exemption confirmed) of distinct listings of one seller; coupons."""
    wanted, coupons = step.data
    require(distinct(name for name, _, _ in wanted) and distinct(coupons), "twice")
    offers = [market.offers[name] for name, _, _ in wanted]
    require(not any(market.coupons[name].withdrawn for name in coupons), "withdrawn")
    require(not any(offer.gtin in market.recalls for offer in offers), "recalled")
    require(distinct([offers[0].seller]) and len({o.seller for o in offers}) == 1, "mixed")
    seller = offers[0].seller
    require(not market.ledger.owed(seller), "debt")
    lines = []
    for index, (name, quantity, confirmed) in enumerate(wanted):
        offer = market.offers[name]
        require(offer.exempt or not confirmed, "exemption")
        total = offer.price * quantity + offer.freight
        line = Line(index, name, offer.gtin, total, confirmed, offer.promise_ms)
        line.cut(quantity)
        line.due_ms = market.now_ms + market.lasting(2 * HOUR_MS)
        lines.append(line)
    trade = Trade(step.trade, step.sender, seller, lines, tuple(coupons))
    market.lay_coupons(trade, [line.total for line in lines])
    for name, quantity, _ in wanted:
        require(market.offers[name].stock >= quantity, "stock")
        require(unpaid(market, step.sender, name) < UNPAID_MAX, "unpaid")
    market.require_undrawn(trade)
    for name, quantity, _ in wanted:
        market.offers[name].stock -= quantity
    market.trades[step.trade] = market.active[step.trade] = trade


def unpaid(market: Market, buyer: str, listing: str) -> int:
    """How many unpaid orders a buyer has of a listing."""
    return sum(
        trade.buyer == buyer and line.listing == listing and bool(line.waiting())
        for trade in market.active.values()
        for line in trade.lines
        if line.state == "unpaid"
    )


def pay(market: Market, step: Step) -> None:
    """Exactly what is to pay; the funders' parts at once."""
    trade, (amount,) = trade_of(market, step), step.data
    lines, ledger = trade.lines, market.ledger
    require(all(line.state == "unpaid" and line.waiting() for line in lines), "state")
    require(not any(line.gtin in market.recalls for line in lines), "recalled")
    require(amount == trade.payable, "amount")
    market.require_undrawn(trade)
    wanted = {step.sender: amount}
    for line in lines:
        for funder, _, part in line.funding:
            wanted[funder] = wanted.get(funder, 0) + part
    require(all(ledger.accounts[name] >= sum_ for name, sum_ in wanted.items()), "money")
    trade.payer = step.sender
    for line in lines:
        for name, part in market.payers(trade, line, 0, line.total).items():
            ledger.post(name, ("escrow", trade.label, line.index), part)
        line.paid, line.state = line.total, "held"
        line.due_ms = market.now_ms + market.lasting(line.promise_ms)
        for unit in line.units:
            unit.held = True
    for name, part in market.drawn(trade).items():
        coupon = market.coupons[name]
        coupon.spent += part
        coupon.used[trade.buyer] = coupon.used.get(trade.buyer, 0) + 1
    if ledger.reserve(trade.seller, trade.total):
        trade.reserved = trade.total


def cancel(market: Market, step: Step) -> None:
    """Units that wait for a parcel; no lines: all of them."""
    trade, (named,) = trade_of(market, step), step.data
    require(distinct(named), "twice")
    agreeing = {step.sender, *step.with_}
    require(step.sender in (trade.buyer, trade.seller), "party")
    require(all(index < len(trade.lines) for index in named), "line")
    waiting = [line for line in trade.lines if line.waiting()]
    lines = [trade.lines[index] for index in sorted(named)] or waiting
    require(lines and all(line.waiting() for line in lines), "state")
    if lines[0].state == "unpaid":
        require(lines == waiting, "whole")
    for line in lines:
        if line.state != "unpaid":
            require(trade.buyer in agreeing, "buyer")
        if line.state == "held":
            require(trade.seller in agreeing, "seller")
    for line in lines:
        market.end_waiting(trade, line, market.now_ms)


def reprice(market: Market, step: Step) -> None:
    """Lower what lines cost, before the payment; coupons are laid anew."""
    trade = trade_of(market, step)
    require(distinct(index for index, _ in step.data), "twice")
    require(step.sender == trade.seller, "seller")
    require(all(index < len(trade.lines) for index, _ in step.data), "line")
    require(all(line.state == "unpaid" and line.waiting() for line in trade.lines), "state")
    require(all(total < trade.lines[index].total for index, total in step.data), "price")
    lowered = dict(step.data)
    market.lay_coupons(trade, [lowered.get(line.index, line.total) for line in trade.lines])
    for index, _ in step.data:
        trade.lines[index].cut(len(trade.lines[index].units))


def ship(market: Market, step: Step) -> None:
    """Units of lines into a parcel, the first of each line."""
    trade = trade_of(market, step)
    require(distinct(index for index, _ in step.data), "twice")
    require(step.sender == trade.seller and "carrier" in step.with_, "seller")
    require(all(index < len(trade.lines) for index, _ in step.data), "line")
    lines = [trade.lines[index] for index, _ in step.data]
    require(all(line.state in ("held", "late") for line in lines), "state")
    require(not any(line.gtin in market.recalls for line in lines), "recalled")
    waiting = [unit for unit in trade.units if unit.place == "waiting"]
    taken = [first(waiting, *entry) for entry in step.data]
    require(trade.payer != "carrier", "controller")
    indexes = [line.index for line in lines]
    dispatch(market, trade, [unit for some in taken for unit in some], indexes)


def dispatch(
    market: Market, trade: Trade, units: list[Unit], lines: list[int], *, exchange: bool = False
) -> None:
    """A new parcel, on its way."""
    due_ms = market.now_ms + market.days(30)
    parcel = Parcel(len(trade.parcels), market.now_ms, due_ms, lines, exchange)
    trade.parcels.append(parcel)
    for unit in units:
        unit.parcel, unit.place = parcel, "parcel"
    for line in trade.lines:
        if not line.waiting():
            line.due_ms = None


def deliver(market: Market, step: Step) -> None:
    """From now on silence pays the seller."""
    trade = trade_of(market, step)
    parcel = parcel_of(trade, step)
    require(step.sender == "carrier", "carrier")
    require(parcel.state == "transit", "state")
    parcel.state = "delivered"
    parcel.signed_ms = parcel.delivered_ms = market.now_ms
    due_ms = max(parcel.shipped_ms + market.days(10), market.now_ms + market.days(3))
    exempt = all(trade.lines[index].exempt for index in parcel.lines)
    if not exempt and not trade.reserved:
        due_ms = max(due_ms, market.return_right_ends(market.now_ms))
    parcel.due_ms = due_ms


def lose(market: Market, step: Step) -> None:
    """The carrier gives it up."""
    trade = trade_of(market, step)
    parcel = parcel_of(trade, step)
    require(step.sender == "carrier", "carrier")
    require(parcel.state == "transit", "state")
    market.give_up(trade, parcel, market.now_ms)


def extend(market: Market, step: Step) -> None:
    """A parcel's clock acts some days later."""
    trade, (count,) = trade_of(market, step), step.data
    parcel = parcel_of(trade, step)
    require(step.sender in (trade.buyer, trade.seller), "party")
    running = market_clock(trade, parcel) and parcel.state in ("transit", "delivered")
    require(running, "state")
    buyers = step.sender == trade.buyer
    require(count <= 3 if buyers else count in (3, 5, 7, 10), "days")
    require(not buyers or not parcel.buyer_extended, "once")
    longer_ms = market.days(count)
    require(parcel.extended_ms + longer_ms <= market.days(20), "long")
    parcel.extended_ms += longer_ms
    parcel.due_ms = (parcel.due_ms or 0) + longer_ms
    parcel.buyer_extended |= buyers


def market_clock(trade: Trade, parcel: Parcel) -> bool:
    """Does the parcel's clock run?"""
    return trade.parcel_due_ms(parcel) is not None


def confirm(market: Market, step: Step) -> None:
    """(line, quantity) units of a parcel, or all that is open; the seller is paid."""
    trade = trade_of(market, step)
    require(distinct(index for index, _ in step.data), "twice")
    parcel = parcel_of(trade, step)
    require(step.sender == trade.buyer, "buyer")
    require(parcel.state in ("transit", "delivered"), "state")
    opened = trade.inside(parcel, "parcel")
    require(opened, "case")
    some = [unit for entry in step.data for unit in first(opened, *entry)]
    units = some or opened
    require(not any(unit.line.gtin in market.recalls for unit in units), "recalled")
    market.pay_out(trade, parcel, units, market.now_ms)


def recall_open(market: Market, step: Step) -> None:
    """A product is blocked; what is in flight is stopped in the same block."""
    gtin, level = step.data
    require(step.sender in (BRAND, REGULATOR), "brand")
    require(gtin not in market.recalls, "recalled")
    market.recalls[gtin] = Recall(step.sender, level, market.now_ms)


def recall_close(market: Market, step: Step) -> None:
    """It may be sold again."""
    (gtin,) = step.data
    require(gtin in market.recalls, "recall")
    recall = market.recalls[gtin]
    require(step.sender in (recall.opener, REGULATOR), "opener")
    require(recall.due_ms is None, "state")
    del market.recalls[gtin]


def transfer(market: Market, step: Step) -> None:
    """Money to somebody else."""
    to, amount = step.data
    require(to != step.sender, "self")
    market.ledger.pay(step.sender, to, amount)


def issue(market: Market, step: Step) -> None:
    """New money."""
    to, amount = step.data
    require(step.sender == ISSUER, "issuer")
    market.ledger.post(MINT, to, amount)


def restock(market: Market, step: Step) -> None:
    """More or less of an offer."""
    name, delta = step.data
    offer = market.offers[name]
    require(step.sender == offer.seller and delta, "seller")
    require(offer.stock + delta >= 0, "stock")
    offer.stock += delta


def withdraw_coupon(market: Market, step: Step) -> None:
    """No new order takes it."""
    coupon = market.coupons[step.data[0]]
    require(step.sender == coupon.funder and not coupon.withdrawn, "funder")
    coupon.withdrawn = True


def deposit_add(market: Market, step: Step) -> None:
    """Money behind what the sender sells."""
    market.ledger.pay(step.sender, ("deposit", step.sender), step.data[0])
    market.ledger.freed(step.sender, market.now_ms)


def deposit_ask(market: Market, step: Step) -> None:
    """Ask for a part that nobody reserves; 0 takes that back."""
    ledger, (amount,) = market.ledger, step.data
    deposit = ledger.deposits[step.sender]
    require(ledger.accounts["deposit", step.sender], "deposit")
    require(not ledger.owed(step.sender), "debt")
    require(amount <= ledger.takeable(step.sender), "reserved")
    deposit.leaving, deposit.asked_ms = amount, market.now_ms if amount else None


def deposit_leave(market: Market, step: Step) -> None:
    """90 days after it was asked for, and 15 after the last obligation."""
    ledger = market.ledger
    deposit = ledger.deposits[step.sender]
    require(ledger.accounts["deposit", step.sender], "deposit")
    require(deposit.asked_ms is not None, "asked")
    require(not ledger.owed(step.sender), "debt")
    leaves_ms = (deposit.asked_ms or 0) + market.days(90)
    if deposit.obligation_ms is not None:
        leaves_ms = max(leaves_ms, deposit.obligation_ms + market.days(15))
    require(market.now_ms >= leaves_ms, "locked")
    ledger.post(("deposit", step.sender), step.sender, deposit.leaving)
    deposit.leaving, deposit.asked_ms = 0, None


def repay(market: Market, step: Step) -> None:
    """Own debts, the oldest first."""
    ledger, (amount,) = market.ledger, step.data
    require(0 < amount <= ledger.owed(step.sender), "owed")
    require(ledger.accounts[step.sender] >= amount, "money")
    ledger.repay(step.sender, step.sender, amount)


def bank_ask(market: Market, step: Step) -> None:
    """Money waits to be paid out."""
    amount, within_ms = step.data
    held = [w for w in market.withdrawals.values() if w.holder == step.sender]
    require(len(held) < REQUESTS_MAX, "requests")
    market.ledger.pay(step.sender, ("withdrawal", step.trade), amount)
    due_ms = market.now_ms + market.lasting(within_ms)
    market.withdrawals[step.trade] = Withdrawal(step.sender, due_ms)


def bank_settle(market: Market, step: Step) -> None:
    """The issuer pays it out."""
    require(step.trade in market.withdrawals and step.sender == ISSUER, "request")
    end_withdrawal(market, step.trade, MINT)


def bank_cancel(market: Market, step: Step) -> None:
    """The holder or the issuer changes its mind."""
    require(step.trade in market.withdrawals, "request")
    holder = market.withdrawals[step.trade].holder
    require(step.sender in (holder, ISSUER), "party")
    end_withdrawal(market, step.trade, holder)


def end_withdrawal(market: Market, label: int, to: str) -> None:
    """What waits goes to the holder, or out of the chain."""
    held = ("withdrawal", label)
    market.ledger.post(held, to, market.ledger.accounts[held])
    del market.withdrawals[label]


OPERATIONS: Mapping[str, Operation] = {
    "order.create": create,
    "order.pay": pay,
    "order.cancel": cancel,
    "order.reprice": reprice,
    "shipment.create": ship,
    "shipment.delivered": deliver,
    "shipment.lost": lose,
    "order.extend": extend,
    "order.confirm": confirm,
    "recall.open": recall_open,
    "recall.close": recall_close,
    "pay.transfer": transfer,
    "asset.issue": issue,
    "listing.update": restock,
    "coupon.withdraw": withdraw_coupon,
    "deposit.add": deposit_add,
    "deposit.withdraw.request": deposit_ask,
    "deposit.withdraw.execute": deposit_leave,
    "recourse.repay": repay,
    "asset.withdraw.request": bank_ask,
    "asset.withdraw.settle": bank_settle,
    "asset.withdraw.cancel": bank_cancel,
}
