"""Cases after the sale as the API shows them: by id, and of an account, newest first."""

from dataclasses import dataclass

from pydantic import BaseModel

from commerce import indexes
from commerce.aftersale.case_views import CaseView, case_view
from commerce.aftersale.cases import ENDED
from commerce.escrow import State
from node.api.paging import CURSOR, LIMIT, newest_chosen, split_place
from node.api.parameters import (
    account_in_path,
    account_in_query,
    flag,
    hash_in_path,
    word_in_query,
)
from node.api.problems import ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

STATES = (
    *(State.REFUND_PENDING, State.REJECTED, State.COUNTERED, State.RETURNING),
    *(State.RETURN_IN_TRANSIT, State.RETURN_DELIVERED, State.EXCHANGING, State.RECALLED),
    *(State.DISPUTED, State.DECIDED, *ENDED),
)

CASE_ID = hash_in_path("id", "id of a case")
PARTY = account_in_path("account", "buyer or seller")
OF_ACCOUNT = account_in_query("account", "cases with this buyer or seller")
PART = word_in_query("part", ("buyer", "seller"), "only those in which the account has this part")
STATE = word_in_query("state", tuple(state.value for state in STATES), "only cases in this state")
OPEN = flag("open", "only cases that haven't ended")
WHICH = (PART, STATE, OPEN)


@dataclass(frozen=True, slots=True)
class CasesView:
    """Cases of an account, newest first."""

    cases: tuple[CaseView, ...]
    next: str | None


CASE_MODEL: type[BaseModel] = model_of(CaseView)
CASES_MODEL: type[BaseModel] = model_of(CasesView)


def read_case(call: Call) -> Reply:
    """GET /v1/cases/{id}."""
    return json_reply(render_fields(case_view(call.service.ledger.state, call.get(CASE_ID))))


def read_cases(call: Call) -> Reply:
    """GET /v1/cases?account=."""
    account = call.get(OF_ACCOUNT)
    if account is None:
        msg = "account is needed"
        raise ParameterInvalid(msg, "query.account")
    return _cases(call, account)


def read_cases_of(call: Call) -> Reply:
    """GET /v1/accounts/{account}/cases."""
    return _cases(call, call.get(PARTY))


def _cases(call: Call, account: bytes) -> Reply:
    ledger, part, state = call.service.ledger, call.get(PART), call.get(STATE)
    is_open = call.get(OPEN)

    def choose(rest: bytes, _order_id: bytes) -> CaseView | None:
        view = case_view(ledger.state, split_place(rest)[1])
        parties = {"buyer": view.buyer, "seller": view.seller}
        if part is not None and parties[part] != account:
            return None
        if state not in (None, view.state) or (is_open and view.state in ENDED):
            return None
        return view

    page = (call.get(CURSOR), call.get(LIMIT))
    found, following = newest_chosen(ledger, indexes.ACCOUNT_CASE + account, page, choose)
    return json_reply(render_fields(CasesView(tuple(found), following)))
