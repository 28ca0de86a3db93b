"""Money that was released to the seller and goes back: from its balance, its deposit, as a debt."""

from collections.abc import Sequence

from chain.context import Context
from commerce.deposits.debts import owe
from commerce.deposits.holding import unreserve
from commerce.deposits.waterfall import collect
from commerce.money import credit
from commerce.orders import Order
from commerce.records import altered
from commerce.settlement import Portion, ended_line, shares_of, worth_of


def recover(
    context: Context, order: Order, portions: Sequence[Portion], *, now_ms: int, ruled: bool
) -> tuple[Order, int]:
    """Refund what the seller had got; what isn't there now it owes to who paid. The order, and what
    was refunded at once. `ruled`: by a panel, so the mutual fund lends.

    What the seller itself had paid (a coupon of its own) it has back already: nobody collects that
    for it, and least of all from the mutual fund.
    """
    wanted_minor = worth_of(portions)
    freed_minor = min(order.reserved_minor, wanted_minor)
    unreserve(context, order.seller, order.symbol, freed_minor, ended_ms=now_ms)
    order = altered(order, reserved_minor=order.reserved_minor - freed_minor)
    shares = dict(shares_of(order, portions))
    refunded_minor = shares.pop(order.seller, 0)
    # The payer comes before the funders of coupons, and the fund answers for the payer alone.
    for creditor, amount_minor in shares.items():
        got_minor = collect(
            context,
            order.seller,
            order.symbol,
            amount_minor,
            ruled=ruled and creditor == order.payer,
            cap_minor=amount_minor,
        )
        credit(context, creditor, order.symbol, got_minor)
        owe(context, order.seller, order.symbol, creditor, amount_minor - got_minor)
        refunded_minor += got_minor
    lines = list(order.lines)
    for index, (low, high), _ in cut(portions, refunded_minor):
        line = lines[index]
        lines[index] = ended_line(
            altered(
                line,
                released_minor=line.released_minor - (high - low),
                refunded_minor=line.refunded_minor + (high - low),
            )
        )
    return altered(order, lines=tuple(lines)), refunded_minor


def cut(portions: Sequence[Portion], amount_minor: int) -> list[Portion]:
    """The first `amount_minor` of some portions."""
    first: list[Portion] = []
    for index, (low, high), units in portions:
        middle = min(high, low + amount_minor)
        amount_minor -= middle - low
        if middle > low:
            first.append((index, (low, middle), units))
    return first
