"""Requests to issuers, freezes, prepaid cards, fees and parameters as the API shows them."""

from dataclasses import dataclass

from pydantic import BaseModel

from chain.account import ACCOUNTS
from chain.state import StateReader
from chain.transaction import OPERATIONS_MAX
from commerce.banking import indexes, views
from commerce.banking.views import (
    AmountView,
    CardView,
    FeesView,
    FreezeView,
    ParametersView,
    RequestView,
)
from commerce.errors import AccountUnknown
from node.api.paging import CURSOR, LIMIT, newest, split_place
from node.api.parameters import Parameter, account_in_path, hash_in_path, text_in_query
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

ACCOUNT = account_in_path("account", "an account")
PARTY = account_in_path("account", "holder or issuer")
CARD_PARTY = account_in_path("account", "consumer or merchant")
CARD_ID = hash_in_path("id", "id of a prepaid card")
TYPES: Parameter[str | None] = text_in_query(
    "types",
    f"[a-z_.]{{1,64}}(?:,[a-z_.]{{1,64}}){{0,{OPERATIONS_MAX - 1}}}",
    "types of a transaction's operations, one by one, with commas between them",
)


@dataclass(frozen=True, slots=True)
class RequestsView:
    """Open requests, newest first; a page has fewer than its limit where others have ended."""

    requests: tuple[RequestView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class FreezesView:
    """What courts have frozen of an account, by symbol, earliest first."""

    freezes: tuple[FreezeView, ...]


@dataclass(frozen=True, slots=True)
class CardsView:
    """Prepaid cards that haven't ended, newest first; a page may have fewer than its limit."""

    cards: tuple[CardView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class CostView:
    """The schedule of fees, and with `types` what such a transaction would cost its sender now."""

    schedule: FeesView
    cost: tuple[AmountView, ...] | None


REQUESTS_MODEL: type[BaseModel] = model_of(RequestsView)
FREEZES_MODEL: type[BaseModel] = model_of(FreezesView)
CARD_MODEL: type[BaseModel] = model_of(CardView)
CARDS_MODEL: type[BaseModel] = model_of(CardsView)
COST_MODEL: type[BaseModel] = model_of(CostView)
PARAMETERS_MODEL: type[BaseModel] = model_of(ParametersView)


def read_requests(call: Call) -> Reply:
    """GET /v1/accounts/{account}/requests."""
    ledger, account = call.service.ledger, _known(call, PARTY)
    prefix = indexes.ACCOUNT_REQUEST + account
    found, following = newest(ledger, prefix, call.get(CURSOR), call.get(LIMIT))
    listed = [
        views.request_view(ledger.state, kind.decode(), split_place(rest)[1])
        for rest, kind in found
    ]
    shown = tuple(view for view in listed if view is not None)
    return json_reply(render_fields(RequestsView(shown, following)))


def read_freezes(call: Call) -> Reply:
    """GET /v1/accounts/{account}/freezes."""
    freezes = views.freeze_views(_state(call), _known(call, ACCOUNT))
    return json_reply(render_fields(FreezesView(freezes)))


def read_cards(call: Call) -> Reply:
    """GET /v1/accounts/{account}/cards."""
    ledger, account = call.service.ledger, _known(call, CARD_PARTY)
    prefix = indexes.ACCOUNT_CARD + account
    found, following = newest(ledger, prefix, call.get(CURSOR), call.get(LIMIT))
    time_ms = call.block_time_ms
    listed = [
        views.open_card_view(ledger.state, split_place(rest)[1], time_ms) for rest, _ in found
    ]
    shown = tuple(view for view in listed if view is not None)
    return json_reply(render_fields(CardsView(shown, following)))


def read_card(call: Call) -> Reply:
    """GET /v1/cards/{id}."""
    card = views.card_view(_state(call), call.get(CARD_ID), call.block_time_ms)
    return json_reply(render_fields(card))


def read_fees(call: Call) -> Reply:
    """GET /v1/fees?types=."""
    state, time_ms, types = _state(call), call.block_time_ms, call.get(TYPES)
    cost = None if types is None else views.cost_view(state, types.split(","), time_ms)
    return json_reply(render_fields(CostView(views.fees_view(state, time_ms), cost)))


def read_parameters(call: Call) -> Reply:
    """GET /v1/parameters."""
    return json_reply(render_fields(views.parameters_view(_state(call))))


def _state(call: Call) -> StateReader:
    return call.service.ledger.state


def _known(call: Call, parameter: Parameter[bytes]) -> bytes:
    account = call.get(parameter)
    if ACCOUNTS.load(_state(call), account) is None:
        msg = "no such account"
        raise AccountUnknown(msg)
    return account
