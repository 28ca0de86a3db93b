"""Laying an order's coupons on its lines: when it is created, and when its price is lowered."""

from chain.state import StateReader
from commerce.catalogue.coupons import Basket, Priced, allocate
from commerce.orders import Order
from commerce.records import altered


def with_coupons(state: StateReader, order: Order) -> Order:
    """The order with what its coupons' funders pay of each line, as its lines cost now.

    `CouponIneligible` or `CouponMinimumMissed` if one can't be taken.
    """
    priced = [Priced(line.listing_id, line.gtin, line.total_minor) for line in order.lines]
    basket = Basket(order.buyer, order.seller, order.symbol, priced)
    fundings = allocate(state, order.coupons, basket)
    lines = [
        altered(line, funding=funding) for line, funding in zip(order.lines, fundings, strict=True)
    ]
    return altered(order, lines=tuple(lines))
