"""Recalls as the API shows them: what is recalled, what is marked, who got some."""

from dataclasses import dataclass

from pydantic import BaseModel

from commerce.epcis.identifiers import of_query
from commerce.epcis.stored_index import StoredIndex
from commerce.recalls.notices import NAMED, POSSIBLE, PRODUCT
from commerce.recalls.record import load_recall
from commerce.recalls.views import (
    MarkView,
    NoticeView,
    ReachedView,
    RecallView,
    marks_from,
    notices_from,
    open_recalls,
    reached_from,
    recall_view,
    recalls_of_thing,
)
from node.api.paging import CURSOR, LIMIT, chosen
from node.api.parameters import hash_in_path, text_in_query, word_in_query
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

RECALL_ID = hash_in_path("id", "id of a recall")
OF_GTIN = text_in_query(
    "gtin", "[0-9]{14}", "only open recalls that have reached this product, a GTIN of 14 digits"
)
OF_THING = text_in_query(
    "thing",
    r"[^\s]{1,512}",
    "instead: recalls, open or closed, under which this item or lot is: an EPC, GS1 Digital Link"
    " or GTIN/10/LOT",
)
CERTAINTY = word_in_query(
    "certainty", (NAMED, POSSIBLE, PRODUCT), "only notices that are as certain as this"
)


@dataclass(frozen=True, slots=True)
class RecallsView:
    """Open recalls, by GTIN: at most 1,000 products are recalled at a time; or those of a thing."""

    recalls: tuple[RecallView, ...]


@dataclass(frozen=True, slots=True)
class MarksView:
    """Marks in the order in which they were found."""

    marks: tuple[MarkView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ReachedProductsView:
    """Products that a recall has reached, by GTIN."""

    products: tuple[ReachedView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class NoticesView:
    """Who got recalled goods, by order and parcel."""

    notices: tuple[NoticeView, ...]
    next: str | None


RECALL_MODEL: type[BaseModel] = model_of(RecallView)
RECALLS_MODEL: type[BaseModel] = model_of(RecallsView)
MARKS_MODEL: type[BaseModel] = model_of(MarksView)
REACHED_MODEL: type[BaseModel] = model_of(ReachedProductsView)
NOTICES_MODEL: type[BaseModel] = model_of(NoticesView)


def read_recall(call: Call) -> Reply:
    """GET /v1/recalls/{id}."""
    return json_reply(render_fields(recall_view(call.service.ledger.state, call.get(RECALL_ID))))


def read_recalls(call: Call) -> Reply:
    """GET /v1/recalls, of one product with ?gtin=, of one thing with ?thing=."""
    ledger, thing = call.service.ledger, call.get(OF_THING)
    if thing is None:
        found = open_recalls(ledger.state, call.get(OF_GTIN))
    else:
        index = StoredIndex(ledger.index, ledger.tip.height)
        found = recalls_of_thing(ledger.state, index, of_query(thing))
    return json_reply(render_fields(RecallsView(found)))


def read_marks(call: Call) -> Reply:
    """GET /v1/recalls/{id}/marks."""
    state, recall_id = call.service.ledger.state, call.get(RECALL_ID)
    load_recall(state, recall_id)
    rows = marks_from(state, recall_id, call.get(CURSOR))
    found, following = chosen(rows, call.get(LIMIT), lambda _, mark: mark)
    return json_reply(render_fields(MarksView(tuple(found), following)))


def read_reached(call: Call) -> Reply:
    """GET /v1/recalls/{id}/products."""
    state, recall_id = call.service.ledger.state, call.get(RECALL_ID)
    load_recall(state, recall_id)
    rows = reached_from(state, recall_id, call.get(CURSOR))
    found, following = chosen(rows, call.get(LIMIT), lambda _, product: product)
    return json_reply(render_fields(ReachedProductsView(tuple(found), following)))


def read_notices(call: Call) -> Reply:
    """GET /v1/recalls/{id}/notices."""
    state, recall_id = call.service.ledger.state, call.get(RECALL_ID)
    load_recall(state, recall_id)
    certainty = call.get(CERTAINTY)

    def choose(_: bytes, notice: NoticeView) -> NoticeView | None:
        return notice if certainty in (None, notice.certainty) else None

    rows = notices_from(state, recall_id, call.get(CURSOR))
    found, following = chosen(rows, call.get(LIMIT), choose)
    return json_reply(render_fields(NoticesView(tuple(found), following)))
