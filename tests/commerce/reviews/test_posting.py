"""Rules of review.post, append and reply; how the right is minted, used and burned."""

from dataclasses import replace

import pytest

from chain.crypto import sha256
from chain.errors import OperationMalformed
from chain.state import Overlay
from commerce.registry import operation
from commerce.reviews.posting import ReviewAppend, ReviewPost, ReviewReply
from commerce.reviews.records import APPENDS_MAX, REPLIES_MAX, REVIEWS, Note, Scores
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.reviews.reviewing import (
    GOOD,
    WORDS,
    bought,
    posted,
    refund_all,
    review_of,
)
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, Sent, account

POST, APPEND, REPLY = "review.post", "review.append", "review.reply"
NOWHERE = bytes(32)
MORE = sha256(b"after a month")


def posting(shop: Shop) -> list[Row]:
    """A settled line, a half settled one, one refunded in full, one unpaid."""
    settled = bought(shop, (shop.tea, 2), (shop.cake, 1))
    half = shop.paid((shop.tea, 2))
    shop.confirm(shop.ship(half, (0, 1)))
    unpaid = shop.order((shop.tea, 1))
    back = shop.paid((shop.tea, 1))
    shop.cancel(back, with_=("merchant",))

    def of(order_id: bytes, line: int = 0) -> ReviewPost:
        return ReviewPost(order_id, line, GOOD, WORDS)

    # fmt: off
    return [
        #       sender      type  payload           outcome
        Attempt("buyer",    POST, of(NOWHERE),  (), "OrderUnknown"),
        Attempt("merchant", POST, of(settled),  (), "NotTheBuyer"),
        Attempt("friend",   POST, of(half, 9),  (), "NotTheBuyer"),
        Attempt("buyer",    POST, of(half, 1),  (), "LineUnknown"),
        Attempt("buyer",    POST, of(half),     (), "LineUnsettled"),
        Attempt("buyer",    POST, of(unpaid),   (), "LineUnsettled"),
        Attempt("buyer",    POST, of(back),     (), "NothingPaid"),
        Attempt("buyer",    POST, of(settled),  (), "ok"),
        Attempt("buyer",    POST, of(settled),  (), "ReviewExists"),
        Attempt("buyer",    POST, of(settled, 1), (), "ok"),
        Do(lambda _: shop.confirm(shop.ship(half))),
        Attempt("buyer",    POST, of(half),     (), "ok"),
        Attempt("buyer",    POST, of(half),     (), "ReviewExists"),
    ]
    # fmt: on


def test_the_buyer_reviews_a_settled_line_once() -> None:
    shop = Shop()
    play(shop, posting(shop))


def appending(shop: Shop) -> list[Row]:
    """A review, and one that a legal order has hidden; the clock of 180 days."""
    order_id = posted(shop)
    append = ReviewAppend(order_id, 0, MORE)
    # fmt: off
    return [
        #       sender      type    payload                            outcome
        Attempt("friend",   APPEND, ReviewAppend(order_id, 1, MORE), (), "ReviewUnknown"),
        Attempt("merchant", APPEND, append,                          (), "NotTheBuyer"),
        *[Attempt("buyer",  APPEND, append,                          (), "ok")] * APPENDS_MAX,
        Attempt("buyer",    APPEND, append,                          (), "TooManyAppends"),
        Wait(180 * DAY_MS),
        Attempt("buyer",    APPEND, append,                          (), "TooManyAppends"),
        Wait(1),
        Attempt("buyer",    APPEND, append,                          (), "AppendWindowOver"),
    ]
    # fmt: on


def test_a_buyer_appends_three_times_within_180_days() -> None:
    shop = Shop()
    play(shop, appending(shop))


def test_the_last_moment_of_the_window_counts() -> None:
    shop = Shop()
    order_id = posted(shop)
    shop.wait(180 * DAY_MS)
    shop.done("buyer", (APPEND, ReviewAppend(order_id, 0, MORE)))
    assert review_of(shop, order_id).appends == (Note(MORE, shop.time_ms),)


def replying(shop: Shop) -> list[Row]:
    """A review that the seller answers."""
    order_id = posted(shop)
    reply = ReviewReply(order_id, 0, MORE)
    # fmt: off
    return [
        #       sender      type   payload                           outcome
        Attempt("merchant", REPLY, ReviewReply(order_id, 7, MORE), (), "ReviewUnknown"),
        Attempt("buyer",    REPLY, reply,                          (), "NotTheSeller"),
        Attempt("rival",    REPLY, reply,                          (), "NotTheSeller"),
        *[Attempt("merchant", REPLY, reply,                        (), "ok")] * REPLIES_MAX,
        Attempt("merchant", REPLY, reply,                          (), "TooManyReplies"),
    ]
    # fmt: on


def test_the_seller_replies_three_times() -> None:
    shop = Shop()
    play(shop, replying(shop))


def test_stars_alone_are_a_review_and_the_event_tells_them() -> None:
    shop = Shop()
    order_id = bought(shop)
    (told,) = shop.done("buyer", (POST, ReviewPost(order_id, 0, GOOD, None)))
    assert told.type == "review.posted"
    assert [told.data[name] for name in ("goods", "service", "logistics")] == [5, 4, 3]
    review = review_of(shop, order_id)
    assert (review.scores, review.content, review.paid_minor) == (GOOD, None, 1_000)
    assert (review.buyer, review.seller) == (account("buyer"), account("merchant"))
    assert (review.listing_id, review.posted_ms) == (shop.tea, shop.time_ms)


def test_stars_outside_one_to_five_are_no_review() -> None:
    shop = Shop()
    order_id = bought(shop)
    for stars in (0, 6):
        wrong = ReviewPost(order_id, 0, replace(GOOD, service=stars), None)
        with pytest.raises(OperationMalformed, match="service"):
            shop.transaction(Sent("buyer", (operation(POST, wrong),)))


def test_what_was_refunded_in_part_is_reviewed_by_what_the_seller_kept() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    shop.confirm(shop.ship(order_id, (0, 1)))
    shop.cancel(order_id, with_=("merchant",))
    shop.done("buyer", (POST, ReviewPost(order_id, 0, Scores(1, 1, 1), None)))
    assert review_of(shop, order_id).paid_minor == 1_000


def burned(shop: Shop) -> list[Row]:
    """A reviewed line and an unreviewed one, both refunded in full after the sale."""
    reviewed, other = posted(shop), bought(shop)
    for order_id in (reviewed, other):
        shop.state.write(refund_all(shop, order_id).changes)
    append, reply = ReviewAppend(reviewed, 0, MORE), ReviewReply(reviewed, 0, MORE)
    # fmt: off
    return [
        #       sender      type    payload                              outcome
        Attempt("buyer",    POST,   ReviewPost(other, 0, GOOD, WORDS), (), "NothingPaid"),
        Attempt("buyer",    POST,   ReviewPost(reviewed, 0, GOOD, None), (), "ReviewExists"),
        Attempt("buyer",    APPEND, append,                            (), "ReviewVoid"),
        Attempt("merchant", REPLY,  reply,                             (), "ok"),
    ]
    # fmt: on


def test_a_full_refund_burns_the_right_and_voids_the_review() -> None:
    shop = Shop()
    # Its refund moves no money here: that is the after-sale's part.
    shop.audited = False
    play(shop, burned(shop))
    voided = [review for _, review in REVIEWS.items(shop.state)]
    assert [review.void_ms for review in voided] == [shop.time_ms]


def test_a_line_is_voided_once_and_only_if_it_was_reviewed() -> None:
    shop = Shop()
    order_id = posted(shop)
    first = refund_all(shop, order_id)
    shop.state.write(first.changes)
    shop.time_ms += 1
    assert review_of(shop, order_id).void_ms == shop.time_ms - 1
    shop.state.write(refund_all(shop, order_id).changes)
    assert review_of(shop, order_id).void_ms == shop.time_ms - 1
    unreviewed = refund_all(shop, bought(shop))
    assert isinstance(unreviewed, Overlay)
    assert [key for key in unreviewed.changes if key.startswith(b"review/")] == []


def test_a_seller_of_the_same_name_in_another_order_has_no_say() -> None:
    shop = Shop()
    mine, other = posted(shop), posted(shop, buyer="friend")
    receipt = shop.send("buyer", (APPEND, ReviewAppend(other, 0, MORE)))
    assert receipt.status == "NotTheBuyer"
    shop.done("friend", (APPEND, ReviewAppend(other, 0, MORE)))
    assert review_of(shop, mine).appends == ()
