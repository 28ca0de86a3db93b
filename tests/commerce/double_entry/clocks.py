"""What happens by itself: every clock of the books, and what it does when nobody acted.

What is due at a time acts oldest first; what becomes due by that acts in the next round.
"""

from collections.abc import Iterator

from tests.commerce.double_entry.goods import Case, Parcel, Trade
from tests.commerce.double_entry.market import Market
from tests.commerce.double_entry.operations import end_withdrawal
from tests.commerce.double_entry.requests import DRAWS, agreed, end_dispute, received
from tests.commerce.double_entry.settling import Ending

# (due, id of the object, what it is)
Clock = tuple[int, bytes, object]
CASE_CLOCKS = {
    "pending": "sys.refund.answer",
    "rejected": "sys.refund.counter",
    "countered": "sys.refund.counter",
    "returning": "sys.return.ship",
    "sent": "sys.return.lost",
    "back": "sys.return.accept",
    "exchanging": "sys.exchange.ship",
    "recalled": "sys.order.recall",
    "disputed": "sys.dispute.draw",
}
# (the state of the books, what moved it)
Taken = tuple[str, str]


def clocks(market: Market) -> Iterator[Clock]:
    """All that run. An order without any has ended."""
    for trade in list(market.active.values()):
        running = list(trade_clocks(trade))
        if not running:
            del market.active[trade.label]
        yield from running
    yield from other_clocks(market)


def trade_clocks(trade: Trade) -> Iterator[Clock]:
    """Those of an order, its parcels and its cases."""
    due_ms = trade.due_ms()
    if due_ms is not None:
        yield due_ms, trade.id, trade
    for parcel in trade.parcels:
        due_ms = trade.parcel_due_ms(parcel)
        if due_ms is not None:
            yield due_ms, parcel.id, (trade, parcel)
    for case in trade.cases:
        if case.due_ms is not None:
            yield case.due_ms, case.id, (trade, case)


def other_clocks(market: Market) -> Iterator[Clock]:
    """Those of recalls, withdrawals and deposits."""
    for gtin, recall in market.recalls.items():
        if recall.due_ms is not None:
            yield recall.due_ms, recall.id, gtin
    for label, held in market.withdrawals.items():
        if held.due_ms is not None:
            yield held.due_ms, held.id, label
    for owner, deposit in market.ledger.deposits.items():
        if deposit.due_ms is not None:
            yield deposit.due_ms, deposit.id, owner


def run_clocks(market: Market) -> list[Taken]:
    """Let all act that is due; what did."""
    acted: list[Taken] = []
    while due := sorted((c for c in clocks(market) if c[0] <= market.now_ms), key=lambda c: c[:2]):
        for clock in due:
            acted += act(market, clock)
    return acted


def run_overdue(market: Market, trade: Trade, number: int | None, *, is_case: bool) -> list[Taken]:
    """What an operation on these objects finds overdue acts before it."""
    acted: list[Taken] = []
    while True:
        named: list[object] = [trade]
        if is_case and number is not None and number < len(trade.cases):
            case = trade.cases[number]
            named += [case, case.parcel]
        elif number is not None and number < len(trade.parcels):
            named += [trade.parcels[number]]
        due = [
            clock
            for clock in trade_clocks(trade)
            if clock[0] <= market.now_ms
            and (clock[2] is trade or any(part in named for part in _parts(clock)))
        ]
        if not due:
            return acted
        for clock in sorted(due, key=lambda c: c[:2]):
            acted += act(market, clock)


def _parts(clock: Clock) -> tuple[object, ...]:
    known = clock[2]
    return known[1:] if isinstance(known, tuple) else ()


def act(market: Market, clock: Clock) -> list[Taken]:
    """Let one clock act, unless it was moved since; (state, transition) of the automaton."""
    due_ms, _, known = clock
    if isinstance(known, Trade):
        return act_order(market, known, due_ms) if known.due_ms() == due_ms else []
    if isinstance(known, tuple):
        trade, part = known
        if isinstance(part, Parcel):
            same = trade.parcel_due_ms(part) == due_ms
            return act_parcel(market, trade, part, due_ms) if same else []
        return act_case(market, trade, part, due_ms) if part.due_ms == due_ms else []
    return act_other(market, known, due_ms)


def act_order(market: Market, trade: Trade, due_ms: int) -> list[Taken]:
    """Unpaid orders close; what wasn't shipped is late, and at last refunded."""
    lines = [li for li in trade.lines if li.waiting() and li.due_ms and li.due_ms <= due_ms]
    acted: list[Taken] = []
    for line in lines:
        unpaid = line.state == "unpaid"
        acted.append((line.state, "sys.order.pay" if unpaid else "sys.order.ship"))
        if line.state == "held":
            line.state, line.due_ms = "late", due_ms + market.days(15)
            continue
        market.end_waiting(trade, line, due_ms)
    return acted


def act_parcel(market: Market, trade: Trade, parcel: Parcel, due_ms: int) -> list[Taken]:
    """Lost, released, or its windows closed."""
    if parcel.state == "transit":
        market.give_up(trade, parcel, due_ms)
        return [("transit", "sys.order.lost")]
    if parcel.state == "released":
        parcel.state, parcel.due_ms = "closed", None
        market.free_reserve(trade, due_ms)
        return [("released", "sys.order.close")]
    if market.recalls:
        market.stop(trade, market.recalls)
    units = trade.inside(parcel, "parcel")
    if not units:
        return []
    market.pay_out(trade, parcel, units, due_ms)
    return [("delivered", "sys.order.confirm")]


def act_case(market: Market, trade: Trade, case: Case, due_ms: int) -> list[Taken]:
    """Silence at each step of a request."""
    was = case.state
    ending = Ending(market, trade, case, due_ms)
    if was == "pending":
        agreed(market, trade, case, due_ms)
    elif was in ("rejected", "countered", "returning"):
        ending.close()
    elif was == "sent":
        ending.refund([entry.asked for entry in case.lines], sent_back=True)
        ending.freight()
    elif was == "back":
        received(market, trade, case, due_ms)
    elif was == "exchanging":
        ending.refund([entry.asked for entry in case.lines], sent_back=True)
    elif was == "recalled":
        ending.whole()
    elif was == "disputed" and case.tries:
        case.tries -= 1
        case.due_ms = due_ms + market.days(3) // DRAWS
    else:
        gtins = [entry.line.gtin for entry in case.lines]
        end_dispute(market, trade, case, [default_share(market, case, gtin) for gtin in gtins])
    return [(was, CASE_CLOCKS[was])]


def default_share(market: Market, case: Case, gtin: str) -> int:
    """The money is whose who lacks the goods, or has proof that they went back."""
    if gtin in market.recalls and case.origin != "released":
        return 1_000
    lacks = case.origin in ("held", "late")
    if case.origin == "transit":
        assert case.parcel is not None
        lacks = case.parcel.delivered_ms is None
    return 1_000 if lacks or case.freight is not None else 0


def act_other(market: Market, known: object, due_ms: int) -> list[Taken]:
    """A recall stops what is in flight, a withdrawal comes back, a deposit pays debts."""
    if isinstance(known, int):
        held = market.withdrawals.get(known)
        if held is not None:
            end_withdrawal(market, known, held.holder)
        return [("withdrawal", "sys.asset.withdraw")]
    assert isinstance(known, str)
    recall = market.recalls.get(known)
    if recall is not None:
        if market.swept:
            # One a block: however many recalls there are, a block's time is bounded.
            recall.due_ms = market.now_ms + 1
            return []
        market.swept, recall.due_ms = True, None
        for trade in sorted(market.active.values(), key=lambda trade: trade.id):
            market.stop(trade, [known])
        return [("recall", "sys.recall.sweep")]
    ledger, deposit = market.ledger, market.ledger.deposits[known]
    deposit.due_ms = None
    purse = ("collected", known)
    taken = ledger.take(known, purse, ledger.owed(known))
    ledger.repay(known, purse, taken)
    if taken and ledger.takeable(known) and ledger.owed(known):
        deposit.due_ms = due_ms + 1
    return [("deposit", "sys.recourse.collect")]
