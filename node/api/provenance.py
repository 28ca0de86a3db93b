"""Captured documents as the API shows them, and how goods are named in a query."""

from chain.transaction import ReceivedTransaction
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import lot_of_number, of_query
from node.api.parameters import Parameter, hash_in_path, number, text_in_query
from node.api.problems import ObjectNotFound, ParameterInvalid
from node.api.replies import Reply
from node.api.routing import Call

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

EPC_PATTERN = "[!-~]{1,256}"
EPC = text_in_query("epc", EPC_PATTERN, "an EPC URI or GS1 Digital Link")
GTIN = text_in_query("gtin", "[0-9]{8}|[0-9]{12,14}", "a GTIN: all its lots and items")
LOT = text_in_query("lot", "[!-~]{1,20}", "a lot number of the GTIN")


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
    """The identity that is asked about: an EPC, a GTIN, or a lot of one."""
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
