"""Captured events and traces as the API shows them: from the indexes and the bytes as captured."""

from pydantic import BaseModel

from chain.transaction import ReceivedTransaction
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import lot_of_number, of_query
from commerce.epcis.stored_index import (
    StoredIndex,
)
from commerce.epcis.trace import Direction, Limits, Trace, trace
from node.api.parameters import Parameter, choice, hash_in_path, number, text_in_query
from node.api.problems import ObjectNotFound, ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

STEPS_MAX = 2_000
THINGS_MAX = 50_000
LD_JSON = "application/ld+json"

TRANSACTION = hash_in_path("id", "id of the capturing transaction")
OPERATION = Parameter(
    "operation",
    "path",
    number("operation", 0, 99, 0, "").parse,
    {"type": "integer", "minimum": 0, "maximum": 99},
    "index of the capturing operation",
    0,
)
EPC = text_in_query("epc", "[!-~]{1,256}", "an EPC URI or GS1 Digital Link")
GTIN = text_in_query("gtin", "[0-9]{8}|[0-9]{12,14}", "a GTIN: all its lots and items")
LOT = text_in_query("lot", "[!-~]{1,20}", "a lot number of the GTIN")
DIRECTION = choice(
    "direction", ("back", "forward"), "back: where it came from; forward: where it went"
)


TRACE_MODEL: type[BaseModel] = model_of(Trace)


def read_trace(call: Call) -> Reply:
    """GET /v1/trace."""
    ledger = call.service.ledger
    index = StoredIndex(ledger.index, ledger.tip.height)
    direction = Direction(call.get(DIRECTION))
    found = trace(index, asked(call), direction, Limits(STEPS_MAX, THINGS_MAX))
    return json_reply(render_fields(found))


def read_document_bytes(call: Call) -> Reply:
    """GET /v1/epcis/documents/{id}/{operation}: the very bytes that were captured."""
    ledger = call.service.ledger
    found = ledger.find_receipt(call.get(TRANSACTION))
    received = None if found is None else ledger.find_body(found[0], call.get(TRANSACTION))
    index = call.get(OPERATION)
    if received is None or index >= len(received.payloads):
        msg = "no such operation of a decided transaction"
        raise ObjectNotFound(msg, "path.id")
    return Reply(_document(received, index), content_type=LD_JSON)


def asked(call: Call) -> str:
    """The identity that a trace is asked about: an EPC, a GTIN, or a lot of one."""
    epc, gtin, lot = call.get(EPC), call.get(GTIN), call.get(LOT)
    if (epc is None) == (gtin is None) or (lot is not None and gtin is None):
        msg = "give either epc, or gtin and perhaps lot"
        raise ParameterInvalid(msg, "query.epc")
    query = of_query(epc or gtin or "")
    if lot is None:
        return query
    found = lot_of_number(query, lot)
    if found is None:
        msg = "no lot of this GTIN can be called so"
        raise ParameterInvalid(msg, "query.lot")
    return found


def _document(received: ReceivedTransaction, index: int) -> bytes:
    payload = received.payloads[index]
    if not isinstance(payload, EpcisCapture):
        msg = "this operation captured nothing"
        raise ObjectNotFound(msg, "path.operation")
    return payload.document
