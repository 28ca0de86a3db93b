"""Saying something of what was bought: review.post, review.append, review.reply.

The right to review a line is minted when the line has settled and its seller has kept something of
what was paid (`net_paid_minor`); it is used once. It needs no record of its own: it follows from
the line and from whether the review exists.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash
from chain.context import Context, event
from commerce.errors import LineUnknown, NotTheBuyer, NotTheSeller, OrderUnknown
from commerce.escrow import State
from commerce.orders import LineIndex, Order, OrderLine, line_of, load_order
from commerce.records import altered
from commerce.refusals import refuses
from commerce.reviews.errors import (
    AppendWindowOver,
    LineUnsettled,
    NothingPaid,
    ReviewExists,
    ReviewHidden,
    ReviewUnknown,
    ReviewVoid,
    TooManyAppends,
    TooManyReplies,
)
from commerce.reviews.indexes import index_review
from commerce.reviews.records import (
    APPENDS_MAX,
    REPLIES_MAX,
    REVIEWS,
    Note,
    Review,
    Scores,
    is_settled,
    line_part,
    load_review,
    net_paid_minor,
)
from commerce.shanghai import DAY_MS

# As on the large marketplaces: what one says after half a year is of another thing.
APPEND_WITHIN_MS = 180 * DAY_MS


@dataclass(frozen=True, slots=True)
class ReviewPost:
    """`scores` are 1 to 5 for goods, service and logistics; `content` is the hash of the words and
    pictures, None for stars alone.
    """

    order_id: Hash
    line: LineIndex
    scores: Scores
    content: Hash | None


@dataclass(frozen=True, slots=True)
class ReviewAppend:
    """`content` is the hash of what the buyer adds; the scores stay."""

    order_id: Hash
    line: LineIndex
    content: Hash


@dataclass(frozen=True, slots=True)
class ReviewReply:
    """`content` is the hash of what the seller answers."""

    order_id: Hash
    line: LineIndex
    content: Hash


@refuses(OrderUnknown, NotTheBuyer, LineUnknown, ReviewExists, LineUnsettled, NothingPaid)
def review_post(op: ReviewPost, context: Context) -> tuple[Event, ...]:
    """Review a line, once: it has settled, and the seller has kept something of its price."""
    order = load_order(context.state, op.order_id)
    if context.sender != order.buyer:
        msg = "only the buyer reviews"
        raise NotTheBuyer(msg)
    line = line_of(order, op.line)
    if REVIEWS.load(context.state, op.order_id, line_part(op.line)) is not None:
        msg = f"line {op.line} was reviewed before"
        raise ReviewExists(msg)
    if not is_settled(line):
        msg = f"line {op.line}: {line.settled} of {line.quantity} units are settled"
        raise LineUnsettled(msg)
    if net_paid_minor(line) == 0:
        msg = f"line {op.line}: all of {line.paid_minor} was refunded"
        raise NothingPaid(msg)
    review = _review(op, context, order, line)
    REVIEWS.store(context.state, review, op.order_id, line_part(op.line))
    index_review(context, op.order_id, op.line, review)
    posted = event(
        "review.posted",
        order_id=op.order_id,
        line=op.line,
        buyer=review.buyer,
        seller=review.seller,
        listing_id=review.listing_id,
        gtin=review.gtin,
        goods=op.scores.goods,
        service=op.scores.service,
        logistics=op.scores.logistics,
    )
    return (posted,)


@refuses(ReviewUnknown, NotTheBuyer, ReviewHidden, ReviewVoid, AppendWindowOver, TooManyAppends)
def review_append(op: ReviewAppend, context: Context) -> tuple[Event, ...]:
    """Add to one's review, at most `APPENDS_MAX` times within 180 days."""
    review = load_review(context.state, op.order_id, op.line)
    if context.sender != review.buyer:
        msg = "only who posted the review appends to it"
        raise NotTheBuyer(msg)
    _require_shown(review)
    if review.void_ms is not None:
        msg = "the line was refunded in full"
        raise ReviewVoid(msg)
    if context.time_ms > review.append_until_ms:
        msg = f"appending ended at {review.append_until_ms} ms"
        raise AppendWindowOver(msg)
    if len(review.appends) >= APPENDS_MAX:
        msg = f"{APPENDS_MAX} times at most"
        raise TooManyAppends(msg)
    appends = (*review.appends, Note(op.content, context.time_ms))
    said = altered(review, appends=appends)
    REVIEWS.store(context.state, said, op.order_id, line_part(op.line))
    return (_noted("review.appended", op.order_id, op.line, review, len(appends)),)


@refuses(ReviewUnknown, NotTheSeller, ReviewHidden, TooManyReplies)
def review_reply(op: ReviewReply, context: Context) -> tuple[Event, ...]:
    """Answer a review, at most `REPLIES_MAX` times."""
    review = load_review(context.state, op.order_id, op.line)
    if context.sender != review.seller:
        msg = "only the seller replies"
        raise NotTheSeller(msg)
    _require_shown(review)
    if len(review.replies) >= REPLIES_MAX:
        msg = f"{REPLIES_MAX} times at most"
        raise TooManyReplies(msg)
    replies = (*review.replies, Note(op.content, context.time_ms))
    answered = altered(review, replies=replies)
    REVIEWS.store(context.state, answered, op.order_id, line_part(op.line))
    return (_noted("review.replied", op.order_id, op.line, review, len(replies)),)


def line_refunded(context: Context, order_id: bytes, line: int) -> tuple[Event, ...]:
    """All units of a line were refunded: its review, if there is one, weighs nothing from now on.

    Called wherever the last of a line's money goes back. Without a review there is nothing to do:
    the right to post one is gone by itself, since nothing is paid.
    """
    review = REVIEWS.load(context.state, order_id, line_part(line))
    if review is None or review.void_ms is not None:
        return ()
    void = altered(review, void_ms=context.time_ms)
    REVIEWS.store(context.state, void, order_id, line_part(line))
    voided = event(
        "review.voided", order_id=order_id, line=line, buyer=review.buyer, seller=review.seller
    )
    return (voided,)


def reviews_voided(
    context: Context, order_id: bytes, order: Order, indexes: Iterable[int]
) -> tuple[Event, ...]:
    """`line_refunded` for those of these lines of which nothing is paid any more."""
    refunded = [index for index in indexes if order.lines[index].state == State.REFUNDED]
    return tuple([told for index in refunded for told in line_refunded(context, order_id, index)])


def _review(op: ReviewPost, context: Context, order: Order, line: OrderLine) -> Review:
    append_ms = context.chain.genesis.scaled_ms(APPEND_WITHIN_MS)
    return Review(
        buyer=order.buyer,
        seller=order.seller,
        listing_id=line.listing_id,
        gtin=line.gtin,
        symbol=order.symbol,
        paid_minor=net_paid_minor(line),
        scores=op.scores,
        content=op.content,
        posted_ms=context.time_ms,
        append_until_ms=context.time_ms + append_ms,
        appends=(),
        replies=(),
        void_ms=None,
        hidden=None,
    )


def _require_shown(review: Review) -> None:
    if review.hidden is not None:
        msg = "the review is hidden by a legal order"
        raise ReviewHidden(msg)


def _noted(name: str, order_id: bytes, line: int, review: Review, count: int) -> Event:
    return event(
        name, order_id=order_id, line=line, buyer=review.buyer, seller=review.seller, count=count
    )
