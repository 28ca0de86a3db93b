"""The resources that the binding lists: event types, things, steps, dispositions, places.

What is listed is what captured events name. A resource of whose name no event says anything is not
there (404).
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Final, Literal

from pydantic import ConfigDict, Field

from chain.ledger import Ledger
from chain.schema import INDEX
from chain.store_contract import prefix_stop
from commerce.epcis import vocabulary as cbv
from commerce.epcis.event import EVENT_TYPES
from commerce.epcis.identifiers import is_class
from commerce.epcis.query.spelling import Spelling, spelt_uri
from commerce.epcis.query.subjects import folded
from commerce.epcis.stored_index import ROW, WORD, WORDS, name_key
from commerce.epcis.summary import identity_in
from commerce.epcis.vocabulary import Vocabulary
from commerce.rights import prefix_size
from node.api.epcis.answers import CONTEXT
from node.api.epcis.headers import EpcFormat
from node.api.epcis.links import next_page
from node.api.epcis.problems import ResourceUnknown
from node.api.epcis.requests import page_in, scope_of
from node.api.epcis.result_pages import Start
from node.api.models import View
from node.api.parameters import Parameter, text_in_path
from node.api.replies import Reply, json_reply
from node.api.routing import Call

TOP_LEVEL: Final = (
    *("queries", "capture", "events", "eventTypes", "epcs"),
    *("readPoints", "bizLocations", "dispositions", "bizSteps"),
)
# Names that one page of things looks at: those of classes are passed over.
NAMES_LOOKED_AT_MAX: Final = 2_000
NAME_PATTERN: Final = "[!-~]{1,1536}"
# Longer names are hashed in the index, and begin with this.
_HASHED: Final = b"\xff"


def _in_path(name: str, words: str) -> Parameter[str]:
    return text_in_path(name, NAME_PATTERN, words)


EVENT_TYPE: Final = _in_path("eventType", "one of the five types of events")
EPC: Final = _in_path("epc", "an EPC URI or GS1 Digital Link")
BIZ_STEP: Final = _in_path("bizStep", "a business step: its CBV word or a URI")
DISPOSITION: Final = _in_path("disposition", "a disposition: its CBV word or a URI")
BIZ_LOCATION: Final = _in_path("bizLocation", "a business location")
READ_POINT: Final = _in_path("readPoint", "a read point")


class CollectionView(View):
    """A list of names, as JSON-LD."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context: str = Field(alias="@context")
    type: Literal["Collection"]
    member: list[str]


def collection(members: Sequence[str]) -> Reply:
    """The answer that is a list of names."""
    return json_reply({"@context": CONTEXT, "type": "Collection", "member": [*members]})


def top_level(_call: Call) -> Reply:
    """GET /v1/epcis/."""
    return collection(TOP_LEVEL)


def top_level_by_itself(call: Call) -> Reply:
    """GET /v1/epcis."""
    return top_level(call)


def read_event_types(call: Call) -> Reply:
    """GET /v1/epcis/eventTypes: the five of the standard, whether there are such events or not."""
    page_in(call.request)
    return collection(sorted(EVENT_TYPES))


def read_steps(call: Call) -> Reply:
    """GET /v1/epcis/bizSteps."""
    return _words(call, "biz_step", cbv.BIZ_STEP)


def read_dispositions(call: Call) -> Reply:
    """GET /v1/epcis/dispositions."""
    return _words(call, "disposition", cbv.DISPOSITION)


def read_locations(call: Call) -> Reply:
    """GET /v1/epcis/bizLocations."""
    return _words(call, "biz_location", None)


def read_points(call: Call) -> Reply:
    """GET /v1/epcis/readPoints."""
    return _words(call, "read_point", None)


def read_epcs(call: Call) -> Reply:
    """GET /v1/epcis/epcs: the things that captured events name one by one."""
    ledger = call.service.ledger
    page, digest = page_in(call.request)
    start = Start(ledger.tip.height)
    if page.token is not None:
        start = call.edge.epcis.pages.open(digest, page.token)
    found, rest = _things(ledger, start.place or b"", page.per_page)
    size_of = partial(prefix_size, ledger.state)
    if page.form is EpcFormat.URN:
        found = [spelt_uri(name, Spelling.URN, size_of) for name in found]
    return _page(call, collection(found), digest, rest)


def _page(call: Call, reply: Reply, digest: bytes, rest: bytes | None) -> Reply:
    if rest is None:
        return reply
    height = call.service.ledger.tip.height
    token, expires_ms = call.edge.epcis.pages.seal(digest, Start(height, rest))
    return Reply(reply.body, headers=next_page(call.request, token, expires_ms))


def _things(ledger: Ledger, after: bytes, limit: int) -> tuple[list[str], bytes | None]:
    """Up to `limit` names of things after one, and after which to go on."""
    found: list[str] = []
    for name in islice(_row_names(ledger, after), NAMES_LOOKED_AT_MAX):
        if len(found) == limit:
            return found, after
        text = name.decode()
        # A transformation's row has its capturer after a space.
        if " " not in text and not is_class(text):
            found.append(text)
        after = name
    more = next(_row_names(ledger, after), None)
    return found, None if more is None else after


def _row_names(ledger: Ledger, after: bytes) -> Iterator[bytes]:
    """The names that have rows, each once: one step of the store a name."""
    base = INDEX + ROW
    low = base + after + b"\x01" if after else base
    high = base + _HASHED
    while True:
        key = next(ledger.store.scan(low, high), None)
        if key is None:
            return
        name = key[0][len(base) :].partition(b"\x00")[0]
        yield name
        low = base + name + b"\x01"


def _words(call: Call, kind: str, vocabulary: Vocabulary | None) -> Reply:
    ledger = call.service.ledger
    page, digest = page_in(call.request)
    after = b""
    if page.token is not None:
        after = call.edge.epcis.pages.open(digest, page.token).place or b""
    base = INDEX + WORD + bytes([WORDS.index(kind)])
    low = base + after + b"\x00" if after else base
    rows = list(islice(ledger.store.scan(low, prefix_stop(base)), page.per_page + 1))
    told = [value.decode() for _, value in rows[: page.per_page]]
    if vocabulary is not None:
        told = list(dict.fromkeys(_bare(vocabulary, word) for word in told))
    elif page.form is EpcFormat.URN:
        size_of = partial(prefix_size, ledger.state)
        told = [spelt_uri(place, Spelling.URN, size_of) for place in told]
    rest = rows[page.per_page - 1][0][len(base) :] if len(rows) > page.per_page else None
    return _page(call, collection(told), digest, rest)


def _bare(vocabulary: Vocabulary, word: str) -> str:
    """A standard value as its bare word."""
    full = folded(vocabulary, word)
    return full.removeprefix(vocabulary.stem) if full in vocabulary.standard else word


def read_event_type(call: Call) -> Reply:
    """GET /v1/epcis/eventTypes/{eventType}."""
    require_type(call)
    return collection(["events"])


def read_epc(call: Call) -> Reply:
    """GET /v1/epcis/epcs/{epc}."""
    require_epc(call)
    return collection(["events"])


def read_step(call: Call) -> Reply:
    """GET /v1/epcis/bizSteps/{bizStep}."""
    require_step(call)
    return collection(["events"])


def read_disposition(call: Call) -> Reply:
    """GET /v1/epcis/dispositions/{disposition}."""
    require_disposition(call)
    return collection(["events"])


def read_location(call: Call) -> Reply:
    """GET /v1/epcis/bizLocations/{bizLocation}."""
    require_location(call)
    return collection(["events"])


def read_point(call: Call) -> Reply:
    """GET /v1/epcis/readPoints/{readPoint}."""
    require_point(call)
    return collection(["events"])


def require_type(call: Call) -> str:
    """The event type of the path; `ResourceUnknown`."""
    kind = call.get(EVENT_TYPE).removeprefix("epcis:").removeprefix("https://ref.gs1.org/epcis/")
    if kind not in EVENT_TYPES:
        raise _unknown(EVENT_TYPE)
    return kind


def require_epc(call: Call) -> str:
    """The thing of the path, if an event names it; `ResourceUnknown`."""
    epc = call.get(EPC)
    identity = identity_in(epc, scope_of(call.request))
    if next(call.service.ledger.index(ROW + name_key(identity)), None) is None:
        raise _unknown(EPC)
    return epc


def require_step(call: Call) -> str:
    """The business step of the path; `ResourceUnknown`."""
    return _require_word(call, BIZ_STEP, "biz_step", cbv.BIZ_STEP)


def require_disposition(call: Call) -> str:
    """The disposition of the path; `ResourceUnknown`."""
    return _require_word(call, DISPOSITION, "disposition", cbv.DISPOSITION)


def require_location(call: Call) -> str:
    """The business location of the path; `ResourceUnknown`."""
    return _require_word(call, BIZ_LOCATION, "biz_location", None)


def require_point(call: Call) -> str:
    """The read point of the path; `ResourceUnknown`."""
    return _require_word(call, READ_POINT, "read_point", None)


def _require_word(
    call: Call, parameter: Parameter[str], kind: str, vocabulary: Vocabulary | None
) -> str:
    given = call.get(parameter)
    if vocabulary is None:
        spellings = {identity_in(given, scope_of(call.request))}
    else:
        full = folded(vocabulary, scope_of(call.request).expand(given))
        spellings = {full, _bare(vocabulary, full)}
    prefix = WORD + bytes([WORDS.index(kind)])
    index = call.service.ledger.index
    if all(next(index(prefix + name_key(one)), None) is None for one in sorted(spellings)):
        raise _unknown(parameter)
    return given


def _unknown(parameter: Parameter[str]) -> ResourceUnknown:
    return ResourceUnknown("no captured event says so", f"path.{parameter.name}")
