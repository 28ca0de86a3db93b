"""Where an order's money moves: into escrow when it is paid, out of it by the automaton's edges.

The escrow is no account: it is the sum of what the lines of all orders hold. So nobody can spend
it, and an operator has no key to it.
"""

from collections.abc import Sequence

from chain.context import Context
from commerce.escrow import Edge, Money, State
from commerce.listings import return_stock
from commerce.money import credit, debit
from commerce.orders import Order, OrderLine
from commerce.records import altered


def hold(context: Context, order: Order, payer: bytes, edge: Edge) -> Order:
    """Take the total from the payer along `edge`; every line holds its own and is to be shipped."""
    debit(context, payer, order.symbol, order.total_minor)
    lines = [
        altered(
            line,
            state=edge.target.value,
            due_ms=context.time_ms + line.ship_within_ms,
            paid_minor=line.total_minor,
            held_minor=line.total_minor,
        )
        for line in order.lines
    ]
    return altered(order, lines=tuple(lines), payer=payer, paid_ms=context.time_ms)


def settle(
    context: Context, order: Order, shares: Sequence[tuple[int, int]], money: Money
) -> Order:
    """Release or refund (line index, amount) pairs; a line that holds nothing more has ended."""
    recipient = order.seller if money is Money.RELEASE else order.payer
    assert recipient is not None
    lines, total_minor = list(order.lines), 0
    for index, amount_minor in shares:
        lines[index] = _settled(lines[index], amount_minor, money)
        total_minor += amount_minor
    credit(context, recipient, order.symbol, total_minor)
    return altered(order, lines=tuple(lines))


def _settled(line: OrderLine, amount_minor: int, money: Money) -> OrderLine:
    released, refunded = line.released_minor, line.refunded_minor
    match money:
        case Money.RELEASE:
            released += amount_minor
        case Money.REFUND:
            refunded += amount_minor
        case Money.HOLD | Money.STAYS:
            raise AssertionError
    held = line.held_minor - amount_minor
    assert held >= 0
    state = line.state
    if held == 0:
        state = (State.RELEASED if released else State.REFUNDED).value
    return altered(
        line, held_minor=held, released_minor=released, refunded_minor=refunded, state=state
    )


def end_unshipped(context: Context, order: Order, indexes: Sequence[int], edge: Edge) -> Order:
    """Take the units in no parcel out of lines of one state: refund if paid, and the stock back."""
    shares = []
    for index in indexes:
        line = order.lines[index]
        units = line.unshipped
        if edge.money is Money.REFUND:
            # Parcels take the first units, so what is left are the last ones.
            shares.append((index, line.share_minor(line.shipped, units)))
        # Units in parcels go on by the parcels' own states.
        state = (State.IN_TRANSIT if line.shipped else edge.target).value
        ended = altered(line, cancelled=line.cancelled + units, state=state, due_ms=None)
        order = order.replaced(index, ended)
        if edge.stock_back:
            return_stock(context, line.listing_id, units)
    return settle(context, order, shares, edge.money) if shares else order
