"""What the API shows of a review."""

import pytest

from chain.crypto import sha256
from commerce.reviews.errors import ReviewUnknown
from commerce.reviews.hiding import ReviewHide
from commerce.reviews.posting import APPEND_WITHIN_MS, ReviewAppend, ReviewReply
from commerce.reviews.records import Note
from commerce.reviews.views import review_view
from tests.commerce.reviews.reviewing import COURT, GOOD, WORDS, posted, refund_all
from tests.commerce.shop import PRICE_MINOR, TEA, Shop
from tests.commerce.world import account

LATER = sha256(b"later")


def test_a_review_shows_scores_hashes_and_what_was_said_since() -> None:
    shop = Shop()
    order_id = posted(shop)
    posted_ms = shop.time_ms
    shop.time_ms += 1_000
    shop.done("buyer", ("review.append", ReviewAppend(order_id, 0, LATER)))
    shop.done("merchant", ("review.reply", ReviewReply(order_id, 0, LATER)))
    view = review_view(shop.state, order_id, 0)
    assert (view.order_id, view.line, view.gtin) == (order_id, 0, TEA)
    assert (view.scores, view.content) == (GOOD, WORDS)
    assert (view.symbol, view.decimals, view.paid_minor) == ("CNY", 2, PRICE_MINOR)
    assert view.append_until_ms == posted_ms + APPEND_WITHIN_MS
    assert view.appends == view.replies == (Note(LATER, shop.time_ms),)
    assert (view.void, view.void_ms, view.hidden) == (False, None, None)


def test_a_void_review_says_since_when() -> None:
    shop = Shop()
    order_id = posted(shop)
    view = review_view(refund_all(shop, order_id), order_id, 0)
    assert (view.void, view.void_ms, view.scores) == (True, shop.time_ms, GOOD)


def test_a_hidden_review_shows_its_tombstone_alone() -> None:
    shop = Shop()
    order_id = posted(shop)
    shop.done("regulator", ("review.hide", ReviewHide(order_id, 0, COURT, "a court says so")))
    view = review_view(shop.state, order_id, 0)
    assert (view.scores, view.content, view.appends, view.replies) == (None, None, (), ())
    assert view.hidden is not None
    assert (view.hidden.regulator, view.hidden.reason) == (account("regulator"), "a court says so")


def test_a_line_without_a_review_is_unknown() -> None:
    shop = Shop()
    order_id = posted(shop)
    with pytest.raises(ReviewUnknown):
        review_view(shop.state, order_id, 1)
