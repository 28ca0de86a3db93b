"""Short words for tests of reviews: a settled line, and what is said of it."""

from collections.abc import Iterator
from dataclasses import replace

from chain.context import Context
from chain.crypto import sha256
from chain.state import Overlay
from commerce.orders import ORDERS
from commerce.records import altered
from commerce.reviews.posting import ReviewPost, line_refunded
from commerce.reviews.records import Review, Scores, load_review
from tests.commerce.shop import Shop

GOOD = Scores(5, 4, 3)
WORDS = sha256(b"good tea, slow carrier")
COURT = sha256(b"ruling 2026-17")


def bought(shop: Shop, *lines: tuple[bytes, int], buyer: str = "buyer") -> bytes:
    """An order whose lines have settled."""
    order_id = shop.paid(*(lines or ((shop.tea, 1),)), buyer=buyer)
    shop.confirm(shop.ship(order_id), buyer=buyer)
    return order_id


def posted(shop: Shop, scores: Scores = GOOD, buyer: str = "buyer") -> bytes:
    """An order whose first line has settled and was reviewed."""
    order_id = bought(shop, buyer=buyer)
    shop.done(buyer, ("review.post", ReviewPost(order_id, 0, scores, WORDS)))
    return order_id


def review_of(shop: Shop, order_id: bytes, line: int = 0) -> Review:
    """The record."""
    return load_review(shop.state, order_id, line)


def refund_all(shop: Shop, order_id: bytes, index: int = 0) -> Overlay:
    """What is written when all of a released line goes back to its payer after the sale."""
    overlay = Overlay(shop.state)
    order = shop.load(order_id)
    line = order.lines[index]
    back = altered(line, released_minor=0, refunded_minor=line.paid_minor, state="REFUNDED")
    ORDERS.store(overlay, order.replaced(index, back), order_id)
    context = Context(overlay, shop.chain, shop.height + 1, shop.time_ms)
    line_refunded(context, order_id, index)
    return overlay


def scored(stars: int) -> Scores:
    """The same in each dimension."""
    return replace(GOOD, goods=stars, service=stars, logistics=stars)


class Rows:
    """The index of a world."""

    def __init__(self, shop: Shop) -> None:
        self._rows = shop.indexes

    def rows(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """In key order."""
        yield from sorted(pair for pair in self._rows.items() if pair[0].startswith(prefix))
