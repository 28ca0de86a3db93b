"""Rows of the route table: money in and out, courts, prepaid cards, fees and parameters."""

from commerce.banking.errors import CardUnknown
from commerce.errors import AccountUnknown
from node.api import banking, paging
from node.api.routing import Route

PAGE = (paging.CURSOR, paging.LIMIT)

BANKING: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/accounts/{account}/requests",
        "Open deposits and withdrawals of a holder or an issuer, newest first",
        {200: banking.REQUESTS_MODEL},
        read=banking.read_requests,
        parameters=(banking.PARTY, *PAGE),
        problems=(AccountUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/freezes",
        "What courts have frozen of an account",
        {200: banking.FREEZES_MODEL},
        read=banking.read_freezes,
        parameters=(banking.ACCOUNT,),
        problems=(AccountUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/cards",
        "Prepaid cards of a consumer or a merchant, newest first",
        {200: banking.CARDS_MODEL},
        read=banking.read_cards,
        parameters=(banking.CARD_PARTY, *PAGE),
        problems=(AccountUnknown,),
    ),
    Route(
        "GET",
        "/v1/cards/{id}",
        "A prepaid card: what is on it, and what a refund would give",
        {200: banking.CARD_MODEL},
        read=banking.read_card,
        parameters=(banking.CARD_ID,),
        problems=(CardUnknown,),
    ),
    Route(
        "GET",
        "/v1/fees",
        "What operations cost, now and as announced",
        {200: banking.COST_MODEL},
        read=banking.read_fees,
        parameters=(banking.TYPES,),
    ),
    Route(
        "GET",
        "/v1/parameters",
        "Timers and holidays in force, and a change that waits",
        {200: banking.PARAMETERS_MODEL},
        read=banking.read_parameters,
    ),
)
