"""Custody as the API shows it: things, and the offers by which they change hands."""

from dataclasses import dataclass

from pydantic import BaseModel

from commerce import indexes
from commerce.certificates.lots import lots_of
from commerce.epcis.stored_index import StoredIndex
from commerce.goods.offer import ACCEPTED, EXPIRED, OPEN, REJECTED, WITHDRAWN
from commerce.goods.things import name_part
from commerce.goods.views import (
    CustodyOfferView,
    HistoryPage,
    ThingView,
    handed_over,
    offer_view,
    thing_view,
)
from node.api.paging import CURSOR, LIMIT, newest, newest_chosen, split_place
from node.api.parameters import account_in_path, hash_in_path, word_in_query
from node.api.provenance import asked
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

OFFER_ID = hash_in_path("id", "id of a custody offer")
PARTY = account_in_path("account", "giver or taker")
PART = word_in_query("part", ("giver", "taker"), "only those in which the account has this part")
STATE = word_in_query(
    "state", (OPEN, ACCEPTED, REJECTED, WITHDRAWN, EXPIRED), "only offers in this state"
)


@dataclass(frozen=True, slots=True)
class OffersView:
    """Custody offers by and to an account, newest first."""

    offers: tuple[CustodyOfferView, ...]
    next: str | None


THING_MODEL: type[BaseModel] = model_of(ThingView)
OFFER_MODEL: type[BaseModel] = model_of(CustodyOfferView)
OFFERS_MODEL: type[BaseModel] = model_of(OffersView)


def read_thing(call: Call) -> Reply:
    """GET /v1/things?epc=, or ?gtin= and perhaps &lot=."""
    ledger, thing = call.service.ledger, asked(call)
    prefix = indexes.THING_HISTORY + name_part(thing)
    found, following = newest(ledger, prefix, call.get(CURSOR), call.get(LIMIT))
    history = HistoryPage(tuple([handed_over(*line) for line in found]), following)
    lots = lots_of(StoredIndex(ledger.index), thing)
    view = thing_view(ledger.state, thing, ledger.tip.header.time_ms, history, lots)
    return json_reply(render_fields(view))


def read_custody(call: Call) -> Reply:
    """GET /v1/custody/{id}."""
    return json_reply(render_fields(offer_view(call.service.ledger.state, call.get(OFFER_ID))))


def read_custody_of(call: Call) -> Reply:
    """GET /v1/accounts/{account}/custody."""
    ledger, part, state = call.service.ledger, call.get(PART), call.get(STATE)

    def choose(rest: bytes, own: bytes) -> CustodyOfferView | None:
        if part is not None and own != part.encode():
            return None
        view = offer_view(ledger.state, split_place(rest)[1])
        return view if state in (None, view.state) else None

    prefix = indexes.ACCOUNT_OFFER + call.get(PARTY)
    page = (call.get(CURSOR), call.get(LIMIT))
    found, following = newest_chosen(ledger, prefix, page, choose)
    return json_reply(render_fields(OffersView(tuple(found), following)))
