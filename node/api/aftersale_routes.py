"""Rows of the route table: what comes after a sale, and what stands behind it."""

from commerce import errors
from commerce.aftersale.errors import CaseUnknown
from commerce.deposits.errors import ClaimUnknown
from commerce.disputes.errors import ArbiterUnknown, DisputeUnknown
from node.api import accounts, cases, deposits, disputes, paging
from node.api.routing import Route

PAGE = (paging.CURSOR, paging.LIMIT)

AFTERSALE: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/cases",
        "Cases of a buyer or seller, newest first",
        {200: cases.CASES_MODEL},
        read=cases.read_cases,
        parameters=(cases.OF_ACCOUNT, *cases.WHICH, *PAGE),
    ),
    Route(
        "GET",
        "/v1/cases/{id}",
        "A case: a request after the sale, a recall, a delivery in doubt",
        {200: cases.CASE_MODEL},
        read=cases.read_case,
        parameters=(cases.CASE_ID,),
        problems=(CaseUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/cases",
        "An account's cases, newest first",
        {200: cases.CASES_MODEL},
        read=cases.read_cases_of,
        parameters=(cases.PARTY, *cases.WHICH, *PAGE),
    ),
    Route(
        "GET",
        "/v1/disputes",
        "Disputes of a buyer or seller, newest first, or those before an arbiter",
        {200: disputes.DISPUTES_MODEL},
        read=disputes.read_disputes,
        parameters=(disputes.OF_ACCOUNT, disputes.OF_ARBITER, disputes.WAITING, *PAGE),
    ),
    Route(
        "GET",
        "/v1/disputes/{id}",
        "A dispute: phase, panel, votes, rulings, what may happen next",
        {200: disputes.DISPUTE_MODEL},
        read=disputes.read_dispute,
        parameters=(disputes.DISPUTE_ID,),
        problems=(DisputeUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/disputes",
        "An account's disputes, newest first",
        {200: disputes.DISPUTES_MODEL},
        read=disputes.read_disputes_of,
        parameters=(disputes.PARTY, disputes.WAITING, *PAGE),
    ),
    Route(
        "GET",
        "/v1/arbiters",
        "Arbiters: bonds, seats, the regulator's list",
        {200: disputes.ARBITERS_MODEL},
        read=disputes.read_arbiters,
        parameters=PAGE,
    ),
    Route(
        "GET",
        "/v1/arbiters/{account}",
        "An arbiter",
        {200: disputes.ARBITER_MODEL},
        read=disputes.read_arbiter,
        parameters=(disputes.ARBITER,),
        problems=(ArbiterUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/deposits",
        "What stands behind a merchant: deposits and debts",
        {200: deposits.STANDING_MODEL},
        read=deposits.read_standing,
        parameters=(deposits.OWNER,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/receivables",
        "What merchants owe to an account",
        {200: deposits.DEBTS_MODEL},
        read=deposits.read_receivables,
        parameters=(deposits.CREDITOR, *PAGE),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/claims",
        "An account's claims, newest first",
        {200: deposits.CLAIMS_MODEL},
        read=deposits.read_claims_of,
        parameters=(deposits.PARTY, *deposits.WHICH, *PAGE),
    ),
    Route(
        "GET",
        "/v1/claims",
        "Claims of a buyer or seller, newest first",
        {200: deposits.CLAIMS_MODEL},
        read=deposits.read_claims,
        parameters=(deposits.OF_ACCOUNT, *deposits.WHICH, *PAGE),
    ),
    Route(
        "GET",
        "/v1/claims/{id}",
        "A claim",
        {200: deposits.CLAIM_MODEL},
        read=deposits.read_claim,
        parameters=(deposits.CLAIM_ID,),
        problems=(ClaimUnknown,),
    ),
    Route(
        "GET",
        "/v1/fund",
        "The mutual funds of all assets",
        {200: deposits.FUNDS_MODEL},
        read=deposits.read_funds,
    ),
    Route(
        "GET",
        "/v1/fund/{symbol}",
        "The mutual fund of an asset",
        {200: deposits.FUND_MODEL},
        read=deposits.read_fund,
        parameters=(accounts.SYMBOL,),
        problems=(errors.AssetUnknown,),
    ),
)
