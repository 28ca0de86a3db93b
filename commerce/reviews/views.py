"""What the API shows of reviews: pure reads of the agreed state.

Under a tombstone neither scores nor hashes of words are shown: they have left the state.
"""

from dataclasses import dataclass

from chain.codec import Hash
from chain.state import StateReader
from commerce.money import load_asset
from commerce.reviews.records import Note, Scores, Tombstone, load_review


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review of a line. `content` and those of the notes are hashes of words and pictures; `void`
    tells that the line was refunded in full, `hidden` that a legal order took the review away.
    """

    order_id: Hash
    line: int
    buyer: Hash
    seller: Hash
    listing_id: Hash
    gtin: str
    symbol: str
    decimals: int
    paid_minor: int
    scores: Scores | None
    content: Hash | None
    posted_ms: int
    append_until_ms: int
    appends: tuple[Note, ...]
    replies: tuple[Note, ...]
    void: bool
    void_ms: int | None
    hidden: Tombstone | None


def review_view(state: StateReader, order_id: bytes, line: int) -> ReviewView:
    """The review of a line, or `ReviewUnknown`."""
    review = load_review(state, order_id, line)
    return ReviewView(
        order_id=order_id,
        line=line,
        buyer=review.buyer,
        seller=review.seller,
        listing_id=review.listing_id,
        gtin=review.gtin,
        symbol=review.symbol,
        decimals=load_asset(state, review.symbol).decimals,
        paid_minor=review.paid_minor,
        scores=review.scores,
        content=review.content,
        posted_ms=review.posted_ms,
        append_until_ms=review.append_until_ms,
        appends=review.appends,
        replies=review.replies,
        void=review.void_ms is not None,
        void_ms=review.void_ms,
        hidden=review.hidden,
    )
