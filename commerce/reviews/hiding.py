"""Taking a review out of sight by a legal order: review.hide.

The tombstone says who, when, by which order and why. Scores and hashes leave the state, and the
review weighs nothing; but that it stood here remains provable: by the hash in the tombstone for
whoever kept the record, and by the transaction that posted it.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, encode
from chain.context import Context, event
from chain.crypto import tagged_hash
from commerce.accounts import share_controller
from commerce.errors import RoleMissing, SharedController
from commerce.orders import LineIndex
from commerce.records import altered
from commerce.refusals import refuses
from commerce.reviews.errors import ReviewHidden, ReviewUnknown
from commerce.reviews.records import REVIEWS, Reason, Review, Tombstone, line_part, load_review
from commerce.roles import require_role


@dataclass(frozen=True, slots=True)
class ReviewHide:
    """`legal_order` is the hash of the court's or authority's document; `reason` says why."""

    order_id: Hash
    line: LineIndex
    legal_order: Hash
    reason: Reason


@refuses(RoleMissing, ReviewUnknown, ReviewHidden, SharedController)
def review_hide(op: ReviewHide, context: Context) -> tuple[Event, ...]:
    """Put a tombstone in a review's place, as a regulator that is no party to it."""
    require_role(context.state, context.sender, "regulator")
    review = load_review(context.state, op.order_id, op.line)
    if review.hidden is not None:
        msg = f"hidden at {review.hidden.time_ms} ms"
        raise ReviewHidden(msg)
    for party in (review.buyer, review.seller):
        if share_controller(context.state, context.sender, party):
            msg = "nobody hides a review of its own, or of its own goods"
            raise SharedController(msg)
    tombstone = Tombstone(
        context.sender, context.time_ms, op.legal_order, op.reason, review_hash(review)
    )
    hidden = altered(review, scores=None, content=None, appends=(), replies=(), hidden=tombstone)
    REVIEWS.store(context.state, hidden, op.order_id, line_part(op.line))
    told = event(
        "review.hidden",
        order_id=op.order_id,
        line=op.line,
        regulator=context.sender,
        legal_order=op.legal_order,
        reason=op.reason,
        review=tombstone.review,
    )
    return (told,)


def review_hash(review: Review) -> bytes:
    """What a tombstone says of the record that it replaced."""
    return tagged_hash("review", encode(review))
