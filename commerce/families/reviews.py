"""Reviews: what buyers say of what they bought, what sellers answer, what a legal order hides."""

from commerce.reviews.hiding import ReviewHide, review_hide
from commerce.reviews.posting import (
    ReviewAppend,
    ReviewPost,
    ReviewReply,
    review_append,
    review_post,
    review_reply,
)
from commerce.transaction_types import SystemTransition, TransactionType

TYPES = (
    TransactionType("review.post", ReviewPost, review_post, "B"),
    TransactionType("review.append", ReviewAppend, review_append, "B"),
    TransactionType("review.reply", ReviewReply, review_reply, "S"),
    TransactionType("review.hide", ReviewHide, review_hide, "R"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
