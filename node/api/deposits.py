"""What stands behind merchants as the API shows it: deposits, debts, the fund, and claims."""

from dataclasses import dataclass

from pydantic import BaseModel

from chain.state import StateReader
from commerce import indexes
from commerce.deposits.claim import ClaimState
from commerce.deposits.views import (
    ClaimView,
    DebtView,
    FundView,
    StandingView,
    claim_view,
    debt_view,
    fund_view,
    fund_views,
    standing_view,
)
from node.api.accounts import SYMBOL
from node.api.paging import CURSOR, LIMIT, newest_chosen, split_place
from node.api.parameters import account_in_path, account_in_query, flag, hash_in_path, word_in_query
from node.api.problems import ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

CLAIM_ID = hash_in_path("id", "id of a claim")
OWNER = account_in_path("account", "a merchant")
CREDITOR = account_in_path("account", "a creditor")
PARTY = account_in_path("account", "buyer or seller")
OF_ACCOUNT = account_in_query("account", "claims with this buyer or seller")
PART = word_in_query("part", ("buyer", "seller"), "only those in which the account has this part")
OPEN = flag("open", "only claims that a panel has yet to decide")
WHICH = (PART, OPEN)


@dataclass(frozen=True, slots=True)
class FundsView:
    """The mutual funds, one an asset."""

    funds: tuple[FundView, ...]


@dataclass(frozen=True, slots=True)
class ClaimsView:
    """Claims of an account, newest first."""

    claims: tuple[ClaimView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class DebtsView:
    """What is owed to an account."""

    debts: tuple[DebtView, ...]
    next: str | None


STANDING_MODEL: type[BaseModel] = model_of(StandingView)
FUND_MODEL: type[BaseModel] = model_of(FundView)
FUNDS_MODEL: type[BaseModel] = model_of(FundsView)
CLAIM_MODEL: type[BaseModel] = model_of(ClaimView)
CLAIMS_MODEL: type[BaseModel] = model_of(ClaimsView)
DEBTS_MODEL: type[BaseModel] = model_of(DebtsView)


def read_standing(call: Call) -> Reply:
    """GET /v1/accounts/{account}/deposits."""
    return json_reply(render_fields(standing_view(_state(call), call.get(OWNER))))


def read_receivables(call: Call) -> Reply:
    """GET /v1/accounts/{account}/receivables."""
    state = _state(call)
    page = (call.get(CURSOR), call.get(LIMIT))
    prefix = indexes.CREDITOR_DEBT + call.get(CREDITOR)
    found, following = newest_chosen(
        call.service.ledger, prefix, page, lambda key, _: debt_view(state, key)
    )
    return json_reply(render_fields(DebtsView(tuple(found), following)))


def read_fund(call: Call) -> Reply:
    """GET /v1/fund/{symbol}."""
    return json_reply(render_fields(fund_view(_state(call), call.get(SYMBOL))))


def read_funds(call: Call) -> Reply:
    """GET /v1/fund."""
    return json_reply(render_fields(FundsView(tuple(fund_views(_state(call))))))


def read_claim(call: Call) -> Reply:
    """GET /v1/claims/{id}."""
    return json_reply(render_fields(claim_view(_state(call), call.get(CLAIM_ID))))


def read_claims(call: Call) -> Reply:
    """GET /v1/claims?account=."""
    account = call.get(OF_ACCOUNT)
    if account is None:
        msg = "account is needed"
        raise ParameterInvalid(msg, "query.account")
    return _claims(call, account)


def read_claims_of(call: Call) -> Reply:
    """GET /v1/accounts/{account}/claims."""
    return _claims(call, call.get(PARTY))


def _claims(call: Call, account: bytes) -> Reply:
    state, part, is_open = _state(call), call.get(PART), call.get(OPEN)

    def choose(rest: bytes, value: bytes) -> ClaimView | None:
        if part not in (None, value.decode()):
            return None
        view = claim_view(state, split_place(rest)[1])
        return None if is_open and view.state != ClaimState.FILED else view

    page = (call.get(CURSOR), call.get(LIMIT))
    prefix = indexes.ACCOUNT_CLAIM + account
    found, following = newest_chosen(call.service.ledger, prefix, page, choose)
    return json_reply(render_fields(ClaimsView(tuple(found), following)))


def _state(call: Call) -> StateReader:
    return call.service.ledger.state
