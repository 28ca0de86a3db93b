"""Reviews as records: one for each order line, under the order's id and the line's index.

A review holds hashes; its words and pictures lie where its author put them. `void_ms` and `hidden`
are set once and stay: a review never leaves the state.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.codec import Amount, Hash, Range, Size, Text, TimeMs
from chain.crypto import HASH_SIZE
from chain.state import StateReader, Table
from commerce.money import Symbol
from commerce.orders import LineIndex, OrderLine
from commerce.products import Gtin
from commerce.reviews.errors import ReviewUnknown

APPENDS_MAX = 3
REPLIES_MAX = 3

Stars = Annotated[int, Range(1, 5)]
Reason = Annotated[str, Size(min=1, max=512)]


@dataclass(frozen=True, slots=True)
class Scores:
    """One to five stars in each of three dimensions."""

    goods: Stars
    service: Stars
    logistics: Stars


@dataclass(frozen=True, slots=True)
class Note:
    """Something said later; `content` is the hash of the words."""

    content: Hash
    time_ms: TimeMs


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Who hid a review, when, by which legal order (the document's hash) and why.

    `review` = H("review", the record as it was): whoever kept what was hidden can prove that it
    stood here.
    """

    regulator: Hash
    time_ms: TimeMs
    legal_order: Hash
    reason: Text
    review: Hash


@dataclass(frozen=True, slots=True)
class Review:
    """What a buyer says of a line. `paid_minor` > 0 is what the seller had of it when it was
    posted. `void_ms` is set when the line was refunded in full: from then on it weighs nothing.
    Under a tombstone there are no scores and no hashes of words.
    """

    buyer: Hash
    seller: Hash
    listing_id: Hash
    gtin: Gtin
    symbol: Symbol
    paid_minor: Amount
    scores: Scores | None
    content: Hash | None
    posted_ms: TimeMs
    append_until_ms: TimeMs
    appends: Annotated[tuple[Note, ...], Size(max=APPENDS_MAX)]
    replies: Annotated[tuple[Note, ...], Size(max=REPLIES_MAX)]
    void_ms: TimeMs | None
    hidden: Tombstone | None


@dataclass(frozen=True, slots=True)
class ReviewedLine:
    """Whose review it is, as a key reads."""

    order_id: Hash
    line: LineIndex


REVIEWS: Table[Review] = Table("review", Review)


def line_part(line: int) -> bytes:
    """The key part of a line's index."""
    return bytes((line,))


def reviewed_line(key: bytes) -> ReviewedLine:
    """What a key of `REVIEWS` names."""
    return ReviewedLine(key[:HASH_SIZE], key[HASH_SIZE])


def load_review(state: StateReader, order_id: bytes, line: int) -> Review:
    """The review, or `ReviewUnknown`."""
    review = REVIEWS.load(state, order_id, line_part(line))
    if review is None:
        msg = f"line {line} of order {order_id.hex()} has no review"
        raise ReviewUnknown(msg)
    return review


def is_settled(line: OrderLine) -> bool:
    """Was the line paid, and is the money of all its units released or refunded?"""
    return line.paid_minor > 0 and line.settled == line.quantity


def net_paid_minor(line: OrderLine) -> int:
    """What the seller has of the line: released, less what was refunded after its release.

    A refund after the release moves its amount from `released_minor` to `refunded_minor`, so that
    paid = held + released + refunded stays true.
    """
    return line.released_minor
