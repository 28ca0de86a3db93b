"""Invariant 10 of commerce.md, over the whole state: what is reviewed was paid for."""

from chain.state import StateReader
from commerce.checks import require
from commerce.orders import ORDERS, Order
from commerce.parcels import PARCELS
from commerce.reviews.records import (
    REVIEWS,
    Review,
    ReviewedLine,
    is_settled,
    net_paid_minor,
    reviewed_line,
)


def check_reviews(state: StateReader) -> None:
    """`InvariantBreach` unless each review's line has settled with net paid > 0, or it is void.

    An order that has left the state for the history was settled before it could.
    """
    for key, review in REVIEWS.items(state):
        reviewed = reviewed_line(key)
        order = ORDERS.load(state, reviewed.order_id)
        if order is not None:
            _check_review(state, review, order, reviewed)


def _is_exchanged(state: StateReader, reviewed: ReviewedLine) -> bool:
    return any(
        parcel.exchange and any(entry.line == reviewed.line for entry in parcel.lines)
        for _, parcel in PARCELS.items(state)
        if parcel.order_id == reviewed.order_id
    )


def _check_review(state: StateReader, review: Review, order: Order, reviewed: ReviewedLine) -> None:
    index = reviewed.line
    require(index < len(order.lines), "a review is of a line that exists")
    line = order.lines[index]
    require((review.buyer, review.seller) == (order.buyer, order.seller), "a buyer reviews")
    # What the seller had got for goods that were exchanged is in escrow once more.
    again = line.held_minor > 0 and _is_exchanged(state, reviewed)
    require(is_settled(line) or again, "a reviewed line has settled")
    require(review.paid_minor > 0, "a review was posted of what was paid for")
    counts = review.void_ms is None
    paid = net_paid_minor(line) > 0 or again
    require(not counts or paid, "a review is void if all was refunded")
    is_hidden = review.hidden is not None
    require(is_hidden == (review.scores is None), "under a tombstone there are no scores")
