"""Secondary indexes of reviews, and the flows of money that their weights are computed from.

All of it is derived and outside the state root, as in commerce/indexes.py: no rule reads it, and
executing the blocks again (`hushang verify-chain`) writes the very same rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from chain.context import Context
from chain.crypto import HASH_SIZE
from chain.state import u64
from commerce.money import asset_part, symbol_of
from commerce.reviews.records import Review, line_part

# listing ‖ height ‖ order id ‖ line → empty.
LISTING_REVIEW = b"listing-review/"
# GTIN, 14 digits ‖ height ‖ order id ‖ line → empty.
GTIN_REVIEW = b"gtin-review/"
# seller ‖ height ‖ order id ‖ line → empty.
SELLER_REVIEW = b"seller-review/"
# buyer ‖ height ‖ order id ‖ line → empty.
BUYER_REVIEW = b"buyer-review/"
# taker ‖ giver ‖ height ‖ receipt id ‖ operation ‖ asset part → amount: money that went from one
# account to another by their own will, or was issued. Orders are not among it: the state has them.
MONEY_FLOW = b"money-flow/"

_HEIGHT_SIZE = 8


class IndexReader(Protocol):
    """The rows of the secondary index under a prefix."""

    def rows(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """(key with its prefix, value) in key order."""
        ...


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that one account gave another."""

    giver: bytes
    taker: bytes
    symbol: str
    amount_minor: int


def index_review(context: Context, order_id: bytes, line: int, review: Review) -> None:
    """A new review by listing, product, seller and buyer."""
    tail = u64(context.height) + order_id + line_part(line)
    context.index(LISTING_REVIEW + review.listing_id + tail, b"")
    context.index(GTIN_REVIEW + review.gtin.encode() + tail, b"")
    context.index(SELLER_REVIEW + review.seller + tail, b"")
    context.index(BUYER_REVIEW + review.buyer + tail, b"")


def index_flow(
    context: Context, giver: bytes, taker: bytes, symbol: str, amount_minor: int
) -> None:
    """The giver's money became the taker's, outside an order; once for an operation and asset."""
    place = u64(context.height) + context.receipt_id + bytes((context.operation_index,))
    key = MONEY_FLOW + taker + giver + place + asset_part(symbol)
    context.index(key, u64(amount_minor))


def flows(index: IndexReader) -> Iterator[Flow]:
    """Every flow, by taker."""
    taker_at = len(MONEY_FLOW)
    giver_at = taker_at + HASH_SIZE
    place_at = giver_at + HASH_SIZE
    symbol_at = place_at + _HEIGHT_SIZE + HASH_SIZE + 1
    for key, value in index.rows(MONEY_FLOW):
        yield Flow(
            giver=key[giver_at:place_at],
            taker=key[taker_at:giver_at],
            symbol=symbol_of(key[symbol_at:]),
            amount_minor=int.from_bytes(value, "big"),
        )


def split_review_place(rest: bytes) -> tuple[bytes, int]:
    """Order id and line of an index key that ends in height, order id and line."""
    assert len(rest) == _HEIGHT_SIZE + HASH_SIZE + 1
    return rest[_HEIGHT_SIZE:-1], rest[-1]
