"""Invariant 10: a review exists, so its line has settled with net paid > 0, or it is void."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.audit import full_check
from commerce.orders import ORDERS
from commerce.reviews.invariant import check_reviews
from commerce.reviews.records import REVIEWS, Review, line_part
from tests.commerce.reviews.reviewing import posted, refund_all, review_of
from tests.commerce.shop import Shop
from tests.commerce.world import account

Slip = Callable[[Shop, Overlay, bytes], None]


def exchanged(overlay: Overlay, order_id: bytes, review: Review, line: int = 0) -> None:
    """Write a record that no handler would."""
    REVIEWS.store(overlay, review, order_id, line_part(line))


def of_no_line(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    exchanged(overlay, order_id, review_of(shop, order_id), line=1)


def of_another_buyer(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    review = replace(review_of(shop, order_id), buyer=account("friend"))
    exchanged(overlay, order_id, review)


def of_an_unpaid_line(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    exchanged(overlay, shop.order((shop.tea, 1)), review_of(shop, order_id))


def of_money_in_escrow(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    exchanged(overlay, shop.paid((shop.tea, 1)), review_of(shop, order_id))


def not_voided(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    """A full refund after the sale that told the reviews nothing."""
    refunded = refund_all(shop, order_id).changes[ORDERS.key(order_id)]
    assert refunded is not None
    overlay.put(ORDERS.key(order_id), refunded)


def of_nothing(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    exchanged(overlay, order_id, replace(review_of(shop, order_id), paid_minor=0))


def scores_lost(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    exchanged(overlay, order_id, replace(review_of(shop, order_id), scores=None))


SLIPS = [
    *(of_no_line, of_another_buyer, of_an_unpaid_line, of_money_in_escrow),
    *(not_voided, of_nothing, scores_lost),
]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_a_review_of_what_was_not_paid_for_is_noticed(slip: Slip) -> None:
    shop = Shop()
    order_id = posted(shop)
    overlay = Overlay(shop.state)
    slip(shop, overlay, order_id)
    with pytest.raises(InvariantBreach):
        full_check(overlay)


def test_a_voided_review_is_as_it_should_be() -> None:
    shop = Shop()
    order_id = posted(shop)
    full_check(refund_all(shop, order_id))


def test_a_review_outlives_an_order_that_has_left_for_the_history() -> None:
    shop = Shop()
    order_id = posted(shop)
    overlay = Overlay(shop.state)
    ORDERS.remove(overlay, order_id)
    check_reviews(overlay)
