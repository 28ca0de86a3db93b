"""Reviews as the API shows them, and what a merchant's are worth."""

from dataclasses import dataclass

from pydantic import BaseModel

from chain.account import ACCOUNTS
from commerce.errors import AccountUnknown
from commerce.orders import ORDER_LINES_MAX
from commerce.reviews import indexes
from commerce.reviews.reputation import Reputation
from commerce.reviews.views import ReviewView, review_view
from node.api.paging import CURSOR, LIMIT, newest
from node.api.parameters import (
    Parameter,
    account_in_path,
    account_in_query,
    hash_bytes,
    hash_in_path,
    text_in_query,
    whole,
)
from node.api.problems import ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

ORDER = hash_in_path("order", "id of an order")
LINE: Parameter[int] = Parameter(
    "line",
    "path",
    whole(0, ORDER_LINES_MAX - 1),
    {"type": "integer", "minimum": 0, "maximum": ORDER_LINES_MAX - 1},
    "index of the order's line, from 0",
    0,
)
MERCHANT = account_in_path("account", "a merchant")


def _hash_or_none(text: str) -> bytes | None:
    return hash_bytes(text)


OF_LISTING: Parameter[bytes | None] = Parameter(
    "listing",
    "query",
    _hash_or_none,
    {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "reviews of what was bought from this listing",
    None,
)
OF_GTIN = text_in_query("gtin", "[0-9]{14}", "reviews of this product, a GTIN of 14 digits")
OF_MERCHANT = account_in_query("merchant", "reviews of this merchant")
BY_BUYER = account_in_query("buyer", "reviews by this buyer")


@dataclass(frozen=True, slots=True)
class ReviewsView:
    """Reviews, newest first."""

    reviews: tuple[ReviewView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ReputationView:
    """What a merchant's reviews are worth, as of a height: it may lag behind the newest block."""

    height: int
    reputation: Reputation


REVIEW_MODEL: type[BaseModel] = model_of(ReviewView)
REVIEWS_MODEL: type[BaseModel] = model_of(ReviewsView)
REPUTATION_MODEL: type[BaseModel] = model_of(ReputationView)


def read_review(call: Call) -> Reply:
    """GET /v1/reviews/{order}/{line}."""
    view = review_view(call.service.ledger.state, call.get(ORDER), call.get(LINE))
    return json_reply(render_fields(view))


def read_reviews(call: Call) -> Reply:
    """GET /v1/reviews?listing=, ?gtin=, ?merchant= or ?buyer=."""
    ledger = call.service.ledger
    found, following = newest(ledger, _prefix(call), call.get(CURSOR), call.get(LIMIT))
    places = [indexes.split_review_place(rest) for rest, _ in found]
    views = tuple(review_view(ledger.state, order_id, line) for order_id, line in places)
    return json_reply(render_fields(ReviewsView(views, following)))


def read_reputation(call: Call) -> Reply:
    """GET /v1/accounts/{account}/reputation."""
    merchant = call.get(MERCHANT)
    if ACCOUNTS.load(call.service.ledger.state, merchant) is None:
        msg = "no such account"
        raise AccountUnknown(msg)
    standings = call.edge.reputations.standings()
    return json_reply(render_fields(ReputationView(standings.height, standings.of(merchant))))


def _prefix(call: Call) -> bytes:
    """The rows of the one thing that is asked for."""
    gtin = call.get(OF_GTIN)
    asked = {
        indexes.LISTING_REVIEW: call.get(OF_LISTING),
        indexes.GTIN_REVIEW: None if gtin is None else gtin.encode(),
        indexes.SELLER_REVIEW: call.get(OF_MERCHANT),
        indexes.BUYER_REVIEW: call.get(BY_BUYER),
    }
    given = [table + key for table, key in asked.items() if key is not None]
    if len(given) != 1:
        msg = "give one of listing, gtin, merchant and buyer"
        raise ParameterInvalid(msg, "query.listing")
    return given[0]
