"""Rows of the route table: reviews, and what a merchant's are worth."""

from commerce.errors import AccountUnknown
from commerce.reviews.errors import ReviewUnknown
from node.api import paging, reviews
from node.api.problems import Busy
from node.api.routing import PROOF_COST, Route

REVIEWS: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/reviews",
        "Reviews of a listing, a product or a merchant, or by a buyer, newest first",
        {200: reviews.REVIEWS_MODEL},
        read=reviews.read_reviews,
        parameters=(
            reviews.OF_LISTING,
            reviews.OF_GTIN,
            reviews.OF_MERCHANT,
            reviews.BY_BUYER,
            paging.CURSOR,
            paging.LIMIT,
        ),
    ),
    Route(
        "GET",
        "/v1/reviews/{order}/{line}",
        "The review of an order's line",
        {200: reviews.REVIEW_MODEL},
        read=reviews.read_review,
        parameters=(reviews.ORDER, reviews.LINE),
        problems=(ReviewUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/reputation",
        "What a merchant's reviews are worth, and why",
        {200: reviews.REPUTATION_MODEL},
        read=reviews.read_reputation,
        cost=PROOF_COST,
        parameters=(reviews.MERCHANT,),
        problems=(AccountUnknown, Busy),
    ),
)
