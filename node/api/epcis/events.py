"""GET of events: by a query, under a resource, or one by its name."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from pydantic import ConfigDict, Field

from chain.ledger import Ledger
from commerce.epcis.identifiers import is_class
from commerce.epcis.prefixes import DOCUMENT_SCOPE
from commerce.epcis.query.spelling import Spelling, spelt
from commerce.epcis.stored_index import keys_by_event_id, keys_by_hash
from commerce.epcis.summary import identity_in
from commerce.rights import prefix_size
from node.api.epcis import resources
from node.api.epcis.answers import SIMPLE_QUERY, Told, document, told
from node.api.epcis.headers import EpcFormat, epc_format
from node.api.epcis.library import Captured
from node.api.epcis.links import next_page
from node.api.epcis.problems import ResourceUnknown
from node.api.epcis.requests import Asked, asked_in
from node.api.epcis.result_pages import Start, result_page
from node.api.models import View
from node.api.parameters import Parameter, text_in_path
from node.api.replies import Reply
from node.api.routing import Call

# Events of one eventID or hash that an answer tells; real data reuse eventIDs.
SAME_NAME_MAX: Final = 100
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_NI: Final = re.compile(r"ni:///sha-256;([0-9a-fA-F]{64})(?:\?ver=CBV2\.0)?")
NAME_PATTERN: Final = "[!-~]{1,1536}"

EVENT_ID: Parameter[str] = text_in_path(
    "eventID", NAME_PATTERN, "an eventID, a CBV hash as ni: URI, or the key of a captured event"
)


class QueryDocumentView(View):
    """An EPCISQueryDocument: events as captured; `hushang:captured` tells what is known of each."""

    model_config = ConfigDict(frozen=True, extra="allow")

    context: list[Any] = Field(alias="@context")
    type: str
    schemaVersion: str  # noqa: N815  # the standard's name
    creationDate: str  # noqa: N815  # the standard's name
    epcisBody: dict[str, Any]  # noqa: N815  # the standard's name


def read_events(call: Call) -> Reply:
    """GET /v1/epcis/events."""
    return answer(call, asked_in(call.request))


def read_events_of_type(call: Call) -> Reply:
    """GET /v1/epcis/eventTypes/{eventType}/events."""
    return _of(call, "eventType", resources.require_type(call))


def read_events_of_epc(call: Call) -> Reply:
    """GET /v1/epcis/epcs/{epc}/events."""
    epc = resources.require_epc(call)
    name = "MATCH_anyEPCClass" if is_class(identity_in(epc, DOCUMENT_SCOPE)) else "MATCH_anyEPC"
    return _of(call, name, epc)


def read_events_of_step(call: Call) -> Reply:
    """GET /v1/epcis/bizSteps/{bizStep}/events."""
    return _of(call, "EQ_bizStep", resources.require_step(call))


def read_events_of_disposition(call: Call) -> Reply:
    """GET /v1/epcis/dispositions/{disposition}/events."""
    return _of(call, "EQ_disposition", resources.require_disposition(call))


def read_events_of_location(call: Call) -> Reply:
    """GET /v1/epcis/bizLocations/{bizLocation}/events."""
    return _of(call, "EQ_bizLocation", resources.require_location(call))


def read_events_of_point(call: Call) -> Reply:
    """GET /v1/epcis/readPoints/{readPoint}/events."""
    return _of(call, "EQ_readPoint", resources.require_point(call))


def _of(call: Call, parameter: str, value: str) -> Reply:
    return answer(call, asked_in(call.request, {parameter: (value,)}))


def read_event_by_name(call: Call) -> Reply:
    """GET /v1/epcis/events/{eventID}: the event, and those that share its name."""
    ledger, library = call.service.ledger, call.edge.epcis.library
    keys = _named(ledger, call.get(EVENT_ID))
    found = [event for key in keys if (event := library.event(ledger, key)) is not None]
    if not found:
        msg = "no captured event has this eventID, hash or key"
        raise ResourceUnknown(msg, "path.eventID")
    events = spelt_events(ledger, found, epc_format(call.request))
    return Reply(document(events, ledger.tip.header.time_ms))


def _named(ledger: Ledger, name: str) -> list[bytes]:
    if _KEY.fullmatch(name):
        return [bytes.fromhex(name)]
    found = keys_by_event_id(ledger.index, name)
    if not found and (match := _NI.fullmatch(name)):
        found = keys_by_hash(ledger.index, bytes.fromhex(match[1]))
    return found[:SAME_NAME_MAX]


def answer(call: Call, asked: Asked, query_name: str = SIMPLE_QUERY) -> Reply:
    """A page of a query's result, and the link to the next."""
    ledger, desk = call.service.ledger, call.edge.epcis
    page = asked.page
    start = Start(ledger.tip.height)
    if page.token is not None:
        start = desk.pages.open(asked.digest, page.token)
    result = result_page(ledger, desk.library, asked.query, start, page.per_page)
    header = ledger.header(start.height)
    assert header is not None
    events = spelt_events(ledger, result.events, page.form)
    headers = {"GS1-EPC-Format": page.form.value}
    if result.next is not None:
        token, expires_ms = desk.pages.seal(asked.digest, result.next)
        headers |= next_page(call.request, token, expires_ms)
    return Reply(document(events, header.time_ms, query_name), headers=headers)


def spelt_events(ledger: Ledger, events: Sequence[Captured], form: EpcFormat) -> list[Told]:
    """Events as an answer tells them, identifiers in the spelling that was asked for."""
    if form not in _SPELLINGS:
        return [told(captured) for captured in events]
    size_of = partial(prefix_size, ledger.state)
    return [told(captured, spelt(captured.event, _SPELLINGS[form], size_of)) for captured in events]


_SPELLINGS: Final[Mapping[EpcFormat, Spelling]] = {
    EpcFormat.DIGITAL_LINK: Spelling.DIGITAL_LINK,
    EpcFormat.URN: Spelling.URN,
}
