"""Who may ask for money back, answer, send goods back, exchange and dispute (commerce.md)."""

from collections.abc import Mapping, Sequence

from tests.commerce.double_entry.goods import KINDS, Case, Parcel, Trade, Unit, distinct
from tests.commerce.double_entry.ledger import require
from tests.commerce.double_entry.market import Market
from tests.commerce.double_entry.operations import Operation, dispatch, first, parcel_of, trade_of
from tests.commerce.double_entry.settling import RIGHT_TRIES, TRIES, Ending
from tests.commerce.double_entry.steps import Step

CASES_MAX = 100
BOND_PERMILLE = 20
DRAWS = 8
NOT_HERE = ("held", "late", "transit")


def case_of(trade: Trade, step: Step) -> Case:
    """The case of the order."""
    known = step.number is not None and step.number < len(trade.cases)
    require(known, "case")
    return trade.cases[step.number or 0]


def request(market: Market, step: Step) -> None:
    """(kind, (line, quantity, amount or None)...): units of a parcel, or that wait for one."""
    trade, (kind, wanted) = trade_of(market, step), step.data
    arrived, gives_back, whole, refusable, _ = KINDS[kind]
    require(distinct(index for index, _, _ in wanted), "twice")
    parcel = None if step.number is None else parcel_of(trade, step)
    require(step.sender == trade.buyer, "buyer")
    counts = [(index, count) for index, count, _ in wanted]
    require(all(index < len(trade.lines) for index, _ in counts), "line")
    origin, units = source(trade, parcel, counts)
    if kind == "unshipped":
        require(origin in ("held", "late"), "kind")
    elif kind == "not_received":
        require(origin == "transit", "kind")
    else:
        require(arrived and origin in ("delivered", "released"), "kind")
    if parcel is None:
        for index, _ in counts:
            require(tried(trade, index) < TRIES, "tries")
    else:
        require_window(market, trade, parcel, kind, [index for index, _ in counts])
    anew = parcel is not None and parcel.exchange
    tries_max = TRIES if refusable or anew else RIGHT_TRIES
    usable = [unit for unit in units if unit.tries < tries_max]
    taken = [first(usable, *entry) for entry in counts]
    asked = []
    for some, (_, _, amount) in zip(taken, wanted, strict=True):
        worth = sum(unit.worth for unit in some)
        require(amount is None or amount == worth or (not whole and amount < worth), "amount")
        asked.append(worth if amount is None else amount)
    require(len(trade.cases) < CASES_MAX, "cases")
    flat = [unit for some in taken for unit in some]
    case = market.open_case(trade, (kind, "pending", origin), parcel, flat)
    case.due_ms = market.now_ms + market.days(2 if parcel is None else 5)
    case.gives_back = gives_back
    for entry, amount in zip(case.lines, asked, strict=True):
        entry.asked = amount


def source(
    trade: Trade, parcel: Parcel | None, counts: Sequence[tuple[int, int]]
) -> tuple[str, list[Unit]]:
    """The one state from which all of it can be taken, and the units that are in it."""
    if parcel is None:
        units = [unit for unit in trade.units if unit.place == "waiting"]
        states = {trade.lines[index].state for index, _ in counts}
        for index, count in counts:
            first(units, index, count)
        require(len(states) == 1 and states <= {"held", "late"}, "state")
        return states.pop(), units
    for place, origin in (("parcel", parcel.state), ("paid", "released")):
        units = trade.inside(parcel, place)
        if all(sum(u.line.index == index for u in units) >= count for index, count in counts):
            return origin, units
    require(allowed=False, rule="quantity")
    raise AssertionError


def tried(trade: Trade, index: int) -> int:
    """How many requests for unshipped units of a line came to nothing, or run."""
    return sum(
        entry.line.index == index
        for case in trade.cases
        if case.parcel is None and (case.state not in ("refunded", "split") or case.offer)
        for entry in case.lines
    )


def require_window(
    market: Market, trade: Trade, parcel: Parcel, kind: str, lines: Sequence[int]
) -> None:
    """In time, and no right that the buyer gave up."""
    if kind == "not_received":
        return
    require(kind != "exchange" or not parcel.exchange, "exchanged")
    assert parcel.signed_ms is not None
    end_ms = market.windows_end(parcel.signed_ms)
    if kind == "no_reason":
        require(not any(trade.lines[index].exempt for index in lines), "exempt")
        end_ms = market.return_right_ends(parcel.signed_ms)
    require(market.now_ms < end_ms, "window")


def to_buyer(market: Market, step: Step, *states: str) -> tuple[Trade, Case]:
    """A case of the sender as its buyer, in one of these states."""
    trade = trade_of(market, step)
    case = case_of(trade, step)
    require(step.sender == trade.buyer, "buyer")
    require(case.state in states, "state")
    return trade, case


def to_seller(market: Market, step: Step, *states: str) -> tuple[Trade, Case]:
    """A case of the sender as its seller, in one of these states."""
    trade = trade_of(market, step)
    case = case_of(trade, step)
    require(step.sender == trade.seller, "seller")
    require(case.state in states, "state")
    return trade, case


def withdraw(market: Market, step: Step) -> None:
    """The buyer takes it back."""
    states = ("pending", "rejected", "countered", "returning")
    trade, case = to_buyer(market, step, *states)
    Ending(market, trade, case, market.now_ms).close()


def agree(market: Market, step: Step) -> None:
    """The seller gives what was asked."""
    trade, case = to_seller(market, step, "pending")
    agreed(market, trade, case, market.now_ms)


def agreed(market: Market, trade: Trade, case: Case, now_ms: int) -> None:
    """The money now, or once the goods are back."""
    if case.gives_back:
        case.state, case.due_ms = "returning", now_ms + market.days(7)
        return
    amounts = [entry.asked for entry in case.lines]
    Ending(market, trade, case, now_ms).refund(amounts, sent_back=False)


def reject(market: Market, step: Step) -> None:
    """The seller refuses."""
    _, case = to_seller(market, step, "pending")
    require(KINDS[case.kind][3], "right")
    case.state, case.due_ms = "rejected", market.now_ms + market.days(3)


def counter(market: Market, step: Step) -> None:
    """(amounts, gives back): the seller offers something else."""
    _, case = to_seller(market, step, "pending")
    amounts, gives_back = step.data
    require(KINDS[case.kind][3], "right")
    asked = [entry.asked for entry in case.lines]
    require(len(amounts) == len(asked), "lines")
    require(not gives_back or case.origin not in NOT_HERE, "goods")
    require(all(a <= b for a, b in zip(amounts, asked, strict=True)), "amount")
    require(list(amounts) != asked or gives_back != case.gives_back, "same")
    case.offer, case.offer_back = tuple(amounts), gives_back
    case.state, case.due_ms = "countered", market.now_ms + market.days(3)


def accept(market: Market, step: Step) -> None:
    """The buyer takes the offer; what was to be exchanged is refunded."""
    trade, case = to_buyer(market, step, "countered")
    for entry, amount in zip(case.lines, case.offer, strict=True):
        entry.asked = amount
    case.gives_back = case.offer_back
    case.kind = "quality" if case.kind == "exchange" else case.kind
    agreed(market, trade, case, market.now_ms)


def send_back(market: Market, step: Step) -> None:
    """The buyer hands the goods to a carrier."""
    trade, case = to_buyer(market, step, "returning")
    (freight,) = step.data
    require("carrier" in step.with_ and trade.payer != "carrier", "carrier")
    require(freight <= case.asked // 5, "freight")
    case.freight = freight
    case.state, case.due_ms = "sent", market.now_ms + market.days(15)


def bring_back(market: Market, step: Step) -> None:
    """The carrier has brought them."""
    case = case_of(trade_of(market, step), step)
    require(step.sender == "carrier" and case.freight is not None, "carrier")
    require(case.state == "sent", "state")
    case.state, case.due_ms = "back", market.now_ms + market.days(7)


def receive(market: Market, step: Step) -> None:
    """The seller has them."""
    trade, case = to_seller(market, step, "sent", "back")
    received(market, trade, case, market.now_ms)


def received(market: Market, trade: Trade, case: Case, now_ms: int) -> None:
    """The money goes back, or other goods are to come; the seller pays the way of bad goods."""
    ending = Ending(market, trade, case, now_ms)
    if case.kind == "exchange":
        case.state, case.due_ms = "exchanging", now_ms + market.days(7)
    else:
        ending.refund([entry.asked for entry in case.lines], sent_back=True)
    ending.freight()


def exchange(market: Market, step: Step) -> None:
    """Other goods for those that came back; what was paid out goes into escrow again."""
    trade, case = to_seller(market, step, "exchanging")
    require("carrier" in step.with_ and trade.payer != "carrier", "carrier")
    require(not any(entry.line.gtin in market.recalls for entry in case.lines), "recalled")
    units = [unit for entry in case.lines for unit in entry.units]
    if case.origin == "released":
        worth = sum(unit.worth for unit in units)
        require(market.ledger.accounts[trade.seller] >= worth, "money")
        for unit in units:
            escrow = ("escrow", trade.label, unit.line.index)
            market.ledger.post(trade.seller, escrow, unit.worth)
            unit.line.released -= unit.worth
            unit.held = True
    for unit in units:
        unit.tries += 1
    dispatch(market, trade, units, [entry.line.index for entry in case.lines], exchange=True)
    case.state, case.due_ms = "closed", None
    market.rest(trade, case.parcel)


def keep(market: Market, step: Step) -> None:
    """The buyer keeps recalled goods that it has (not of class I), or wants its money."""
    trade, case = to_buyer(market, step, "recalled")
    ending = Ending(market, trade, case, market.now_ms)
    if not step.data[0]:
        ending.whole()
        return
    require(case.origin not in ("held", "late") and case.freight is None, "goods")
    known = [market.recalls.get(entry.line.gtin) for entry in case.lines]
    require(all(recall is None or recall.level > 1 for recall in known), "class")
    ending.keep()


def dispute(market: Market, step: Step) -> None:
    """(of a parcel, shares, bond): a party doesn't take the answer, or the seller proves that a
    parcel on its way has arrived.
    """
    trade, (of_parcel, shares, bond) = trade_of(market, step), step.data
    if of_parcel:
        parcel = parcel_of(trade, step)
        require(step.sender == trade.seller, "seller")
        require(parcel.state == "transit", "state")
        units = trade.inside(parcel, "parcel")
        require(units, "open")
        require(len(trade.cases) < CASES_MAX, "cases")
        worths = [
            sum(unit.worth for unit in units if unit.line.index == index)
            for index in dict.fromkeys(unit.line.index for unit in units)
        ]
        require_plea(market, trade, step.sender, worths, shares, bond)
        case = market.open_case(trade, ("delivery", "transit", "transit"), parcel, units)
    else:
        case = case_of(trade, step)
        require(step.sender in (trade.buyer, trade.seller), "party")
        require(case.state in ("rejected", "countered"), "state")
        stakes = [entry.asked for entry in case.lines]
        require_plea(market, trade, step.sender, stakes, shares, bond)
    begin_dispute(market, trade, case, step.sender, bond)


def contest(market: Market, step: Step) -> None:
    """(shares, bond): what came back is not what was sent."""
    trade, case = to_seller(market, step, "sent", "back")
    shares, bond = step.data
    stakes = [entry.asked for entry in case.lines]
    require_plea(market, trade, step.sender, stakes, shares, bond)
    begin_dispute(market, trade, case, step.sender, bond)


def require_plea(
    market: Market,
    trade: Trade,
    opener: str,
    stakes: Sequence[int],
    shares: Sequence[int],
    bond: int,
) -> None:
    """One share a line, not all for the other; a seller's bond is 20 per mille at least."""
    require(len(shares) == len(stakes), "shares")
    buyers = opener == trade.buyer
    require(any(share != (0 if buyers else 1_000) for share in shares), "empty")
    least = -(-sum(stakes) * BOND_PERMILLE // 1_000)
    require(buyers or bond >= least, "bond")
    require(market.ledger.accounts[opener] >= bond, "money")


def begin_dispute(market: Market, trade: Trade, case: Case, opener: str, bond: int) -> None:
    """The bond is held; a draw of arbiters is tried, and there are none here."""
    market.ledger.post(opener, ("bond", trade.label, case.number), bond)
    case.bond, case.tries = (opener, bond), DRAWS - 1
    case.state, case.due_ms = "disputed", market.now_ms + market.days(3) // DRAWS


def end_dispute(market: Market, trade: Trade, case: Case, shares: Sequence[int]) -> None:
    """Nobody ruled, so the bond returns."""
    assert case.bond is not None
    opener, bond = case.bond
    market.ledger.post(("bond", trade.label, case.number), opener, bond)
    Ending(market, trade, case, market.now_ms).split(shares)


def settle(market: Market, step: Step) -> None:
    """Both agree on the buyer's share of each line."""
    trade = trade_of(market, step)
    case = case_of(trade, step)
    signers = {step.sender, *step.with_}
    require({trade.buyer, trade.seller} <= signers, "both")
    require(step.sender in (trade.buyer, trade.seller), "party")
    require(case.state == "disputed", "state")
    require(len(step.data[0]) == len(case.lines), "shares")
    end_dispute(market, trade, case, step.data[0])


AFTER_SALE: Mapping[str, Operation] = {
    "refund.request": request,
    "refund.withdraw": withdraw,
    "refund.agree": agree,
    "refund.reject": reject,
    "refund.counter": counter,
    "refund.accept_counter": accept,
    "return.ship": send_back,
    "return.delivered": bring_back,
    "return.receive": receive,
    "return.contest": contest,
    "exchange.ship": exchange,
    "order.keep": keep,
    "dispute.open": dispute,
    "dispute.settle": settle,
}
