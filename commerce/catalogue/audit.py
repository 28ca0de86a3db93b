"""Coupons checked from nothing: what was drawn is what paid orders hold, and within the terms."""

from collections import Counter

from chain.state import StateReader
from commerce.catalogue.coupons import BUYER_USES, COUPON_USES, CouponUse, load_coupon
from commerce.catalogue.drawing import drawings_of
from commerce.checks import require
from commerce.orders import ORDERS

_ID_WIDTH = 32


def check_coupons(state: StateReader) -> None:
    """`InvariantBreach` unless budgets and uses are those of the orders that were paid."""
    spent: Counter[bytes] = Counter()
    uses: Counter[bytes] = Counter()
    by_buyer: Counter[bytes] = Counter()
    for _, order in ORDERS.items(state):
        if order.paid_ms is None:
            continue
        for drawing in drawings_of(order.lines):
            spent[drawing.coupon_id] += drawing.amount_minor
            uses[drawing.coupon_id] += 1
            by_buyer[drawing.coupon_id + order.buyer] += 1
    found = dict(COUPON_USES.items(state))
    drawn = {coupon_id: CouponUse(spent[coupon_id], uses[coupon_id]) for coupon_id in uses}
    require(found == drawn, "what was drawn from a coupon is what paid orders took")
    counted = {key: used.orders for key, used in BUYER_USES.items(state)}
    require(counted == dict(by_buyer), "a buyer's uses of a coupon are its paid orders")
    for coupon_id, use in found.items():
        terms = load_coupon(state, coupon_id).terms
        require(use.spent_minor <= terms.budget_minor, "no coupon exceeds its budget")
    for key, orders in counted.items():
        terms = load_coupon(state, key[:_ID_WIDTH]).terms
        require(orders <= terms.uses_per_buyer, "no buyer exceeds its uses of a coupon")
