"""Captured events and traces as the API shows them: from the indexes and the bytes as captured."""

import json
from dataclasses import dataclass

from pydantic import BaseModel

from chain.bech32m import encode_account
from chain.codec import Hash
from chain.ledger import Ledger
from chain.stored_chain import ReceiptPlace
from chain.transaction import ReceivedTransaction
from commerce.epcis import lexeme
from commerce.epcis.capture import EVENTS, CapturedEvent, EpcisCapture
from commerce.epcis.document import read_document
from commerce.epcis.identifiers import lot_of_number, of_query
from commerce.epcis.stored_index import (
    StoredIndex,
    keys_by_event_id,
    keys_by_hash,
)
from commerce.epcis.trace import Direction, Limits, Trace, trace
from node.api.models import TimeMs, View, Whole
from node.api.parameters import Parameter, choice, hash_bytes, hash_in_path, number, text_in_query
from node.api.problems import ObjectNotFound, ParameterInvalid
from node.api.render import AccountText, HashText, model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

STEPS_MAX = 2_000
THINGS_MAX = 50_000
KEYS_MAX = 1_000
LD_JSON = "application/ld+json"

EVENT_KEY = hash_in_path("key", "key of a captured event")
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
CBV_HASH: Parameter[bytes | None] = Parameter(
    "hash",
    "query",
    hash_bytes,
    {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "CBV 2.0 hash of the event, SHA-256 in hex",
    None,
)
EVENT_ID = text_in_query("event_id", "[!-~]{1,256}", "the eventID that its capturer gave")


class CapturedEventView(View):
    """A captured event: who stated it, where its bytes lie, what it says.

    `claim`: its capturer had no right to state it. `counts`: it takes part in traces, being neither
    a claim nor declared erroneous. `event` is as received, numbers exact.
    """

    event_key: HashText
    capturer: AccountText
    transaction_id: HashText
    operation_index: Whole
    event_index: Whole
    height: Whole
    time_ms: TimeMs
    claim: bool
    counts: bool
    event: dict[str, object]


@dataclass(frozen=True, slots=True)
class EventKeysView:
    """Keys of the events found, sorted; several statements may share a hash or an eventID."""

    keys: tuple[Hash, ...]


TRACE_MODEL: type[BaseModel] = model_of(Trace)
KEYS_MODEL: type[BaseModel] = model_of(EventKeysView)


def read_trace(call: Call) -> Reply:
    """GET /v1/trace."""
    ledger = call.service.ledger
    index = StoredIndex(ledger.index, ledger.tip.height)
    direction = Direction(call.get(DIRECTION))
    found = trace(index, asked(call), direction, Limits(STEPS_MAX, THINGS_MAX))
    return json_reply(render_fields(found))


def read_event_keys(call: Call) -> Reply:
    """GET /v1/epcis/events?hash= or ?event_id=."""
    scan, digest, event_id = call.service.ledger.index, call.get(CBV_HASH), call.get(EVENT_ID)
    if digest is not None and event_id is None:
        keys = keys_by_hash(scan, digest)
    elif event_id is not None and digest is None:
        keys = keys_by_event_id(scan, event_id)
    else:
        msg = "give either hash or event_id"
        raise ParameterInvalid(msg, "query.hash")
    return json_reply(render_fields(EventKeysView(tuple(keys[:KEYS_MAX]))))


def read_captured(call: Call) -> Reply:
    """GET /v1/epcis/events/{key}."""
    ledger, key = call.service.ledger, call.get(EVENT_KEY)
    captured = EVENTS.load(ledger.state, key)
    if captured is None:
        msg = "no captured event has this key"
        raise ObjectNotFound(msg, "path.key")
    received = _capturing(ledger, captured)
    stated = read_document(_document(received, captured.operation_index))
    event = stated.events[captured.event_index]
    view = CapturedEventView(
        event_key=key.hex(),
        capturer=encode_account(received.transaction.sender),
        transaction_id=captured.transaction_id.hex(),
        operation_index=captured.operation_index,
        event_index=captured.event_index,
        height=captured.height,
        time_ms=_time_ms(ledger, captured.height),
        claim=captured.claim,
        counts=StoredIndex(ledger.index, ledger.tip.height).summary(key) is not None,
        event={},
    )
    # Exact decimals have no place in Python's own JSON: they are written here.
    head = view.model_dump_json(exclude={"event"}).removesuffix("}")
    return Reply(f'{head},"event":{exact_json(dict(event.members))}}}'.encode())


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


def exact_json(value: lexeme.Json) -> str:
    """JSON text of a captured value; a number is written with all its digits."""
    match value:
        case dict():
            inside = ",".join(f"{json.dumps(k)}:{exact_json(v)}" for k, v in value.items())
            return f"{{{inside}}}"
        case list():
            return f"[{','.join(map(exact_json, value))}]"
        case lexeme.Number():
            return value.canonical()
        case _:
            return json.dumps(value, ensure_ascii=False)


def _capturing(ledger: Ledger, captured: CapturedEvent) -> ReceivedTransaction:
    place = ReceiptPlace(captured.height, 0)
    received = ledger.find_body(place, captured.transaction_id)
    if received is None:
        ledger.require_block(captured.height)
    assert received is not None, "a captured event's block is in the store"
    return received


def _document(received: ReceivedTransaction, index: int) -> bytes:
    payload = received.payloads[index]
    if not isinstance(payload, EpcisCapture):
        msg = "this operation captured nothing"
        raise ObjectNotFound(msg, "path.operation")
    return payload.document


def _time_ms(ledger: Ledger, height: int) -> int:
    header = ledger.header(height)
    assert header is not None
    return header.time_ms
