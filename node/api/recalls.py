"""Recalls as the API shows them."""

from dataclasses import dataclass

from pydantic import BaseModel

from commerce.recalls.views import RecallView, open_recalls, recall_view
from node.api.parameters import hash_in_path, text_in_query
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

RECALL_ID = hash_in_path("id", "id of a recall")
OF_GTIN = text_in_query("gtin", "[0-9]{14}", "the recall of this product, a GTIN of 14 digits")


@dataclass(frozen=True, slots=True)
class RecallsView:
    """Open recalls, by GTIN: at most 1,000 products are recalled at a time."""

    recalls: tuple[RecallView, ...]


RECALL_MODEL: type[BaseModel] = model_of(RecallView)
RECALLS_MODEL: type[BaseModel] = model_of(RecallsView)


def read_recall(call: Call) -> Reply:
    """GET /v1/recalls/{id}."""
    return json_reply(render_fields(recall_view(call.service.ledger.state, call.get(RECALL_ID))))


def read_recalls(call: Call) -> Reply:
    """GET /v1/recalls, of one product with ?gtin=."""
    found = open_recalls(call.service.ledger.state, call.get(OF_GTIN))
    return json_reply(render_fields(RecallsView(found)))
