"""Where an order's money moves: into escrow when it is paid, out of it by the automaton's edges.

The escrow is no account: it is the sum of what the lines of all orders hold. So nobody can spend
it, and an operator has no key to it.
"""

from collections.abc import Iterable, Mapping, Sequence

from chain.context import Context
from commerce.escrow import Edge, Money, State, target_of
from commerce.listings import return_stock
from commerce.money import credit, debit
from commerce.orders import Order, OrderLine
from commerce.records import altered
from commerce.units import Interval, Span, count_units, parts_of

# A part of an order's money: line index, interval of the line's money, how many units end by it.
Portion = tuple[int, Interval, int]


def hold(context: Context, order: Order, payer: bytes, edge: Edge) -> Order:
    """Take along `edge` from the payer what the funders of coupons don't pay (they are drawn beside
    this: commerce/catalogue/drawing.py); every line holds its total and is to be shipped.
    """
    debit(context, payer, order.symbol, order.payable_minor)
    state = target_of(edge).value
    lines = [
        altered(
            line,
            state=state,
            due_ms=context.time_ms + line.ship_within_ms,
            paid_minor=line.total_minor,
            held_minor=line.total_minor,
        )
        for line in order.lines
    ]
    return altered(order, lines=tuple(lines), payer=payer, paid_ms=context.time_ms)


def portions_of(order: Order, index: int, spans: Iterable[Span]) -> list[Portion]:
    """All money of these units of a line."""
    line = order.lines[index]
    return [(index, line.interval_of(span), span.count) for span in spans]


def worth_of(portions: Iterable[Portion]) -> int:
    """The sum of the intervals, in minor units."""
    return sum([high - low for _, (low, high), _ in portions])


def settle(context: Context, order: Order, portions: Sequence[Portion], money: Money) -> Order:
    """Release or refund money that the escrow holds; lines of which all is settled have ended."""
    released = money is Money.RELEASE
    assert released or money is Money.REFUND
    lines = list(order.lines)
    for index, (low, high), units in portions:
        line = lines[index]
        amount_minor = high - low
        held_minor, settled = line.held_minor - amount_minor, line.settled + units
        assert held_minor >= 0
        if released:
            line = altered(
                line,
                held_minor=held_minor,
                settled=settled,
                released_minor=line.released_minor + amount_minor,
            )
        else:
            line = altered(
                line,
                held_minor=held_minor,
                settled=settled,
                refunded_minor=line.refunded_minor + amount_minor,
            )
        lines[index] = ended_line(line)
    if released:
        credit(context, order.seller, order.symbol, worth_of(portions))
    else:
        pay_back(context, order, portions)
    return altered(order, lines=tuple(lines))


def ended_line(line: OrderLine) -> OrderLine:
    """The line in the state that its settled money says, if all of it is settled."""
    if line.settled < line.quantity:
        return line
    state = (State.RELEASED if line.released_minor else State.REFUNDED).value
    return line if line.state == state else altered(line, state=state)


def pay_back(context: Context, order: Order, portions: Iterable[Portion]) -> None:
    """Credit what left the escrow (or was collected) to who had paid it."""
    for account, amount_minor in shares_of(order, portions).items():
        credit(context, account, order.symbol, amount_minor)


def shares_of(order: Order, portions: Iterable[Portion]) -> Mapping[bytes, int]:
    """Who had paid these parts of the money: amounts by account, the payer first."""
    payer = order.payer
    assert payer is not None
    shares = {payer: 0}
    for index, interval, _ in portions:
        line = order.lines[index]
        if not line.funding:
            shares[payer] += interval[1] - interval[0]
            continue
        for funder, amount_minor in parts_of(line.total_minor, line.funding, interval):
            account = payer if funder is None else funder
            shares[account] = shares.get(account, 0) + amount_minor
    return shares


def end_unshipped(context: Context, order: Order, indexes: Sequence[int], edge: Edge) -> Order:
    """Take the units that wait for a parcel out of lines of one state: refund if paid, and the
    stock back.
    """
    portions: list[Portion] = []
    for index in indexes:
        line = order.lines[index]
        units = count_units(line.open)
        if edge.money is Money.REFUND:
            portions += portions_of(order, index, line.open)
        order = order.replaced(index, without_open(line, line.open, target_of(edge)))
        if edge.stock_back:
            return_stock(context, line.listing_id, units)
    return settle(context, order, portions, edge.money) if portions else order


def without_open(line: OrderLine, ended: Sequence[Span], target: State) -> OrderLine:
    """The line without all its waiting units, which end in `target`: those in parcels and cases go
    on by the states of these.
    """
    cancelled = line.cancelled + count_units(ended)
    state = (target if cancelled == line.quantity else State.IN_TRANSIT).value
    return altered(line, cancelled=cancelled, state=state, due_ms=None, open=())
