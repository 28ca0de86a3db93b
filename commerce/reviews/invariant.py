"""Invariant 10 of commerce.md, over the whole state: what is reviewed was paid for."""

from chain.errors import InvariantBreach
from chain.state import StateReader
from commerce.orders import ORDERS, Order
from commerce.reviews.records import REVIEWS, Review, is_settled, net_paid_minor, reviewed_line


def check_reviews(state: StateReader) -> None:
    """`InvariantBreach` unless each review's line has settled with net paid > 0, or it is void.

    An order that has left the state for the history was settled before it could.
    """
    for key, review in REVIEWS.items(state):
        reviewed = reviewed_line(key)
        order = ORDERS.load(state, reviewed.order_id)
        if order is not None:
            _check_review(review, order, reviewed.line)


def _check_review(review: Review, order: Order, index: int) -> None:
    _require(index < len(order.lines), "a review is of a line that exists")
    line = order.lines[index]
    _require((review.buyer, review.seller) == (order.buyer, order.seller), "a buyer reviews")
    _require(is_settled(line), "a reviewed line has settled")
    _require(review.paid_minor > 0, "a review was posted of what was paid for")
    counts = review.void_ms is None
    _require(not counts or net_paid_minor(line) > 0, "a review is void if all was refunded")
    is_hidden = review.hidden is not None
    _require(is_hidden == (review.scores is None), "under a tombstone there are no scores")


def _require(holds: bool, rule: str) -> None:  # noqa: FBT001 (reads like an assertion)
    if not holds:
        msg = f"not so: {rule}"
        raise InvariantBreach(msg)
